//! Signed checkpoints, as what the log must come to at their sizes.

use std::{collections::VecDeque, fmt};

use super::{Finding, What};
use crate::audit::{
    checkpoint::SignedCheckpoint,
    note::VerifierKey,
    tree::{Frontier, proof::Head},
};

/// A size and root that were signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub head: Head,
    pub source: Source,
}

/// Where a checkpoint stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// In the database.
    Stored { number: i64 },
    /// Outside it: a file, by the name that the reader gave it.
    Outside { name: String },
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stored { number } => write!(f, "checkpoint {number} in audit_checkpoints"),
            Self::Outside { name } => write!(f, "the checkpoint {name}"),
        }
    }
}

/// A stored checkpoint, as it stands. Nothing of it is believed.
#[derive(Debug, Clone, Default)]
pub struct CheckpointRow {
    pub number: i64,
    pub size: i64,
    pub note: String,
}

/// Looks at one stored checkpoint alone: its form, its size beside it, and its signature by a key that the log names.
pub fn examine_checkpoint(row: &CheckpointRow, keys: &[VerifierKey]) -> Result<Claim, Finding> {
    let changed = || Finding::of_log(What::CheckpointChanged { number: row.number });
    let signed = SignedCheckpoint::parse(&row.note).map_err(|_| changed())?;
    let head = signed.head();
    let is_sound = i64::try_from(head.size) == Ok(row.size) && signed.to_string() == row.note;
    if !is_sound || signed.verify(keys).is_err() {
        return Err(changed());
    }
    Ok(Claim { head, source: Source::Stored { number: row.number } })
}

/// Looks at the stored checkpoints together: numbered from 1 without gaps as many as the head knows of, each larger
/// than the one before.
pub fn examine_order(rows: &[CheckpointRow], known: i64) -> Result<(), Finding> {
    let mut before = 0;
    for (row, number) in rows.iter().zip(1_i64..) {
        if row.number > number {
            return Err(Finding::of_log(What::CheckpointsRemoved { first: number, last: row.number - 1 }));
        }
        if row.number < number || row.size <= before {
            return Err(Finding::of_log(What::CheckpointChanged { number: row.number }));
        }
        before = row.size;
    }
    let last = rows.last().map_or(0, |row| row.number);
    if last < known {
        return Err(Finding::of_log(What::CheckpointsRemoved { first: last + 1, last: known }));
    }
    if last > known {
        return Err(Finding::of_log(What::CheckpointChanged { number: last }));
    }
    Ok(())
}

/// What is yet to be held against the tree as it grows.
#[derive(Debug, Default)]
pub(super) struct Claims {
    /// The smallest first.
    waiting: VecDeque<Claim>,
    /// Up to here the tree is as it was signed.
    held: u64,
}

impl Claims {
    pub(super) fn new(mut claims: Vec<Claim>) -> Self {
        claims.sort_by_key(|claim| claim.head.size);
        Self { waiting: claims.into(), held: 0 }
    }

    /// Holds the tree against what was signed at its size.
    pub(super) fn hold(&mut self, tree: &Frontier) -> Result<(), Finding> {
        while let Some(claim) = self.waiting.front().filter(|claim| claim.head.size <= tree.size()) {
            if claim.head.size < tree.size() || claim.head.root != tree.root() {
                return Err(Finding::not_as_signed(self.held, claim));
            }
            self.held = claim.head.size;
            self.waiting.pop_front();
        }
        Ok(())
    }

    /// Ends the log: nothing larger may have been signed.
    pub(super) fn finish(&mut self, tree: &Frontier) -> Result<(), Finding> {
        self.hold(tree)?;
        match self.waiting.front() {
            Some(claim) => Err(Finding::shorter_than_signed(tree.size(), claim)),
            None => Ok(()),
        }
    }
}
