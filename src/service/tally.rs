//! Counting what was decided, by day: beside the recorder, from the decisions as they stand in the store.
//!
//! A server counts what is new every few seconds and keeps the counts; what came in since is counted when somebody looks.

use std::{collections::BTreeMap, time::Duration};

use time::{Date, UtcOffset};

use super::App;
use crate::{
    domain::{decision::Outcome, timestamp::Timestamp},
    storage::{
        self,
        tallies::{self, Counted, Tally},
    },
};

/// How many decisions are counted in one transaction.
const CHUNK: u32 = 32_768;
/// How many decisions are counted while somebody waits for a page.
const TAIL: u32 = 1_000;
/// How often a server counts what is new.
const INTERVAL: Duration = Duration::from_secs(5);

/// The days from one on, and whether everything that was decided is counted in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Days {
    /// By day, `2026-11-22`, at the console's offset from UTC.
    pub days: BTreeMap<String, Tally>,
    pub is_complete: bool,
}

/// The tallies from a day on.
pub async fn since(app: &App, day: Date, offset: UtcOffset) -> Result<Days, storage::Error> {
    let mut tx = app.db().read().await?;
    let from = day.to_string();
    let mut days = tallies::since(&mut tx, &from).await?;
    let through = tallies::through(&mut tx).await?;
    let tail = tallies::next(&mut tx, through, TAIL).await?;
    let is_complete = tail.iter().map(|counted| counted.count).sum::<i64>() < i64::from(TAIL);
    for counted in &tail {
        let day = day_of(counted, offset)?;
        if day >= from {
            count(days.entry(day).or_default(), counted)?;
        }
    }
    Ok(Days { days, is_complete })
}

/// Counts what is new, a chunk at a time, until nothing is. Answers how many decisions that were.
pub async fn advance(app: &App, offset: UtcOffset) -> Result<u64, storage::Error> {
    let mut counted = 0;
    loop {
        let mut tx = app.db().read().await?;
        let through = tallies::through(&mut tx).await?;
        let chunk = tallies::next(&mut tx, through, CHUNK).await?;
        drop(tx);
        let Some(last) = chunk.iter().map(|some| some.last_sequence).max() else { return Ok(counted) };
        let mut by_day: BTreeMap<String, Vec<&Counted>> = BTreeMap::new();
        for some in &chunk {
            by_day.entry(day_of(some, offset)?).or_default().push(some);
        }
        let mut tx = app.db().write().await?;
        if !tallies::move_through(&mut tx, through, last).await? {
            // Another server has counted them.
            continue;
        }
        for (day, decisions) in by_day {
            let mut tally = tallies::since(&mut tx, &day).await?.remove(&day).unwrap_or_default();
            for some in decisions {
                counted += count(&mut tally, some)?;
            }
            tallies::set(&mut tx, &day, &tally).await?;
        }
        tx.commit().await?;
    }
}

/// Counts every few seconds until it is dropped.
pub async fn keep_counting(app: App, offset: UtcOffset) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = advance(&app, offset).await {
            tracing::warn!(%error, "decisions were not counted; it is tried again");
        }
    }
}

fn day_of(counted: &Counted, offset: UtcOffset) -> Result<String, storage::Error> {
    let begun = Timestamp::parse(&format!("{}:00Z", counted.minute)).ok_or_else(|| corrupt(counted, "decided_at"))?;
    Ok(begun.instant().to_offset(offset).date().to_string())
}

/// Adds decisions to a tally, and says how many they are.
fn count(tally: &mut Tally, counted: &Counted) -> Result<u64, storage::Error> {
    let count = u64::try_from(counted.count).map_err(|_| corrupt(counted, "audit_sequence"))?;
    let score = i32::try_from(counted.score).map_err(|_| corrupt(counted, "score"))?;
    match Outcome::parse(&counted.outcome).ok_or_else(|| corrupt(counted, "outcome"))? {
        Outcome::Approve => tally.approved += count,
        Outcome::Review => tally.reviewed += count,
        Outcome::Decline => tally.declined += count,
    }
    *tally.scores.entry(score).or_default() += count;
    Ok(count)
}

fn corrupt(counted: &Counted, column: &'static str) -> storage::Error {
    storage::Error::Corrupt { table: "decisions", column, id: counted.last_sequence.to_string() }
}
