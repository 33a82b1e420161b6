//! Deciding every stored application again, with the model and the policy that its decision names, and
//! comparing what comes of it with what is recorded, bit for bit.
//!
//! The log is read in chunks; while the next is read, those before it are decided again, each by one thread.
//! Nothing is believed of the files that decide: they are found by their hash, and hashed again. Whether the
//! log itself is what it was is [`super::audit::verify`]'s to say.

mod deciders;

use std::{borrow::Cow, collections::VecDeque, sync::Arc};

use futures_util::future::join;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::task::JoinHandle;

use self::deciders::{Deciders, Near, Pair};
use super::{
    blocking::{Spares, chunks_at_once, finished, keep_freed_memory, off_the_runtime},
    registry,
};
use crate::{
    audit::entry::Action,
    decide::replay::{Difference, Inputs, Recorded},
    domain::timestamp::Timestamp,
    storage::{
        self, Db, Tx, audit,
        entries::{self, Entries},
    },
};

/// How many entries are read at a time, and decided again by one thread: few enough that they stay in a processor's cache.
const CHUNK: u64 = 256;
/// How many neighbouring entries are scored side by side.
const RUN: usize = 128;
/// How many findings a report lists. All are counted.
const MAX_LISTED: usize = 1_000;

/// Which decisions to repeat: those recorded from `from` on and before `to`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Period {
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

/// What a replay came to.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// Whether every decision by model and policy came out as it is recorded.
    pub repeated: bool,
    /// How many were decided again.
    pub decisions: u64,
    /// How many of them came out otherwise.
    pub differing: u64,
    /// How many could not be decided again.
    pub not_repeatable: u64,
    /// Entries of other kinds, such as decisions by people, which nothing repeats.
    pub other_entries: u64,
    /// The first of what differs or cannot be decided again, in the log's order: at most 1,000.
    pub findings: Vec<Finding>,
}

/// A decision that did not come out as it is recorded.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    pub sequence: u64,
    /// The application's id; empty when the entry cannot be read.
    pub application: String,
    #[serde(flatten)]
    pub what: What,
}

/// What is wrong with it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// What came out otherwise.
    Differences(Vec<Difference>),
    /// Why it could not be decided again.
    NotRepeatable(String),
}

/// Decides again every application that was decided in a period. `progress` is told how many entries are
/// done, and of how many.
///
/// # Errors
/// The database cannot be read; a decision that comes out otherwise is no error but a [`Finding`].
pub async fn replay(db: &Db, period: Period, mut progress: impl FnMut(u64, u64)) -> Result<Report, storage::Error> {
    keep_freed_memory();
    let mut tx = db.read().await?;
    let (first, end) = bounds(&mut tx, period).await?;
    let mut report = Report::default();
    let deciders = Arc::new(Deciders::default());
    let mut running: VecDeque<(u64, JoinHandle<Chunk>)> = VecDeque::new();
    let spares: Spares<Entries> = Spares::default();
    let (mut next, at_once) = (first, chunks_at_once());
    loop {
        let oldest = if next == end || running.len() >= at_once { running.pop_front() } else { None };
        if next == end && oldest.is_none() {
            break;
        }
        let behind = end.min(next + CHUNK);
        let repeated = async {
            let (done, chunk) = oldest?;
            Some((done, finished(chunk).await))
        };
        let repeated = if next < end {
            let mut entries = spares.take();
            let reading = entries::refill(&mut tx, next..behind, &mut entries);
            let (read, repeated) = join(reading, repeated).await;
            read?;
            let (deciders, spares) = (Arc::clone(&deciders), spares.clone());
            let chunk = move || {
                let chunk = repeat(&entries, &deciders);
                spares.give_back(entries);
                chunk
            };
            running.push_back((behind, tokio::task::spawn_blocking(chunk)));
            next = behind;
            repeated
        } else {
            repeated.await
        };
        if let Some((done, Chunk { mut tally, waiting })) = repeated {
            finish_waiting(&mut tx, waiting, &deciders, &mut tally).await?;
            report.add(tally);
            progress(done - first, end - first);
        }
    }
    report.repeated = report.differing == 0 && report.not_repeatable == 0;
    Ok(report)
}

/// The sequences that a period's entries have: from the first to before the second.
async fn bounds(tx: &mut Tx, period: Period) -> Result<(u64, u64), storage::Error> {
    let size = audit::head(tx).await?.map_or(0, |head| head.size);
    let since = async |tx: &mut Tx, time| Ok::<_, storage::Error>(audit::first_since(tx, time).await?.unwrap_or(size));
    let first = match period.from {
        Some(from) => since(tx, from).await?,
        None => 0,
    };
    let end = match period.to {
        Some(to) => since(tx, to).await?,
        None => size,
    };
    Ok((first.min(end), end.min(size)))
}

/// Decides again what waited for a model or a policy, once these are loaded.
async fn finish_waiting(
    tx: &mut Tx,
    mut waiting: Vec<Waiting>,
    deciders: &Arc<Deciders>,
    tally: &mut Tally,
) -> Result<(), storage::Error> {
    while let Some(first) = waiting.first() {
        let pair = first.pair.clone();
        // It waited for the same as the chunk before, as a rule.
        if !deciders.have(&pair) {
            let decider = registry::decider(tx, &pair.model_sha256, &pair.policy_sha256).await?;
            deciders.insert(pair, decider.map_err(|error| error.to_string()));
        }
        let mut chunk = Entries::default();
        for waiting in &waiting {
            chunk.push(waiting.sequence, &waiting.entry);
        }
        let deciders = Arc::clone(deciders);
        let again = off_the_runtime(move || repeat(&chunk, &deciders)).await;
        tally.merge(again.tally);
        waiting = again.waiting;
    }
    Ok(())
}

/// What is read of an entry.
#[derive(Deserialize)]
struct Read<'a> {
    #[serde(borrow)]
    action: Cow<'a, str>,
    #[serde(borrow)]
    payload: &'a RawValue,
    #[serde(borrow)]
    subject: Cow<'a, str>,
}

/// An entry whose model or policy is not loaded yet.
struct Waiting {
    sequence: u64,
    entry: String,
    pair: Pair,
}

/// What became of a chunk.
#[derive(Default)]
struct Chunk {
    tally: Tally,
    waiting: Vec<Waiting>,
}

#[derive(Default)]
struct Tally {
    decisions: u64,
    other_entries: u64,
    findings: Vec<Finding>,
}

impl Tally {
    fn merge(&mut self, other: Self) {
        self.decisions += other.decisions;
        self.other_entries += other.other_entries;
        self.findings.extend(other.findings);
    }
}

impl Report {
    fn add(&mut self, mut tally: Tally) {
        self.decisions += tally.decisions;
        self.other_entries += tally.other_entries;
        tally.findings.sort_by_key(|finding| finding.sequence);
        for finding in tally.findings {
            match finding.what {
                What::Differences(_) => self.differing += 1,
                What::NotRepeatable(_) => self.not_repeatable += 1,
            }
            if self.findings.len() < MAX_LISTED {
                self.findings.push(finding);
            }
        }
    }
}

/// Decides a chunk's applications again.
fn repeat(entries: &Entries, deciders: &Deciders) -> Chunk {
    let mut chunk = Chunk::default();
    for begin in (0..entries.len()).step_by(RUN) {
        let run = repeat_run(entries.part(begin..entries.len().min(begin + RUN)), deciders);
        chunk.tally.merge(run.tally);
        chunk.waiting.extend(run.waiting);
    }
    chunk
}

fn repeat_run<'a>(run: impl Iterator<Item = (u64, &'a str)>, deciders: &Deciders) -> Chunk {
    let mut chunk = Chunk::default();
    let mut near = deciders.near();
    let run: Vec<(u64, &str)> = run.collect();
    let is_same = repeat_together(&run, &mut near);
    for ((sequence, entry), is_same) in run.into_iter().zip(is_same) {
        if is_same {
            chunk.tally.decisions += 1;
            continue;
        }
        match repeat_one(entry, &mut near) {
            Repeated::Other => chunk.tally.other_entries += 1,
            Repeated::Same => chunk.tally.decisions += 1,
            Repeated::Waits(pair) => chunk.waiting.push(Waiting { sequence, entry: entry.to_owned(), pair }),
            Repeated::Found { application, what } => {
                chunk.tally.decisions += u64::from(matches!(what, What::Differences(_)));
                chunk.tally.findings.push(Finding { sequence, application, what });
            }
        }
    }
    chunk
}

/// What became of one entry.
enum Repeated {
    /// It is of another kind.
    Other,
    Same,
    Waits(Pair),
    Found {
        application: String,
        what: What,
    },
}

/// Repeats together those entries that have the form in which entries are written, and says which of them came out the
/// same: nearly all. The others are yet to be looked at one by one.
fn repeat_together(run: &[(u64, &str)], near: &mut Near<'_>) -> Vec<bool> {
    let mut is_same = vec![false; run.len()];
    let (places, records): (Vec<usize>, Vec<Recorded<'_>>) = run
        .iter()
        .enumerate()
        .filter_map(|(place, (_, entry))| Some((place, Recorded::read(payload(entry)?)?)))
        .unzip();
    let mut next = 0;
    for group in records.chunk_by(|one, other| {
        one.model_sha256() == other.model_sha256() && one.policy_sha256() == other.policy_sha256()
    }) {
        if let Some(Ok(repeater)) = near.find(group[0].model_sha256(), group[0].policy_sha256()) {
            for (place, repeats) in places[next..].iter().zip(repeater.repeats(group)) {
                is_same[*place] = repeats;
            }
        }
        next += group.len();
    }
    is_same
}

/// Cuts the payload out of an entry in the form in which entries are written. It is believed only when all of it comes
/// out again.
fn payload(entry: &str) -> Option<&str> {
    const PAYLOAD: &str = ",\"payload\":";
    const REQUEST: &str = ",\"request_id\":";
    let behind = entry.strip_prefix("{\"action\":\"application.decided\",")?;
    let payload = &behind[behind.find(PAYLOAD)? + PAYLOAD.len()..];
    payload.get(..payload.rfind(REQUEST)?)
}

fn repeat_one(entry: &str, near: &mut Near<'_>) -> Repeated {
    let Ok(Read { action, payload, subject }) = serde_json::from_str(entry) else {
        let what = What::NotRepeatable("the entry cannot be read".to_owned());
        return Repeated::Found { application: String::new(), what };
    };
    if action != Action::ApplicationDecided.as_str() {
        return Repeated::Other;
    }
    let found = |what| Repeated::Found { application: subject.into_owned(), what };
    let inputs = match Inputs::parse(payload.get()) {
        Ok(inputs) => inputs,
        Err(error) => return found(What::NotRepeatable(error.to_string())),
    };
    match near.find(inputs.model_sha256(), inputs.policy_sha256()) {
        None => Repeated::Waits(Pair::new(inputs.model_sha256(), inputs.policy_sha256())),
        Some(Err(why)) => found(What::NotRepeatable(why.clone())),
        Some(Ok(repeater)) => match inputs.replay(repeater.decider(), payload.get()) {
            differences if differences.is_empty() => Repeated::Same,
            differences => found(What::Differences(differences)),
        },
    }
}
