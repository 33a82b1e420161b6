//! A proof that a run of leaves is in the tree: what stands to its left and to its right.
//!
//! The leaves themselves and the roots of the complete subtrees beside them give the root of the whole tree,
//! so one proof of O(log n) hashes holds for the whole run, and for its having no gap. Which subtrees these
//! are follows from the run and the tree's size alone; nothing of it is read from the proof.

use super::{Hash, NodeId, empty_root, fold, node_hash};

/// The complete subtrees that the leaves from `start` to before `end` consist of, from left to right, each as
/// wide as its place and the end allow.
#[must_use]
pub fn subtrees(start: u64, end: u64) -> Vec<NodeId> {
    let mut nodes = Vec::new();
    let mut next = start;
    while next < end {
        let widest_that_fits = u64::BITS - 1 - (end - next).leading_zeros();
        let height = next.trailing_zeros().min(widest_that_fits);
        nodes.push(NodeId { height, position: next >> height });
        next += 1 << height;
    }
    nodes
}

/// A tree that is built from neighbouring complete subtrees, from left to right.
#[derive(Debug, Clone, Default)]
pub struct Builder {
    /// Heights fall from left to right.
    peaks: Vec<(u32, Hash)>,
}

impl Builder {
    /// Adds the next complete subtree.
    pub fn push(&mut self, height: u32, hash: Hash) {
        let (mut height, mut hash) = (height, hash);
        while let Some(&(left_height, left)) = self.peaks.last()
            && left_height == height
        {
            self.peaks.pop();
            hash = node_hash(left, hash);
            height += 1;
        }
        self.peaks.push((height, hash));
    }

    /// The complete subtrees that what was added consists of, from left to right.
    #[must_use]
    pub fn subtrees(&self) -> Vec<Hash> {
        self.peaks.iter().map(|&(_, hash)| hash).collect()
    }

    /// The root over everything that was added.
    #[must_use]
    pub fn root(&self) -> Hash {
        fold(&self.subtrees()).unwrap_or_else(empty_root)
    }
}

/// The root of the tree of `size` leaves that has `leaves` from place `first` on, and beside them the subtrees
/// `left` and `right`, each from left to right.
///
/// `None` when their numbers are not those of such a tree. The size must be known from elsewhere: a root alone does
/// not say of how many leaves it is.
#[must_use]
pub fn root(size: u64, first: u64, leaves: &[Hash], left: &[Hash], right: &[Hash]) -> Option<Hash> {
    let end = first.checked_add(u64::try_from(leaves.len()).ok()?)?;
    if end > size {
        return None;
    }
    let (before, after) = (subtrees(0, first), subtrees(end, size));
    if before.len() != left.len() || after.len() != right.len() {
        return None;
    }
    let mut builder = Builder::default();
    let heights = |nodes: Vec<NodeId>| nodes.into_iter().map(|node| node.height);
    let before = heights(before).zip(left.iter().copied());
    let run = leaves.iter().map(|&leaf| (0, leaf));
    let after = heights(after).zip(right.iter().copied());
    for (height, hash) in before.chain(run).chain(after) {
        builder.push(height, hash);
    }
    Some(builder.root())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::tree::{Frontier, leaf_hash};

    fn leaves(count: u64) -> Vec<Hash> {
        (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
    }

    fn root_of(leaves: &[Hash]) -> Hash {
        let mut frontier = Frontier::default();
        for &leaf in leaves {
            frontier.append(leaf, |_| ());
        }
        frontier.root()
    }

    fn beside(all: &[Hash], start: u64, end: u64) -> Vec<Hash> {
        let under = |node: NodeId| {
            let first = usize::try_from(node.position << node.height).unwrap();
            root_of(&all[first..first + (1 << node.height)])
        };
        subtrees(start, end).into_iter().map(under).collect()
    }

    #[test]
    fn every_run_of_every_small_tree_is_proved_and_no_other() {
        for size in 0..=20 {
            let all = leaves(size);
            let expected = root_of(&all);
            for first in 0..=size {
                for end in first..=size {
                    let (left, right) = (beside(&all, 0, first), beside(&all, end, size));
                    let run = &all[usize::try_from(first).unwrap()..usize::try_from(end).unwrap()];
                    assert_eq!(root(size, first, run, &left, &right), Some(expected));
                    if run.len() > 1 {
                        let mut swapped = run.to_vec();
                        swapped.swap(0, 1);
                        assert_ne!(root(size, first, &swapped, &left, &right), Some(expected));
                        assert_ne!(root(size, first, &run[1..], &left, &right), Some(expected));
                    }
                    // The same leaves at another place; no leaves are anywhere.
                    if !run.is_empty() {
                        assert_ne!(root(size, first + 1, run, &left, &right), Some(expected));
                    }
                }
            }
        }
    }

    #[test]
    fn subtrees_are_aligned_and_leave_no_gap() {
        for (start, end) in [(0, 1), (5, 17), (255, 70_000), (256, 65_536), (0, u64::MAX), (u64::MAX - 1, u64::MAX)] {
            let mut next = start;
            for node in subtrees(start, end) {
                assert_eq!(node.position << node.height, next);
                next += 1 << node.height;
            }
            assert_eq!(next, end);
        }
        assert!(subtrees(7, 7).is_empty());
    }
}
