//! What is wrong with an export, said in a sentence.

use serde::Serialize;

use crate::audit::{checkpoint::NotACheckpoint, note::Unsigned};

/// The first thing that is wrong, and the line where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct Fault {
    /// From 1.
    pub line: u64,
    /// The entry that is missing or wrong, where one can be named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    #[serde(rename = "message", serialize_with = "as_text")]
    pub what: What,
}

fn as_text<S: serde::Serializer>(what: &What, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(what)
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum What {
    #[error("this is no audit log that was exported as JSON Lines: the first line must begin with {{\"export\":")]
    NotAnExport,
    #[error("the export's form is `{0}`, and this program reads `{format}`", format = super::FORMAT)]
    Format(String),
    #[error("this is neither an entry nor a proof nor the manifest, or it was changed")]
    Unreadable,
    #[error("entry {0} was changed: its bytes do not give the hash that stands in the log's tree")]
    Changed(u64),
    #[error("entry {missing} was removed, moved or changed: in its place stands what says that it is entry {found}")]
    Missing { missing: u64, found: u64 },
    #[error("here is the place of entry {place}, and what was inserted or moved here says that it is entry {found}")]
    Inserted { place: u64, found: u64 },
    #[error("entries {first} to {last} were removed before this line")]
    Removed { first: u64, last: u64 },
    #[error("no proof follows for the entries from here on")]
    Unproved,
    #[error("entry {0} cannot be read: the log itself is wrong here")]
    NotAnEntry(u64),
    #[error("there are more entries here than the proof behind them is of")]
    BlockTooLong,
    #[error("the proof was changed: the hashes that it names do not lead to the root in the first line")]
    Proof,
    #[error("entries from {expected} on come next, and the proof behind these is of those from {found} on")]
    ProofMisplaced { expected: u64, found: u64 },
    #[error("entry {says} stands at the place of entry {place} of the tree: the log itself is wrong here")]
    SaysOtherPlace { place: u64, says: u64 },
    #[error("entry {0} was recorded outside the times that were asked for")]
    OutsideFilters(u64),
    #[error("the export was cut off here: the manifest is missing; ask for it again")]
    CutOff,
    #[error("something stands behind the manifest")]
    BehindManifest,
    #[error("the manifest was changed, or a line before it: {0}")]
    Manifest(&'static str),
    #[error("the log has {size} entries, and the export ends before entry {end} though nothing was to be left out")]
    Incomplete { size: u64, end: u64 },
    #[error("the checkpoint cannot be read: {0}")]
    NotACheckpoint(#[from] NotACheckpoint),
    #[error("the checkpoint is not to be trusted: {0}")]
    Unsigned(#[from] Unsigned),
    #[error("the checkpoint is not of the tree that the export is of, nor of a beginning of it")]
    OtherTree,
    #[error(
        "the log was rewritten: at {size} entries its tree has another root than the checkpoint that was kept outside"
    )]
    Rewritten { size: u64 },
}
