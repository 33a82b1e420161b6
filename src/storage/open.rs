//! Opening a database and bringing its tables up to date.

mod postgres;
mod sqlite;

use sqlx::migrate::{MigrateError, Migrator};

use super::{DatabaseUrl, Db, Error};
use crate::config;

/// A migration that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedMigration {
    pub version: i64,
    pub description: String,
    /// Whether it was applied just now.
    pub is_new: bool,
}

impl Db {
    /// Opens a database for reading and writing with the settings that stand when nothing is set. As
    /// [`Db::open_with`].
    pub async fn open(url: &DatabaseUrl) -> Result<Self, Error> {
        Self::open_with(url, &config::Database::default()).await
    }

    /// Opens a database for reading and writing, and applies the migrations that it lacks. A file is made when it
    /// is not there, in a folder that must exist; a PostgreSQL database must exist. Any number of processes may do
    /// this at once: one of them migrates.
    pub async fn open_with(url: &DatabaseUrl, settings: &config::Database) -> Result<Self, Error> {
        let (db, _) = migrate(url, settings).await?;
        Ok(db)
    }

    /// As [`Db::open`], and says which migrations are in force.
    pub async fn migrate(url: &DatabaseUrl) -> Result<(Self, Vec<AppliedMigration>), Error> {
        migrate(url, &config::Database::default()).await
    }

    /// Opens a database that exists, without changing anything in it. Its tables must be up to date. No reading is
    /// cut short: a whole log may be read.
    pub async fn open_read_only(url: &DatabaseUrl) -> Result<Self, Error> {
        let settings = config::Database::default();
        match url {
            DatabaseUrl::Sqlite(path) => sqlite::open_read_only(path, &settings).await,
            DatabaseUrl::Postgres(url) => postgres::open_read_only(url, &settings).await,
        }
    }
}

async fn migrate(url: &DatabaseUrl, settings: &config::Database) -> Result<(Db, Vec<AppliedMigration>), Error> {
    match url {
        DatabaseUrl::Sqlite(path) => sqlite::migrate(path, settings).await,
        DatabaseUrl::Postgres(url) => postgres::migrate(url, settings).await,
    }
}

fn newest(known: &Migrator) -> i64 {
    known.iter().map(|migration| migration.version).max().unwrap_or(0)
}

fn refuse_newer(known: &Migrator, applied: &[i64]) -> Result<(), Error> {
    let (known, found) = (newest(known), applied.last().copied().unwrap_or(0));
    if found > known { Err(Error::NewerSchema { found, known }) } else { Ok(()) }
}

/// What is in force once everything that is known was applied.
fn applied(known: &Migrator, before: &[i64]) -> Vec<AppliedMigration> {
    let applied = known.iter().map(|migration| AppliedMigration {
        version: migration.version,
        description: migration.description.to_string(),
        is_new: !before.contains(&migration.version),
    });
    applied.collect()
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
