//! Signing the head of the log: at an interval, when asked for, and when the server stops.
//!
//! A checkpoint is signed only when the tree that it names goes on from the last one that was: the proof of that is
//! made from the stored hashes before every signature. So a log that was rewritten under a running server gets no
//! signature, and the reason stands in the server's log.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex as StdMutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Mutex, Notify},
    task::JoinHandle,
};

use super::keys::keys_of_log;
use crate::{
    audit::{
        checkpoint::SignedCheckpoint,
        tree::proof::{Head, consistency, is_consistent},
    },
    clock::Clock,
    crypto::signing::CheckpointSigner,
    domain::timestamp::Timestamp,
    storage::{
        self, Db, Tx,
        audit::{
            self,
            checkpoints::{self, StoredCheckpoint},
        },
        checkpoint_files,
    },
};

/// How often a checkpoint that another replica was quicker to write is tried again.
const TRIES: u32 = 3;

/// How the head of the log is signed.
#[derive(Debug, Clone)]
pub struct Settings {
    pub signer: CheckpointSigner,
    /// How often, while the log grows.
    pub interval: Duration,
    /// A folder outside the database that gets every checkpoint too.
    pub directory: Option<PathBuf>,
}

/// Why the head of the log was not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    #[error(
        "the log does not go on from the checkpoint of {signed} entries that was signed before: entries were changed or \
         removed; run `underwright audit verify`"
    )]
    Inconsistent { signed: u64 },
    #[error("the log does not say that the key {0} signs it")]
    NotActivated(String),
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// Signs the head of the log. Cheap to clone; clones are the same.
#[derive(Debug, Clone)]
pub(in crate::service) struct Checkpointer(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    db: Db,
    clock: Clock,
    settings: Settings,
    /// One signature at a time.
    signed: Mutex<Signed>,
    stop: Notify,
    task: StdMutex<Option<JoinHandle<()>>>,
}

/// What this process signed, or found signed.
#[derive(Debug, Default)]
struct Signed {
    last: Option<Head>,
    /// The size of the checkpoint that was last written outside.
    outside: Option<u64>,
}

impl Checkpointer {
    /// Starts signing at the interval. Must be called within a tokio runtime.
    pub(in crate::service) fn start(db: Db, clock: Clock, settings: Settings) -> Self {
        let (signed, stop) = (Mutex::default(), Notify::new());
        let checkpointer = Self(Arc::new(Shared { db, clock, settings, signed, stop, task: StdMutex::new(None) }));
        let task = tokio::spawn(checkpointer.clone().run());
        *checkpointer.task() = Some(task);
        checkpointer
    }

    fn task(&self) -> std::sync::MutexGuard<'_, Option<JoinHandle<()>>> {
        self.0.task.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(self) {
        loop {
            tokio::select! {
                () = self.0.stop.notified() => return,
                () = tokio::time::sleep(self.0.settings.interval) => self.sign_or_log().await,
            }
        }
    }

    /// Signs the head as it is left. The recorder must have stopped.
    pub(in crate::service) async fn stop(&self) {
        self.0.stop.notify_one();
        let task = self.task().take();
        if let Some(task) = task {
            // A task that panicked has nothing left to wait for.
            let _ = task.await;
        }
        self.sign_or_log().await;
    }

    async fn sign_or_log(&self) {
        match self.sign().await {
            // A log that was not written to yet does not name its key either.
            Ok(_) | Err(CheckpointError::NotActivated(_)) => {}
            Err(error) => tracing::error!(%error, "the head of the audit log was not signed"),
        }
    }

    /// The signed head of the log as it stands: the last checkpoint, or a new one when the log has grown. `None` of a
    /// log without entries.
    pub(in crate::service) async fn sign(&self) -> Result<Option<SignedCheckpoint>, CheckpointError> {
        let mut signed = self.0.signed.lock().await;
        let mut tries = 0;
        let checkpoint = loop {
            tries += 1;
            match self.sign_once(&mut signed).await {
                // Another replica was quicker.
                Err(CheckpointError::Storage(storage::Error::Conflict(_))) if tries < TRIES => {}
                Err(error) => return Err(error),
                Ok(None) => return Ok(None),
                Ok(Some(checkpoint)) => break checkpoint,
            }
        };
        if let Some(directory) = &self.0.settings.directory
            && signed.outside != Some(checkpoint.head().size)
        {
            match write_outside(directory.clone(), self.0.clock.now(), &checkpoint).await {
                Ok(()) => signed.outside = Some(checkpoint.head().size),
                // It is stored all the same, and is tried again at the next interval.
                Err(reason) => {
                    let path = directory.display();
                    tracing::error!(%path, reason, "a checkpoint was not written outside the database");
                }
            }
        }
        Ok(Some(checkpoint))
    }

    async fn sign_once(&self, signed: &mut Signed) -> Result<Option<SignedCheckpoint>, CheckpointError> {
        let signer = &self.0.settings.signer;
        let own = [signer.verifier().clone()];
        let mut tx = self.0.db.read().await?;
        let Some(head) = audit::head(&mut tx).await?.map(|head| Head { size: head.size, root: head.root }) else {
            return Err(corrupt_head().into());
        };
        if head.size == 0 {
            return Ok(None);
        }
        let latest = checkpoints::latest(&mut tx).await?;
        let known = latest.as_ref().and_then(|latest| SignedCheckpoint::parse(&latest.note).ok());
        if let Some(last) = signed.last.or(known.as_ref().map(SignedCheckpoint::head)) {
            goes_on(&mut tx, last, head).await?;
        }
        if let Some(known) = known.filter(|known| known.head() == head && known.verify(&own).is_ok()) {
            signed.last = Some(head);
            return Ok(Some(known));
        }
        if !keys_of_log(&mut tx).await?.contains(&own[0]) {
            return Err(CheckpointError::NotActivated(own[0].short_name()));
        }
        drop(tx);
        let checkpoint = signer.sign(head);
        let number = latest.map_or(1, |latest| latest.number.saturating_add(1));
        let mut tx = self.0.db.write().await?;
        let new = StoredCheckpoint { number, size: head.size, note: checkpoint.to_string() };
        checkpoints::insert(&mut tx, &new).await?;
        tx.commit().await?;
        signed.last = Some(head);
        Ok(Some(checkpoint))
    }
}

/// Checks that the tree goes on from an earlier one.
async fn goes_on(tx: &mut Tx, last: Head, head: Head) -> Result<(), CheckpointError> {
    let inconsistent = CheckpointError::Inconsistent { signed: last.size };
    let plan = consistency(last.size, head.size).ok_or_else(|| inconsistent.clone())?;
    let proof = audit::proof_hashes(tx, &plan).await?;
    if is_consistent(last, head, &proof) { Ok(()) } else { Err(inconsistent) }
}

fn corrupt_head() -> storage::Error {
    storage::Error::Corrupt { table: "audit_head", column: "id", id: "1".to_owned() }
}

async fn write_outside(directory: PathBuf, now: Timestamp, checkpoint: &SignedCheckpoint) -> Result<(), String> {
    let (size, note) = (checkpoint.head().size, checkpoint.to_string());
    let written = tokio::task::spawn_blocking(move || checkpoint_files::write(&directory, now, size, &note)).await;
    match written {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}
