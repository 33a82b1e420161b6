//! A change that is one entry, or a few together, and that no one waits in a queue for: an erasure, a hold.

use crate::{
    audit::{
        entry::{Draft, Facts, Placed, actor_name},
        tree::{Frontier, Node},
    },
    domain::{decision::AuditRef, timestamp::Timestamp},
    storage::{
        self, Db, Tx,
        audit::{self, NewEntry},
    },
};

use super::batch::resume;

/// A transaction that ends in entries of the log: most often one. It takes its turn beside the recorder's: the head is
/// read first, as there, so that of two writers one waits for the other.
///
/// Dropped without [`LoneEntry::commit`] or [`LoneEntry::finish`] it leaves nothing.
#[derive(Debug)]
pub(in crate::service) struct LoneEntry {
    tx: Tx,
    /// How many entries the log had.
    old_size: u64,
    frontier: Frontier,
    now: Timestamp,
    entries: Vec<NewEntry>,
    completed: Vec<Node>,
}

impl LoneEntry {
    pub(in crate::service) async fn begin(db: &Db, now: Timestamp) -> Result<Self, storage::Error> {
        let mut tx = db.write().await?;
        let (frontier, last_time) = resume(&mut tx).await?;
        // The log's time never goes back, even when the clock was set back.
        let now = last_time.map_or(now, |last| last.max(now));
        Ok(Self { tx, old_size: frontier.size(), frontier, now, entries: Vec::new(), completed: Vec::new() })
    }

    pub(in crate::service) const fn tx(&mut self) -> &mut Tx {
        &mut self.tx
    }

    /// The entry's time.
    pub(in crate::service) const fn now(&self) -> Timestamp {
        self.now
    }

    /// The place that the next entry will have.
    pub(in crate::service) const fn sequence(&self) -> u64 {
        self.frontier.size()
    }

    /// Adds an entry behind the last.
    pub(in crate::service) fn add(
        &mut self,
        facts: Facts<'_>,
        canonical_payload: &str,
    ) -> Result<AuditRef, storage::Error> {
        let draft =
            Draft::new(facts, canonical_payload).map_err(|error| storage::Error::Conflict(error.to_string()))?;
        let sequence = self.frontier.size();
        let Placed { bytes, leaf_hash } = draft.place(sequence, self.now);
        self.frontier.append(leaf_hash, |node| self.completed.push(node));
        self.entries.push(NewEntry {
            sequence,
            leaf_hash,
            recorded_at: self.now,
            action: facts.action,
            actor: actor_name(facts.actor),
            request_id: facts.request_id,
            subject: facts.subject.to_owned(),
            entry: bytes,
        });
        Ok(AuditRef { sequence, leaf_hash: leaf_hash.to_string() })
    }

    /// Makes everything durable.
    pub(in crate::service) async fn finish(mut self) -> Result<(), storage::Error> {
        let mut writing = self.tx.writing();
        audit::insert_entries(&mut writing, &mut self.entries).await?;
        audit::insert_nodes(&mut writing, &self.completed).await?;
        audit::move_head(&mut writing, self.old_size, &self.frontier, self.now).await?;
        self.tx.commit().await
    }

    /// Adds an entry behind the last and makes everything durable.
    pub(in crate::service) async fn commit(
        mut self,
        facts: Facts<'_>,
        canonical_payload: &str,
    ) -> Result<AuditRef, storage::Error> {
        let audit = self.add(facts, canonical_payload)?;
        self.finish().await?;
        Ok(audit)
    }
}
