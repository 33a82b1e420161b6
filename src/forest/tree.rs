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
    /// What breaks an invariant of the tree in a forest over `features` values.
    fn fault(&self, features: usize) -> Option<&'static str> {
        let depth = self.splits.len();
        if depth > MAX_DEPTH {
            return Some("it is deeper than the 12 levels that can be explained");
        }
        if self.leaf_values.len() != 1 << depth || self.leaf_covers.len() != 1 << depth {
            return Some("a tree of d questions needs 2^d leaf values and leaf covers");
        }
        if self.splits.iter().any(|split| split.feature as usize >= features) {
            return Some("it asks about a feature that does not exist");
        }
        if !self.splits.iter().all(|split| split.threshold.is_finite()) {
            return Some("a threshold is not finite");
        }
        if !self.leaf_values.iter().all(|value| value.is_finite()) {
            return Some("a leaf value is not finite");
        }
        let is_cover = |cover: &f64| cover.is_finite() && *cover >= 0.0;
        (!self.leaf_covers.iter().all(is_cover)).then_some("a leaf cover is not a count of rows")
    }

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

/// The deepest tree that is read.
///
/// This and the other limits keep any file from asking for more memory or time than a machine has:
/// a tree of depth d takes 3^d values in passing, and 4^d · d steps, to be explained.
pub const MAX_DEPTH: usize = 12;
/// The most trees that are read.
pub const MAX_TREES: usize = 100_000;
/// The most values in the explanation's tables, Σ 2^d · d over the trees: 256 MiB.
const MAX_TABLE_VALUES: usize = 1 << 25;
/// The most steps to compute those tables, Σ 4^d · d over the trees: some seconds.
const MAX_TABLE_STEPS: usize = 1 << 34;
/// The largest sum of log-odds. Beyond it a probability is 0 or 1, and sums would lose the digits
/// that an explanation promises.
pub(super) const MAX_MARGIN: f64 = 1_000.0;

impl SymmetricForest {
    /// Everything that breaks an invariant or exceeds a limit, each in a sentence; at most one
    /// per tree.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        if self.trees.len() > MAX_TREES {
            return vec![format!("there are {} trees; at most {} are read", self.trees.len(), MAX_TREES)];
        }
        let mut faults: Vec<String> = self
            .trees
            .iter()
            .enumerate()
            .filter_map(|(number, tree)| tree.fault(self.features).map(|fault| format!("tree {number}: {fault}")))
            .collect();
        if faults.is_empty() {
            faults.extend(self.size_fault());
        }
        faults
    }

    /// Whether the whole is too large, once each tree is sound.
    fn size_fault(&self) -> Option<String> {
        let depths = || self.trees.iter().map(|tree| tree.splits.len());
        let table_values: usize = depths().map(|depth| depth << depth).sum();
        let table_steps: usize = depths().map(|depth| depth << (2 * depth)).sum();
        if table_values > MAX_TABLE_VALUES || table_steps > MAX_TABLE_STEPS {
            return Some("the trees are too many and too deep to be explained; train fewer or flatter ones".to_owned());
        }
        let largest =
            |tree: &SymmetricTree| tree.leaf_values.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
        let most = self.trees.iter().map(largest).fold(self.bias.abs(), |sum, most| sum + most);
        // Written so that a bias of NaN is a fault.
        if most <= MAX_MARGIN {
            return None;
        }
        Some(format!("the margin could exceed {MAX_MARGIN} log-odds, which no real odds do"))
    }

    /// The margin (log-odds of default): bias and leaf values, added in the order of the trees.
    ///
    /// `values` has [`SymmetricForest::features`] elements, NaN where missing. This is the plain
    /// definition that [`crate::forest::score`] must equal to the bit.
    #[must_use]
    pub fn margin(&self, values: &[f64]) -> f64 {
        self.trees.iter().fold(self.bias, |margin, tree| margin + tree.leaf_values[tree.leaf_index(values)])
    }
}
