//! What the home page shows: what waits, how the day goes, what needs a look.

use std::collections::BTreeMap;

use serde::Deserialize;
use time::{Date, Duration, UtcOffset};

use super::{
    App,
    audit::verification::{self, Verified},
    tally::{self, Days},
};
use crate::{
    audit::entry::actor_name,
    clock::least_application_id,
    domain::{
        decision::Outcome,
        id::ApplicationId,
        principal::{Permission, Principal},
        timestamp::Timestamp,
    },
    monitor::drift::Shift,
    storage::{
        self,
        summaries::{self, Selection, Summary},
        tallies::Tally,
    },
};

/// How many lines each list has.
const LINES: u32 = 8;
/// How many days are shown, the present one being the last.
pub const DAYS: usize = 28;
/// The days that are held against those before them.
const RECENT_DAYS: usize = 7;
/// Beyond this many nobody counts.
const MOST: u32 = 1_000;
/// So many decisions it takes on either side before scores are said to have shifted.
const FEWEST_TO_COMPARE: u64 = 200;
/// For how long a verification of the log is good.
const VERIFICATION_HOLDS: Duration = Duration::days(7);

/// An application in a list, with its decision's figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub id: ApplicationId,
    pub external_reference: Option<String>,
    pub received_at: Timestamp,
    pub outcome: Outcome,
    pub amount_minor: i64,
    pub currency: String,
    pub score: i32,
    pub grade: String,
    pub probability_of_default: f64,
}

/// A day's decisions by model and policy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Day {
    pub date: Date,
    pub decided: u64,
    /// The share that was approved at once; `None` when nothing was decided.
    pub approved_share: Option<f64>,
    pub median_score: Option<i32>,
}

/// What the home page shows.
#[derive(Debug)]
pub struct Overview {
    /// The oldest ones; none for a role that decides nothing.
    pub waiting: Vec<Line>,
    /// How many wait for longer than the target, counted up to a thousand.
    pub late: u32,
    pub recent: Vec<Line>,
    /// The last four weeks, the present day last.
    pub days: Vec<Day>,
    /// Whether everything that was decided is counted in them.
    pub is_complete: bool,
    /// How far the scores of the last week are from those of the weeks before; `None` while there are too few.
    pub stability_index: Option<f64>,
    pub log: LogState,
    /// Changes that wait to be recorded.
    pub recorder_waiting: usize,
}

/// How the audit log stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogState {
    pub entries: u64,
    /// The last verification beside a server.
    pub verified: Option<Verified>,
    /// Whether it is too long ago, or never was.
    pub is_stale: bool,
    /// Entries that no signed checkpoint covers yet.
    pub uncovered: u64,
}

/// How the overview is made.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How long an application may await review.
    pub target: Duration,
    /// At which offset from UTC days begin.
    pub offset: UtcOffset,
}

/// Reads it.
pub async fn read(app: &App, who: &Principal, settings: Settings) -> Result<Overview, storage::Error> {
    let now = app.clock().now();
    let today = now.instant().to_offset(settings.offset).date();
    let first = today.saturating_sub(Duration::days(i64::try_from(DAYS).unwrap_or(i64::MAX) - 1));
    let tallies = tally::since(app, first, settings.offset).await?;
    let mut tx = app.db().read().await?;
    let (mut waiting, mut late, mut recent) = (Vec::new(), 0, Vec::new());
    if who.role.may(Permission::ReviewApplication) {
        let selection = Selection { outcome: Some(Outcome::Review), oldest_first: true, ..Selection::default() };
        waiting = lines(summaries::list(&mut tx, &selection, LINES).await?)?;
        let since = now.checked_add(-settings.target).map(|at| least_application_id(at).to_string());
        late = storage::applications::waiting(&mut tx, since.as_deref(), MOST).await?;
    }
    if who.role.may(Permission::ReadApplication) {
        let own = who.role.sees_only_its_own().then(|| actor_name(who));
        let found = match own.as_deref() {
            Some(own) => {
                let selection = Selection { submitted_by: Some(own), ..Selection::default() };
                summaries::list(&mut tx, &selection, LINES).await?
            }
            None => summaries::latest(&mut tx, LINES).await?,
        };
        recent = lines(found)?;
    }
    let entries = storage::audit::head(&mut tx).await?.map_or(0, |head| head.size);
    let covered = storage::audit::checkpoints::latest(&mut tx).await?.map_or(0, |checkpoint| checkpoint.size);
    let verified = verification::known(app).recorded;
    let is_stale = verified.is_none_or(|last| now.instant() - last.at.instant() > VERIFICATION_HOLDS);
    let log = LogState { entries, verified, is_stale, uncovered: entries.saturating_sub(covered) };
    let (days, stability_index) = figures(&tallies, today);
    let (is_complete, recorder_waiting) = (tallies.is_complete, app.recorder().waiting());
    Ok(Overview { waiting, late, recent, days, is_complete, stability_index, log, recorder_waiting })
}

/// The days up to `today`, and how far the last ones are from those before.
fn figures(tallies: &Days, today: Date) -> (Vec<Day>, Option<f64>) {
    let dates = (0..DAYS).rev().map(|ago| today.saturating_sub(Duration::days(i64::try_from(ago).unwrap_or(0))));
    let empty = Tally::default();
    let all: Vec<(Date, &Tally)> =
        dates.map(|date| (date, tallies.days.get(&date.to_string()).unwrap_or(&empty))).collect();
    let (before, recent) = all.split_at(DAYS - RECENT_DAYS);
    let together = |days: &[(Date, &Tally)]| {
        let mut scores = BTreeMap::new();
        for (score, count) in days.iter().flat_map(|(_, tally)| &tally.scores) {
            *scores.entry(*score).or_insert(0) += count;
        }
        scores
    };
    let index = stability_index(&together(before), &together(recent));
    (all.into_iter().map(|(date, tally)| day(date, tally)).collect(), index)
}

#[expect(clippy::cast_precision_loss, reason = "a day has fewer than 2^53 decisions")]
fn day(date: Date, tally: &Tally) -> Day {
    let decided = tally.approved + tally.reviewed + tally.declined;
    let approved_share = (decided > 0).then(|| tally.approved as f64 / decided as f64);
    Day { date, decided, approved_share, median_score: median(&tally.scores) }
}

/// The lower median of scores.
fn median(scores: &BTreeMap<i32, u64>) -> Option<i32> {
    let total: u64 = scores.values().sum();
    let mut below = 0;
    for (score, count) in scores {
        below += count;
        if below * 2 >= total {
            return Some(*score);
        }
    }
    None
}

/// The population stability index over the tenths of `before`; `None` when there are too few scores.
fn stability_index(before: &BTreeMap<i32, u64>, now: &BTreeMap<i32, u64>) -> Option<f64> {
    let (total_before, total_now) = (before.values().sum::<u64>(), now.values().sum::<u64>());
    if total_before.min(total_now) < FEWEST_TO_COMPARE {
        return None;
    }
    let mut edges = Vec::new();
    let mut below = 0;
    for (score, count) in before {
        below += count;
        if edges.len() < 9 && below * 10 >= (edges.len() as u64 + 1) * total_before {
            edges.push(*score);
        }
    }
    let binned = |scores: &BTreeMap<i32, u64>| {
        let mut bins = vec![0; edges.len() + 1];
        for (score, count) in scores {
            bins[edges.partition_point(|edge| edge < score)] += usize::try_from(*count).unwrap_or(usize::MAX);
        }
        bins
    };
    Some(Shift::between(&binned(before), &binned(now)).psi)
}

/// What is read of a decision.
#[derive(Deserialize)]
struct Figures {
    score: i32,
    grade: String,
    probability_of_default: f64,
}

pub(super) fn line(summary: Summary) -> Result<Line, storage::Error> {
    let corrupt = |_| storage::Error::Corrupt { table: "decisions", column: "decision", id: summary.id.to_string() };
    let figures: Figures = serde_json::from_str(&summary.decision).map_err(corrupt)?;
    Ok(Line {
        id: summary.id,
        external_reference: summary.external_reference,
        received_at: summary.received_at,
        outcome: summary.outcome,
        amount_minor: summary.amount_minor,
        currency: summary.currency,
        score: figures.score,
        grade: figures.grade,
        probability_of_default: figures.probability_of_default,
    })
}

fn lines(summaries: Vec<Summary>) -> Result<Vec<Line>, storage::Error> {
    summaries.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::drift::ACT;

    fn scores(pairs: &[(i32, u64)]) -> BTreeMap<i32, u64> {
        pairs.iter().copied().collect()
    }

    #[test]
    fn the_median_is_the_score_that_half_do_not_exceed() {
        assert_eq!(median(&scores(&[])), None);
        assert_eq!(median(&scores(&[(500, 1), (600, 1)])), Some(500));
        assert_eq!(median(&scores(&[(500, 1), (600, 3), (700, 1)])), Some(600));
    }

    #[test]
    fn the_stability_index_is_none_for_few_small_for_the_same_and_large_for_others() {
        let before: BTreeMap<i32, u64> = (500..700).map(|score| (score, 10)).collect();
        assert_eq!(stability_index(&before, &scores(&[(600, 199)])), None);
        assert!(stability_index(&before, &before).expect("enough") < 1e-12);
        let shifted: BTreeMap<i32, u64> = (540..740).map(|score| (score, 10)).collect();
        assert!(stability_index(&before, &shifted).expect("enough") > ACT);
        // By hand: two bins would be (0.5, 0.5) and (0.6, 0.4); 0.1 · ln 1.2 + (-0.1) · ln 0.8.
        let halves = scores(&[(500, 500), (600, 500)]);
        let tilted = scores(&[(500, 600), (600, 400)]);
        let expected = 0.1 * libm::log(1.2) - 0.1 * libm::log(0.8);
        let index = stability_index(&halves, &tilted).expect("enough");
        assert!((index - expected).abs() < 0.02, "{index} {expected}");
    }
}
