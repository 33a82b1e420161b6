use proptest::prelude::*;

use super::{game::weights, *};
use crate::forest::{
    random,
    score::{BlockScratch, ROWS, Scorer, Scratch},
    tree::{Split, SymmetricTree},
};

const FEATURES: usize = 5;

/// The value of a set of features, straight from the definition: walk down the tree, follow the row
/// where the feature is in the set, and otherwise average over both children by their covers.
fn expectation(tree: &SymmetricTree, row: &[f64], set: usize, level: usize, prefix: usize) -> f64 {
    if level == tree.splits.len() {
        return tree.leaf_values[prefix];
    }
    let yes = prefix | 1 << level;
    let split = &tree.splits[level];
    if set >> split.feature & 1 == 1 {
        let child = if split.is_above(row[split.feature as usize]) { yes } else { prefix };
        return expectation(tree, row, set, level + 1, child);
    }
    let cover = |node: usize| -> f64 {
        let below = (2 << level) - 1;
        (0..tree.leaf_covers.len()).filter(|leaf| leaf & below == node).map(|leaf| tree.leaf_covers[leaf]).sum()
    };
    let (cover_no, cover_yes) = (cover(prefix), cover(yes));
    let share = if cover_no + cover_yes > 0.0 { cover_yes / (cover_no + cover_yes) } else { 0.5 };
    let no_value = expectation(tree, row, set, level + 1, prefix);
    let yes_value = expectation(tree, row, set, level + 1, yes);
    no_value * (1.0 - share) + yes_value * share
}

fn forest_value(forest: &SymmetricForest, row: &[f64], set: usize) -> f64 {
    forest.bias + forest.trees.iter().map(|tree| expectation(tree, row, set, 0, 0)).sum::<f64>()
}

/// The average gain of a feature over all orders in which the features can become known.
fn brute_force(forest: &SymmetricForest, row: &[f64], feature: usize) -> f64 {
    let factorial = |n: usize| (1..=n).map(|i| f64::from(u32::try_from(i).expect("small"))).product::<f64>();
    (0..1_usize << FEATURES)
        .filter(|set| set >> feature & 1 == 0)
        .map(|set| {
            let size = set.count_ones() as usize;
            let weight = factorial(size) * factorial(FEATURES - size - 1) / factorial(FEATURES);
            weight * (forest_value(forest, row, set | 1 << feature) - forest_value(forest, row, set))
        })
        .sum()
}

fn explain(forest: &SymmetricForest, row: &[f64]) -> (f64, f64, Vec<f64>) {
    let mut scratch = Scratch::default();
    let margin = Scorer::compile(forest).score(row, &mut scratch);
    let tables = Tables::build(forest);
    let mut contributions = vec![0.0; forest.features];
    tables.explain(scratch.leaves(), &mut contributions);
    (margin, tables.baseline(), contributions)
}

proptest! {
    #[test]
    fn contributions_are_the_shapley_values_over_all_subsets(
        forest in random::forest(FEATURES, 0..=6), row in random::row(FEATURES),
    ) {
        let (margin, baseline, contributions) = explain(&forest, &row);
        prop_assert!((baseline - forest_value(&forest, &row, 0)).abs() < 1e-12);
        for (feature, contribution) in contributions.iter().enumerate() {
            let expected = brute_force(&forest, &row, feature);
            prop_assert!((contribution - expected).abs() < 1e-12, "feature {feature}: {contribution}, not {expected}");
        }
        prop_assert!((baseline + contributions.iter().sum::<f64>() - margin).abs() < 1e-9);
    }

    #[test]
    fn contributions_and_baseline_sum_to_the_margin_in_deep_trees_too(
        forest in random::forest(9, 7..=9), row in random::row(9),
    ) {
        let (margin, baseline, contributions) = explain(&forest, &row);
        prop_assert!((baseline + contributions.iter().sum::<f64>() - margin).abs() < 1e-9);
    }
}

proptest! {
    // A case is 128 rows.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_block_of_rows_gets_the_bits_that_each_row_gets_alone(
        forest in random::forest_of(0..12, FEATURES, 0..=9),
        rows in prop::collection::vec(random::row(FEATURES), ROWS),
    ) {
        let tables = Tables::build(&forest);
        let lanes: Vec<_> = (0..FEATURES).map(|f| std::array::from_fn(|row: usize| rows[row][f])).collect();
        let mut contributions = vec![[0.0; ROWS]; FEATURES];
        Scorer::compile(&forest).score_block(&lanes, &mut BlockScratch::default(), |tree, leaves| {
            tables.explain_block(tree, leaves, &mut contributions);
        });
        for (number, row) in rows.iter().enumerate() {
            let (_, _, alone) = explain(&forest, row);
            for (lane, contribution) in contributions.iter().zip(alone) {
                prop_assert_eq!(lane[number].to_bits(), contribution.to_bits());
            }
        }
    }
}

fn split(feature: u32, threshold: f64) -> Split {
    Split { feature, threshold, missing_above: false }
}

#[test]
fn a_feature_that_is_asked_about_twice_is_one_player() {
    // x > 5, then x > 7: of the four leaves, "no, yes" is unreachable.
    let tree = SymmetricTree {
        splits: vec![split(0, 5.0), split(0, 7.0)],
        leaf_values: vec![1.0, 2.0, 99.0, 4.0],
        leaf_covers: vec![50.0, 25.0, 0.0, 25.0],
    };
    let forest = SymmetricForest { features: 1, bias: 0.0, trees: vec![tree] };
    for (x, value) in [(4.0, 1.0), (6.0, 2.0), (8.0, 4.0)] {
        let (margin, baseline, contributions) = explain(&forest, &[x]);
        assert_eq!((margin, baseline), (value, 2.0));
        assert_eq!(contributions, [value - 2.0]);
    }
    let mut unreachable = [0.0];
    Tables::build(&forest).explain(&[2], &mut unreachable);
    assert_eq!(unreachable, [97.0]);
}

#[test]
fn features_in_equal_roles_share_equally() {
    // Both must be above 0 for the one leaf that counts.
    let tree = SymmetricTree {
        splits: vec![split(0, 0.0), split(1, 0.0)],
        leaf_values: vec![0.0, 0.0, 0.0, 1.0],
        leaf_covers: vec![25.0; 4],
    };
    let forest = SymmetricForest { features: 3, bias: 0.5, trees: vec![tree] };
    let (margin, baseline, contributions) = explain(&forest, &[1.0, 1.0, f64::NAN]);
    assert_eq!((margin, baseline), (1.5, 0.75));
    assert_eq!(contributions, [0.375, 0.375, 0.0]);
}

#[test]
fn weights_of_all_sets_sum_to_one() {
    for players in 1..=12_usize {
        let mut sets = 1.0;
        let mut sum = 0.0;
        for (size, weight) in weights(players).into_iter().enumerate() {
            sum += weight * sets;
            let count = |n: usize| f64::from(u32::try_from(n).expect("small"));
            sets = sets * count(players - 1 - size) / count(size + 1);
        }
        assert!((sum - 1.0).abs() < 1e-14, "{players}: {sum}");
    }
}

/// A case of `fixtures/treeshap/treeshap.json`; a missing value is null.
#[derive(serde::Deserialize)]
struct Golden {
    source: String,
    forest: SymmetricForest,
    rows: Vec<Vec<Option<f64>>>,
    margins: Vec<f64>,
    baselines: Vec<f64>,
    contributions: Vec<Vec<f64>>,
}

#[test]
fn independent_libraries_give_the_same_values() {
    const TOLERANCE: f64 = 1e-12;
    let text = include_str!("../../../fixtures/treeshap/treeshap.json");
    let cases: Vec<Golden> = serde_json::from_str(text).expect("the fixture");
    assert_eq!(cases.len(), 3);
    for case in cases {
        for (number, row) in case.rows.iter().enumerate() {
            let row: Vec<f64> = row.iter().map(|value| value.unwrap_or(f64::NAN)).collect();
            let (margin, baseline, contributions) = explain(&case.forest, &row);
            let ours = contributions.iter().chain([&margin, &baseline]);
            let theirs = case.contributions[number].iter().chain([&case.margins[number], &case.baselines[number]]);
            for (place, (ours, theirs)) in ours.zip(theirs).enumerate() {
                let source = &case.source;
                assert!(
                    (ours - theirs).abs() < TOLERANCE,
                    "{source}, row {number}, value {place}: {ours}, not {theirs}"
                );
            }
        }
    }
}
