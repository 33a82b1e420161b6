//! A change that is one entry and that no one waits in a queue for: an erasure, a hold.

use crate::{
    audit::{
        entry::{Draft, Facts, Placed, actor_name},
        tree::Frontier,
    },
    domain::{decision::AuditRef, timestamp::Timestamp},
    storage::{
        self, Db, Tx,
        audit::{self, NewEntry},
    },
};

use super::batch::resume;

/// A transaction that ends in one entry of the log. It takes its turn beside the recorder's: the head is read first,
/// as there, so that of two writers one waits for the other.
///
/// Dropped without [`LoneEntry::commit`] it leaves nothing.
#[derive(Debug)]
pub(in crate::service) struct LoneEntry {
    tx: Tx,
    frontier: Frontier,
    now: Timestamp,
}

impl LoneEntry {
    pub(in crate::service) async fn begin(db: &Db, now: Timestamp) -> Result<Self, storage::Error> {
        let mut tx = db.write().await?;
        let (frontier, last_time) = resume(&mut tx).await?;
        // The log's time never goes back, even when the clock was set back.
        let now = last_time.map_or(now, |last| last.max(now));
        Ok(Self { tx, frontier, now })
    }

    pub(in crate::service) const fn tx(&mut self) -> &mut Tx {
        &mut self.tx
    }

    /// The entry's time.
    pub(in crate::service) const fn now(&self) -> Timestamp {
        self.now
    }

    /// The place that the entry will have.
    pub(in crate::service) const fn sequence(&self) -> u64 {
        self.frontier.size()
    }

    /// Adds the entry behind the last and makes everything durable.
    pub(in crate::service) async fn commit(
        mut self,
        facts: Facts<'_>,
        canonical_payload: &str,
    ) -> Result<AuditRef, storage::Error> {
        let draft =
            Draft::new(facts, canonical_payload).map_err(|error| storage::Error::Conflict(error.to_string()))?;
        let sequence = self.frontier.size();
        let Placed { bytes, leaf_hash } = draft.place(sequence, self.now);
        let mut completed = Vec::new();
        self.frontier.append(leaf_hash, |node| completed.push(node));
        let entry = NewEntry {
            sequence,
            leaf_hash,
            recorded_at: self.now,
            action: facts.action,
            actor: actor_name(facts.actor),
            request_id: facts.request_id,
            subject: facts.subject.to_owned(),
            entry: bytes,
        };
        audit::insert_entries(&mut self.tx, vec![entry]).await?;
        audit::insert_nodes(&mut self.tx, &completed).await?;
        audit::move_head(&mut self.tx, sequence, &self.frontier, self.now).await?;
        self.tx.commit().await?;
        Ok(AuditRef { sequence, leaf_hash: leaf_hash.to_string() })
    }
}
