//! The database.

pub mod bundle_files;
