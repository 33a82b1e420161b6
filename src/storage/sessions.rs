//! Sessions of the console that are open.

use super::{Error, Tx, db::on_backend};
use crate::domain::{principal::Role, timestamp::Timestamp};

const TABLE: &str = "sessions";

/// A session, with what its account says now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSession {
    pub id: String,
    pub account: String,
    pub role: Role,
    /// Whether its account has a password: those of development mode have none.
    pub has_password: bool,
    pub is_disabled: bool,
    pub started_at: Timestamp,
    pub last_seen_at: Timestamp,
    pub client: String,
}

/// A session to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession<'a> {
    /// SHA-256.
    pub token_hash: [u8; 32],
    pub id: &'a str,
    pub account: &'a str,
    pub started_at: Timestamp,
    pub client: &'a str,
}

const FIND: &str = "SELECT s.id, s.account, a.role, a.password_hash IS NOT NULL AS has_password, \
                    a.disabled_at IS NOT NULL AS is_disabled, s.started_at, s.last_seen_at, s.client \
                    FROM sessions s JOIN accounts a ON a.name = s.account WHERE s.token_hash = $1";
const INSERT: &str = "INSERT INTO sessions (token_hash, id, account, started_at, last_seen_at, client) \
                      VALUES ($1, $2, $3, $4, $5, $6)";
const TOUCH: &str = "UPDATE sessions SET last_seen_at = $1 WHERE token_hash = $2 AND last_seen_at < $1";
const REMOVE: &str = "DELETE FROM sessions WHERE token_hash = $1";
const REMOVE_OLD: &str = "DELETE FROM sessions WHERE started_at < $1";

const OF_ACCOUNT: &str = "SELECT s.id, s.account, a.role, a.password_hash IS NOT NULL AS has_password, \
                          a.disabled_at IS NOT NULL AS is_disabled, s.started_at, s.last_seen_at, s.client \
                          FROM sessions s JOIN accounts a ON a.name = s.account \
                          WHERE s.account = $1 ORDER BY s.started_at DESC, s.id DESC LIMIT 100";
const REMOVE_ONE: &str = "DELETE FROM sessions WHERE account = $1 AND id = $2";
const REMOVE_ALL: &str = "DELETE FROM sessions WHERE account = $1 AND id <> $2";

pub(super) const QUERIES: [&str; 8] = [FIND, INSERT, TOUCH, REMOVE, REMOVE_OLD, OF_ACCOUNT, REMOVE_ONE, REMOVE_ALL];

/// The sessions of an account, the newest first, at most 100.
pub async fn of_account(tx: &mut Tx, account: &str) -> Result<Vec<StoredSession>, Error> {
    let rows: Vec<Columns> =
        on_backend!(tx, |connection| sqlx::query_as(OF_ACCOUNT).bind(account).fetch_all(connection).await?);
    rows.into_iter().map(StoredSession::try_from).collect()
}

/// Ends one session of an account, by its id. False when it has none of it.
pub async fn remove_one(tx: &mut Tx, account: &str, id: &str) -> Result<bool, Error> {
    let removed = on_backend!(tx, |connection| {
        sqlx::query(REMOVE_ONE).bind(account).bind(id).execute(connection).await?.rows_affected()
    });
    Ok(removed > 0)
}

/// Ends every session of an account but one, or every one. Answers how many.
pub async fn remove_all(tx: &mut Tx, account: &str, except_id: Option<&str>) -> Result<u64, Error> {
    Ok(on_backend!(tx, |connection| {
        sqlx::query(REMOVE_ALL).bind(account).bind(except_id.unwrap_or("")).execute(connection).await?.rows_affected()
    }))
}

/// The session of a token, by its hash.
pub async fn find(tx: &mut Tx, token_hash: [u8; 32]) -> Result<Option<StoredSession>, Error> {
    let row: Option<Columns> = on_backend!(tx, |connection| {
        sqlx::query_as(FIND).bind(token_hash.to_vec()).fetch_optional(connection).await?
    });
    row.map(StoredSession::try_from).transpose()
}

/// Opens a session. Its account must be there.
pub async fn insert(tx: &mut Tx, session: &NewSession<'_>) -> Result<(), Error> {
    let started_at = session.started_at.to_string();
    on_backend!(tx, |connection| {
        sqlx::query(INSERT)
            .bind(session.token_hash.to_vec())
            .bind(session.id)
            .bind(session.account)
            .bind(&started_at)
            .bind(&started_at)
            .bind(session.client)
            .execute(connection)
            .await?;
    });
    Ok(())
}

/// Notes when a session was last used.
pub async fn touch(tx: &mut Tx, token_hash: [u8; 32], now: Timestamp) -> Result<(), Error> {
    on_backend!(tx, |connection| {
        sqlx::query(TOUCH).bind(now.to_string()).bind(token_hash.to_vec()).execute(connection).await?;
    });
    Ok(())
}

/// Ends a session. False when there is none.
pub async fn remove(tx: &mut Tx, token_hash: [u8; 32]) -> Result<bool, Error> {
    let removed = on_backend!(tx, |connection| {
        sqlx::query(REMOVE).bind(token_hash.to_vec()).execute(connection).await?.rows_affected()
    });
    Ok(removed > 0)
}

/// Removes the sessions that were opened before a time: they have ended by their age.
pub async fn remove_old(tx: &mut Tx, started_before: Timestamp) -> Result<(), Error> {
    on_backend!(tx, |connection| {
        sqlx::query(REMOVE_OLD).bind(started_before.to_string()).execute(connection).await?;
    });
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Columns {
    id: String,
    account: String,
    role: String,
    has_password: bool,
    is_disabled: bool,
    started_at: String,
    last_seen_at: String,
    client: String,
}

impl TryFrom<Columns> for StoredSession {
    type Error = Error;

    fn try_from(row: Columns) -> Result<Self, Error> {
        let corrupt = |column| Error::corrupt(TABLE, column, &row.id);
        Ok(Self {
            role: row.role.parse().map_err(|_| Error::corrupt("accounts", "role", &row.account))?,
            has_password: row.has_password,
            is_disabled: row.is_disabled,
            started_at: Timestamp::parse(&row.started_at).ok_or_else(|| corrupt("started_at"))?,
            last_seen_at: Timestamp::parse(&row.last_seen_at).ok_or_else(|| corrupt("last_seen_at"))?,
            id: row.id,
            account: row.account,
            client: row.client,
        })
    }
}
