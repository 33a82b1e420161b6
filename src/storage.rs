//! wip
mod db;
mod error;
mod open;
mod rows;
mod url;
pub use db::{Db, Tx};
pub use error::Error;
pub use open::AppliedMigration;
pub use url::{DEFAULT_FILE_NAME, DatabaseUrl, UrlError};
