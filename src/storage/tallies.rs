//! What was decided on each day, counted beside the recorder and never in its transaction.

use std::collections::BTreeMap;

use super::{Error, Tx, db::on_backend};

const TABLE: &str = "daily_tallies";

/// A day of decisions by model and policy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    pub approved: u64,
    pub reviewed: u64,
    pub declined: u64,
    /// How often each score was given.
    pub scores: BTreeMap<i32, u64>,
}

/// Decisions by model and policy that are the same to a tally.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Counted {
    /// How many they are: above zero.
    pub count: i64,
    /// The last of their entries.
    pub last_sequence: i64,
    /// Of UTC, `2026-11-22T13:05`.
    pub minute: String,
    pub outcome: String,
    pub score: i64,
}

const THROUGH: &str = "SELECT through_sequence FROM tallied WHERE id = 1";
const MOVE: &str = "UPDATE tallied SET through_sequence = $1 WHERE id = 1 AND through_sequence = $2";
/// The database counts those of the same minute, which is of one day wherever it is counted: few rows are handed over.
const NEXT: &str = "SELECT COUNT(*) AS count, MAX(n.audit_sequence) AS last_sequence, n.minute, n.outcome, n.score FROM \
                    (SELECT audit_sequence, SUBSTR(decided_at, 1, 16) AS minute, outcome, score FROM decisions \
                    WHERE audit_sequence > $1 AND number = 1 ORDER BY audit_sequence LIMIT $2) n \
                    GROUP BY n.minute, n.outcome, n.score";
const SINCE: &str = "SELECT day, approved, reviewed, declined, scores FROM daily_tallies WHERE day >= $1 ORDER BY day";
const SET: &str = "INSERT INTO daily_tallies (day, approved, reviewed, declined, scores) VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT (day) DO UPDATE SET approved = excluded.approved, reviewed = excluded.reviewed, \
                   declined = excluded.declined, scores = excluded.scores";

pub(super) const QUERIES: [&str; 5] = [THROUGH, MOVE, NEXT, SINCE, SET];

/// The last entry whose decision is counted; -1 before the first.
pub async fn through(tx: &mut Tx) -> Result<i64, Error> {
    Ok(on_backend!(tx, |connection| sqlx::query_scalar(THROUGH).fetch_one(connection).await?))
}

/// Notes that everything up to an entry is counted. False when another process has counted meanwhile.
pub async fn move_through(tx: &mut Tx, from: i64, to: i64) -> Result<bool, Error> {
    let moved = on_backend!(tx, |connection| {
        sqlx::query(MOVE).bind(to).bind(from).execute(connection).await?.rows_affected()
    });
    Ok(moved == 1)
}

/// The first decisions by model and policy behind an entry, counted.
pub async fn next(tx: &mut Tx, through: i64, most: u32) -> Result<Vec<Counted>, Error> {
    Ok(on_backend!(tx, |connection| {
        sqlx::query_as(NEXT).bind(through).bind(i64::from(most)).fetch_all(connection).await?
    }))
}

/// The days from one on, `2026-11-22`.
pub async fn since(tx: &mut Tx, day: &str) -> Result<BTreeMap<String, Tally>, Error> {
    let rows: Vec<(String, i64, i64, i64, String)> =
        on_backend!(tx, |connection| sqlx::query_as(SINCE).bind(day).fetch_all(connection).await?);
    let tally = |(day, approved, reviewed, declined, scores): (String, i64, i64, i64, String)| {
        let corrupt = |column| Error::corrupt(TABLE, column, &day);
        let count = |number: i64, column| u64::try_from(number).map_err(|_| corrupt(column));
        let tally = Tally {
            approved: count(approved, "approved")?,
            reviewed: count(reviewed, "reviewed")?,
            declined: count(declined, "declined")?,
            scores: serde_json::from_str(&scores).map_err(|_| corrupt("scores"))?,
        };
        Ok((day, tally))
    };
    rows.into_iter().map(tally).collect()
}

/// Sets a day.
pub async fn set(tx: &mut Tx, day: &str, tally: &Tally) -> Result<(), Error> {
    let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    // Numbers under numbers always serialise.
    let scores = serde_json::to_string(&tally.scores).unwrap_or_default();
    on_backend!(tx, |connection| {
        let set = sqlx::query(SET).bind(day).bind(signed(tally.approved)).bind(signed(tally.reviewed));
        set.bind(signed(tally.declined)).bind(scores).execute(connection).await?;
    });
    Ok(())
}
