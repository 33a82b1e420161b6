//! What stands above each node of a tree.

use super::{Child, GeneralTree};

/// A node above another, and its answer that leads there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Above {
    pub(super) node: u32,
    pub(super) answer: bool,
}

/// The ancestors of a tree's nodes.
pub(super) struct Ancestry {
    /// None for the root.
    pub(super) parents: Vec<Option<Above>>,
    /// The nearest ancestor that asks about the same feature; none where the feature is new.
    pub(super) earlier: Vec<Option<Above>>,
}

impl Ancestry {
    /// Of a tree whose nodes are connected, children after their parents.
    ///
    /// Takes of order n · k steps for n nodes and at most k distinct features on a path.
    pub(super) fn of(tree: &GeneralTree) -> Self {
        let mut parents = vec![None; tree.nodes.len()];
        let mut earlier = Vec::with_capacity(tree.nodes.len());
        for (index, node) in (0..).zip(&tree.nodes) {
            let mut above: Option<Above> = parents[index as usize];
            while let Some(Above { node: ancestor, .. }) = above
                && tree.nodes[ancestor as usize].feature != node.feature
            {
                above = parents[ancestor as usize];
            }
            earlier.push(above);
            for (child, answer) in node.children().into_iter().zip([false, true]) {
                if let Child::Node(child) = child {
                    parents[child as usize] = Some(Above { node: index, answer });
                }
            }
        }
        Self { parents, earlier }
    }

    /// The most distinct features between the root and a leaf.
    pub(super) fn most_features(&self) -> usize {
        let mut counts: Vec<usize> = Vec::with_capacity(self.parents.len());
        for (parent, earlier) in self.parents.iter().zip(&self.earlier) {
            let above = parent.map_or(0, |parent| counts[parent.node as usize]);
            counts.push(above + usize::from(earlier.is_none()));
        }
        counts.into_iter().max().unwrap_or(0)
    }
}
