//! What was found, said in a sentence.

use std::fmt;

use serde::Serialize;

use super::Claim;

/// The first thing that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The first bad entry, or the first that may be it; `None` when what is wrong is not an entry.
    pub sequence: Option<i64>,
    #[serde(flatten)]
    pub what: What,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum What {
    /// The entry's bytes do not give its hash.
    Changed,
    /// The entry is what it was; the hash beside it is not.
    LeafHashChanged,
    /// The entry and the hash beside it agree, but not with the hash that its decision was answered with.
    Rewritten,
    /// One of these entries was changed together with the hash beside it.
    RewrittenWithin { last: i64 },
    /// The entry is not in the form in which entries are written.
    NotCanonical,
    /// A column beside the entry does not repeat what the entry says.
    ColumnChanged { column: &'static str },
    /// The entry's copy in another table is not what the entry says.
    CopyChanged { table: &'static str, column: &'static str },
    /// The entry has no row in a table that must have one.
    CopyMissing { table: &'static str },
    /// A table has a row for an entry that it has no row for.
    CopyTooMany { table: &'static str },
    /// The row holds an entry that says it has another place.
    Misplaced { says: u64, how: Misplacement },
    /// Entries are missing.
    Removed { last: i64 },
    /// The log was cut off here: a decision names an entry that is not there.
    CutOff,
    /// One of these entries, or more, is not what it was when a checkpoint was signed over them.
    NotAsSigned { last: i64, checkpoint: String },
    /// A checkpoint was signed over more entries than there are.
    ShorterThanSigned { signed: u64, checkpoint: String },
    /// A checkpoint that was kept elsewhere is not signed by a key that is trusted.
    CheckpointNotTrusted { checkpoint: String, reason: String },
    /// A checkpoint that was kept elsewhere is of another log.
    OtherLog { checkpoint: String, origin: String },
    /// A stored checkpoint is not one that the log's key signed.
    CheckpointChanged { number: i64 },
    /// Stored checkpoints are missing.
    CheckpointsRemoved { first: i64, last: i64 },
    /// There is an entry that the log's head does not know.
    Inserted,
    /// The entry's time is before that of the entry before it.
    TimeWentBack,
    /// The stored head contradicts itself or the last entry.
    HeadChanged,
    /// There is no head.
    HeadMissing,
    /// A table has another number of rows than the log gives reason for.
    RowsDiffer { table: &'static str, stored: u64, expected: u64 },
    /// Other applications are marked as erased than the log says, not as many, or at other times.
    ErasuresDiffer { stored: u64, logged: u64 },
    /// An application is marked as erased that the log says nothing of, in the place of another.
    ErasureInserted { application: String },
    /// Data keys were removed and nothing in the log says so.
    DataKeysMissing { count: u64, application: String },
    /// There are data keys of applicants who were erased, or of no application.
    DataKeysLeft { count: u64, application: String },
    /// The answer that is kept for the entry is not the one that it names.
    AnswerChanged,
    /// There is an answer under an `Idempotency-Key` that no entry names.
    AnswerInserted { application: String, version: i64 },
    /// There are fewer answers than the entries of the last day name.
    AnswersRemoved { stored: u64, logged: u64 },
    /// The database's file cannot be read whole, or holds what its tables do not allow.
    FileDamaged { detail: String },
}

/// How an entry came to stand in another place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Misplacement {
    /// It changed places with the entry that has the place it says.
    Swapped,
    /// An entry was removed and the later ones were moved up.
    MovedUp,
    /// An entry was inserted and the later ones were moved down.
    MovedDown,
    /// What it says of its place was changed.
    Relabelled,
}

impl Finding {
    pub(super) const fn at(sequence: i64, what: What) -> Self {
        Self { sequence: Some(sequence), what }
    }

    /// Something about the log as a whole.
    #[must_use]
    pub const fn of_log(what: What) -> Self {
        Self { sequence: None, what }
    }

    /// Whether all that is known is that some application has no row, or does not stand at its latest decision.
    #[must_use]
    pub fn is_of_an_application(&self) -> bool {
        matches!(self.what, What::RowsDiffer { table: "applications", .. })
    }

    pub(super) fn removed(first: u64, last: u64) -> Self {
        Self::at(signed(first), What::Removed { last: signed(last) })
    }

    pub(super) fn within(first: u64, last: u64) -> Self {
        Self::at(signed(first), What::RewrittenWithin { last: signed(last) })
    }

    pub(super) fn not_as_signed(held: u64, claim: &Claim) -> Self {
        // A log of no entries has no root to differ in, so a claim that fails covers one entry at least.
        let (first, last) = (held, claim.head.size.saturating_sub(1));
        let what = What::NotAsSigned { last: signed(last), checkpoint: claim.source.to_string() };
        Self::at(signed(first.min(last)), what)
    }

    pub(super) fn shorter_than_signed(size: u64, claim: &Claim) -> Self {
        let what = What::ShorterThanSigned { signed: claim.head.size, checkpoint: claim.source.to_string() };
        Self::at(signed(size), what)
    }

    pub(super) fn cut_off(sequence: u64) -> Self {
        Self::at(signed(sequence), What::CutOff)
    }
}

/// Sequences are at most 2^53 − 1; anything above is a stored head that was changed.
fn signed(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.sequence.unwrap_or_default();
        match &self.what {
            What::Changed => write!(f, "entry {n} was changed: its bytes do not give its hash"),
            What::LeafHashChanged => {
                write!(f, "the stored hash of entry {n} was changed: the entry itself gives the hash that was answered")
            }
            What::Rewritten => {
                write!(
                    f,
                    "entry {n} was changed together with its stored hash: its decision was answered with another hash"
                )
            }
            What::RewrittenWithin { last } if *last == n => {
                write!(f, "entry {n} was changed together with its stored hash: the tree has another hash there")
            }
            What::RewrittenWithin { last } => write!(
                f,
                "an entry from {n} to {last} was changed together with its stored hash, or the hash of that part of the \
                 tree was: they differ"
            ),
            What::NotCanonical => {
                write!(f, "entry {n} was changed: it is not in the form in which entries are written")
            }
            What::ColumnChanged { column } => {
                write!(f, "the row of entry {n} was changed: its {column} is not what the entry says")
            }
            What::CopyChanged { table, column } => {
                write!(f, "{column} in {table} was changed: it is not what entry {n} says")
            }
            What::CopyMissing { table } => {
                write!(f, "entry {n} was inserted, or its row in {table} was removed: there is none")
            }
            What::CopyTooMany { table } => {
                write!(f, "a row was inserted into {table}: entry {n} decides nothing, and one names it")
            }
            What::NotAsSigned { .. }
            | What::ShorterThanSigned { .. }
            | What::CheckpointNotTrusted { .. }
            | What::OtherLog { .. }
            | What::CheckpointChanged { .. }
            | What::CheckpointsRemoved { .. } => signed_otherwise(f, n, &self.what),
            What::Misplaced { says, how } => misplaced(f, n, *says, *how),
            What::Removed { last } if *last == n => write!(f, "entry {n} was removed"),
            What::Removed { last } => write!(f, "entries {n} to {last} were removed"),
            What::CutOff => write!(f, "the log was cut off: entry {n} was removed, but its decision is still there"),
            What::Inserted => write!(f, "entry {n} was inserted: the head of the log does not know it"),
            What::TimeWentBack => write!(f, "entry {n} was changed: its time is before that of the entry before it"),
            What::HeadChanged => {
                write!(f, "the head of the log was changed: it does not agree with itself or the last entry")
            }
            What::HeadMissing => write!(f, "the head of the log was removed"),
            What::ErasuresDiffer { .. }
            | What::ErasureInserted { .. }
            | What::DataKeysMissing { .. }
            | What::DataKeysLeft { .. } => keys_otherwise(f, &self.what),
            What::AnswerChanged | What::AnswerInserted { .. } | What::AnswersRemoved { .. } => {
                answers_otherwise(f, self.sequence, &self.what)
            }
            What::FileDamaged { detail } => {
                write!(f, "the database file is damaged ({detail}); restore it from a backup")
            }
            What::RowsDiffer { table, stored, expected } => {
                write!(
                    f,
                    "rows of {table} were removed or inserted: there are {stored}, and the log gives reason for {expected}"
                )
            }
        }
    }
}

fn misplaced(f: &mut fmt::Formatter<'_>, n: i64, says: u64, how: Misplacement) -> fmt::Result {
    match how {
        Misplacement::Swapped => write!(f, "entries {n} and {says} were swapped"),
        Misplacement::MovedUp => {
            write!(
                f,
                "entry {n} was removed and later ones were moved up: the entry in its place says it is entry {says}"
            )
        }
        Misplacement::MovedDown => {
            write!(f, "an entry was inserted before entry {n}: the entry in its place says it is entry {says}")
        }
        Misplacement::Relabelled => write!(f, "entry {n} was changed: it says it is entry {says}"),
    }
}

/// What is wrong with the keys that applicants are sealed under.
fn keys_otherwise(f: &mut fmt::Formatter<'_>, what: &What) -> fmt::Result {
    match what {
        What::ErasuresDiffer { stored, logged } => write!(
            f,
            "erasures were made or unmade behind the log: {stored} applications are marked as erased, and the log says it of \
             {logged}"
        ),
        What::ErasureInserted { application } => write!(
            f,
            "an erasure was moved behind the log: {application} is marked as erased, and the log says it of another"
        ),
        What::DataKeysMissing { count, application } => write!(
            f,
            "{count} data keys were removed without an erasure, the first that of {application}: their applicants cannot be \
             read any more"
        ),
        What::DataKeysLeft { count, application } => write!(
            f,
            "{count} data keys were put back or inserted, the first that of {application}, whose applicant was erased or \
             which is not there"
        ),
        _ => Ok(()),
    }
}

/// What is wrong with the answers that are kept for repeated requests.
fn answers_otherwise(f: &mut fmt::Formatter<'_>, sequence: Option<i64>, what: &What) -> fmt::Result {
    let n = sequence.unwrap_or_default();
    match what {
        What::AnswerChanged => write!(
            f,
            "the answer in idempotency_keys for entry {n} was changed, or is kept twice: it is not the one that the entry names"
        ),
        What::AnswerInserted { application, version } => {
            write!(
                f,
                "an answer was inserted into idempotency_keys: it says that it is of version {version} of {application}, "
            )?;
            match sequence {
                Some(n) => write!(f, "and entry {n} names none"),
                None => write!(f, "and there is no such version"),
            }
        }
        What::AnswersRemoved { stored, logged } => {
            if sequence.is_some() {
                write!(
                    f,
                    "answers were removed from idempotency_keys before their day was over, the first that of entry {n}: "
                )?;
            }
            write!(f, "the entries of the last day name {logged} answers in idempotency_keys, and there are {stored}")
        }
        _ => Ok(()),
    }
}

/// What a checkpoint shows, or what is wrong with one.
fn signed_otherwise(f: &mut fmt::Formatter<'_>, n: i64, what: &What) -> fmt::Result {
    match what {
        What::NotAsSigned { last, checkpoint } if *last == n => {
            write!(
                f,
                "entry {n} was rewritten with all of its hashes: it is not the entry that {checkpoint} was signed over"
            )
        }
        What::NotAsSigned { last, checkpoint } => write!(
            f,
            "the history was rewritten with all of its hashes: of the entries {n} to {last} one at least is not what \
             {checkpoint} was signed over"
        ),
        What::ShorterThanSigned { signed, checkpoint } => {
            write!(f, "the log was cut off at entry {n}: {checkpoint} was signed over {signed} entries")
        }
        What::CheckpointNotTrusted { checkpoint, reason } => write!(f, "{checkpoint} shows nothing: {reason}"),
        What::OtherLog { checkpoint, origin } => {
            write!(
                f,
                "{checkpoint} is of another log: it is of `{origin}`, a name that this log was never signed under"
            )
        }
        What::CheckpointChanged { number } => write!(
            f,
            "checkpoint {number} in audit_checkpoints was changed, or is not by a key that the log was signed with"
        ),
        What::CheckpointsRemoved { first, last } if first == last => {
            write!(f, "checkpoint {first} in audit_checkpoints was removed")
        }
        What::CheckpointsRemoved { first, last } => {
            write!(f, "checkpoints {first} to {last} in audit_checkpoints were removed")
        }
        _ => Ok(()),
    }
}
