//! Opening a file, and bringing its tables up to date.

use std::{path::Path, time::Duration};

use sqlx::{
    Connection, SqliteConnection, SqlitePool,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::time::MissedTickBehavior;

use super::{AppliedMigration, applied, migration_error, newest, refuse_newer};
use crate::{
    config,
    storage::{
        Db, Error, MOST_ROWS,
        db::Writer,
        dialect::SQLITE_BEGIN_WRITE,
        error::{primary_code, sqlite_code},
    },
};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// How often what stands in the write-ahead log is written back into the file, beside the writer.
const CHECKPOINT_EVERY: Duration = Duration::from_millis(100);
/// How large a page of a new file is. An entry of some 4.5 KB takes one for most of it and shares another for the rest; of
/// larger pages each would take a whole one, half empty.
const PAGE_BYTES: u32 = 4_096;
/// At how many pages of the write-ahead log the writer itself writes back the rest, so that the log begins anew: 64 MiB.
const LOG_PAGES_MAX: &str = "16384";
/// How many statements the writer keeps prepared: those of batches of every size, with Idempotency-Keys and without.
const WRITER_STATEMENTS: usize = 2 * MOST_ROWS + 128;
/// How much of the file the writer keeps in memory: 8 MiB. It writes where tables and segments end, so that more is not
/// read again; and SQLite looks through all of it at the end of a transaction that has put pages in order.
const WRITER_CACHE: &str = "-8192";
/// How long a connection waits for another process's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) async fn migrate(path: &Path, settings: &config::Database) -> Result<(Db, Vec<AppliedMigration>), Error> {
    require_folder(path)?;
    // What is deleted is overwritten with zeros: a destroyed key must not stay in a free part of the file.
    let options = sqlite_options(path)
        .create_if_missing(true)
        .page_size(PAGE_BYTES)
        .synchronous(SqliteSynchronous::Full)
        .pragma("secure_delete", "ON");
    // Looked at first as it is: to set the journal's mode is to write to the file.
    let mut connection = connect(path, &options).await?;
    let before = migrations_before(path, &mut connection).await?;
    connection.close().await?;
    let options = options.journal_mode(SqliteJournalMode::Wal);
    let mut connection = connect(path, &options).await?;
    let applied = apply_migrations(&before, &mut connection).await?;
    connection.close().await?;
    let writing = options
        .clone()
        .pragma("wal_autocheckpoint", LOG_PAGES_MAX)
        .pragma("cache_size", WRITER_CACHE)
        .statement_cache_capacity(WRITER_STATEMENTS);
    let writer = pool(1, settings).connect_lazy_with(writing);
    let reading = options.clone().pragma("query_only", "ON");
    let readers = pool(settings.read_connections, settings).connect_lazy_with(reading);
    let checkpointer = pool(1, settings).connect_lazy_with(options);
    tokio::spawn(write_back(checkpointer.clone()));
    Ok((Db::Sqlite { writer: Writer::new(writer), readers, checkpointer }, applied))
}

/// Writes what stands in the write-ahead log back into the file, a little at a time and beside the writer, until the
/// database is closed. Left to the writer, a commit now and then would wait for all of it.
async fn write_back(checkpointer: SqlitePool) {
    let mut due = tokio::time::interval(CHECKPOINT_EVERY);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = checkpointer.close_event() => return,
            _ = due.tick() => {
                // What fails is tried again; should it never succeed, the writer does it.
                if let Err(error) = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&checkpointer).await {
                    tracing::debug!(%error, "the write-ahead log was not written back");
                }
            }
        }
    }
}

pub(super) async fn open_read_only(path: &Path, settings: &config::Database) -> Result<Db, Error> {
    if !path.exists() {
        return Err(Error::NoSuchDatabase { path: path.to_owned() });
    }
    let mut options = sqlite_options(path).read_only(true);
    let mut connection = match connect(path, &options).await {
        // Where no lock file can be made nobody else writes either: read the file as it stands.
        Err(Error::CannotOpen { .. } | Error::ReadOnly) => {
            options = options.immutable(true);
            let connection = connect(path, &options).await?;
            if has_journal(path) {
                // Read this way, the latest changes would be left out.
                return Err(Error::JournalNotReadable { path: path.to_owned() });
            }
            connection
        }
        other => other?,
    };
    require_current_schema(path, &mut connection).await?;
    connection.close().await?;
    // Whoever asks for the writer gets a connection that refuses to write.
    let writer = pool(1, settings).connect_lazy_with(options.clone());
    let readers = pool(2, settings).connect_lazy_with(options);
    Ok(Db::Sqlite { checkpointer: writer.clone(), writer: Writer::new(writer), readers })
}

/// Whether changes stand in a write-ahead log beside the file.
fn has_journal(path: &Path) -> bool {
    let mut journal = path.as_os_str().to_owned();
    journal.push("-wal");
    std::fs::metadata(journal).is_ok_and(|journal| journal.len() > 0)
}

fn sqlite_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).busy_timeout(BUSY_TIMEOUT).foreign_keys(true)
}

/// A pool that keeps its connections: they are to a file, and cost nothing to hold.
fn pool(connections: u32, settings: &config::Database) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(settings.acquire_timeout())
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

fn require_folder(path: &Path) -> Result<(), Error> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if folder.is_dir() { Ok(()) } else { Err(Error::NoSuchDirectory { path: folder.to_owned() }) }
}

/// Connects and reads something, because SQLite looks into a file only when it must.
async fn connect(path: &Path, options: &SqliteConnectOptions) -> Result<SqliteConnection, Error> {
    let opened = async {
        let mut connection = SqliteConnection::connect_with(options).await?;
        sqlx::query("SELECT COUNT(*) FROM sqlite_master").fetch_one(&mut connection).await?;
        Ok(connection)
    };
    opened.await.map_err(|error: sqlx::Error| opening_error(path, error))
}

fn opening_error(path: &Path, error: sqlx::Error) -> Error {
    let code = error.as_database_error().and_then(primary_code);
    match code {
        Some(sqlite_code::NOTADB | sqlite_code::CORRUPT) => Error::DamagedFile { path: path.to_owned() },
        Some(sqlite_code::CANTOPEN) => {
            let reason = error.as_database_error().map(|e| e.message().to_owned()).unwrap_or_default();
            Error::CannotOpen { path: path.to_owned(), reason }
        }
        _ => error.into(),
    }
}

/// The versions that were applied, oldest first; `None` when the table that lists them is not there.
async fn applied_versions(connection: &mut SqliteConnection) -> Result<Option<Vec<i64>>, Error> {
    let listed = sqlx::query("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'")
        .fetch_optional(&mut *connection)
        .await?;
    if listed.is_none() {
        return Ok(None);
    }
    let versions = sqlx::query_scalar("SELECT version FROM _sqlx_migrations ORDER BY version");
    Ok(Some(versions.fetch_all(connection).await?))
}

/// Whether the file holds tables of somebody else's.
async fn holds_foreign_tables(connection: &mut SqliteConnection) -> Result<bool, Error> {
    let tables: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'").fetch_one(connection).await?;
    Ok(tables > 0)
}

async fn require_current_schema(path: &Path, connection: &mut SqliteConnection) -> Result<(), Error> {
    let Some(applied) = applied_versions(connection).await? else {
        return Err(Error::NotADatabase { path: path.to_owned() });
    };
    refuse_newer(&MIGRATIONS, &applied)?;
    if applied.last() == Some(&newest(&MIGRATIONS)) { Ok(()) } else { Err(Error::OlderSchema) }
}

/// The migrations of a database that may be migrated: one of ours that is not newer, or an empty file.
async fn migrations_before(path: &Path, connection: &mut SqliteConnection) -> Result<Vec<i64>, Error> {
    let before = match applied_versions(connection).await? {
        Some(versions) => versions,
        None if holds_foreign_tables(connection).await? => {
            return Err(Error::NotADatabase { path: path.to_owned() });
        }
        None => Vec::new(),
    };
    refuse_newer(&MIGRATIONS, &before)?;
    Ok(before)
}

async fn apply_migrations(before: &[i64], connection: &mut SqliteConnection) -> Result<Vec<AppliedMigration>, Error> {
    MIGRATIONS.run(&mut *connection).await.map_err(migration_error)?;
    // Takes and gives back the lock that every write needs: a database that cannot be written is refused
    // now, not at the first decision.
    connection.begin_with(SQLITE_BEGIN_WRITE).await?.rollback().await?;
    Ok(applied(&MIGRATIONS, before))
}
