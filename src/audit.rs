//! The audit log: entries, their Merkle tree, and its verification.

pub mod entry;
pub mod tree;
pub mod verify;
