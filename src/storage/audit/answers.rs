//! Reading the answers that are kept under an `Idempotency-Key`, believing nothing of them.

use sqlx::{Row as _, postgres::PgRow, sqlite::SqliteRow};

use super::super::{Error, Tx, db::on_backend};
use super::{
    fetched::Fetched,
    verification::{UNREADABLE, text},
};
use crate::audit::verify::AnswerRow;

/// The rows behind a key of the table, each with the entry of its decision.
const ANSWERS: &str = "SELECT i.caller, i.route, i.key, i.request_mac, i.status, i.application_id, i.version, i.response, \
     i.created_at, e.sequence, e.entry FROM idempotency_keys i \
     LEFT JOIN decisions d ON d.application_id = i.application_id AND d.number = i.version \
     LEFT JOIN audit_entries e ON e.sequence = d.audit_sequence \
     WHERE (i.caller, i.route, i.key) > ($1, $2, $3) ORDER BY i.caller, i.route, i.key LIMIT $4";

/// The first entry from a sequence on that names an answer of which there is none.
const MISSING: &str = "SELECT e.sequence FROM audit_entries e JOIN decisions d ON d.audit_sequence = e.sequence \
     LEFT JOIN idempotency_keys i ON i.application_id = d.application_id AND i.version = d.number \
     WHERE e.sequence >= $1 AND i.key IS NULL AND e.entry LIKE $2 ORDER BY e.sequence LIMIT 1";

pub(super) const QUERIES: [&str; 2] = [ANSWERS, MISSING];

/// What an entry that names an answer has in it.
const NAMES_AN_ANSWER: &str = "%,\"response_sha256\":\"%";

/// Reads a row of one backend: what cannot be read is handed on as what no entry names.
macro_rules! answer_reader {
    ($read:ident, $row:ty) => {
        fn $read(row: &$row) -> AnswerRow {
            let sequence: Option<i64> = row.try_get("sequence").unwrap_or_default();
            AnswerRow {
                caller: text!(row, "caller"),
                route: text!(row, "route"),
                key: text!(row, "key"),
                request_mac: row.try_get("request_mac").unwrap_or_default(),
                status: row.try_get("status").unwrap_or_default(),
                application_id: text!(row, "application_id"),
                version: row.try_get("version").unwrap_or_default(),
                response: row.try_get("response").unwrap_or_default(),
                created_at: text!(row, "created_at"),
                entry: sequence.map(|sequence| (sequence, text!(row, "entry"))),
            }
        }
    };
}

answer_reader!(read_sqlite, SqliteRow);
answer_reader!(read_postgres, PgRow);

/// Fetches the answers behind this one, or the first ones, in the order of their callers, routes and keys.
pub async fn answers_to_verify(
    tx: &mut Tx,
    after: Option<&AnswerRow>,
    limit: u32,
) -> Result<Fetched<AnswerRow>, Error> {
    let [caller, route, key] = after.map_or([""; 3], |row| [row.caller.as_str(), &row.route, &row.key]);
    let rows = on_backend!(tx, |connection| {
        let query = sqlx::query(ANSWERS).bind(caller).bind(route).bind(key).bind(i64::from(limit));
        query.fetch_all(connection).await?.into()
    });
    Ok(Fetched::new(rows, read_sqlite, read_postgres))
}

/// The first entry from the sequence `first` on that names an answer of which there is none.
pub async fn missing_answer(tx: &mut Tx, first: u64) -> Result<Option<i64>, Error> {
    let first = super::signed(first)?;
    Ok(on_backend!(tx, |connection| {
        sqlx::query_scalar(MISSING).bind(first).bind(NAMES_AN_ANSWER).fetch_optional(connection).await?
    }))
}
