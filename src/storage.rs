//! The database.

/// A database.
#[derive(Debug, Clone)]
pub enum Db {
    Sqlite(()),
}

/// What went wrong with the database.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It does not answer, or cannot write now.
    #[error("the database is not available: {0}")]
    Unavailable(String),
}
