//! Rows as a database gave them, which are yet to be read: that can be done on many threads.

use sqlx::{postgres::PgRow, sqlite::SqliteRow};

/// Rows of one backend that are read as a `T` each.
#[derive(Debug)]
pub struct Fetched<T> {
    pub(super) rows: Rows,
    sqlite: fn(&SqliteRow) -> T,
    postgres: fn(&PgRow) -> T,
}

#[derive(Debug)]
pub(super) enum Rows {
    Sqlite(Vec<SqliteRow>),
    Postgres(Vec<PgRow>),
}

impl From<Vec<SqliteRow>> for Rows {
    fn from(rows: Vec<SqliteRow>) -> Self {
        Self::Sqlite(rows)
    }
}

impl From<Vec<PgRow>> for Rows {
    fn from(rows: Vec<PgRow>) -> Self {
        Self::Postgres(rows)
    }
}

impl<T> Fetched<T> {
    /// Rows, and what reads one of each backend.
    pub(super) fn new(rows: Rows, sqlite: fn(&SqliteRow) -> T, postgres: fn(&PgRow) -> T) -> Self {
        Self { rows, sqlite, postgres }
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        match &self.rows {
            Rows::Sqlite(rows) => rows.len(),
            Rows::Postgres(rows) => rows.len(),
        }
    }

    /// Reads one of them.
    #[must_use]
    pub fn read(&self, index: usize) -> T {
        match &self.rows {
            Rows::Sqlite(rows) => (self.sqlite)(&rows[index]),
            Rows::Postgres(rows) => (self.postgres)(&rows[index]),
        }
    }
}
