//! The proof of one entry as a file: all that is needed to check, offline, that the entry is in the log.
//!
//! Whoever holds the file needs nothing of the log: the entry's bytes give its leaf hash, the inclusion path leads
//! from there to the root that the checkpoint says, and the checkpoint is signed. What is left to trust is the key;
//! the file names it, and whoever checks compares it with the one that the lender publishes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    checkpoint::{NotACheckpoint, SignedCheckpoint},
    entry::{Entry, EntryError},
    note::{Unsigned, VerifierKey},
    tree::{self, Hash, proof::is_included},
};

/// What stands in `format`.
pub const FORMAT: &str = "underwright-audit-proof-1";

/// For whoever opens the file and has never seen one.
const HOW_TO_CHECK: &str = "With the program: underwright audit verify --proof THIS_FILE --key KEY, where KEY is the \
     lender's published key. By hand: (1) SHA-256 over the byte 0x00 and the text of `entry` gives `leaf_hash`; \
     (2) RFC 9162, section 2.1.3.2, leads from it, at `sequence` in a tree of `tree_size`, along `inclusion` to \
     `root_hash`; (3) the second and third line of `checkpoint` are `tree_size` and `root_hash` in base64; (4) its last \
     line is a C2SP signed-note signature (Ed25519) by `key`.";

/// A proof that one entry is in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProofFile {
    /// The form of this file.
    #[schema(example = "underwright-audit-proof-1")]
    pub format: String,
    /// The entry's place in the log, from 0: its leaf index.
    #[schema(example = 123)]
    pub sequence: u64,
    /// The entry's bytes, as text: canonical JSON (RFC 8785).
    pub entry: String,
    /// RFC 6962, in lower-case hexadecimal.
    pub leaf_hash: String,
    /// How many entries the checkpoint covers.
    pub tree_size: u64,
    /// The root of their tree, in lower-case hexadecimal.
    pub root_hash: String,
    /// The hashes beside the way from the leaf to the root, from the leaf upwards, in lower-case hexadecimal.
    pub inclusion: Vec<String>,
    /// The signed head of the log (C2SP `tlog-checkpoint`).
    pub checkpoint: String,
    /// The key that signed it (C2SP verifier key). Trust it only when the lender publishes it.
    #[schema(value_type = String)]
    pub key: VerifierKey,
    pub how_to_check: String,
}

/// What a proof is made of.
#[derive(Debug)]
pub struct Parts<'a> {
    pub sequence: u64,
    /// Canonical JSON.
    pub entry: String,
    pub inclusion: &'a [Hash],
    pub checkpoint: &'a SignedCheckpoint,
    pub key: VerifierKey,
}

/// What is wrong with a proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("its form is `{0}`, and this program reads `{FORMAT}`")]
    Format(String),
    #[error("`entry` does not give `leaf_hash`: the entry was changed")]
    LeafHash,
    #[error("`entry` is not one: {0}")]
    Entry(#[from] EntryError),
    #[error("`entry` says that it has the place {0}, and the proof is for another")]
    Sequence(u64),
    #[error("`inclusion` does not lead from `leaf_hash` to `root_hash`: the entry is not in the tree that was signed")]
    Inclusion,
    #[error("`checkpoint` cannot be read: {0}")]
    Checkpoint(#[from] NotACheckpoint),
    #[error("`checkpoint` says another size or root than `tree_size` and `root_hash`")]
    Head,
    #[error("`checkpoint` is not to be trusted: {0}")]
    Unsigned(#[from] Unsigned),
}

/// A proof that holds.
#[derive(Debug, Clone)]
pub struct Proved {
    pub entry: Entry,
    pub checkpoint: SignedCheckpoint,
    /// The key whose signature holds.
    pub key: VerifierKey,
}

impl ProofFile {
    /// Writes a proof.
    #[must_use]
    pub fn new(parts: Parts<'_>) -> Self {
        let head = parts.checkpoint.head();
        Self {
            format: FORMAT.to_owned(),
            sequence: parts.sequence,
            leaf_hash: tree::leaf_hash(parts.entry.as_bytes()).to_string(),
            entry: parts.entry,
            tree_size: head.size,
            root_hash: head.root.to_string(),
            inclusion: parts.inclusion.iter().map(ToString::to_string).collect(),
            checkpoint: parts.checkpoint.to_string(),
            key: parts.key,
            how_to_check: HOW_TO_CHECK.to_owned(),
        }
    }

    /// Checks everything. `trusted` are the keys that the reader trusts; when there are none the signature is held
    /// against the key that the file itself names, which shows only that the file agrees with itself.
    pub fn check(&self, trusted: &[VerifierKey]) -> Result<Proved, Fault> {
        if self.format != FORMAT {
            return Err(Fault::Format(self.format.clone()));
        }
        let leaf = tree::leaf_hash(self.entry.as_bytes());
        if self.leaf_hash != leaf.to_string() {
            return Err(Fault::LeafHash);
        }
        let entry = Entry::parse(self.entry.as_bytes())?;
        if entry.sequence != self.sequence {
            return Err(Fault::Sequence(entry.sequence));
        }
        let checkpoint = SignedCheckpoint::parse(&self.checkpoint)?;
        let head = checkpoint.head();
        if head.size != self.tree_size || head.root.to_string() != self.root_hash {
            return Err(Fault::Head);
        }
        let path: Option<Vec<Hash>> = self.inclusion.iter().map(|hash| Hash::from_hex(hash)).collect();
        let included = path.is_some_and(|path| is_included(leaf, self.sequence, head.size, &path, head.root));
        if !included {
            return Err(Fault::Inclusion);
        }
        let named = [self.key.clone()];
        let key = checkpoint.verify(if trusted.is_empty() { &named } else { trusted })?.clone();
        Ok(Proved { entry, checkpoint, key })
    }
}
