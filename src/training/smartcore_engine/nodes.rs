//! A fitted tree of smartcore's, read from what it writes with serde.

use serde::Deserialize;

use super::{ByteRegressor, Bytes, EngineError};
use crate::{
    forest::general::{Child, GeneralTree, Node, Test},
    training::{binning::Binned, evaluate::count},
};

/// The parts of a fitted tree's written form that are read.
#[derive(Deserialize)]
struct Written {
    tree_regressor: WrittenTree,
}

#[derive(Deserialize)]
struct WrittenTree {
    nodes: Vec<WrittenNode>,
}

/// A node: a question when it has children, else a leaf.
#[derive(Deserialize)]
struct WrittenNode {
    split_feature: usize,
    split_value: Option<f64>,
    /// Where rows go whose value is at most `split_value`.
    true_child: Option<usize>,
    false_child: Option<usize>,
}

/// A tree that asks about bytes.
///
/// Invariant: the first node is the root; a node's children stand after it; there is one value more than
/// there are nodes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ByteTree {
    nodes: Vec<ByteNode>,
    values: Vec<f64>,
}

/// Is the byte at most `up_to`?
#[derive(Debug, Clone, Copy, PartialEq)]
struct ByteNode {
    feature: usize,
    up_to: u8,
    /// Where those go that are above it, and those that are not.
    above: Child,
    not_above: Child,
}

impl ByteTree {
    /// Reads a tree that was fitted to the columns `features` of `bytes`. `values` gives the leaves' values,
    /// once it is known into which leaf each row falls.
    pub(super) fn new(
        tree: &ByteRegressor,
        features: &[usize],
        values: impl FnOnce(&[usize]) -> Vec<f64>,
        bytes: &Bytes,
    ) -> Result<Self, EngineError> {
        let unknown = |what: &str| EngineError(format!("its trees are written in another form: {what}"));
        let written = serde_json::to_value(tree).and_then(serde_json::from_value::<Written>);
        let written = written.map_err(|error| unknown(&error.to_string()))?.tree_regressor.nodes;
        let mut places = Vec::with_capacity(written.len());
        let (mut inner, mut leaves) = (0_u32, 0_u32);
        for node in &written {
            let (place, counter) = if node.true_child.is_some() {
                (Child::Node(inner), &mut inner)
            } else {
                (Child::Leaf(leaves), &mut leaves)
            };
            places.push(place);
            *counter += 1;
        }
        let mut nodes = Vec::with_capacity(inner as usize);
        for node in &written {
            let (Some(yes), Some(no)) = (node.true_child, node.false_child) else { continue };
            let child = |index: usize| places.get(index).copied().ok_or_else(|| unknown("a child that is not there"));
            let feature = features.get(node.split_feature).copied().ok_or_else(|| unknown("an unknown feature"))?;
            let split = node.split_value.filter(|split| (0.0..255.0).contains(split));
            // Bytes are whole, so a split between two of them parts where its whole part does.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 254")]
            let up_to = split.ok_or_else(|| unknown("a split that is not between bytes"))? as u8;
            nodes.push(ByteNode { feature, up_to, above: child(no)?, not_above: child(yes)? });
        }
        let mut tree = Self { nodes, values: Vec::new() };
        tree.values = values(&tree.leaves(bytes));
        tree.values.resize(leaves as usize, 0.0);
        Ok(tree)
    }

    /// The leaf of every row.
    fn leaves(&self, bytes: &Bytes) -> Vec<usize> {
        (0..bytes.rows).map(|row| self.leaf_of(bytes, row)).collect()
    }

    fn leaf_of(&self, bytes: &Bytes, row: usize) -> usize {
        let mut at = if self.nodes.is_empty() { Child::Leaf(0) } else { Child::Node(0) };
        loop {
            match at {
                Child::Leaf(leaf) => return leaf as usize,
                Child::Node(node) => {
                    let node = &self.nodes[node as usize];
                    at = if bytes.columns[node.feature][row] > node.up_to { node.above } else { node.not_above };
                }
            }
        }
    }

    /// Adds each row's value to its margin.
    pub(super) fn add_to(&self, margins: &mut [f64], bytes: &Bytes) {
        for (row, margin) in margins.iter_mut().enumerate() {
            *margin += self.values[self.leaf_of(bytes, row)];
        }
    }

    /// The same tree in terms of values, every leaf value multiplied by `weight` and rounded to six decimals,
    /// with the covers of `rows`.
    pub(super) fn to_general(&self, table: &Binned, rows: &Bytes, weight: f64) -> GeneralTree {
        let mut leaf_covers = vec![0_usize; self.values.len()];
        for leaf in self.leaves(rows) {
            leaf_covers[leaf] += 1;
        }
        let node = |node: &ByteNode| {
            // A byte is at most k when the value is missing or in a bin below k, that is, not above the cut k − 1.
            // At most 0 is missing alone: every value that is known is above the least there is.
            let cuts = table.columns()[node.feature].cuts().thresholds();
            let threshold = usize::from(node.up_to).checked_sub(1).map_or(f64::MIN, |cut| cuts[cut]);
            Node {
                feature: u32::try_from(node.feature).expect("a schema has fewer than 2^32 features"),
                test: Test::Above { threshold, zero_is_missing: false },
                missing: false,
                no: node.not_above,
                yes: node.above,
            }
        };
        GeneralTree {
            nodes: self.nodes.iter().map(node).collect(),
            leaf_values: self.values.iter().map(|value| (value * weight * 1e6).round() / 1e6 + 0.0).collect(),
            leaf_covers: leaf_covers.into_iter().map(count).collect(),
        }
    }
}
