//! A database and a transaction, whichever backend they belong to.

use std::sync::{Arc, PoisonError, RwLock};

use sqlx::{Connection, Database, PgPool, Pool, Postgres, Sqlite, SqlitePool, Transaction};

use super::{Error, dialect, error::is_broken_connection, failpoint};

/// A database. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub enum Db {
    /// One connection that writes, several that read, and one that tidies up behind the writer, on one file.
    Sqlite { writer: Writer<Sqlite>, readers: SqlitePool, checkpointer: SqlitePool },
    /// One connection that writes and several that read. Other processes may have theirs.
    Postgres { writer: Writer<Postgres>, readers: PgPool },
}

/// The pool of the connection that writes. Cheap to clone; clones are renewed together.
///
/// A connection to a PostgreSQL server that fell silent comes back to its pool only when the operating system gives it
/// up, which takes a quarter of an hour; and one to a file whose disk was full may have lost count of its transactions.
/// The pool has no other to give, so it is put away with it, and another takes its place.
#[derive(Debug)]
pub struct Writer<DB: Database>(Arc<RwLock<Pool<DB>>>);

impl<DB: Database> Clone for Writer<DB> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<DB: Database> Writer<DB>
where
    <DB::Connection as Connection>::Options: Clone,
{
    pub(super) fn new(pool: Pool<DB>) -> Self {
        Self(Arc::new(RwLock::new(pool)))
    }

    pub(super) fn pool(&self) -> Pool<DB> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn renew(&self) {
        let mut pool = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let (settings, address) = (pool.options().clone(), pool.connect_options().as_ref().clone());
        let old = std::mem::replace(&mut *pool, settings.connect_lazy_with(address));
        drop(pool);
        tokio::spawn(async move { old.close().await });
    }
}

/// A transaction. Dropped without [`Tx::commit`], it leaves nothing.
#[derive(Debug)]
pub enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
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
            $crate::storage::Tx::Postgres(tx) => {
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
            Self::Postgres { readers, .. } => Ok(Tx::Postgres(readers.begin_with(dialect::POSTGRES_BEGIN_READ).await?)),
        }
    }

    /// Begins a second transaction that reads beside another; `None` where readers have one connection alone.
    pub async fn read_beside(&self) -> Option<Result<Tx, Error>> {
        let connections = match self {
            Self::Sqlite { readers, .. } => readers.options().get_max_connections(),
            Self::Postgres { readers, .. } => readers.options().get_max_connections(),
        };
        if connections > 1 { Some(self.read().await) } else { None }
    }

    /// Begins the transaction that writes. There is one at a time, in all processes together: a second waits
    /// for the first.
    pub async fn write(&self) -> Result<Tx, Error> {
        match self {
            Self::Sqlite { writer, .. } => Ok(Tx::Sqlite(begin_sqlite(writer).await?)),
            Self::Postgres { writer, .. } => Ok(Tx::Postgres(begin_postgres(writer).await?)),
        }
    }

    /// Gives up on a writing connection that does not answer, so that the next transaction gets another.
    pub fn renew_writer(&self) {
        match self {
            Self::Sqlite { writer, .. } => writer.renew(),
            Self::Postgres { writer, .. } => writer.renew(),
        }
    }

    /// Closes every connection, once what they are doing is done.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers, checkpointer } => {
                checkpointer.close().await;
                readers.close().await;
                writer.pool().close().await;
            }
            Self::Postgres { writer, readers } => {
                readers.close().await;
                writer.pool().close().await;
            }
        }
    }
}

/// Begins. Where a commit failed because the disk was full, SQLite has rolled back by itself and the driver does not
/// know it: it takes the transaction for one that goes on. Another connection knows of none.
async fn begin_sqlite(writer: &Writer<Sqlite>) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
    match writer.pool().begin_with(dialect::SQLITE_BEGIN_WRITE).await {
        Err(sqlx::Error::InvalidSavePointStatement) => {
            writer.renew();
            writer.pool().begin_with(dialect::SQLITE_BEGIN_WRITE).await
        }
        begun => begun,
    }
}

/// Begins, and locks the head. A connection that broke since it was last used (the server was restarted) is
/// replaced: nothing was asked of it yet, so that asking again does nothing twice.
async fn begin_postgres(writer: &Writer<Postgres>) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let attempt = async || {
        let mut tx = writer.pool().begin().await?;
        sqlx::query(dialect::POSTGRES_LOCK_HEAD).execute(&mut *tx).await?;
        Ok(tx)
    };
    match attempt().await {
        Err(error) if is_broken_connection(&error) => attempt().await,
        Err(sqlx::Error::PoolTimedOut) => {
            writer.renew();
            Err(sqlx::Error::PoolTimedOut)
        }
        begun => begun,
    }
}

impl Tx {
    /// Looks for damage, and says what the first is: in the tables that verifying the log does not read, or, when
    /// the `whole_file` is to be read, in every page.
    ///
    /// PostgreSQL is asked nothing: it verifies the checksum of every page that it reads (where the cluster has
    /// them), and reading the log has read them.
    pub async fn damage(&mut self, whole_file: bool) -> Result<Option<String>, Error> {
        match self {
            Self::Sqlite(tx) => {
                let mut checks = vec!["PRAGMA quick_check(1)".to_owned()];
                if !whole_file {
                    let tables: Vec<String> =
                        sqlx::query_scalar(dialect::SQLITE_OTHER_TABLES).fetch_all(&mut **tx).await?;
                    let check = |table: &String| format!("PRAGMA quick_check(\"{}\")", table.replace('"', "\"\""));
                    checks = tables.iter().map(check).collect();
                }
                for check in checks {
                    let found: String = sqlx::query_scalar(sqlx::AssertSqlSafe(check)).fetch_one(&mut **tx).await?;
                    if found != "ok" {
                        return Ok(Some(found));
                    }
                }
                Ok(None)
            }
            Self::Postgres(_) => Ok(None),
        }
    }

    /// Makes everything that was written durable, or nothing.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the connection broke before the answer came: whether it is durable is not known
    /// then. Whoever asks again under an idempotency key finds out.
    pub async fn commit(self) -> Result<(), Error> {
        failpoint::reach("transaction.before_commit")?;
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        failpoint::reach("transaction.after_commit")
    }
}
