//! Whether imported trees keep to a direction of risk.
//!
//! A forest keeps to it when every tree does. A tree does when, at each node that asks about the feature, no leaf on the lower
//! side is worth more risk than a leaf on the upper side that an applicant who differs in that feature alone can reach.

use std::collections::BTreeMap;

use crate::{
    features::schema::Monotone,
    forest::{
        Forest,
        general::{Child, GeneralTree, Node, Test},
        tree::SymmetricTree,
    },
};

/// Pairs of leaves that are compared at most, for one feature: some seconds.
const MOST_PAIRS: usize = 1 << 27;

/// How many trees do not keep to a direction for certain; 0 when the forest keeps to it exactly.
pub(super) fn unproven_trees(forest: &Forest, feature: u32, direction: Monotone) -> usize {
    let mut pairs = MOST_PAIRS;
    let mut is_unproven = |tree: &GeneralTree| !Checked { tree, feature, direction, pairs: &mut pairs }.keeps();
    match forest {
        Forest::General(forest) => forest.trees.iter().filter(|tree| is_unproven(tree)).count(),
        Forest::Symmetric(forest) => forest.trees.iter().filter(|tree| is_unproven(&general(tree))).count(),
    }
}

/// A symmetric tree as one with a node for every question of every level.
fn general(tree: &SymmetricTree) -> GeneralTree {
    let depth = tree.splits.len();
    let inner = (1_u32 << depth) - 1;
    let child = |level: usize, prefix: u32| {
        if level == depth { Child::Leaf(prefix) } else { Child::Node((1 << level) - 1 + prefix) }
    };
    let node = |index: u32| {
        let level = (index + 1).ilog2() as usize;
        let prefix = index + 1 - (1 << level);
        let split = tree.splits[level];
        Node {
            feature: split.feature,
            test: Test::Above { threshold: split.threshold, zero_is_missing: false },
            missing: split.missing_above,
            no: child(level + 1, prefix),
            yes: child(level + 1, prefix | 1 << level),
        }
    };
    GeneralTree {
        nodes: (0..inner).map(node).collect(),
        leaf_values: tree.leaf_values.clone(),
        leaf_covers: tree.leaf_covers.clone(),
    }
}

struct Checked<'a> {
    tree: &'a GeneralTree,
    feature: u32,
    direction: Monotone,
    pairs: &'a mut usize,
}

/// The numbers that lead to a leaf, by feature: above the first and not above the second; and whether a missing value does.
type Region = BTreeMap<u32, (f64, f64, bool)>;

impl Checked<'_> {
    fn keeps(mut self) -> bool {
        let asking = |node: &&Node| node.feature == self.feature;
        let nodes: Vec<&Node> = self.tree.nodes.iter().filter(asking).collect();
        // Zero on the side of "missing" stands in no order, and neither do codes.
        let is_ordered = |node: &&Node| matches!(node.test, Test::Above { zero_is_missing: false, .. });
        if nodes.is_empty() {
            return true;
        }
        if !nodes.iter().all(is_ordered) {
            return false;
        }
        let regions = self.regions();
        let regions: Vec<&Region> = regions.iter().collect();
        nodes.iter().all(|node| self.keeps_at(node, &regions))
    }

    fn keeps_at(&mut self, node: &Node, regions: &[&Region]) -> bool {
        let [lower, upper] = node.children().map(|child| self.leaves(child));
        let (lower, upper) = if self.direction == Monotone::Decreasing { (upper, lower) } else { (lower, upper) };
        let value = |leaf: &usize| self.tree.leaf_values[*leaf];
        let most = lower.iter().map(value).fold(f64::NEG_INFINITY, f64::max);
        let least = upper.iter().map(value).fold(f64::INFINITY, f64::min);
        if most <= least {
            return true;
        }
        let pairs = lower.len().saturating_mul(upper.len());
        if pairs > *self.pairs {
            return false;
        }
        *self.pairs -= pairs;
        lower.iter().all(|a| upper.iter().all(|b| value(a) <= value(b) || !self.meet(regions[*a], regions[*b])))
    }

    /// Whether applicants who differ in the feature alone can fall into both leaves, and have the feature.
    fn meet(&self, a: &Region, b: &Region) -> bool {
        let everything = (f64::NEG_INFINITY, f64::INFINITY, true);
        let has_feature = |region: &Region| region.get(&self.feature).is_none_or(|(low, high, _)| low < high);
        has_feature(a)
            && has_feature(b)
            && a.keys().chain(b.keys()).filter(|feature| **feature != self.feature).all(|feature| {
                let [a, b] = [a, b].map(|region| *region.get(feature).unwrap_or(&everything));
                a.0.max(b.0) < a.1.min(b.1) || (a.2 && b.2)
            })
    }

    fn leaves(&self, child: Child) -> Vec<usize> {
        let (mut leaves, mut waiting) = (Vec::new(), vec![child]);
        while let Some(child) = waiting.pop() {
            match child {
                Child::Leaf(leaf) => leaves.push(leaf as usize),
                Child::Node(node) => waiting.extend(self.tree.nodes[node as usize].children()),
            }
        }
        leaves
    }

    /// Where each leaf lies. Questions that are in no order leave it larger than it is, which proves less, never more.
    fn regions(&self) -> Vec<Region> {
        let mut at_nodes = vec![Region::new(); self.tree.nodes.len()];
        let mut at_leaves = vec![Region::new(); self.tree.leaf_values.len()];
        for (index, node) in self.tree.nodes.iter().enumerate() {
            let region = std::mem::take(&mut at_nodes[index]);
            for (child, answer) in node.children().into_iter().zip([false, true]) {
                let mut below = region.clone();
                if let Test::Above { threshold, zero_is_missing: false } = node.test {
                    let (low, high, missing) =
                        below.entry(node.feature).or_insert((f64::NEG_INFINITY, f64::INFINITY, true));
                    if answer {
                        *low = low.max(threshold);
                    } else {
                        *high = high.min(threshold);
                    }
                    *missing &= node.missing == answer;
                }
                match child {
                    Child::Node(child) => at_nodes[child as usize] = below,
                    Child::Leaf(leaf) => at_leaves[leaf as usize] = below,
                }
            }
        }
        at_leaves
    }
}
