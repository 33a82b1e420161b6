//! What can go wrong with a database, said so that an operator knows what to do.

use std::path::PathBuf;

use sqlx::{error::DatabaseError, postgres::PgDatabaseError};

/// What went wrong with the database.
///
/// Holds text instead of the driver's errors, so that one failed commit can be told to all whose changes
/// it held. Never holds a value that was to be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It does not answer, or cannot write now; trying again later is worth it.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A row that was to be written contradicts one that is there.
    #[error("the change contradicts what is stored: {0}")]
    Conflict(String),
    /// A stored value is not one that underwright writes.
    #[error(
        "the value of {column} in {table} for {id} is not one that underwright writes; \
         run `underwright audit verify`, then restore a backup"
    )]
    Corrupt { table: &'static str, column: &'static str, id: String },
    /// Personal data is sealed under a key that is wrapped by one that this process does not have.
    #[error(
        "personal data is sealed under the key-encryption key `{kek}`, which is not at hand: add it to keys.encryption \
         (in development mode, to the folder `keys` in the data directory)"
    )]
    KeyNotAtHand { kek: String },
    /// It may be read, not written.
    #[error(
        "the database is read-only; let this process write to the file and to its directory, \
         or give another one with --database-url"
    )]
    ReadOnly,
    /// It was made by a later version.
    #[error(
        "the database is from a newer version of underwright (its schema is {found}, this version knows up to \
         {known}); use that version, or restore a backup from before the upgrade"
    )]
    NewerSchema { found: i64, known: i64 },
    /// It was made by an earlier version, and this command may not change it.
    #[error("the database is from an older version of underwright; run `underwright migrate` first")]
    OlderSchema,
    /// A migration that was applied is not the one that this version has.
    #[error(
        "migration {version} was applied to the database in another form than this version has; \
         use the version of underwright that made the database"
    )]
    OtherSchema { version: i64 },
    /// The file is a database of something else.
    #[error("{} is not an underwright database; give another path with --database-url", .path.display())]
    NotADatabase { path: PathBuf },
    /// The file cannot be read as a database: its header is not one, or it is cut off.
    #[error(
        "{} is damaged, or never was a database; restore it from a backup, or give another path with --database-url",
        .path.display()
    )]
    DamagedFile { path: PathBuf },
    /// A part of the file cannot be read.
    #[error("the database file is damaged; restore it from a backup")]
    Damaged,
    /// The latest changes stand in a write-ahead log that cannot be read where it is.
    #[error(
        "the latest changes to {} stand in the file beside it that ends in -wal, which cannot be read in a folder \
         that takes no new files; copy both files to one that does",
        .path.display()
    )]
    JournalNotReadable { path: PathBuf },
    /// There is no such file, and this command makes none.
    #[error("there is no database at {}; give its path with --database-url or its folder with --data-dir", .path.display())]
    NoSuchDatabase { path: PathBuf },
    /// The file's folder does not exist.
    #[error("the folder {} does not exist; make it, or give another with --data-dir", .path.display())]
    NoSuchDirectory { path: PathBuf },
    /// The server does not let this process in, or does not answer.
    #[error("cannot connect to {database}: {reason}")]
    CannotConnect { database: String, reason: String },
    /// The database holds tables of something else.
    #[error(
        "{database} is not an underwright database; make one of its own (CREATE DATABASE) and name it with \
         --database-url"
    )]
    NotOurs { database: String },
    /// The server acknowledges what it has not written.
    #[error("the PostgreSQL server has {setting} = off, so that it may lose what it acknowledged; set it to on")]
    NotDurable { setting: &'static str },
    /// The operating system refuses the file.
    #[error("{} cannot be opened: {reason}; check who owns it and its permissions", .path.display())]
    CannotOpen { path: PathBuf, reason: String },
}

/// SQLite's primary result codes, the low byte of the extended ones (<https://www.sqlite.org/rescode.html>).
pub(super) mod sqlite_code {
    pub(in crate::storage) const READONLY: i32 = 8;
    pub(in crate::storage) const CORRUPT: i32 = 11;
    pub(in crate::storage) const FULL: i32 = 13;
    pub(in crate::storage) const CANTOPEN: i32 = 14;
    pub(in crate::storage) const CONSTRAINT: i32 = 19;
    pub(in crate::storage) const NOTADB: i32 = 26;
}

impl Error {
    /// A stored value that cannot be read back.
    pub(super) fn corrupt(table: &'static str, column: &'static str, id: impl Into<String>) -> Self {
        Self::Corrupt { table, column, id: id.into() }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let sqlx::Error::Database(database) = &error else {
            return Self::Unavailable(error.to_string());
        };
        match database.try_downcast_ref::<PgDatabaseError>() {
            Some(postgres) => from_postgres(postgres),
            None => from_sqlite(database.as_ref()),
        }
    }
}

fn from_sqlite(error: &dyn DatabaseError) -> Error {
    match primary_code(error) {
        Some(sqlite_code::READONLY) => Error::ReadOnly,
        Some(sqlite_code::FULL) => Error::Unavailable("the disk is full".to_owned()),
        Some(sqlite_code::CONSTRAINT) => Error::Conflict(error.message().to_owned()),
        Some(sqlite_code::CORRUPT | sqlite_code::NOTADB) => Error::Damaged,
        _ => Error::Unavailable(error.message().to_owned()),
    }
}

/// By the class of the SQLSTATE (PostgreSQL's documentation, appendix A). What PostgreSQL says beside its message
/// may hold values, and is left out.
fn from_postgres(error: &PgDatabaseError) -> Error {
    match (error.code().get(..2), error.code()) {
        // A standby, or a database that was set to read-only.
        (_, "25006") => Error::ReadOnly,
        (_, "53100") => Error::Unavailable("the disk is full".to_owned()),
        // Its message may repeat the value: nothing that is bound to a statement of ours is of another type.
        (Some("22"), code) => Error::Conflict(format!("PostgreSQL does not take a value (SQLSTATE {code})")),
        (Some("23"), _) => Error::Conflict(error.message().to_owned()),
        (Some("XX"), "XX001" | "XX002") => Error::Damaged,
        _ => Error::Unavailable(error.message().to_owned()),
    }
}

/// Whether a connection, and not what was asked over it, is what failed.
pub(super) fn is_broken_connection(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) => true,
        // Class 57P: the server stops, restarts, or has ended this session; 25P03: it heard nothing for too long.
        sqlx::Error::Database(error) => error.code().is_some_and(|code| code.starts_with("57P") || code == "25P03"),
        _ => false,
    }
}

/// SQLite's primary result code of an error.
pub(super) fn primary_code(error: &dyn DatabaseError) -> Option<i32> {
    error.code()?.parse::<i32>().ok().map(|code| code & 0xff)
}
