//! A fresh store for a test, on either backend.

pub(crate) mod postgres;

use tempfile::TempDir;

/// What a store is kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

/// A store that is gone when this is dropped.
pub(crate) enum Store {
    /// In a file in this folder.
    Sqlite(TempDir),
    Postgres(postgres::Database),
}

impl Store {
    pub(crate) async fn new(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => Self::Sqlite(tempfile::tempdir().expect("a temporary directory")),
            Backend::Postgres => Self::Postgres(postgres::shared().database().await),
        }
    }

    /// What `--database-url` takes.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite://{}", folder.path().join("underwright.db").display()),
            Self::Postgres(database) => database.url(),
        }
    }
}
