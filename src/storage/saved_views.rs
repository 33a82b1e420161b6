//! Lists with their filters that people keep under a name.

use super::{Error, Tx, db::on_backend};
use crate::domain::timestamp::Timestamp;

/// A list that is kept.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct SavedView {
    pub name: String,
    /// The list's query.
    pub query: String,
}

const LIST: &str = "SELECT name, query FROM saved_views WHERE account = $1 ORDER BY name LIMIT 100";
const SAVE: &str = "INSERT INTO saved_views (account, name, query, saved_at) VALUES ($1, $2, $3, $4) \
                    ON CONFLICT (account, name) DO UPDATE SET query = excluded.query, saved_at = excluded.saved_at";
const REMOVE: &str = "DELETE FROM saved_views WHERE account = $1 AND name = $2";

pub(super) const QUERIES: [&str; 3] = [LIST, SAVE, REMOVE];

/// The lists of an account, by name.
pub async fn list(tx: &mut Tx, account: &str) -> Result<Vec<SavedView>, Error> {
    Ok(on_backend!(tx, |connection| sqlx::query_as(LIST).bind(account).fetch_all(connection).await?))
}

/// Keeps a list, in place of one of the same name.
pub async fn save(tx: &mut Tx, account: &str, view: &SavedView, now: Timestamp) -> Result<(), Error> {
    on_backend!(tx, |connection| {
        let insert = sqlx::query(SAVE).bind(account).bind(&view.name).bind(&view.query);
        insert.bind(now.to_string()).execute(connection).await?;
    });
    Ok(())
}

/// Forgets a list.
pub async fn remove(tx: &mut Tx, account: &str, name: &str) -> Result<(), Error> {
    on_backend!(tx, |connection| {
        sqlx::query(REMOVE).bind(account).bind(name).execute(connection).await?;
    });
    Ok(())
}
