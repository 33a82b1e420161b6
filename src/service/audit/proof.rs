//! The proof that one entry is in the log, as a file to hand out.

use super::keys::keys_of_log;
use crate::{
    audit::{
        checkpoint::SignedCheckpoint,
        proof::{Parts, ProofFile},
        tree::proof::inclusion,
    },
    service::{App, applications::ReadError},
    storage::{
        self, Db, Tx,
        audit::{self, checkpoints, checkpoints::StoredCheckpoint},
    },
};

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    #[error("the log has no entry {sequence}: it has {size} entries")]
    NoEntry { sequence: u64, size: u64 },
    #[error(
        "no checkpoint covers entry {0} yet; a running server signs one at every audit.checkpoint_interval_s, and when \
         it stops"
    )]
    NotCovered(u64),
    #[error(
        "the log does not prove entry {0}: what is stored of it contradicts itself; run `underwright audit verify`"
    )]
    Contradicted(u64),
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// Proves an entry by the smallest checkpoint that covers it, so that asking again gives the same file.
pub async fn proof(db: &Db, sequence: u64) -> Result<ProofFile, ProofError> {
    let mut tx = db.read().await?;
    let size = audit::head(&mut tx).await?.map_or(0, |head| head.size);
    if sequence >= size {
        return Err(ProofError::NoEntry { sequence, size });
    }
    let covering = checkpoints::first_covering(&mut tx, sequence).await?;
    prove(&mut tx, sequence, covering.ok_or(ProofError::NotCovered(sequence))?).await
}

/// As [`proof`]; an entry that no checkpoint covers yet gets one.
pub async fn proof_from_server(app: &App, sequence: u64) -> Result<ProofFile, ReadError> {
    let mut proved = proof(app.db(), sequence).await;
    if matches!(proved, Err(ProofError::NotCovered(_))) {
        super::checkpoint(app).await?;
        proved = proof(app.db(), sequence).await;
    }
    proved.map_err(|error| match error {
        ProofError::NoEntry { .. } => ReadError::NotFound,
        ProofError::Storage(error) => error.into(),
        ProofError::NotCovered(_) | ProofError::Contradicted(_) => ReadError::Contradicted(error.to_string()),
    })
}

async fn prove(tx: &mut Tx, sequence: u64, stored: StoredCheckpoint) -> Result<ProofFile, ProofError> {
    let contradicted = || ProofError::Contradicted(sequence);
    let checkpoint = SignedCheckpoint::parse(&stored.note).map_err(|_| contradicted())?;
    let key = checkpoint.verify(&keys_of_log(tx).await?).map_err(|_| contradicted())?.clone();
    let plan = inclusion(sequence, checkpoint.head().size).ok_or_else(contradicted)?;
    let inclusion = audit::proof_hashes(tx, &plan).await?;
    let entry = audit::entry_at(tx, sequence).await?.ok_or_else(contradicted)?;
    let file = ProofFile::new(Parts { sequence, entry, inclusion: &inclusion, checkpoint: &checkpoint, key });
    // Nothing is handed out that does not hold.
    file.check(&[]).map_err(|_| contradicted())?;
    Ok(file)
}
