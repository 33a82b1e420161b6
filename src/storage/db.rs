//! A database and a transaction, whichever backend they belong to.

use sqlx::{Sqlite, SqlitePool, Transaction};

use super::Error;

/// A database. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub enum Db {
    /// One connection that writes and several that read, on one file.
    Sqlite { writer: SqlitePool, readers: SqlitePool },
}

/// A transaction. Dropped without [`Tx::commit`], it leaves nothing.
#[derive(Debug)]
pub enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
}

/// Runs the same code on whichever backend a transaction belongs to: `connection` is that backend's.
///
/// The code is compiled once per backend, so that binding and decoding are each backend's own.
macro_rules! on_backend {
    ($tx:expr, |$connection:ident| $body:expr) => {
        match $tx {
            $crate::storage::Tx::Sqlite(tx) => {
                let $connection = &mut **tx;
                $body
            }
        }
    };
}
pub(super) use on_backend;

impl Db {
    /// Begins a transaction that reads one state of the database, whatever is written meanwhile.
    pub async fn read(&self) -> Result<Tx, Error> {
        match self {
            Self::Sqlite { readers, .. } => Ok(Tx::Sqlite(readers.begin().await?)),
        }
    }

    /// Begins the transaction that writes. There is one at a time: a second waits for the first.
    pub async fn write(&self) -> Result<Tx, Error> {
        match self {
            // Immediate: it takes the lock at once, instead of failing when it first writes.
            Self::Sqlite { writer, .. } => Ok(Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?)),
        }
    }

    /// Closes every connection, once what they are doing is done.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
        }
    }
}

impl Tx {
    /// Looks through the whole file for damage, and says what the first is.
    pub async fn damage(&mut self) -> Result<Option<String>, Error> {
        match self {
            Self::Sqlite(tx) => {
                let found: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&mut **tx).await?;
                Ok((found != "ok").then_some(found))
            }
        }
    }

    /// Makes everything that was written durable, or nothing.
    pub async fn commit(self) -> Result<(), Error> {
        match self {
            Self::Sqlite(tx) => Ok(tx.commit().await?),
        }
    }
}
