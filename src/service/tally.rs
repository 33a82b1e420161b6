//! Counting what was decided, by day: beside the recorder, from the decisions as they stand in the store.
//!
//! A server counts what is new every few seconds and keeps the counts; what came in since is counted when somebody looks.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;
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
const CHUNK: u32 = 4_000;
/// How many decisions are counted while somebody waits for a page.
const TAIL: u32 = 1_000;
/// How often a server counts what is new.
const INTERVAL: Duration = Duration::from_secs(5);

/// What is read of a decision.
#[derive(Deserialize)]
struct Scored {
    score: i32,
}

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
    let is_complete = tail.len() < TAIL as usize;
    for decision in &tail {
        let day = day_of(decision, offset)?;
        if day >= from {
            count(days.entry(day).or_default(), decision)?;
        }
    }
    Ok(Days { days, is_complete })
}

/// Counts what is new, a chunk at a time, until nothing is. Answers how many decisions that were.
pub async fn advance(app: &App, offset: UtcOffset) -> Result<usize, storage::Error> {
    let mut counted = 0;
    loop {
        let mut tx = app.db().read().await?;
        let through = tallies::through(&mut tx).await?;
        let chunk = tallies::next(&mut tx, through, CHUNK).await?;
        drop(tx);
        let Some(last) = chunk.last() else { return Ok(counted) };
        let mut by_day: BTreeMap<String, Vec<&Counted>> = BTreeMap::new();
        for decision in &chunk {
            by_day.entry(day_of(decision, offset)?).or_default().push(decision);
        }
        let mut tx = app.db().write().await?;
        if !tallies::move_through(&mut tx, through, last.audit_sequence).await? {
            // Another server has counted them.
            continue;
        }
        for (day, decisions) in by_day {
            let mut tally = tallies::since(&mut tx, &day).await?.remove(&day).unwrap_or_default();
            for decision in decisions {
                count(&mut tally, decision)?;
            }
            tallies::set(&mut tx, &day, &tally).await?;
        }
        tx.commit().await?;
        counted += chunk.len();
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

fn day_of(decision: &Counted, offset: UtcOffset) -> Result<String, storage::Error> {
    let at = Timestamp::parse(&decision.decided_at).ok_or_else(|| corrupt(decision, "decided_at"))?;
    Ok(at.instant().to_offset(offset).date().to_string())
}

fn count(tally: &mut Tally, decision: &Counted) -> Result<(), storage::Error> {
    let scored: Scored = serde_json::from_str(&decision.decision).map_err(|_| corrupt(decision, "decision"))?;
    match Outcome::parse(&decision.outcome).ok_or_else(|| corrupt(decision, "outcome"))? {
        Outcome::Approve => tally.approved += 1,
        Outcome::Review => tally.reviewed += 1,
        Outcome::Decline => tally.declined += 1,
    }
    *tally.scores.entry(scored.score).or_default() += 1;
    Ok(())
}

fn corrupt(decision: &Counted, column: &'static str) -> storage::Error {
    storage::Error::Corrupt { table: "decisions", column, id: decision.audit_sequence.to_string() }
}
