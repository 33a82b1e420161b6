//! Where the database is.

mod postgres;

use std::{
    fmt,
    path::{Path, PathBuf},
};

pub use self::postgres::PostgresUrl;

/// The database's name in the data directory, when nothing else is asked for.
pub const DEFAULT_FILE_NAME: &str = "underwright.db";

/// Where a database is. Shown without a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file.
    Sqlite(PathBuf),
    /// A server.
    Postgres(Box<PostgresUrl>),
}

/// A text that names no database. Never repeats the text, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    #[error("underwright keeps its data in SQLite or PostgreSQL: give sqlite://PATH or postgres://USER@HOST/DATABASE")]
    OtherBackend,
    #[error(
        "a database URL is sqlite://PATH or postgres://USER@HOST/DATABASE, such as \
         sqlite:///var/lib/underwright/underwright.db"
    )]
    NotAUrl,
    #[error("the URL of a SQLite database takes no options: write sqlite://PATH and nothing after it")]
    Options,
    #[error("an audit log cannot be kept in memory: give the path of a file, sqlite://PATH")]
    InMemory,
    #[error(
        "the PostgreSQL URL cannot be read; write postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full, with special \
         characters percent-encoded, and the password in it or in PGPASSWORD"
    )]
    Postgres,
    #[error("the PostgreSQL URL names no database: write postgres://USER@HOST/DATABASE")]
    NoDatabase,
    #[error("the PostgreSQL URL has the option `{0}`, which underwright does not know; it knows {known}", known = postgres::OPTIONS.join(", "))]
    UnknownOption(String),
    #[error("sslmode is disable, prefer, require, verify-ca or verify-full")]
    SslMode,
}

impl DatabaseUrl {
    /// Parses `sqlite://PATH` (a path that begins with a slash is absolute) or `postgres://…`.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(Box::new(PostgresUrl::parse(text)?)));
        }
        if text.starts_with("postgres:") || text.starts_with("postgresql:") {
            return Err(UrlError::Postgres);
        }
        let Some(path) = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:")) else {
            return Err(if text.contains("://") { UrlError::OtherBackend } else { UrlError::NotAUrl });
        };
        if path.contains(":memory:") {
            return Err(UrlError::InMemory);
        }
        if path.contains('?') {
            return Err(UrlError::Options);
        }
        if path.is_empty() || path.ends_with('/') {
            return Err(UrlError::NotAUrl);
        }
        Ok(Self::Sqlite(PathBuf::from(path)))
    }

    /// The database that `--database-url` names, else the default one in the data directory.
    pub fn resolve(database_url: Option<&str>, data_dir: &Path) -> Result<Self, UrlError> {
        match database_url {
            Some(text) => Self::parse(text),
            None => Ok(Self::Sqlite(data_dir.join(DEFAULT_FILE_NAME))),
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => write!(f, "{url}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_relative_unless_it_begins_with_a_slash() {
        assert_eq!(DatabaseUrl::parse("sqlite://a/b.db"), Ok(DatabaseUrl::Sqlite("a/b.db".into())));
        assert_eq!(DatabaseUrl::parse("sqlite:///a/b.db"), Ok(DatabaseUrl::Sqlite("/a/b.db".into())));
        assert_eq!(DatabaseUrl::parse("sqlite:a.db"), Ok(DatabaseUrl::Sqlite("a.db".into())));
    }

    #[test]
    fn without_a_url_the_database_lies_in_the_data_directory() {
        let expected = DatabaseUrl::Sqlite("data/underwright.db".into());
        assert_eq!(DatabaseUrl::resolve(None, Path::new("data")), Ok(expected));
    }

    #[test]
    fn what_cannot_be_opened_is_refused_without_repeating_it() {
        for (text, error) in [
            ("mysql://user:secret@host/db", UrlError::OtherBackend),
            ("underwright.db", UrlError::NotAUrl),
            ("sqlite://", UrlError::NotAUrl),
            ("sqlite:///var/lib/", UrlError::NotAUrl),
            ("sqlite::memory:", UrlError::InMemory),
            ("sqlite://a.db?mode=ro", UrlError::Options),
            ("postgres:user:secret@host/db", UrlError::Postgres),
        ] {
            assert_eq!(DatabaseUrl::parse(text), Err(error.clone()));
            assert!(!error.to_string().contains("secret"));
        }
    }
}
