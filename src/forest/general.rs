//! Trees of any shape: each node asks a question of its own. What other libraries train.
//!
//! Whatever comparison a source makes (`<`, `<=` or `>`, in 32 or 64 bits) is one of "is the value
//! above this 64-bit threshold?", decided by the importer so that every value gets the source's answer.

mod ancestry;
mod faults;
mod form;
pub mod lobatto;
mod questions;
mod score;
mod shap;

use serde::{Deserialize, Serialize};

pub use questions::{Places, Questions};
pub use score::Scorer;
pub use shap::{Explainer, Scratch};

/// Values from −`ZERO` to `ZERO` are zero where zero stands for "missing": the bound that LightGBM
/// uses, 1e-35 in 32 bits.
pub const ZERO: f64 = 1e-35_f32 as f64;

/// Trees of any shape, and the margin they start from.
///
/// Invariant: see [`GeneralForest::faults`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeneralForest {
    /// How many values the forest reads.
    pub features: usize,
    /// The margin before the first tree.
    pub bias: f64,
    /// The key tells a file's reader that trees are of this kind.
    #[serde(rename = "general_trees")]
    pub trees: Vec<GeneralTree>,
}

/// A binary tree.
///
/// Invariant: the first node is the root; a node's children stand after it; every other node and
/// every leaf is the child of exactly one node. A tree without nodes has one leaf.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeneralTree {
    pub nodes: Vec<Node>,
    /// What each leaf adds to the margin (log-odds).
    pub leaf_values: Vec<f64>,
    /// How many training rows fell into each leaf, or their weight.
    pub leaf_covers: Vec<f64>,
}

/// A question, and where its answers lead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "form::NodeForm", into = "form::NodeForm")]
pub struct Node {
    /// Index of the feature in the forest's input.
    pub feature: u32,
    pub test: Test,
    /// The answer for a missing value (NaN).
    pub missing: bool,
    pub no: Child,
    pub yes: Child,
}

/// When the answer is "yes".
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// The value is above the threshold.
    Above {
        threshold: f64,
        /// Whether zero gets the answer of a missing value, see [`ZERO`].
        zero_is_missing: bool,
    },
    /// The whole part of the value is one of these codes. Invariant: ascending, each once.
    OneOf(Vec<u32>),
}

/// Where an answer leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Child {
    Node(u32),
    Leaf(u32),
}

impl Test {
    /// Answers for a value that is not NaN; `missing` is the answer for one that is.
    fn is_yes(&self, value: f64, missing: bool) -> bool {
        match self {
            Self::Above { zero_is_missing: true, .. } if value.abs() <= ZERO => missing,
            Self::Above { threshold, .. } => value > *threshold,
            Self::OneOf(codes) => questions::code_of(value).is_some_and(|code| codes.binary_search(&code).is_ok()),
        }
    }
}

impl Node {
    /// Answers the question for one value.
    #[must_use]
    pub fn is_yes(&self, value: f64) -> bool {
        if value.is_nan() { self.missing } else { self.test.is_yes(value, self.missing) }
    }

    /// The children in the order of the answers: no, yes.
    #[must_use]
    pub const fn children(&self) -> [Child; 2] {
        [self.no, self.yes]
    }
}

impl GeneralTree {
    /// The index of the leaf that `values` falls into. The tree's invariants must hold.
    #[must_use]
    pub fn leaf_index(&self, values: &[f64]) -> usize {
        let mut at = if self.nodes.is_empty() { Child::Leaf(0) } else { Child::Node(0) };
        loop {
            match at {
                Child::Leaf(leaf) => return leaf as usize,
                Child::Node(node) => {
                    let node = &self.nodes[node as usize];
                    at = node.children()[usize::from(node.is_yes(values[node.feature as usize]))];
                }
            }
        }
    }

    /// The most questions between the root and a leaf. The tree's invariants must hold.
    #[must_use]
    pub fn depth(&self) -> usize {
        let mut depths = vec![1; self.nodes.len()];
        for (index, node) in self.nodes.iter().enumerate() {
            for child in node.children() {
                if let Child::Node(child) = child {
                    depths[child as usize] = depths[index] + 1;
                }
            }
        }
        depths.into_iter().max().unwrap_or(0)
    }
}

impl GeneralForest {
    /// The margin (log-odds of default): bias and leaf values, added in the order of the trees.
    ///
    /// `values` has [`GeneralForest::features`] elements, NaN where missing. This is the plain
    /// definition that [`Scorer`] must equal to the bit.
    #[must_use]
    pub fn margin(&self, values: &[f64]) -> f64 {
        self.trees.iter().fold(self.bias, |margin, tree| margin + tree.leaf_values[tree.leaf_index(values)])
    }
}

#[cfg(test)]
pub(crate) mod random;
#[cfg(test)]
mod tests;
