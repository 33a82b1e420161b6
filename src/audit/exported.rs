//! An exported log as JSON Lines: its form, and checking it offline.
//!
//! The first line is the [`Head`]: which tree the export is of, and the signed checkpoint of it. Then come the
//! entries, each line the entry's canonical bytes and nothing else, so that SHA-256 over 0x00 and the line is
//! the leaf hash. After every [`BLOCK`] entries stands a [`Block`]: their leaf hashes, and the subtrees beside
//! them that lead to the root. The last line is the [`Manifest`]; a file without it is not whole. The form is
//! written down in `docs/audit-format.md`, for whoever writes another verifier.

mod check;
mod fault;

pub use check::{Checked, Checker, Outside};
pub use fault::{Fault, What};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{note::VerifierKey, tree::Hash};
use crate::domain::timestamp::Timestamp;

/// What stands in `format`.
pub const FORMAT: &str = "underwright-audit-export-1";

/// How many entries one block has at most. A block ends where the sequence behind it is a multiple of this.
pub const BLOCK: u64 = 256;

/// What an export is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Head {
    #[schema(example = "underwright-audit-export-1")]
    pub format: String,
    /// The program that wrote it.
    #[schema(example = "underwright 0.1.0")]
    pub written_by: String,
    pub exported_at: Timestamp,
    pub filters: Filters,
    /// How many entries the tree has in which the exported ones are proved.
    #[schema(example = 124)]
    pub tree_size: u64,
    /// The tree's root, in lower-case hexadecimal.
    pub root_hash: String,
    /// A signed head of the log (C2SP `tlog-checkpoint`): of this tree, or of a beginning of it; null when none
    /// was ever signed.
    pub checkpoint: Option<String>,
    /// The key that signed the checkpoint. Trust it only when the lender publishes it.
    #[schema(value_type = Option<String>)]
    pub key: Option<VerifierKey>,
    /// That the checkpoint's tree is the beginning of this one (RFC 6962, section 2.1.2); empty when they are
    /// the same.
    pub consistency: Vec<String>,
}

/// Which entries were asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Filters {
    /// Recorded at this time or later.
    pub from: Option<Timestamp>,
    /// Recorded before this time.
    pub to: Option<Timestamp>,
}

/// The proof of the entries between the block before and this line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// The sequence of the first.
    pub first: u64,
    /// One for each entry, in order.
    pub leaf_hashes: Vec<String>,
    /// The complete subtrees before the first, from left to right.
    pub left: Vec<String>,
    /// The complete subtrees behind the last, from left to right.
    pub right: Vec<String>,
}

/// What an export holds: known when it is complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    #[serde(flatten)]
    pub head: Head,
    /// How many entries.
    pub count: u64,
    /// Null when there are none.
    pub first_sequence: Option<u64>,
    pub last_sequence: Option<u64>,
    /// The file's length; in JSON Lines that of the lines before the manifest.
    pub bytes: u64,
    /// SHA-256 of these bytes, in lower-case hexadecimal.
    pub sha256: String,
}

/// A line that is no entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    Export(Box<Head>),
    Proof(Block),
    Manifest(Box<Manifest>),
}

impl Line {
    /// The line as it is written, with its end.
    ///
    /// # Panics
    /// Never: it has no map whose keys are not text.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("a line has no map with keys other than text") + "\n"
    }
}

/// Hashes as they are written.
pub fn to_hex(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(ToString::to_string).collect()
}

/// Hashes as they were written; `None` when one is not a hash.
fn from_hex(texts: &[String]) -> Option<Vec<Hash>> {
    texts.iter().map(|text| Hash::from_hex(text)).collect()
}

#[cfg(test)]
mod tests;
