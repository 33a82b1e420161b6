//! Symmetric (oblivious) trees: every level asks one question for all of its nodes.

use serde::{Deserialize, Serialize};

/// One question: is the value above the threshold?
///
/// Invariant: `threshold` is finite.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// Index of the feature in the forest's encoded input.
    pub feature: u32,
    /// The answer is "yes" when `value > threshold`.
    pub threshold: f64,
    /// The answer for a missing value (NaN).
    pub missing_above: bool,
}

impl Split {
    /// Answers the question for one value.
    #[must_use]
    pub fn is_above(&self, value: f64) -> bool {
        if value.is_nan() { self.missing_above } else { value > self.threshold }
    }
}

/// A tree of depth d: d questions and 2^d leaves.
///
/// Invariant: `leaf_values` and `leaf_covers` have `2^splits.len()` elements; values are finite,
/// covers are finite and not negative. Bit i of a leaf's index is the answer at level i.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SymmetricTree {
    pub splits: Vec<Split>,
    /// What each leaf adds to the margin (log-odds).
    pub leaf_values: Vec<f64>,
    /// How many training rows fell into each leaf.
    pub leaf_covers: Vec<f64>,
}

impl SymmetricTree {
    /// The index of the leaf that `values` falls into: bit i is the answer at level i.
    #[must_use]
    pub fn leaf_index(&self, values: &[f64]) -> usize {
        let mut index = 0;
        for (level, split) in self.splits.iter().enumerate() {
            index |= usize::from(split.is_above(values[split.feature as usize])) << level;
        }
        index
    }
}

/// Trees and the margin they start from.
///
/// Invariant: every split's feature is below `features`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SymmetricForest {
    /// How many values the forest reads.
    pub features: usize,
    /// The margin before the first tree.
    pub bias: f64,
    pub trees: Vec<SymmetricTree>,
}

impl SymmetricForest {
    /// The margin (log-odds of default): bias and leaf values, added in the order of the trees.
    ///
    /// `values` has [`SymmetricForest::features`] elements, NaN where missing. This is the plain
    /// definition that [`crate::forest::score`] must equal to the bit.
    #[must_use]
    pub fn margin(&self, values: &[f64]) -> f64 {
        self.trees.iter().fold(self.bias, |margin, tree| margin + tree.leaf_values[tree.leaf_index(values)])
    }
}
