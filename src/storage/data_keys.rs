//! The data keys of applications, wrapped, and the tags that their applicants are found by.

use std::sync::LazyLock;

use super::{
    Error, Tx,
    db::on_backend,
    rows::{ManyRows, insert_rows},
};
use crate::{
    crypto::{IndexTag, WrappedKey},
    domain::id::ApplicationId,
};

const TABLE: &str = "data_keys";

/// The data key of a new application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDataKey {
    pub application_id: ApplicationId,
    pub applicant_index: IndexTag,
    pub national_id_index: Option<IndexTag>,
    pub wrapped: WrappedKey,
}

static INSERT: LazyLock<ManyRows> = LazyLock::new(|| {
    ManyRows::new(
        "INSERT INTO data_keys (application_id, applicant_index, national_id_index, kek, wrapped) VALUES",
        5,
        "",
    )
});

const FIND: &str = "SELECT kek, wrapped FROM data_keys WHERE application_id = $1";

/// A key of the whole service; of two processes that make it together, the first one's stays.
const KEEP_SERVICE_KEY: &str =
    "INSERT INTO wrapped_keys (name, kek, wrapped) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING";
const SERVICE_KEY: &str = "SELECT kek, wrapped FROM wrapped_keys WHERE name = $1";

pub(super) fn queries() -> impl Iterator<Item = &'static str> {
    [FIND, KEEP_SERVICE_KEY, SERVICE_KEY].into_iter().chain(INSERT.texts())
}

/// Adds the keys of new applications, which must be there.
pub async fn insert(tx: &mut Tx, keys: Vec<NewDataKey>) -> Result<(), Error> {
    insert_rows!(tx, INSERT, keys, |new| [
        new.application_id.to_string(),
        new.applicant_index.as_bytes().to_vec(),
        new.national_id_index.map(|tag| tag.as_bytes().to_vec()),
        new.wrapped.kek,
        new.wrapped.bytes,
    ])
}

/// The data key of an application; `None` once it is destroyed.
pub async fn find(tx: &mut Tx, application: ApplicationId) -> Result<Option<WrappedKey>, Error> {
    let row: Option<(String, Vec<u8>)> = on_backend!(tx, |connection| {
        sqlx::query_as(FIND).bind(application.to_string()).fetch_optional(connection).await?
    });
    Ok(row.map(|(kek, bytes)| WrappedKey { kek, bytes }))
}

/// Keeps a key of the whole service, unless one of its name is there.
pub async fn keep_service_key(tx: &mut Tx, name: &str, key: &WrappedKey) -> Result<(), Error> {
    on_backend!(tx, |connection| {
        sqlx::query(KEEP_SERVICE_KEY).bind(name).bind(&key.kek).bind(&key.bytes).execute(connection).await?;
    });
    Ok(())
}

/// A key of the whole service.
pub async fn service_key(tx: &mut Tx, name: &str) -> Result<Option<WrappedKey>, Error> {
    let row: Option<(String, Vec<u8>)> =
        on_backend!(tx, |connection| sqlx::query_as(SERVICE_KEY).bind(name).fetch_optional(connection).await?);
    Ok(row.map(|(kek, bytes)| WrappedKey { kek, bytes }))
}

/// What cannot be unwrapped or opened: a key that is missing here, or stored bytes that were changed.
#[must_use]
pub fn unreadable(error: crate::crypto::Error, table: &'static str, column: &'static str, id: &str) -> Error {
    match error {
        crate::crypto::Error::NoSuchKey(kek) => Error::KeyNotAtHand { kek },
        crate::crypto::Error::NotAuthentic => Error::corrupt(table, column, id),
        crate::crypto::Error::NoRandomness(cause) => Error::Unavailable(cause.to_string()),
    }
}

/// As [`unreadable`], of an application's data key itself.
#[must_use]
pub fn unwrapping(error: crate::crypto::Error, application: ApplicationId) -> Error {
    unreadable(error, TABLE, "wrapped", &application.to_string())
}
