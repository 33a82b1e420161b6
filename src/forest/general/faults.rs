//! What keeps a forest of general trees from being used, and the limits on its size.

use super::{Child, GeneralForest, GeneralTree, Node, Test, ancestry::Ancestry, lobatto};
use crate::forest::tree::{MAX_MARGIN, MAX_TREES};

/// The most questions between a root and a leaf.
///
/// This and the other limits keep any file from asking for more memory or time than a machine has.
const MAX_DEPTH: usize = 512;
/// The most nodes of all trees: of order 1 GiB when laid out.
const MAX_NODES: usize = 1 << 22;
/// The most answers kept for questions about codes, Σ questions × codes: 128 MiB.
const MAX_CODE_ANSWERS: usize = 1 << 27;

impl GeneralForest {
    /// Everything that breaks an invariant or exceeds a limit, each in a sentence; at most one
    /// per tree.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        if self.trees.len() > MAX_TREES {
            return vec![format!("there are {} trees; at most {} are read", self.trees.len(), MAX_TREES)];
        }
        let nodes: usize = self.trees.iter().map(|tree| tree.nodes.len()).sum();
        if nodes > MAX_NODES {
            return vec![format!("there are {nodes} nodes; at most {MAX_NODES} are read")];
        }
        let fault = |tree: &GeneralTree| tree.fault(self.features);
        let trees = self.trees.iter().enumerate();
        let mut faults: Vec<String> =
            trees.filter_map(|(number, tree)| fault(tree).map(|fault| format!("tree {number}: {fault}"))).collect();
        if faults.is_empty() {
            faults.extend(self.size_fault());
        }
        faults
    }

    /// Whether the whole is too large, once each tree is sound.
    fn size_fault(&self) -> Option<String> {
        let mut questions = vec![(0, 0); self.features];
        for node in self.trees.iter().flat_map(|tree| &tree.nodes) {
            if let Test::OneOf(codes) = &node.test {
                let (asked, codes_of) = &mut questions[node.feature as usize];
                *asked += 1;
                *codes_of = codes.last().map_or(0, |&greatest| greatest as usize + 1).max(*codes_of);
            }
        }
        if questions.iter().map(|(asked, codes)| asked * (codes + 2)).sum::<usize>() > MAX_CODE_ANSWERS {
            return Some("it asks too many questions about features of too many categories".to_owned());
        }
        let largest = |tree: &GeneralTree| tree.leaf_values.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
        let most = self.trees.iter().map(largest).fold(self.bias.abs(), |sum, most| sum + most);
        // Written so that a bias of NaN is a fault.
        if most <= MAX_MARGIN {
            return None;
        }
        Some(format!("the margin could exceed {MAX_MARGIN} log-odds, which no real odds do"))
    }
}

impl GeneralTree {
    fn fault(&self, features: usize) -> Option<&'static str> {
        if self.leaf_values.len() != self.nodes.len() + 1 || self.leaf_covers.len() != self.leaf_values.len() {
            return Some("a tree of n nodes needs n + 1 leaf values and leaf covers");
        }
        if let Some(fault) = self.nodes.iter().find_map(|node| node.fault(features)) {
            return Some(fault);
        }
        if !self.leaf_values.iter().all(|value| value.is_finite()) {
            return Some("a leaf value is not finite");
        }
        let is_cover = |cover: &f64| cover.is_finite() && *cover >= 0.0;
        if !self.leaf_covers.iter().all(is_cover) {
            return Some("a leaf cover is not a count of rows");
        }
        if !self.is_connected() {
            return Some("its nodes do not form a tree in which children stand after their parents");
        }
        if self.depth() > MAX_DEPTH {
            return Some("it is deeper than the 512 levels that are read");
        }
        (Ancestry::of(self).most_features() > lobatto::MOST_FACTORS)
            .then_some("a path asks about more than 66 features, which cannot be explained")
    }

    /// Whether every node but the root, and every leaf, is the child of exactly one node before it.
    ///
    /// n nodes have 2n children, which are the n − 1 other nodes and the n + 1 leaves: when none is
    /// named twice, all are named.
    fn is_connected(&self) -> bool {
        let mut seen = vec![false; self.nodes.len() + self.leaf_values.len()];
        let mut take = |place: usize| seen.get_mut(place).is_some_and(|seen| !std::mem::replace(seen, true));
        self.nodes.iter().enumerate().all(|(index, node)| {
            node.children().into_iter().all(|child| match child {
                Child::Node(child) => {
                    let child = child as usize;
                    child > index && child < self.nodes.len() && take(child)
                }
                Child::Leaf(leaf) => take(self.nodes.len() + leaf as usize),
            })
        })
    }
}

impl Node {
    fn fault(&self, features: usize) -> Option<&'static str> {
        if self.feature as usize >= features {
            return Some("it asks about a feature that does not exist");
        }
        match &self.test {
            Test::Above { threshold, .. } => (!threshold.is_finite()).then_some("a threshold is not finite"),
            Test::OneOf(codes) => {
                let ascending = codes.is_sorted_by(|a, b| a < b);
                (!ascending).then_some("the codes of a question must be in ascending order, each once")
            }
        }
    }
}
