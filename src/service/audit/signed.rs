//! The checkpoints that a log is verified against: those in the database, and those that were kept elsewhere.

use rayon::prelude::*;

use super::keys::keys_of_log;
use crate::{
    audit::{
        checkpoint::SignedCheckpoint,
        note::VerifierKey,
        tree::{empty_root, proof::Head},
        verify::{Claim, Finding, Source, What, examine_checkpoint, examine_order},
    },
    storage::{self, Tx, audit},
};

/// What a log is verified against, that is not in its database.
#[derive(Debug, Clone, Default)]
pub struct Outside {
    pub checkpoints: Vec<NamedCheckpoint>,
    /// The keys that are trusted to have signed them. Without any, a checkpoint is believed because it was kept.
    pub keys: Vec<VerifierKey>,
    /// Whether every page of a database file is read, those of indexes too.
    pub whole_file: bool,
    /// Whether the database is an archive that was made without data keys.
    pub without_keys: bool,
}

/// A checkpoint that was kept elsewhere, by the name that the reader gave it.
#[derive(Debug, Clone)]
pub struct NamedCheckpoint {
    pub name: String,
    pub checkpoint: SignedCheckpoint,
}

/// What was signed, and what is wrong with the checkpoints themselves.
#[derive(Debug, Default)]
pub(super) struct Signed {
    /// What the tree must come to.
    pub(super) claims: Vec<Claim>,
    /// How many checkpoints the database holds.
    pub(super) stored: usize,
    /// The first thing that is wrong with a checkpoint, whatever the entries are.
    pub(super) finding: Option<Finding>,
}

impl Signed {
    /// Reads the stored checkpoints and looks at those that were kept elsewhere.
    pub(super) async fn read(tx: &mut Tx, outside: &Outside) -> Result<Self, storage::Error> {
        let rows = audit::checkpoints_to_verify(tx).await?;
        let keys = keys_of_log(tx).await?;
        let examined: Vec<Result<Claim, Finding>> = rows.par_iter().map(|row| examine_checkpoint(row, &keys)).collect();
        let known = audit::checkpoints::signed_count(tx).await?.unwrap_or_default();
        let finding = examine_order(&rows, known).err();
        let mut signed = Self { claims: Vec::new(), stored: rows.len(), finding };
        for named in &outside.checkpoints {
            signed.take(examine_outside(named, &outside.keys, &keys));
        }
        for claim in examined {
            signed.take(claim);
        }
        Ok(signed)
    }

    fn take(&mut self, examined: Result<Claim, Finding>) {
        match examined {
            Ok(claim) => self.claims.push(claim),
            Err(finding) => self.finding = self.finding.take().or(Some(finding)),
        }
    }
}

/// Looks at a checkpoint that was kept elsewhere: by whom it is signed, and that it is of this log.
fn examine_outside(named: &NamedCheckpoint, trusted: &[VerifierKey], of_log: &[VerifierKey]) -> Result<Claim, Finding> {
    let source = Source::Outside { name: named.name.clone() };
    let head = named.checkpoint.head();
    if !trusted.is_empty()
        && let Err(unsigned) = named.checkpoint.verify(trusted)
    {
        let (checkpoint, reason) = (source.to_string(), unsigned.to_string());
        return Err(Finding::of_log(What::CheckpointNotTrusted { checkpoint, reason }));
    }
    let origin = &named.checkpoint.checkpoint().origin;
    if !of_log.is_empty() && !of_log.iter().any(|key| key.name() == origin) {
        let what = What::OtherLog { checkpoint: source.to_string(), origin: origin.clone() };
        return Err(Finding::of_log(what));
    }
    // Every log begins as the empty one.
    if head.size == 0 && (head != Head { size: 0, root: empty_root() }) {
        let reason = "it says that a log of no entries has a root that none has".to_owned();
        return Err(Finding::of_log(What::CheckpointNotTrusted { checkpoint: source.to_string(), reason }));
    }
    Ok(Claim { head, source })
}
