//! Proofs: that an entry is in the tree, and that a tree is the beginning of another.
//!
//! A proof is planned first: [`inclusion`] and [`consistency`] name the stored nodes that each of its
//! hashes is made of, O(log n) of them. Whoever holds the nodes looks them up, in memory or in a database,
//! and [`Plan::assemble`] makes the proof. Checking one ([`is_included`], [`is_consistent`]) follows the
//! algorithms of RFC 9162, sections 2.1.3.2 and 2.1.4.2.

use super::{Hash, NodeId, fold, node_hash};

/// What a proof is made of.
///
/// Invariant: every part names at least one node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    parts: Vec<Vec<NodeId>>,
}

impl Plan {
    /// What is made of these nodes themselves: [`Plan::assemble`] gives their hashes.
    #[must_use]
    pub fn of(nodes: Vec<NodeId>) -> Self {
        Self { parts: nodes.into_iter().map(|node| vec![node]).collect() }
    }

    /// The complete subtrees whose roots are needed, in the order in which [`Plan::assemble`] takes them.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> {
        self.parts.iter().flatten().copied()
    }

    /// Makes the proof from the roots of [`Plan::nodes`]; `None` when their number is another.
    #[must_use]
    pub fn assemble(&self, hashes: &[Hash]) -> Option<Vec<Hash>> {
        let mut rest = hashes;
        let mut proof = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            let (own, others) = rest.split_at_checked(part.len())?;
            proof.push(fold(own)?);
            rest = others;
        }
        rest.is_empty().then_some(proof)
    }
}

/// Plans the proof that the leaf `index` is in the tree of `size` leaves (RFC 6962, section 2.1.1).
///
/// `None` when there is no such leaf.
#[must_use]
pub fn inclusion(index: u64, size: u64) -> Option<Plan> {
    if index >= size {
        return None;
    }
    let mut siblings = Vec::new();
    let (mut start, mut end) = (0, size);
    while end - start > 1 {
        let middle = start + split_point(end - start);
        if index < middle {
            siblings.push((middle, end));
            end = middle;
        } else {
            siblings.push((start, middle));
            start = middle;
        }
    }
    // From the leaf upwards.
    Some(Plan { parts: siblings.into_iter().rev().map(|(start, end)| complete_subtrees(start, end)).collect() })
}

/// Plans the proof that the tree of `old_size` leaves is the beginning of that of `new_size`
/// (RFC 6962, section 2.1.2).
///
/// `None` when `old_size` is zero, of which nothing can be proved, or above `new_size`.
#[must_use]
pub fn consistency(old_size: u64, new_size: u64) -> Option<Plan> {
    if old_size == 0 || old_size > new_size {
        return None;
    }
    let mut parts = Vec::new();
    let (mut start, mut end) = (0, new_size);
    while end != old_size {
        let middle = start + split_point(end - start);
        if old_size <= middle {
            parts.push((middle, end));
            end = middle;
        } else {
            parts.push((start, middle));
            start = middle;
        }
    }
    // The old tree's own part is known to whoever checks when it is the whole old tree.
    if start > 0 {
        parts.push((start, end));
    }
    Some(Plan { parts: parts.into_iter().rev().map(|(start, end)| complete_subtrees(start, end)).collect() })
}

/// Whether `proof` shows that `leaf` is the leaf `index` of the tree of `size` leaves with this root.
#[must_use]
pub fn is_included(leaf: Hash, index: u64, size: u64, proof: &[Hash], root: Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = leaf;
    for &sibling in proof {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == root
}

/// A tree's size and root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub size: u64,
    pub root: Hash,
}

/// Whether `proof` shows that the tree `old` is the beginning of the tree `new`.
#[must_use]
pub fn is_consistent(old: Head, new: Head, proof: &[Hash]) -> bool {
    if old.size == 0 || old.size > new.size {
        return false;
    }
    if old.size == new.size {
        return proof.is_empty() && old.root == new.root;
    }
    let (mut node, mut last) = (old.size - 1, new.size - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    // A whole old tree is its own first part.
    let mut rest = proof.iter().copied();
    let Some(first) = (if node == 0 { Some(old.root) } else { rest.next() }) else { return false };
    let (mut old_hash, mut new_hash) = (first, first);
    for sibling in rest {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(sibling, old_hash);
            new_hash = node_hash(sibling, new_hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(new_hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && old_hash == old.root && new_hash == new.root
}

/// The largest power of two below `size`, which is above one.
const fn split_point(size: u64) -> u64 {
    1 << (u64::BITS - 1 - (size - 1).leading_zeros())
}

/// The complete subtrees that the leaves from `start` to before `end` consist of, widest first.
///
/// `start` is where a subtree of the tree begins: a multiple of the widest of them.
fn complete_subtrees(start: u64, end: u64) -> Vec<NodeId> {
    let mut nodes = Vec::new();
    let mut next = start;
    while next < end {
        let height = u64::BITS - 1 - (end - next).leading_zeros();
        nodes.push(NodeId { height, position: next >> height });
        next += 1 << height;
    }
    nodes
}
