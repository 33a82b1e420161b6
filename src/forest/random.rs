//! Random forests and rows for property tests. Thresholds and values come from one small set, so
//! that repeated features, contradictory paths and values on a threshold all occur.

use std::ops::{Range, RangeInclusive};

use proptest::prelude::*;

use super::{
    Forest, general,
    tree::{Split, SymmetricForest, SymmetricTree},
};

pub(crate) fn value() -> impl Strategy<Value = f64> {
    prop::sample::select(vec![-2.0, -0.5, -0.0, 0.0, 0.25, 1.0, 3.0])
}

pub(crate) fn row(features: usize) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(prop_oneof![4 => value(), 1 => Just(f64::NAN)], features)
}

pub(crate) fn forest(features: usize, depth: RangeInclusive<usize>) -> impl Strategy<Value = SymmetricForest> {
    forest_of(0..6, features, depth)
}

pub(crate) fn forest_of(
    trees: Range<usize>,
    features: usize,
    depth: RangeInclusive<usize>,
) -> impl Strategy<Value = SymmetricForest> {
    let trees = prop::collection::vec(depth.prop_flat_map(move |depth| tree(features, depth)), trees);
    (-1.0..1.0, trees).prop_map(move |(bias, trees)| SymmetricForest { features, bias, trees })
}

fn tree(features: usize, depth: usize) -> impl Strategy<Value = SymmetricTree> {
    let features = u32::try_from(features).expect("few features");
    let split = (0..features, value(), any::<bool>()).prop_map(|(feature, threshold, missing_above)| Split {
        feature,
        threshold,
        missing_above,
    });
    let cover = prop_oneof![1 => Just(0.0), 3 => (1_u32..500).prop_map(f64::from)];
    let splits = prop::collection::vec(split, depth);
    let leaf_values = prop::collection::vec(-1.0..1.0, 1 << depth);
    let leaf_covers = prop::collection::vec(cover, 1 << depth);
    (splits, leaf_values, leaf_covers).prop_map(|(splits, leaf_values, leaf_covers)| SymmetricTree {
        splits,
        leaf_values,
        leaf_covers,
    })
}

/// A forest of either kind.
pub(crate) fn any_forest(features: usize) -> impl Strategy<Value = Forest> {
    prop_oneof![
        forest(features, 0..=5).prop_map(Forest::Symmetric),
        general::random::forest(features, 12).prop_map(Forest::General),
    ]
}
