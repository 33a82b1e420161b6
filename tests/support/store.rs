//! A fresh store for a test, on either backend.

pub(crate) mod postgres;

use std::path::Path;

use tempfile::TempDir;

/// What a store is kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

/// A store that is gone when this is dropped.
pub(crate) enum Store {
    /// In a file in this folder.
    Sqlite(TempDir),
    /// In a database of the shared server; the folder is for what is kept beside it.
    Postgres(postgres::Database, TempDir),
}

impl Store {
    pub(crate) async fn new(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => Self::Sqlite(tempfile::tempdir().expect("a temporary directory")),
            Backend::Postgres => {
                let folder = tempfile::tempdir().expect("a temporary directory");
                Self::Postgres(postgres::shared().database().await, folder)
            }
        }
    }

    /// What `--database-url` takes.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite://{}", folder.path().join("underwright.db").display()),
            Self::Postgres(database, _) => database.url(),
        }
    }

    /// What is kept beside the database lies here.
    pub(crate) fn folder(&self) -> &Path {
        match self {
            Self::Sqlite(folder) | Self::Postgres(_, folder) => folder.path(),
        }
    }
}
