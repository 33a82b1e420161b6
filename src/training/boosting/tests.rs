//! What holds of every forest, whatever it is grown from.

use proptest::prelude::*;

use super::*;
use crate::{
    forest::tree::{SymmetricForest, SymmetricTree},
    training::parameters::Wanted,
};

/// Columns of a few hundred rows with ties, missing values and outcomes that depend on them.
fn task(rows: usize, seed: u64, directions: &[Monotone]) -> (Vec<Vec<f64>>, Task) {
    use rand::{RngExt, SeedableRng};
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let mut value = |column: usize| match (column, random.random_range(0..10)) {
        (0, 0) => f64::NAN,
        (1, _) => f64::from(random.random_range(0..5)),
        _ => f64::from(random.random_range(-500..500)) / 100.0,
    };
    let columns: Vec<Vec<f64>> =
        (0..directions.len()).map(|column| (0..rows).map(|_| value(column)).collect()).collect();
    let sum = |row: usize| columns.iter().map(|column| column[row]).filter(|value| !value.is_nan()).sum::<f64>();
    let is_bad = (0..rows).map(|row| sum(row) + 4.0 * random.random::<f64>() > 4.0 || row == 0).collect();
    let table = Binned::learn(&columns, 64);
    (columns, Task { table, is_bad, directions: directions.to_vec() })
}

fn grown(task: &Task, wanted: &Wanted, trees: usize, seed: u64) -> Vec<BinnedTree> {
    let parameters = wanted.complete(task.table.rows()).expect("in range");
    let mut booster = Booster::new(task, &parameters, seed);
    (0..trees).map(|_| booster.grow()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The promise of a monotone constraint, of whole forests and of pairs that differ in one feature
    /// alone; a value that is missing stands outside the order.
    #[test]
    fn of_two_rows_that_differ_in_one_constrained_feature_the_riskier_is_never_the_safer(
        seed in any::<u64>(), depth in 1_u8..=6, codes in prop::collection::vec(0_usize..3, 4),
        pairs in prop::collection::vec((0_usize..300, 0_usize..4, -6.0..6.0_f64, -6.0..6.0_f64), 200),
    ) {
        let directions: Vec<Monotone> =
            codes.iter().map(|&code| [Monotone::Free, Monotone::Increasing, Monotone::Decreasing][code]).collect();
        let (columns, task) = task(300, seed, &directions);
        let wanted = Wanted { depth: Some(depth), rate: Some(0.3), l2: Some(0.5), ..Wanted::default() };
        let trees: Vec<SymmetricTree> =
            grown(&task, &wanted, 12, seed).iter().map(|tree| tree.to_symmetric(&task.table, 1.0)).collect();
        let forest = SymmetricForest { features: 4, bias: 0.0, trees };
        for (row, feature, a, b) in pairs {
            let margin = |value: f64| {
                let mut values: Vec<f64> = columns.iter().map(|column| column[row]).collect();
                values[feature] = value;
                // In whole millionths, which is what leaves are rounded to: their sum is exact.
                let leaf = |tree: &SymmetricTree| (tree.leaf_values[tree.leaf_index(&values)] * 1e6).round();
                forest.trees.iter().map(leaf).sum::<f64>()
            };
            let (low, high) = (margin(a.min(b)), margin(a.max(b)));
            match directions[feature] {
                Monotone::Free => {}
                Monotone::Increasing => prop_assert!(low <= high, "{low} {high}"),
                Monotone::Decreasing => prop_assert!(low >= high, "{low} {high}"),
            }
        }
    }
}

#[test]
fn any_number_of_threads_grows_the_same_bits() {
    // Several blocks of rows, and few enough features that rows are counted in parts.
    let (_, task) = task(100_000, 3, &[Monotone::Increasing, Monotone::Free, Monotone::Decreasing]);
    let wanted = Wanted { features_share: Some(1.0), ..Wanted::default() };
    let grown_on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| grown(&task, &wanted, 3, 1))
    };
    let expected = grown_on(1);
    assert!(expected.iter().all(|tree| tree.questions.len() == 6), "trees are grown");
    for threads in [2, 3, 7] {
        assert_eq!(grown_on(threads), expected, "{threads} threads");
    }
}

#[test]
fn a_leaf_value_is_a_shrunken_newton_step() {
    // Two values, one of them always bad: p = 1/2, so G = ∓1/2 and H = 1/4 per row.
    let column: Vec<f64> = (0..40).map(|row| f64::from(row % 2)).collect();
    let is_bad: Vec<bool> = column.iter().map(|&value| value > 0.5).collect();
    let task = Task { table: Binned::learn(&[column], 64), is_bad, directions: vec![Monotone::Free] };
    let wanted = Wanted { rows_share: Some(1.0), depth: Some(1), rate: Some(0.1), l2: Some(3.0), ..Wanted::default() };
    let tree = &grown(&task, &wanted, 1, 0)[0];
    for (value, expected) in tree.values.iter().zip([-0.125, 0.125]) {
        assert!((value - expected).abs() < 1e-4, "{value} is not {expected}");
    }
}
