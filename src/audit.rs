//! The audit log: entries, their Merkle tree, and its verification.
//!
//! Every change of state is one [`entry`], written as canonical JSON. The entries' bytes are the leaves of
//! one Merkle [`tree`], whose head is signed as a [`checkpoint`]. A [`proof`] shows that one entry is in it.
//! [`verify`] recomputes all of it and names the first entry that is not what it was.

/// [`SEGMENT_ENTRIES`], as a part of texts.
macro_rules! segment_entries {
    () => {
        512
    };
}
pub(crate) use segment_entries;

/// How many entries stand in a segment of the log. What is found by a text that falls anywhere (a keyed hash, a sender's
/// reference) is indexed segment by segment: few enough that what is written together shares pages, however long the
/// log is; enough that a search of ten million decisions asks twenty thousand segments.
pub const SEGMENT_ENTRIES: u64 = segment_entries!();

pub mod checkpoint;
pub mod entry;
pub mod exported;
pub mod kept_answer;
pub mod note;
pub mod proof;
pub mod sealed;
pub mod tree;
pub mod verify;
