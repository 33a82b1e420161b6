//! What was answered under an `Idempotency-Key`.

use std::sync::LazyLock;

use super::{
    Error, Tx,
    db::on_backend,
    rows::{ManyRows, insert_rows},
};
use crate::domain::{id::ApplicationId, timestamp::Timestamp};

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
    /// Of the method, the path and the body.
    pub request_sha256: [u8; 32],
    pub status: u16,
    pub application_id: ApplicationId,
    pub version: u32,
    pub response: Vec<u8>,
}

/// An answer to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    pub id: KeyId,
    pub answer: StoredAnswer,
    pub created_at: Timestamp,
}

static INSERT: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::new(
        "INSERT INTO idempotency_keys (caller, route, key, request_sha256, status, application_id, version, response, \
         created_at) VALUES",
        9,
        "",
    )
});

static FIND: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::new(
        "SELECT caller, route, key, request_sha256, status, application_id, version, response FROM idempotency_keys \
         WHERE (caller, route, key) IN (VALUES",
        3,
        ")",
    )
});

/// Removes the oldest of the keys that were made before a time, up to a number of them.
const SWEEP: &str = "DELETE FROM idempotency_keys WHERE (caller, route, key) IN \
                     (SELECT caller, route, key FROM idempotency_keys WHERE created_at < $1 ORDER BY created_at LIMIT $2)";

pub(super) fn queries() -> impl Iterator<Item = &'static str> {
    [SWEEP].into_iter().chain(INSERT.texts()).chain(FIND.texts())
}

/// Keeps answers. None of their keys may be there.
pub async fn insert(tx: &mut Tx, keys: Vec<NewKey>) -> Result<(), Error> {
    insert_rows!(tx, INSERT, keys, |new| [
        new.id.caller,
        new.id.route,
        new.id.key,
        new.answer.request_sha256.to_vec(),
        i64::from(new.answer.status),
        new.answer.application_id.to_string(),
        i64::from(new.answer.version),
        new.answer.response,
        new.created_at.to_string(),
    ])
}

/// The answers that are kept under some of these keys.
pub async fn find(tx: &mut Tx, keys: &[KeyId]) -> Result<Vec<(KeyId, StoredAnswer)>, Error> {
    let mut found = Vec::new();
    let mut rest = keys;
    while !rest.is_empty() {
        let (count, text) = FIND.form_for(rest.len());
        let (now, later) = rest.split_at(count);
        let rows: Vec<Columns> = on_backend!(tx, |connection| {
            let mut query = sqlx::query_as(text);
            for id in now {
                query = query.bind(&id.caller).bind(id.route).bind(&id.key);
            }
            query.fetch_all(connection).await?
        });
        for row in rows {
            let Some(id) = now.iter().find(|id| row.is_of(id)) else { continue };
            found.push((id.clone(), row.try_into()?));
        }
        rest = later;
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
    request_sha256: Vec<u8>,
    status: i64,
    application_id: String,
    version: i64,
    response: Vec<u8>,
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
            request_sha256: row.request_sha256.as_slice().try_into().map_err(|_| corrupt("request_sha256"))?,
            status: u16::try_from(row.status).map_err(|_| corrupt("status"))?,
            application_id: row.application_id.parse().map_err(|_| corrupt("application_id"))?,
            version: u32::try_from(row.version).map_err(|_| corrupt("version"))?,
            response: row.response,
        })
    }
}
