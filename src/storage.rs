//! The database: one file per family of tables, the same SQL text for every backend.
//!
//! A query is a `&'static str` with `$1…` placeholders, registered in [`queries`] so that one test
//! prepares each on each backend. It runs in a [`Tx`], which only the use cases open. Column types are
//! those that every backend has: text, 64-bit integers, doubles, bytes; times are text of one width.

mod db;
mod dialect;
mod error;
mod open;
mod rows;
mod scrub;
mod url;

pub mod accounts;
pub mod applications;
pub mod audit;
pub mod bundle_files;
pub mod checkpoint_files;
pub mod data_keys;
pub mod decisions;
pub mod entries;
pub mod erasure_journal;
pub mod failpoint;
pub mod idempotency;
pub mod legal_holds;
pub mod queries;
pub mod registry;
pub mod saved_views;
pub mod sessions;
pub mod sign_ins;
pub mod summaries;
pub mod tallies;

#[cfg(test)]
mod tests;

pub use db::{Db, Tx};
pub use error::Error;
pub use open::AppliedMigration;
pub use rows::{MOST_ROWS, Writing};
pub use url::{DEFAULT_FILE_NAME, DatabaseUrl, PostgresUrl, UrlError};
