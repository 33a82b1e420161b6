//! What was answered under an `Idempotency-Key`.

use std::{mem::take, sync::LazyLock};

use sqlx::AssertSqlSafe;

use super::{
    Error, Tx,
    db::on_backend,
    rows::{Column, Insertion, MOST_ROWS, Writing, insert_rows},
};
use crate::{
    audit::tree::Hash,
    crypto::WrappedKey,
    domain::{id::ApplicationId, timestamp::Timestamp},
};

const TABLE: &str = "idempotency_keys";

/// Names a request that may be asked for again: keys of two callers, or for two routes, never meet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeyId {
    pub caller: String,
    pub route: &'static str,
    pub key: String,
}

/// What was answered to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// A keyed hash of the method, the path and the body.
    pub request_mac: [u8; 32],
    pub status: u16,
    pub application_id: ApplicationId,
    pub version: u32,
    /// Sealed under the application's data key; the decision's place in the log stands beside it.
    pub response: Vec<u8>,
    pub audit_sequence: u64,
    pub leaf_hash: Hash,
    /// `None` once it is destroyed.
    pub data_key: Option<WrappedKey>,
}

/// An answer to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    pub id: KeyId,
    pub request_mac: [u8; 32],
    pub status: u16,
    pub application_id: ApplicationId,
    pub version: u32,
    /// Sealed under the application's data key.
    pub response: Vec<u8>,
    pub created_at: Timestamp,
}

pub(super) static INSERT: LazyLock<Insertion> = LazyLock::new(|| {
    Insertion::new(
        "INSERT INTO idempotency_keys (caller, route, key, request_mac, status, application_id, version, response, \
         created_at)",
        &[
            Column::Text,
            Column::Text,
            Column::Text,
            Column::Bytes,
            Column::Integer,
            Column::Text,
            Column::Integer,
            Column::Bytes,
            Column::Text,
        ],
    )
});

/// What is found of keys that stand in a table `w`.
macro_rules! find {
    ($wanted:literal) => {
        concat!(
            $wanted,
            " SELECT i.caller, i.route, i.key, i.request_mac, i.status, i.application_id, i.version, i.response, \
             d.audit_sequence, d.leaf_hash, k.kek, k.wrapped FROM w CROSS JOIN idempotency_keys i \
             JOIN decisions d ON d.application_id = i.application_id AND d.number = i.version \
             LEFT JOIN data_keys k ON k.application_id = i.application_id \
             WHERE i.caller = w.caller AND i.route = w.route AND i.key = w.key"
        )
    };
}

/// With the wanted keys as rows in the place of `{rows}`.
const FIND_SQLITE: &str = find!("WITH w (caller, route, key) AS (VALUES {rows})");
const FIND_POSTGRES: &str =
    find!("WITH w (caller, route, key) AS (SELECT * FROM UNNEST($1::TEXT[], $2::TEXT[], $3::TEXT[]))");

/// Removes the oldest of the keys that were made before a time, up to a number of them.
const SWEEP: &str = "DELETE FROM idempotency_keys WHERE (caller, route, key) IN \
                     (SELECT caller, route, key FROM idempotency_keys WHERE created_at < $1 ORDER BY created_at LIMIT $2)";

pub(super) fn queries() -> impl Iterator<Item = &'static str> {
    [SWEEP].into_iter()
}

/// The queries that PostgreSQL alone is asked.
pub(super) const QUERIES_OF_POSTGRES: [&str; 1] = [FIND_POSTGRES];

/// The query that SQLite alone is asked about so many keys.
pub(super) fn find_in_sqlite(keys: usize) -> String {
    FIND_SQLITE.replace("{rows}", &vec!["(?, ?, ?)"; keys].join(", "))
}

/// Keeps answers, and takes them. None of their keys may be there.
pub async fn insert(writing: &mut Writing<'_>, keys: &mut [NewKey]) -> Result<(), Error> {
    insert_rows!(writing, INSERT, keys, |new| [
        take(&mut new.id.caller),
        new.id.route,
        take(&mut new.id.key),
        new.request_mac.to_vec(),
        i64::from(new.status),
        new.application_id.to_string(),
        i64::from(new.version),
        take(&mut new.response),
        new.created_at.to_string(),
    ])
}

/// The answers that are kept under some of these keys.
pub async fn find(tx: &mut Tx, keys: &[KeyId]) -> Result<Vec<(KeyId, StoredAnswer)>, Error> {
    let mut found = Vec::new();
    for keys in keys.chunks(MOST_ROWS) {
        let rows: Vec<Columns> = match tx {
            Tx::Sqlite(tx) => {
                // Its text is one of this crate, and holds no value.
                let mut query = sqlx::query_as(AssertSqlSafe(find_in_sqlite(keys.len())));
                for id in keys {
                    query = query.bind(&id.caller).bind(id.route).bind(&id.key);
                }
                query.fetch_all(&mut **tx).await?
            }
            Tx::Postgres(tx) => {
                let callers: Vec<&str> = keys.iter().map(|id| id.caller.as_str()).collect();
                let routes: Vec<&str> = keys.iter().map(|id| id.route).collect();
                let names: Vec<&str> = keys.iter().map(|id| id.key.as_str()).collect();
                sqlx::query_as(FIND_POSTGRES).bind(callers).bind(routes).bind(names).fetch_all(&mut **tx).await?
            }
        };
        for row in rows {
            let Some(id) = keys.iter().find(|id| row.is_of(id)) else { continue };
            found.push((id.clone(), row.try_into()?));
        }
    }
    Ok(found)
}

/// Removes keys that were made before `limit_time`, at most `most` of them.
pub async fn sweep(tx: &mut Tx, limit_time: Timestamp, most: usize) -> Result<(), Error> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    on_backend!(tx, |connection| {
        sqlx::query(SWEEP).bind(limit_time.to_string()).bind(most).execute(connection).await?;
    });
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Columns {
    caller: String,
    route: String,
    key: String,
    request_mac: Vec<u8>,
    status: i64,
    application_id: String,
    version: i64,
    response: Vec<u8>,
    audit_sequence: i64,
    leaf_hash: Vec<u8>,
    kek: Option<String>,
    wrapped: Option<Vec<u8>>,
}

impl Columns {
    fn is_of(&self, id: &KeyId) -> bool {
        self.caller == id.caller && self.route == id.route && self.key == id.key
    }
}

impl TryFrom<Columns> for StoredAnswer {
    type Error = Error;

    fn try_from(row: Columns) -> Result<Self, Error> {
        let corrupt = |column| Error::corrupt(TABLE, column, &row.application_id);
        Ok(Self {
            request_mac: row.request_mac.as_slice().try_into().map_err(|_| corrupt("request_mac"))?,
            status: u16::try_from(row.status).map_err(|_| corrupt("status"))?,
            application_id: row.application_id.parse().map_err(|_| corrupt("application_id"))?,
            version: u32::try_from(row.version).map_err(|_| corrupt("version"))?,
            audit_sequence: u64::try_from(row.audit_sequence).map_err(|_| corrupt("version"))?,
            leaf_hash: Hash::from_slice(&row.leaf_hash).ok_or_else(|| corrupt("version"))?,
            response: row.response,
            data_key: row.kek.zip(row.wrapped).map(|(kek, bytes)| WrappedKey { kek, bytes }),
        })
    }
}
