//! Attempts to sign in that failed, and browsers that are known.

use super::{Error, Tx, db::on_backend};
use crate::{crypto::IndexTag, domain::timestamp::Timestamp};

/// How often somebody failed, and when last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    pub count: u32,
    pub last_at: Timestamp,
}

const FIND: &str = "SELECT failures, last_at FROM sign_in_failures WHERE tag = $1";
const COUNT: &str = "INSERT INTO sign_in_failures (tag, failures, last_at) VALUES ($1, 1, $2) ON CONFLICT (tag) DO UPDATE \
                     SET failures = sign_in_failures.failures + 1, last_at = excluded.last_at";
const FORGET: &str = "DELETE FROM sign_in_failures WHERE tag = $1";
const FORGET_OLD: &str = "DELETE FROM sign_in_failures WHERE last_at < $1";
const IS_KNOWN: &str = "SELECT COUNT(*) FROM known_browsers WHERE token_hash = $1 AND account = $2";
const KNOW: &str = "INSERT INTO known_browsers (token_hash, account, known_at) VALUES ($1, $2, $3) \
                    ON CONFLICT (token_hash, account) DO UPDATE SET known_at = excluded.known_at";
const FORGET_BROWSERS: &str = "DELETE FROM known_browsers WHERE account = $1";

pub(super) const QUERIES: [&str; 7] = [FIND, COUNT, FORGET, FORGET_OLD, IS_KNOWN, KNOW, FORGET_BROWSERS];

/// What is counted under a tag; `None` when nothing is.
pub async fn failures(tx: &mut Tx, tag: IndexTag) -> Result<Option<Failures>, Error> {
    let row: Option<(i64, String)> = on_backend!(tx, |connection| {
        sqlx::query_as(FIND).bind(tag.as_bytes().to_vec()).fetch_optional(connection).await?
    });
    let Some((count, last_at)) = row else { return Ok(None) };
    let last_at = Timestamp::parse(&last_at).ok_or_else(|| Error::corrupt("sign_in_failures", "last_at", "a tag"))?;
    Ok(Some(Failures { count: u32::try_from(count).unwrap_or(u32::MAX), last_at }))
}

/// Counts a failure.
pub async fn count(tx: &mut Tx, tag: IndexTag, now: Timestamp) -> Result<(), Error> {
    on_backend!(tx, |connection| {
        sqlx::query(COUNT).bind(tag.as_bytes().to_vec()).bind(now.to_string()).execute(connection).await?;
    });
    Ok(())
}

/// Forgets the failures under a tag.
pub async fn forget(tx: &mut Tx, tag: IndexTag) -> Result<(), Error> {
    on_backend!(tx, |connection| {
        sqlx::query(FORGET).bind(tag.as_bytes().to_vec()).execute(connection).await?;
    });
    Ok(())
}

/// Forgets the failures whose last one was before a time.
pub async fn forget_old(tx: &mut Tx, before: Timestamp) -> Result<(), Error> {
    on_backend!(tx, |connection| {
        sqlx::query(FORGET_OLD).bind(before.to_string()).execute(connection).await?;
    });
    Ok(())
}

/// Whether somebody signed in to an account from this browser before.
pub async fn is_known(tx: &mut Tx, browser_hash: [u8; 32], account: &str) -> Result<bool, Error> {
    let found: i64 = on_backend!(tx, |connection| {
        sqlx::query_scalar(IS_KNOWN).bind(browser_hash.to_vec()).bind(account).fetch_one(connection).await?
    });
    Ok(found > 0)
}

/// Notes that somebody signed in to an account from this browser.
pub async fn know(tx: &mut Tx, browser_hash: [u8; 32], account: &str, now: Timestamp) -> Result<(), Error> {
    on_backend!(tx, |connection| {
        let insert = sqlx::query(KNOW).bind(browser_hash.to_vec()).bind(account);
        insert.bind(now.to_string()).execute(connection).await?;
    });
    Ok(())
}

/// Forgets the browsers of an account.
pub async fn forget_browsers(tx: &mut Tx, account: &str) -> Result<(), Error> {
    on_backend!(tx, |connection| {
        sqlx::query(FORGET_BROWSERS).bind(account).execute(connection).await?;
    });
    Ok(())
}
