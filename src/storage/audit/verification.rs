//! Reading the whole log, believing nothing: what cannot be read is handed on as what it is, to be found.

use std::ops::Range;

use sqlx::{Row as _, postgres::PgRow, sqlite::SqliteRow};

use super::super::{Error, Tx, db::on_backend};
use super::fetched::{Fetched, Rows};
use crate::audit::{
    entry::Action,
    tree::Hash,
    verify::{ApplicationCopy, CheckpointRow, Counts, DecisionCopy, Keys, Row},
};

const ROWS: &str = "SELECT e.sequence, e.leaf_hash, e.recorded_at, e.action, e.actor, e.request_id, e.subject, \
     e.entry, \
     d.leaf_hash AS d_leaf_hash, d.application_id AS d_application_id, d.number AS d_number, d.id AS d_id, \
     d.decided_at AS d_decided_at, d.outcome AS d_outcome, d.automatic AS d_automatic, d.score AS d_score, \
     a.id AS a_id, a.external_reference AS a_external_reference, a.submitted_by AS a_submitted_by, \
     a.received_at AS a_received_at, a.status AS a_status, a.outcome AS a_outcome, a.version AS a_version, \
     a.amount_minor AS a_amount_minor, a.currency AS a_currency, a.segment AS a_segment, \
     (SELECT MAX(o.number) FROM decisions o WHERE o.application_id = d.application_id) AS a_greatest_number, \
     (SELECT COUNT(o.sequence) FROM audit_entries o WHERE o.subject = d.application_id) AS a_entry_count \
     FROM audit_entries e LEFT JOIN decisions d ON d.audit_sequence = e.sequence \
     LEFT JOIN applications a ON a.id = d.application_id \
     WHERE e.sequence > $1 ORDER BY e.sequence LIMIT $2";

const ENTRY_AT: &str = "SELECT entry FROM audit_entries WHERE sequence = $1";

const NODES: &str =
    "SELECT position, hash FROM audit_nodes WHERE level = $1 AND position >= $2 AND position < $3 ORDER BY position";

const COUNTS: &str = "SELECT (SELECT COUNT(*) FROM decisions), (SELECT COUNT(*) FROM applications), \
                      (SELECT COUNT(*) FROM audit_nodes), (SELECT COUNT(*) FROM audit_head)";

/// The applications behind an id whose applicant is erased, and since when.
const ERASED: &str =
    "SELECT id, erased_at FROM applications WHERE erased_at IS NOT NULL AND id > $1 ORDER BY id LIMIT $2";

/// The data keys, the applications that must have one, and those of them that have none.
const KEYS: &str = "SELECT (SELECT COUNT(*) FROM data_keys), COUNT(*), \
                    COUNT(CASE WHEN k.application_id IS NULL THEN 1 END), \
                    MIN(CASE WHEN k.application_id IS NULL THEN a.id END) \
                    FROM applications a LEFT JOIN data_keys k ON k.application_id = a.id WHERE a.erased_at IS NULL";

const KEYS_LEFT: &str = "SELECT COUNT(*), MIN(k.application_id) FROM data_keys k \
                         LEFT JOIN applications a ON a.id = k.application_id WHERE a.id IS NULL OR a.erased_at IS NOT NULL";

const CUT_OFF_AT: &str =
    "SELECT audit_sequence FROM decisions WHERE audit_sequence >= $1 ORDER BY audit_sequence LIMIT 1";

const ENTRIES_OF: &str = "SELECT entry FROM audit_entries \
     WHERE action <> 'application.decided' AND action = $1 ORDER BY sequence";

const CHECKPOINTS: &str = "SELECT number, size, note FROM audit_checkpoints WHERE number >= $1 ORDER BY number";

pub(super) const QUERIES: [&str; 10] =
    [ROWS, ENTRY_AT, NODES, COUNTS, ERASED, KEYS, KEYS_LEFT, CUT_OFF_AT, ENTRIES_OF, CHECKPOINTS];

/// A text that no entry and no column holds: stands for one that is not text at all.
pub(super) const UNREADABLE: &str = "\u{fffd}";

/// Reads one column, or what stands for its being unreadable.
macro_rules! text {
    ($row:expr, $column:literal) => {
        $row.try_get::<String, _>($column).unwrap_or_else(|_| UNREADABLE.to_owned())
    };
}
pub(super) use text;

impl Fetched<Row> {
    /// The sequence of the last row; `None` when there are no rows.
    #[must_use]
    pub fn last_sequence(&self) -> Option<i64> {
        match &self.rows {
            Rows::Sqlite(rows) => rows.last().map(sequence_of_sqlite),
            Rows::Postgres(rows) => rows.last().map(sequence_of_postgres),
        }
    }
}

/// Fetches the rows behind the sequence `after`, with their copies, in order.
pub async fn rows_to_verify(tx: &mut Tx, after: i64, limit: u32) -> Result<Fetched<Row>, Error> {
    let rows = on_backend!(tx, |connection| {
        sqlx::query(ROWS).bind(after).bind(i64::from(limit)).fetch_all(connection).await?.into()
    });
    Ok(Fetched::new(rows, read_sqlite, read_postgres))
}

/// Reads a row of one backend: what cannot be read is handed on as what it is.
macro_rules! row_reader {
    ($read:ident, $sequence:ident, $row:ty) => {
        fn $sequence(row: &$row) -> i64 {
            row.try_get("sequence").unwrap_or(i64::MIN)
        }

        fn $read(row: &$row) -> Row {
            let has_decision = row.try_get::<Option<String>, _>("d_id").map_or(true, |id| id.is_some());
            let has_application = row.try_get::<Option<String>, _>("a_id").map_or(true, |id| id.is_some());
            Row {
                sequence: $sequence(row),
                leaf_hash: row.try_get("leaf_hash").unwrap_or_default(),
                recorded_at: text!(row, "recorded_at"),
                action: text!(row, "action"),
                actor: text!(row, "actor"),
                request_id: text!(row, "request_id"),
                subject: text!(row, "subject"),
                entry: text!(row, "entry"),
                decision: has_decision.then(|| DecisionCopy {
                    leaf_hash: row.try_get("d_leaf_hash").unwrap_or_default(),
                    application_id: text!(row, "d_application_id"),
                    number: row.try_get("d_number").unwrap_or_default(),
                    id: text!(row, "d_id"),
                    decided_at: text!(row, "d_decided_at"),
                    outcome: text!(row, "d_outcome"),
                    automatic: row.try_get::<i64, _>("d_automatic").unwrap_or_default() == 1,
                    // A score that cannot be read is no entry's.
                    score: row.try_get("d_score").unwrap_or(i64::MIN),
                }),
                application: has_application.then(|| ApplicationCopy {
                    external_reference: row
                        .try_get("a_external_reference")
                        .unwrap_or_else(|_| Some(UNREADABLE.to_owned())),
                    submitted_by: text!(row, "a_submitted_by"),
                    received_at: text!(row, "a_received_at"),
                    status: text!(row, "a_status"),
                    outcome: text!(row, "a_outcome"),
                    version: row.try_get("a_version").unwrap_or_default(),
                    latest: row
                        .try_get::<i64, _>("a_greatest_number")
                        .unwrap_or_default()
                        .max(row.try_get("a_entry_count").unwrap_or_default()),
                    amount_minor: row.try_get("a_amount_minor").unwrap_or_default(),
                    currency: text!(row, "a_currency"),
                    segment: row.try_get("a_segment").unwrap_or(i64::MIN),
                }),
            }
        }
    };
}

row_reader!(read_sqlite, sequence_of_sqlite, SqliteRow);
row_reader!(read_postgres, sequence_of_postgres, PgRow);

/// Every stored checkpoint, in the order of their numbers.
pub async fn checkpoints_to_verify(tx: &mut Tx) -> Result<Vec<CheckpointRow>, Error> {
    Ok(on_backend!(tx, |connection| {
        let rows = sqlx::query(CHECKPOINTS).bind(i64::MIN).fetch_all(connection).await?;
        let read = rows.iter().map(|row| CheckpointRow {
            number: row.try_get("number").unwrap_or_default(),
            size: row.try_get("size").unwrap_or_default(),
            note: text!(row, "note"),
        });
        read.collect()
    }))
}

/// The entries of an action that is no decision by model and policy, as they stand, in order.
pub async fn entries_of(tx: &mut Tx, action: Action) -> Result<Vec<String>, Error> {
    Ok(on_backend!(tx, |connection| {
        let rows = sqlx::query(ENTRIES_OF).bind(action.as_str()).fetch_all(connection).await?;
        rows.iter().map(|row| text!(row, "entry")).collect()
    }))
}

/// The applications behind an id whose applicant is erased, and since when, in the order of their ids.
pub async fn erased(tx: &mut Tx, after: &str, limit: u32) -> Result<Vec<(String, String)>, Error> {
    Ok(on_backend!(tx, |connection| {
        let rows = sqlx::query(ERASED).bind(after).bind(i64::from(limit)).fetch_all(connection).await?;
        rows.iter().map(|row| (text!(row, "id"), text!(row, "erased_at"))).collect()
    }))
}

/// The bytes of one entry, when they are there and text.
pub async fn entry_at(tx: &mut Tx, sequence: u64) -> Result<Option<String>, Error> {
    let Ok(sequence) = i64::try_from(sequence) else { return Ok(None) };
    Ok(on_backend!(tx, |connection| {
        let row = sqlx::query(ENTRY_AT).bind(sequence).fetch_optional(connection).await?;
        row.and_then(|row| row.try_get(0).ok())
    }))
}

/// The stored nodes of a level at these positions, in order: those that are there, and hashes.
pub async fn nodes(tx: &mut Tx, level: u32, positions: Range<u64>) -> Result<Vec<(u64, Hash)>, Error> {
    let (first, end) = (super::signed(positions.start)?, super::signed(positions.end)?);
    let stored: Vec<(i64, Vec<u8>)> = on_backend!(tx, |connection| {
        sqlx::query_as(NODES).bind(i64::from(level)).bind(first).bind(end).fetch_all(connection).await?
    });
    let read = |(position, hash): (i64, Vec<u8>)| Some((u64::try_from(position).ok()?, Hash::from_slice(&hash)?));
    Ok(stored.into_iter().filter_map(read).collect())
}

/// How many rows the tables beside the entries have. What is erased, and which answers are kept, is not asked here.
pub async fn counts(tx: &mut Tx) -> Result<Counts, Error> {
    let (decisions, applications, nodes, heads): (i64, i64, i64, i64) =
        on_backend!(tx, |connection| sqlx::query_as(COUNTS).fetch_one(connection).await?);
    Ok(Counts {
        decisions: count(decisions),
        applications: count(applications),
        nodes: count(nodes),
        heads: count(heads),
        ..Counts::default()
    })
}

fn count(n: i64) -> u64 {
    u64::try_from(n).unwrap_or_default()
}

/// The data keys that are not where they should be.
pub async fn misplaced_keys(tx: &mut Tx) -> Result<Keys, Error> {
    let (keys, living, missing, first): (i64, i64, i64, Option<String>) =
        on_backend!(tx, |connection| sqlx::query_as(KEYS).fetch_one(connection).await?);
    let missing_keys = first.map(|first| (count(missing), first));
    if keys.saturating_add(missing) == living {
        return Ok(Keys { missing: missing_keys, left: None });
    }
    let (left, first): (i64, Option<String>) =
        on_backend!(tx, |connection| sqlx::query_as(KEYS_LEFT).fetch_one(connection).await?);
    Ok(Keys { missing: missing_keys, left: first.map(|first| (count(left), first)) })
}

/// The least sequence from `size` on that a decision names.
pub async fn cut_off_at(tx: &mut Tx, size: u64) -> Result<Option<u64>, Error> {
    let size = super::signed(size)?;
    let sequence: Option<i64> =
        on_backend!(tx, |connection| sqlx::query_scalar(CUT_OFF_AT).bind(size).fetch_optional(connection).await?);
    Ok(sequence.and_then(|sequence| u64::try_from(sequence).ok()))
}
