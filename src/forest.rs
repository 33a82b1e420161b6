//! Forests: scoring them and explaining their scores exactly.
//!
//! Ours are of symmetric trees, in which every level asks one question. Those that other libraries train may have
//! any shape.

pub mod engine;
pub mod general;
pub mod score;
pub mod shap;
pub mod tree;

use serde::{Deserialize, Serialize, Serializer};

use general::{GeneralForest, GeneralTree};
use tree::{SymmetricForest, SymmetricTree};

/// Trees of either kind, and the margin they start from.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "ForestForm")]
pub enum Forest {
    Symmetric(SymmetricForest),
    General(GeneralForest),
}

/// A forest as it is written: `trees` are symmetric, `general_trees` are of any shape.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ForestForm {
    features: usize,
    bias: f64,
    #[serde(default)]
    trees: Option<Vec<SymmetricTree>>,
    #[serde(default)]
    general_trees: Option<Vec<GeneralTree>>,
}

impl TryFrom<ForestForm> for Forest {
    type Error = &'static str;

    fn try_from(form: ForestForm) -> Result<Self, &'static str> {
        let ForestForm { features, bias, trees, general_trees } = form;
        match (trees, general_trees) {
            (Some(trees), None) => Ok(Self::Symmetric(SymmetricForest { features, bias, trees })),
            (None, Some(trees)) => Ok(Self::General(GeneralForest { features, bias, trees })),
            _ => Err("a forest has either `trees` or `general_trees`"),
        }
    }
}

impl Serialize for Forest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Symmetric(forest) => forest.serialize(serializer),
            Self::General(forest) => forest.serialize(serializer),
        }
    }
}

impl Forest {
    /// How many values the forest reads.
    #[must_use]
    pub const fn features(&self) -> usize {
        match self {
            Self::Symmetric(forest) => forest.features,
            Self::General(forest) => forest.features,
        }
    }

    /// How many trees there are.
    #[must_use]
    pub const fn trees(&self) -> usize {
        match self {
            Self::Symmetric(forest) => forest.trees.len(),
            Self::General(forest) => forest.trees.len(),
        }
    }

    /// The most questions between a root and a leaf. The forest's invariants must hold.
    #[must_use]
    pub fn depth(&self) -> usize {
        match self {
            Self::Symmetric(forest) => forest.trees.iter().map(|tree| tree.splits.len()).max().unwrap_or(0),
            Self::General(forest) => forest.trees.iter().map(GeneralTree::depth).max().unwrap_or(0),
        }
    }

    /// What the trees are called in a text: "symmetric trees" or "trees".
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Symmetric(_) => "symmetric trees",
            Self::General(_) => "trees",
        }
    }

    /// Everything that breaks an invariant or exceeds a limit, each in a sentence; at most one
    /// per tree.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        match self {
            Self::Symmetric(forest) => forest.faults(),
            Self::General(forest) => forest.faults(),
        }
    }

    /// The margin (log-odds of default) by the plain definition. `values` has [`Forest::features`] elements, NaN where missing.
    #[must_use]
    pub fn margin(&self, values: &[f64]) -> f64 {
        match self {
            Self::Symmetric(forest) => forest.margin(values),
            Self::General(forest) => forest.margin(values),
        }
    }

    /// The least and the greatest margin that the leaves allow: no row scores outside them.
    #[must_use]
    pub fn margin_bounds(&self) -> (f64, f64) {
        let (bias, leaves): (f64, Box<dyn Iterator<Item = &[f64]> + '_>) = match self {
            Self::Symmetric(forest) => (forest.bias, Box::new(forest.trees.iter().map(|tree| &*tree.leaf_values))),
            Self::General(forest) => (forest.bias, Box::new(forest.trees.iter().map(|tree| &*tree.leaf_values))),
        };
        leaves.fold((bias, bias), |(least, greatest), values| {
            let (low, high) = values
                .iter()
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &value| (low.min(value), high.max(value)));
            (least + low, greatest + high)
        })
    }

    /// The value of every leaf of every tree, to be changed.
    pub fn leaf_values_mut(&mut self) -> Box<dyn Iterator<Item = &mut f64> + '_> {
        match self {
            Self::Symmetric(forest) => Box::new(forest.trees.iter_mut().flat_map(|tree| &mut tree.leaf_values)),
            Self::General(forest) => Box::new(forest.trees.iter_mut().flat_map(|tree| &mut tree.leaf_values)),
        }
    }

    /// The margin before the first tree, to be changed.
    pub const fn bias_mut(&mut self) -> &mut f64 {
        match self {
            Self::Symmetric(forest) => &mut forest.bias,
            Self::General(forest) => &mut forest.bias,
        }
    }
}

#[cfg(test)]
pub(crate) mod random;
