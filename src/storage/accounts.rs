//! Accounts that sign in to the console.

use super::{Error, Tx, db::on_backend};
use crate::domain::{principal::Role, timestamp::Timestamp};

const TABLE: &str = "accounts";

/// An account as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAccount {
    pub name: String,
    pub role: Role,
    /// A PHC string; `None` for an account of development mode.
    pub password_hash: Option<String>,
    pub created_at: Timestamp,
    pub disabled_at: Option<Timestamp>,
}

const FIND: &str = "SELECT name, role, password_hash, created_at, disabled_at FROM accounts WHERE name = $1";
const INSERT: &str = "INSERT INTO accounts (name, role, password_hash, created_at) VALUES ($1, $2, $3, $4)";

const LIST: &str = "SELECT name, role, password_hash, created_at, disabled_at FROM accounts ORDER BY name";
const SET_PASSWORD: &str = "UPDATE accounts SET password_hash = $1 WHERE name = $2";
const SET_DISABLED: &str = "UPDATE accounts SET disabled_at = $1 WHERE name = $2";
const SET_ROLE: &str = "UPDATE accounts SET role = $1 WHERE name = $2";

pub(super) const QUERIES: [&str; 6] = [FIND, INSERT, LIST, SET_PASSWORD, SET_DISABLED, SET_ROLE];

/// Every account, by name.
pub async fn list(tx: &mut Tx) -> Result<Vec<StoredAccount>, Error> {
    let rows: Vec<Columns> = on_backend!(tx, |connection| sqlx::query_as(LIST).fetch_all(connection).await?);
    rows.into_iter().map(StoredAccount::try_from).collect()
}

/// Gives an account another password, by its hash.
pub async fn set_password(tx: &mut Tx, name: &str, hash: &str) -> Result<(), Error> {
    on_backend!(tx, |connection| {
        sqlx::query(SET_PASSWORD).bind(hash).bind(name).execute(connection).await?;
    });
    Ok(())
}

/// Disables an account since a time, or enables it.
pub async fn set_disabled(tx: &mut Tx, name: &str, since: Option<Timestamp>) -> Result<(), Error> {
    on_backend!(tx, |connection| {
        sqlx::query(SET_DISABLED).bind(since.map(|at| at.to_string())).bind(name).execute(connection).await?;
    });
    Ok(())
}

/// Gives an account another role.
pub async fn set_role(tx: &mut Tx, name: &str, role: Role) -> Result<(), Error> {
    on_backend!(tx, |connection| {
        sqlx::query(SET_ROLE).bind(role.to_string()).bind(name).execute(connection).await?;
    });
    Ok(())
}

/// The account of this name.
pub async fn find(tx: &mut Tx, name: &str) -> Result<Option<StoredAccount>, Error> {
    let row: Option<Columns> =
        on_backend!(tx, |connection| sqlx::query_as(FIND).bind(name).fetch_optional(connection).await?);
    row.map(StoredAccount::try_from).transpose()
}

/// Adds an account. There must be none of its name.
pub async fn insert(tx: &mut Tx, account: &StoredAccount) -> Result<(), Error> {
    on_backend!(tx, |connection| {
        sqlx::query(INSERT)
            .bind(&account.name)
            .bind(account.role.to_string())
            .bind(account.password_hash.as_deref())
            .bind(account.created_at.to_string())
            .execute(connection)
            .await?;
    });
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Columns {
    name: String,
    role: String,
    password_hash: Option<String>,
    created_at: String,
    disabled_at: Option<String>,
}

impl TryFrom<Columns> for StoredAccount {
    type Error = Error;

    fn try_from(row: Columns) -> Result<Self, Error> {
        let corrupt = |column| Error::corrupt(TABLE, column, &row.name);
        let disabled_at = match &row.disabled_at {
            Some(text) => Some(Timestamp::parse(text).ok_or_else(|| corrupt("disabled_at"))?),
            None => None,
        };
        Ok(Self {
            role: row.role.parse().map_err(|_| corrupt("role"))?,
            created_at: Timestamp::parse(&row.created_at).ok_or_else(|| corrupt("created_at"))?,
            disabled_at,
            password_hash: row.password_hash,
            name: row.name,
        })
    }
}
