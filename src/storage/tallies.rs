//! What was decided on each day, counted beside the recorder and never in its transaction.

use std::collections::BTreeMap;

use super::{Error, Tx, applications::parts, db::on_backend};

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

/// A decision by model and policy, to be counted.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Counted {
    pub audit_sequence: i64,
    pub decided_at: String,
    pub outcome: String,
    /// JSON.
    pub decision: String,
}

const THROUGH: &str = "SELECT through_sequence FROM tallied WHERE id = 1";
const MOVE: &str = "UPDATE tallied SET through_sequence = $1 WHERE id = 1 AND through_sequence = $2";
const NEXT: &str = "SELECT d.audit_sequence, d.decided_at, d.outcome, e.entry AS decision FROM decisions d \
                    JOIN audit_entries e ON e.sequence = d.audit_sequence \
                    WHERE d.audit_sequence > $1 AND d.number = 1 ORDER BY d.audit_sequence LIMIT $2";
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

/// The decisions by model and policy behind an entry, in their order.
pub async fn next(tx: &mut Tx, through: i64, most: u32) -> Result<Vec<Counted>, Error> {
    let rows: Vec<Counted> = on_backend!(tx, |connection| {
        sqlx::query_as(NEXT).bind(through).bind(i64::from(most)).fetch_all(connection).await?
    });
    let of_entry = |row: Counted| {
        let decision = parts(&row.decision).map(|payload| payload.decision.get().to_owned());
        let id = row.audit_sequence.to_string();
        Ok(Counted { decision: decision.ok_or_else(|| Error::corrupt("audit_entries", "entry", id))?, ..row })
    };
    rows.into_iter().map(of_entry).collect()
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
