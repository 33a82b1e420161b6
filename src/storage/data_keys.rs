//! The data keys of applications, wrapped, and the tags that their applicants are found by.

use std::{collections::BTreeMap, mem::take, sync::LazyLock};

use super::{
    Error, Tx,
    db::on_backend,
    dialect::segments,
    rows::{Column, Insertion, Writing, insert_rows},
};
use crate::{
    crypto::{IndexTag, WrappedKey},
    domain::{decision::Outcome, id::ApplicationId},
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

/// Which applications' retention period has ended.
#[derive(Debug, Clone, Copy)]
pub struct Expiry {
    pub outcome: Outcome,
    /// Only applications behind this one.
    pub after: Option<ApplicationId>,
    /// Only applications before this one, which names nothing: an id begins with the time of receipt.
    pub before: ApplicationId,
    pub limit: u32,
}

pub(super) static INSERT: LazyLock<Insertion> = LazyLock::new(|| {
    Insertion::new(
        "INSERT INTO data_keys (application_id, applicant_index, national_id_index, kek, wrapped, segment)",
        &[Column::Text, Column::Bytes, Column::Bytes, Column::Text, Column::Bytes, Column::Integer],
    )
});

const FIND: &str = "SELECT kek, wrapped FROM data_keys WHERE application_id = $1";

const DESTROY: &str = "DELETE FROM data_keys WHERE application_id = $1";

/// Asks each segment; a cross join, so that no database begins with the keys.
macro_rules! in_every_segment {
    ($condition:literal) => {
        concat!(
            segments!(),
            " SELECT k.application_id FROM s CROSS JOIN data_keys k WHERE k.segment = s.n AND ",
            $condition,
            " ORDER BY k.application_id DESC LIMIT $2"
        )
    };
}

const OF_APPLICANT: &str = in_every_segment!("k.applicant_index = $1");
const OF_NATIONAL_ID: &str = in_every_segment!("k.national_id_index = $1");

/// A cross join, so that SQLite begins with the living keys, and not with all that ever had the outcome.
const EXPIRED: &str = "SELECT k.application_id FROM data_keys k CROSS JOIN applications a \
                       WHERE a.id = k.application_id AND k.application_id > $1 AND k.application_id < $2 AND a.outcome = $3 \
                       AND NOT EXISTS (SELECT 1 FROM legal_holds h WHERE h.applicant_index = k.applicant_index) \
                       ORDER BY k.application_id LIMIT $4";

const NOT_UNDER: &str = "SELECT application_id, kek, wrapped FROM data_keys WHERE application_id > $1 AND kek <> $2 \
                         ORDER BY application_id LIMIT $3";
const REPLACE: &str = "UPDATE data_keys SET kek = $1, wrapped = $2 WHERE application_id = $3";
const COUNT_BY_KEK: &str = "SELECT kek, COUNT(*) FROM data_keys GROUP BY kek";

/// A key of the whole service; of two processes that make it together, the first one's stays.
const KEEP_SERVICE_KEY: &str =
    "INSERT INTO wrapped_keys (name, kek, wrapped) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING";
const SERVICE_KEY: &str = "SELECT kek, wrapped FROM wrapped_keys WHERE name = $1";
const REPLACE_SERVICE_KEY: &str = "UPDATE wrapped_keys SET kek = $1, wrapped = $2 WHERE name = $3";

/// More than any applicant has applications.
const ALL: u32 = u32::MAX;

pub(super) fn queries() -> impl Iterator<Item = &'static str> {
    let fixed = [
        FIND,
        DESTROY,
        OF_APPLICANT,
        OF_NATIONAL_ID,
        EXPIRED,
        NOT_UNDER,
        REPLACE,
        COUNT_BY_KEK,
        KEEP_SERVICE_KEY,
        SERVICE_KEY,
        REPLACE_SERVICE_KEY,
    ];
    fixed.into_iter()
}

/// Adds the keys of new applications, each with the sequence of its first decision, and takes them.
pub async fn insert(writing: &mut Writing<'_>, keys: &mut [(u64, NewDataKey)]) -> Result<(), Error> {
    insert_rows!(writing, INSERT, keys, |new| [
        new.1.application_id.to_string(),
        new.1.applicant_index.as_bytes().to_vec(),
        new.1.national_id_index.map(|tag| tag.as_bytes().to_vec()),
        take(&mut new.1.wrapped.kek),
        take(&mut new.1.wrapped.bytes),
        super::audit::segment(new.0)?,
    ])
}

/// The data key of an application; `None` once it is destroyed.
pub async fn find(tx: &mut Tx, application: ApplicationId) -> Result<Option<WrappedKey>, Error> {
    let row: Option<(String, Vec<u8>)> = on_backend!(tx, |connection| {
        sqlx::query_as(FIND).bind(application.to_string()).fetch_optional(connection).await?
    });
    Ok(row.map(|(kek, bytes)| WrappedKey { kek, bytes }))
}

/// Destroys the data key of an application: what was sealed under it cannot be read any more, by anybody.
pub async fn destroy(tx: &mut Tx, application: ApplicationId) -> Result<(), Error> {
    on_backend!(tx, |connection| {
        sqlx::query(DESTROY).bind(application.to_string()).execute(connection).await?;
    });
    Ok(())
}

/// The applications of an applicant whose data keys live, newest first.
pub async fn of_applicant(tx: &mut Tx, applicant: IndexTag) -> Result<Vec<ApplicationId>, Error> {
    newest_of_applicant(tx, applicant, ALL).await
}

/// As [`of_applicant`], at most `limit` of them.
pub async fn newest_of_applicant(tx: &mut Tx, applicant: IndexTag, limit: u32) -> Result<Vec<ApplicationId>, Error> {
    by_tag(tx, OF_APPLICANT, applicant, limit).await
}

/// The applications with a national id, newest first, at most `limit` of them.
pub async fn newest_of_national_id(
    tx: &mut Tx,
    national_id: IndexTag,
    limit: u32,
) -> Result<Vec<ApplicationId>, Error> {
    by_tag(tx, OF_NATIONAL_ID, national_id, limit).await
}

async fn by_tag(tx: &mut Tx, text: &'static str, tag: IndexTag, limit: u32) -> Result<Vec<ApplicationId>, Error> {
    let ids: Vec<String> = on_backend!(tx, |connection| {
        sqlx::query_scalar(text).bind(tag.as_bytes().to_vec()).bind(i64::from(limit)).fetch_all(connection).await?
    });
    ids.iter().map(|id| parse_id(id)).collect()
}

fn parse_id(id: &str) -> Result<ApplicationId, Error> {
    id.parse().map_err(|_| Error::corrupt(TABLE, "application_id", id))
}

/// The applications whose retention period has ended, oldest first, without those under a legal hold.
pub async fn expired(tx: &mut Tx, expiry: Expiry) -> Result<Vec<ApplicationId>, Error> {
    let after = expiry.after.map(|after| after.to_string()).unwrap_or_default();
    let ids: Vec<String> = on_backend!(tx, |connection| {
        sqlx::query_scalar(EXPIRED)
            .bind(after)
            .bind(expiry.before.to_string())
            .bind(expiry.outcome.to_string())
            .bind(i64::from(expiry.limit))
            .fetch_all(connection)
            .await?
    });
    ids.iter().map(|id| parse_id(id)).collect()
}

/// Data keys that another key-encryption key wraps, in the order of their applications.
pub async fn not_under(
    tx: &mut Tx,
    kek: &str,
    after: Option<ApplicationId>,
    limit: u32,
) -> Result<Vec<(ApplicationId, WrappedKey)>, Error> {
    let after = after.map(|after| after.to_string()).unwrap_or_default();
    let rows: Vec<(String, String, Vec<u8>)> = on_backend!(tx, |connection| {
        sqlx::query_as(NOT_UNDER).bind(after).bind(kek).bind(i64::from(limit)).fetch_all(connection).await?
    });
    rows.into_iter().map(|(id, kek, bytes)| Ok((parse_id(&id)?, WrappedKey { kek, bytes }))).collect()
}

/// Puts a data key that was wrapped anew in its place, unless it was destroyed.
pub async fn replace(tx: &mut Tx, application: ApplicationId, wrapped: &WrappedKey) -> Result<(), Error> {
    on_backend!(tx, |connection| {
        sqlx::query(REPLACE)
            .bind(&wrapped.kek)
            .bind(&wrapped.bytes)
            .bind(application.to_string())
            .execute(connection)
            .await?;
    });
    Ok(())
}

/// How many data keys each key-encryption key wraps.
pub async fn count_by_kek(tx: &mut Tx) -> Result<BTreeMap<String, u64>, Error> {
    let rows: Vec<(String, i64)> =
        on_backend!(tx, |connection| sqlx::query_as(COUNT_BY_KEK).fetch_all(connection).await?);
    Ok(rows.into_iter().map(|(kek, count)| (kek, u64::try_from(count).unwrap_or_default())).collect())
}

/// Puts a key of the whole service that was wrapped anew in its place.
pub async fn replace_service_key(tx: &mut Tx, name: &str, wrapped: &WrappedKey) -> Result<(), Error> {
    on_backend!(tx, |connection| {
        sqlx::query(REPLACE_SERVICE_KEY).bind(&wrapped.kek).bind(&wrapped.bytes).bind(name).execute(connection).await?;
    });
    Ok(())
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
