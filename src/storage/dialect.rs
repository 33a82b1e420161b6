//! The few texts that are not the same for every backend.

/// Begins the SQLite transaction that writes. Immediate: it takes the lock at once, instead of failing when it
/// first writes.
pub(super) const SQLITE_BEGIN_WRITE: &str = "BEGIN IMMEDIATE";

/// Locks the log's head in PostgreSQL until the transaction ends. What is read after it, each statement in a
/// snapshot of its own, is what the writer before left, whichever process that was.
pub(super) const POSTGRES_LOCK_HEAD: &str = "SELECT id FROM audit_head WHERE id = 1 FOR UPDATE";

/// Begins a PostgreSQL transaction that reads one state of the database, as one in SQLite does.
pub(super) const POSTGRES_BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// The tables of a SQLite file that verifying the log does not read row by row.
pub(super) const SQLITE_OTHER_TABLES: &str = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('audit_entries', 'decisions', 'applications')";

/// The numbers of the log's segments, up to the head's, as a table `s (n)`.
macro_rules! segments {
    () => {
        concat!(
            "WITH RECURSIVE s (n) AS (SELECT CAST(0 AS BIGINT) UNION ALL SELECT n + 1 FROM s WHERE n < (SELECT size / ",
            $crate::audit::segment_entries!(),
            " FROM audit_head WHERE id = 1))"
        )
    };
}
pub(super) use segments;

/// As [`on_backend!`](super::db::on_backend), with a text for each backend: `text` is the one that belongs to it.
macro_rules! on_each_backend {
    ($tx:expr, $sqlite:expr, $postgres:expr, |$connection:ident, $text:ident| $body:expr) => {
        match $tx {
            $crate::storage::Tx::Sqlite(tx) => {
                let ($connection, $text) = (&mut **tx, $sqlite);
                $body
            }
            $crate::storage::Tx::Postgres(tx) => {
                let ($connection, $text) = (&mut **tx, $postgres);
                $body
            }
        }
    };
}
pub(super) use on_each_backend;
