//! The audit log: entries, their Merkle tree, and its verification.
//!
//! Every change of state is one [`entry`], written as canonical JSON. The entries' bytes are the leaves of
//! one Merkle [`tree`], whose head is signed as a [`checkpoint`]. A [`proof`] shows that one entry is in it.
//! [`verify`] recomputes all of it and names the first entry that is not what it was.

pub mod checkpoint;
pub mod entry;
pub mod exported;
pub mod kept_answer;
pub mod note;
pub mod proof;
pub mod sealed;
pub mod tree;
pub mod verify;
