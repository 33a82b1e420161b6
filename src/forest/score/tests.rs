use proptest::prelude::*;

use super::*;
use crate::forest::{
    Forest, random,
    tree::{Split, SymmetricTree},
};

proptest! {
    #[test]
    fn the_margin_and_the_leaves_are_those_of_the_plain_definition(
        forest in random::forest_of(0..40, 5, 0..=9),
        rows in prop::collection::vec(random::row(5), 1..20),
    ) {
        let scorer = Scorer::compile(&forest);
        let mut scratch = Scratch::default();
        for row in rows {
            prop_assert_eq!(scorer.score(&row, &mut scratch).to_bits(), forest.margin(&row).to_bits());
            let leaves: Vec<usize> = scratch.leaves().iter().map(|&leaf| leaf.into()).collect();
            let expected: Vec<usize> = forest.trees.iter().map(|tree| tree.leaf_index(&row)).collect();
            prop_assert_eq!(leaves, expected);
            let (least, greatest) = Forest::Symmetric(forest.clone()).margin_bounds();
            prop_assert!((least..=greatest).contains(&forest.margin(&row)));
        }
    }

}

proptest! {
    // A case is 128 rows.
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_block_of_rows_gets_the_bits_of_the_plain_definition(
        forest in random::forest_of(0..40, 5, 0..=9),
        rows in prop::collection::vec(random::row(5), ROWS),
    ) {
        check_block(&forest, &rows)?;
    }
}

fn check_block(forest: &SymmetricForest, rows: &[Vec<f64>]) -> Result<(), TestCaseError> {
    let lanes: Vec<Lane> = (0..forest.features).map(|f| std::array::from_fn(|row| rows[row][f])).collect();
    let mut seen = Vec::new();
    let mut scratch = BlockScratch::default();
    let margins = Scorer::compile(forest).score_block(&lanes, &mut scratch, |tree, leaves| seen.push((tree, *leaves)));
    for (row, margin) in rows.iter().zip(margins) {
        prop_assert_eq!(margin.to_bits(), forest.margin(row).to_bits());
    }
    prop_assert_eq!(seen.len(), forest.trees.len());
    for ((number, leaves), (expected, tree)) in seen.iter().zip(forest.trees.iter().enumerate()) {
        prop_assert_eq!(*number, expected);
        for (row, leaf) in rows.iter().zip(leaves) {
            prop_assert_eq!(usize::from(*leaf), tree.leaf_index(row));
        }
    }
    Ok(())
}

/// A forest that asks for `thresholds` different thresholds of one feature, each in trees of `depth`.
fn forest_with_many_thresholds(thresholds: u32, depth: usize) -> SymmetricForest {
    let splits: Vec<Split> = (0..thresholds)
        .map(|number| Split { feature: 0, threshold: number.into(), missing_above: number % 3 == 0 })
        .collect();
    let leaf_values =
        |tree: u32| (0..1_u32 << depth).map(move |leaf| f64::from(leaf) / 7.0 + f64::from(tree)).collect();
    let trees = (0..).zip(splits.chunks_exact(depth)).map(|(number, splits)| SymmetricTree {
        splits: splits.to_vec(),
        leaf_values: leaf_values(number),
        leaf_covers: vec![1.0; 1 << depth],
    });
    SymmetricForest { features: 1, bias: 0.25, trees: trees.collect() }
}

#[test]
fn thresholds_beyond_a_byte_give_the_same_bits() {
    for thresholds in [252, 255, 258, 1_200] {
        for depth in [3, 10] {
            let forest = forest_with_many_thresholds(thresholds, depth);
            let scorer = Scorer::compile(&forest);
            let asked = forest.trees.len() * depth;
            assert_eq!(matches!(scorer.width, Width::Byte(_)), asked < 256, "{asked} thresholds");
            let last = f64::from(thresholds);
            let mut rows: Vec<Vec<f64>> = (0..).take(ROWS - 3).map(|row| vec![f64::from(row) * last / 120.0]).collect();
            rows.extend([vec![f64::NAN], vec![f64::MAX], vec![f64::MIN]]);
            let mut scratch = Scratch::default();
            for row in &rows {
                assert_eq!(scorer.score(row, &mut scratch).to_bits(), forest.margin(row).to_bits(), "{row:?}");
            }
            check_block(&forest, &rows).expect("the same bits");
        }
    }
}

#[test]
fn a_value_on_a_threshold_is_not_above_it() {
    let split = Split { feature: 0, threshold: 0.0, missing_above: true };
    let tree = SymmetricTree { splits: vec![split], leaf_values: vec![1.0, 2.0], leaf_covers: vec![1.0, 1.0] };
    let scorer = Scorer::compile(&SymmetricForest { features: 1, bias: 0.0, trees: vec![tree] });
    let mut scratch = Scratch::default();
    for (value, margin) in [(0.0, 1.0), (-0.0, 1.0), (f64::MIN_POSITIVE, 2.0), (f64::NAN, 2.0), (-1.0, 1.0)] {
        assert_eq!(scorer.score(&[value], &mut scratch), margin, "{value}");
    }
}

#[test]
fn a_forest_without_trees_gives_its_bias() {
    let scorer = Scorer::compile(&SymmetricForest { features: 0, bias: -1.5, trees: Vec::new() });
    assert_eq!(scorer.score(&[], &mut Scratch::default()), -1.5);
}
