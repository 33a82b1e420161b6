//! The Merkle tree of RFC 6962: its root, its growth, and proofs about it.
//!
//! Hashes of leaves and of inner nodes differ in their first byte (section 2.1), so that neither can be
//! passed off as the other. A complete subtree is named by its height and its position among those of that
//! height; its hash never changes again, so it can be stored.

use std::fmt;

use sha2::{Digest, Sha256};

pub mod proof;
pub mod range;
pub mod tiles;

/// A SHA-256 hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// Takes the bytes of a hash; `None` when they are not 32.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Reads 64 lower-case hexadecimal digits; `None` for anything else.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let hash = Self::from_slice(&hex::decode(text).ok()?)?;
        (hash.to_string() == text).then_some(hash)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for Hash {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Hash {
    /// Lower-case hexadecimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0; 64];
        hex::encode_to_slice(self.0, &mut digits).map_err(|_| fmt::Error)?;
        f.write_str(std::str::from_utf8(&digits).expect("digits are ASCII"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Begins the hash of a leaf: what follows are the entry's bytes.
#[must_use]
pub fn begin_leaf() -> Sha256 {
    Sha256::new_with_prefix([0x00])
}

/// The hash of a leaf: SHA-256 of 0x00 and the entry's bytes.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    finish(begin_leaf().chain_update(entry))
}

/// The hash of an inner node: SHA-256 of 0x01 and the hashes of its two children.
#[must_use]
pub fn node_hash(left: Hash, right: Hash) -> Hash {
    finish(Sha256::new_with_prefix([0x01]).chain_update(left.0).chain_update(right.0))
}

/// The root of the tree without leaves: SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> Hash {
    finish(Sha256::new())
}

/// The hash of what a hasher was given.
#[must_use]
pub fn finish(hasher: Sha256) -> Hash {
    Hash(hasher.finalize().into())
}

/// Names a complete subtree: of 2^`height` leaves, the `position`th from the left of that height.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId {
    pub height: u32,
    pub position: u64,
}

/// A complete subtree and its root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    pub id: NodeId,
    pub hash: Hash,
}

/// All of a tree that its growth needs: the roots of the complete subtrees that it consists of.
///
/// Invariant: one peak per bit that is set in `size`, the widest (leftmost) first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// Takes up a tree where it was left; `None` when the number of peaks is not that of the size.
    #[must_use]
    pub fn new(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (peaks.len() == size.count_ones() as usize).then_some(Self { size, peaks })
    }

    /// How many leaves the tree has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the complete subtrees, the widest first.
    #[must_use]
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Adds a leaf and reports every subtree that it completes, the leaf itself among them, lowest first.
    pub fn append(&mut self, leaf: Hash, mut completed: impl FnMut(Node)) {
        let mut node = Node { id: NodeId { height: 0, position: self.size }, hash: leaf };
        completed(node);
        // Each one bit at the end of the size is a peak of that height that now has its right sibling.
        let whole = self.peaks.len() - self.size.trailing_ones() as usize;
        for left in self.peaks.drain(whole..).rev() {
            node.id = NodeId { height: node.id.height + 1, position: node.id.position / 2 };
            node.hash = node_hash(left, node.hash);
            completed(node);
        }
        self.peaks.push(node.hash);
        self.size += 1;
    }

    /// The root of the whole tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        fold(&self.peaks).unwrap_or_else(empty_root)
    }
}

/// The root over neighbouring complete subtrees that grow narrower to the right; `None` of none.
fn fold(hashes: &[Hash]) -> Option<Hash> {
    let (last, wider) = hashes.split_last()?;
    Some(wider.iter().rfold(*last, |right, left| node_hash(*left, right)))
}

#[cfg(test)]
pub(crate) mod tests;
