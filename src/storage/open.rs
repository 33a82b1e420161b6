//! Opening a database and bringing its tables up to date.

use std::{path::Path, time::Duration};

use sqlx::{
    Connection, SqliteConnection,
    migrate::{MigrateError, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{
    DatabaseUrl, Db, Error,
    error::{primary_code, sqlite_code},
};

static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// How long a connection waits for another process's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a use case waits for a connection before it says that the database is not available.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
const READERS: u32 = 4;

/// A migration that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedMigration {
    pub version: i64,
    pub description: String,
    /// Whether it was applied just now.
    pub is_new: bool,
}

impl Db {
    /// Opens a database for reading and writing, makes it when it is not there, and applies the
    /// migrations that it lacks. Its folder must exist.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, Error> {
        let (db, _) = Self::migrate(url).await?;
        Ok(db)
    }

    /// As [`Db::open`], and says which migrations are in force.
    pub async fn migrate(url: &DatabaseUrl) -> Result<(Self, Vec<AppliedMigration>), Error> {
        let DatabaseUrl::Sqlite(path) = url;
        require_folder(path)?;
        let options = sqlite_options(path).create_if_missing(true).synchronous(SqliteSynchronous::Full);
        // Looked at first as it is: to set the journal's mode is to write to the file.
        let mut connection = connect(path, &options).await?;
        let before = migrations_before(path, &mut connection).await?;
        connection.close().await?;
        let options = options.journal_mode(SqliteJournalMode::Wal);
        let mut connection = connect(path, &options).await?;
        let applied = apply_migrations(&before, &mut connection).await?;
        connection.close().await?;
        let writer = pool(1).connect_lazy_with(options.clone());
        let readers = pool(READERS).connect_lazy_with(options.pragma("query_only", "ON"));
        Ok((Self::Sqlite { writer, readers }, applied))
    }

    /// Opens a database that exists, without changing anything in it. Its tables must be up to date.
    pub async fn open_read_only(url: &DatabaseUrl) -> Result<Self, Error> {
        let DatabaseUrl::Sqlite(path) = url;
        if !path.exists() {
            return Err(Error::NoSuchDatabase { path: path.clone() });
        }
        let mut options = sqlite_options(path).read_only(true);
        let mut connection = match connect(path, &options).await {
            // Where no lock file can be made nobody else writes either: read the file as it stands.
            Err(Error::CannotOpen { .. } | Error::ReadOnly) => {
                options = options.immutable(true);
                let connection = connect(path, &options).await?;
                if has_journal(path) {
                    // Read this way, the latest changes would be left out.
                    return Err(Error::JournalNotReadable { path: path.clone() });
                }
                connection
            }
            other => other?,
        };
        require_current_schema(path, &mut connection).await?;
        connection.close().await?;
        // Whoever asks for the writer gets a connection that refuses to write.
        let (writer, readers) = (pool(1).connect_lazy_with(options.clone()), pool(1).connect_lazy_with(options));
        Ok(Self::Sqlite { writer, readers })
    }
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
fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
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

fn newest_known() -> i64 {
    SQLITE_MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
}

fn refuse_newer(applied: &[i64]) -> Result<(), Error> {
    let (known, found) = (newest_known(), applied.last().copied().unwrap_or(0));
    if found > known { Err(Error::NewerSchema { found, known }) } else { Ok(()) }
}

async fn require_current_schema(path: &Path, connection: &mut SqliteConnection) -> Result<(), Error> {
    let Some(applied) = applied_versions(connection).await? else {
        return Err(Error::NotADatabase { path: path.to_owned() });
    };
    refuse_newer(&applied)?;
    if applied.last() == Some(&newest_known()) { Ok(()) } else { Err(Error::OlderSchema) }
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
    refuse_newer(&before)?;
    Ok(before)
}

async fn apply_migrations(before: &[i64], connection: &mut SqliteConnection) -> Result<Vec<AppliedMigration>, Error> {
    SQLITE_MIGRATIONS.run(&mut *connection).await.map_err(migration_error)?;
    // Takes and gives back the lock that every write needs: a database that cannot be written is refused
    // now, not at the first decision.
    connection.begin_with("BEGIN IMMEDIATE").await?.rollback().await?;
    let applied = SQLITE_MIGRATIONS.iter().map(|migration| AppliedMigration {
        version: migration.version,
        description: migration.description.to_string(),
        is_new: !before.contains(&migration.version),
    });
    Ok(applied.collect())
}

fn migration_error(error: MigrateError) -> Error {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
        MigrateError::VersionMismatch(version) | MigrateError::VersionMissing(version) => {
            Error::OtherSchema { version }
        }
        other => Error::Unavailable(other.to_string()),
    }
}
