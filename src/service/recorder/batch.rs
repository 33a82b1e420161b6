//! One transaction over many changes.

use std::collections::{HashMap, HashSet};

use super::{Change, Effect, Event, RecordError, Rejection, Verdict};
use crate::{
    audit::{
        entry::{Draft, Entry, Placed},
        kept_answer::KEPT_FOR,
        tree::{Frontier, Hash, Node},
        verify::StoredHead,
    },
    domain::timestamp::Timestamp,
    service::{Answer, Vault},
    storage::{
        self, Db, MOST_ROWS, Tx, applications,
        audit::{self, NewEntry, activations::Marks},
        data_keys::{self, NewDataKey},
        decisions::{self, NewDecision},
        failpoint,
        idempotency::{self, KeyId, NewKey, StoredAnswer},
    },
};

/// Writes changes in one transaction, and says of each what became of it, in their order.
///
/// A change that may not be made (its key stands for another request, its application has moved on) is
/// left out and the others are written. An error means that nothing was written.
pub(super) async fn write(
    db: &Db,
    vault: &Vault,
    now: Timestamp,
    changes: &[Change],
) -> Result<Vec<Verdict>, storage::Error> {
    let mut tx = db.write().await?;
    let (head, in_force) = audit::activations::head_and_marks(&mut tx).await?;
    let (mut frontier, last_time) = take_up(head)?;
    let old_size = frontier.size();
    // The log's time never goes back, even when the clock was set back.
    let now = last_time.map_or(now, |last| last.max(now));

    failpoint::reach("recorder.after_begin")?;

    let verdicts = sift(&mut tx, vault, in_force, changes).await?;
    failpoint::reach("recorder.after_sift")?;
    let mut batch = Batch::new(now);
    let mut answers = Vec::with_capacity(changes.len());
    for (change, verdict) in changes.iter().zip(verdicts) {
        answers.push(match verdict {
            None => Ok(batch.add(change, &mut frontier)),
            Some(verdict) => verdict,
        });
    }
    if frontier.size() > old_size {
        batch.insert(&mut tx, old_size, &frontier).await?;
        tx.commit().await?;
        failpoint::reach("recorder.after_commit")?;
    }
    Ok(answers)
}

/// Writes an event in a transaction of its own, and says where; `None` when the last entry of its action says the
/// same already.
pub(super) async fn write_event(db: &Db, now: Timestamp, event: &Event) -> Result<Option<u64>, storage::Error> {
    let mut tx = db.write().await?;
    let (mut frontier, last_time) = resume(&mut tx).await?;
    let last = audit::last_of(&mut tx, event.entry.action()).await?;
    let last = last.and_then(|last| serde_json::from_str::<Entry>(&last).ok());
    if last.is_some_and(|last| last.payload.get() == event.payload) {
        return Ok(None);
    }
    let old_size = frontier.size();
    let mut batch = Batch::new(last_time.map_or(now, |last| last.max(now)));
    let (sequence, _) = batch.append(&event.entry, &mut frontier);
    batch.insert(&mut tx, old_size, &frontier).await?;
    tx.commit().await?;
    Ok(Some(sequence))
}

/// Takes up the log where it was left, and refuses to go on from a head that contradicts itself.
pub(super) async fn resume(tx: &mut Tx) -> Result<(Frontier, Option<Timestamp>), storage::Error> {
    take_up(audit::head(tx).await?)
}

fn take_up(head: Option<StoredHead>) -> Result<(Frontier, Option<Timestamp>), storage::Error> {
    let corrupt = |column| storage::Error::Corrupt { table: "audit_head", column, id: "1".to_owned() };
    let head = head.ok_or_else(|| corrupt("id"))?;
    let frontier = Frontier::new(head.size, head.peaks).ok_or_else(|| corrupt("frontier"))?;
    if frontier.root() != head.root {
        return Err(corrupt("root_hash"));
    }
    Ok((frontier, head.updated_at))
}

/// One part of rows that are written a part at a time; the last is short, and those behind it are empty.
fn part_of<T>(rows: &mut [T], part: usize) -> &mut [T] {
    rows.chunks_mut(MOST_ROWS).nth(part).unwrap_or_default()
}

/// Decides of each change whether it may be made: `None` when it may.
async fn sift(
    tx: &mut Tx,
    vault: &Vault,
    in_force: Marks,
    changes: &[Change],
) -> Result<Vec<Option<Verdict>>, storage::Error> {
    let keys: Vec<KeyId> =
        changes.iter().filter_map(|change| Some(change.kept.as_ref()?.reservation.id.clone())).collect();
    let stored: HashMap<KeyId, StoredAnswer> = idempotency::find(tx, &keys).await?.into_iter().collect();
    let mut in_batch = HashSet::new();
    let mut verdicts = Vec::with_capacity(changes.len());
    for change in changes {
        verdicts.push(match under_key(vault, change, &stored, &mut in_batch) {
            Some(verdict) => Some(verdict),
            None => apply(tx, change, in_force).await?.map(Err),
        });
    }
    Ok(verdicts)
}

/// What the change's key already stands for, if anything.
fn under_key<'a>(
    vault: &Vault,
    change: &'a Change,
    stored: &HashMap<KeyId, StoredAnswer>,
    in_batch: &mut HashSet<&'a KeyId>,
) -> Option<Verdict> {
    let reservation = &change.kept.as_ref()?.reservation;
    if let Some(stored) = stored.get(&reservation.id) {
        return Some(reservation.replay(vault, stored).map_err(Rejection::from));
    }
    // Keys are reserved while they are worked on, so this never happens; it must not fail the batch if it does.
    (!in_batch.insert(&reservation.id)).then(|| Err(RecordError::InFlight.into()))
}

/// Moves a reviewed application to its next version, or says why not. A new application is inserted later,
/// with the others, where what decided it is in force.
async fn apply(tx: &mut Tx, change: &Change, in_force: Marks) -> Result<Option<Rejection>, storage::Error> {
    let seen_version = match change.effect {
        Effect::Receive(_, under) => return Ok((under != in_force).then_some(Rejection::Superseded)),
        Effect::Review { seen_version } => seen_version,
    };
    if applications::advance(tx, change.application_id, seen_version, change.decision.outcome).await? {
        return Ok(None);
    }
    let current = applications::version(tx, change.application_id).await?;
    Ok(Some(current.map_or(Rejection::NoApplication, |current| Rejection::Version { current })))
}

/// The rows that a transaction is to insert.
#[derive(Debug)]
struct Batch {
    now: Timestamp,
    entries: Vec<NewEntry>,
    completed: Vec<Node>,
    /// These and their keys with the sequences of their first decisions.
    applications: Vec<(u64, applications::NewApplication)>,
    data_keys: Vec<(u64, NewDataKey)>,
    decisions: Vec<NewDecision>,
    keys: Vec<NewKey>,
}

impl Batch {
    const fn new(now: Timestamp) -> Self {
        Self {
            now,
            entries: Vec::new(),
            completed: Vec::new(),
            applications: Vec::new(),
            data_keys: Vec::new(),
            decisions: Vec::new(),
            keys: Vec::new(),
        }
    }

    /// Gives an entry the next place in the log.
    fn append(&mut self, entry: &Draft, frontier: &mut Frontier) -> (u64, Hash) {
        let sequence = frontier.size();
        let Placed { bytes, leaf_hash } = entry.place(sequence, self.now);
        frontier.append(leaf_hash, |node| self.completed.push(node));
        self.entries.push(NewEntry {
            sequence,
            leaf_hash,
            recorded_at: self.now,
            action: entry.action(),
            actor: entry.actor_name().to_owned(),
            request_id: entry.request_id(),
            subject: entry.subject().to_owned(),
            entry: bytes,
        });
        (sequence, leaf_hash)
    }

    /// Gives a change the next place in the log, and says what it is answered with.
    fn add(&mut self, change: &Change, frontier: &mut Frontier) -> Answer {
        let (sequence, leaf_hash) = self.append(&change.entry, frontier);
        let version = change.effect.version();
        let answer = change.answer.finish(change.application_id, version, sequence, leaf_hash);
        if let Effect::Receive(received, _) = &change.effect {
            let (application, data_key) = received.as_ref().clone();
            self.applications.push((sequence, application));
            self.data_keys.push((sequence, data_key));
        }
        self.decisions.push(NewDecision {
            audit_sequence: sequence,
            leaf_hash,
            application_id: change.application_id,
            number: version,
            id: change.decision.id,
            decided_at: change.decision.decided_at,
            outcome: change.decision.outcome,
            automatic: change.decision.automatic,
            score: change.decision.score,
        });
        if let Some(kept) = &change.kept {
            self.keys.push(NewKey {
                id: kept.reservation.id.clone(),
                request_mac: kept.reservation.request_mac,
                status: answer.status,
                application_id: answer.application_id,
                version,
                response: kept.response.clone(),
                created_at: self.now,
            });
        }
        answer
    }

    async fn insert(mut self, tx: &mut Tx, old_size: u64, frontier: &Frontier) -> Result<(), storage::Error> {
        if !self.keys.is_empty() {
            // Removing twice what is added keeps the table at what a day brings, at a cost that every batch can bear.
            let most = 2 * self.keys.len();
            if let Some(limit) = self.now.checked_add(-KEPT_FOR) {
                idempotency::sweep(tx, limit, most).await?;
            }
            failpoint::reach("recorder.after_sweep")?;
        }
        let mut writing = tx.writing();
        // Fewer entries complete a stored node, in their turn: each text is met again and again.
        audit::insert_nodes(&mut writing, &self.completed).await?;
        writing.send().await?;
        failpoint::reach("recorder.after_nodes")?;
        let parts = self.decisions.len().max(self.entries.len()).div_ceil(MOST_ROWS);
        for part in 0..parts {
            audit::insert_entries(&mut writing, part_of(&mut self.entries, part)).await?;
            writing.reach("recorder.after_entries").await?;
            applications::insert(&mut writing, part_of(&mut self.applications, part)).await?;
            writing.reach("recorder.after_applications").await?;
            data_keys::insert(&mut writing, part_of(&mut self.data_keys, part)).await?;
            writing.reach("recorder.after_data_keys").await?;
            decisions::insert(&mut writing, part_of(&mut self.decisions, part)).await?;
            writing.reach("recorder.after_decisions").await?;
            idempotency::insert(&mut writing, part_of(&mut self.keys, part)).await?;
            writing.reach("recorder.after_keys").await?;
            if part + 1 < parts {
                writing.send().await?;
            }
        }
        audit::move_head(&mut writing, old_size, frontier, self.now).await?;
        failpoint::reach("recorder.after_head")
    }
}
