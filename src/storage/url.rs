//! Where the database is.

use std::{
    fmt,
    path::{Path, PathBuf},
};

/// The database's name in the data directory, when nothing else is asked for.
pub const DEFAULT_FILE_NAME: &str = "underwright.db";

/// Where a database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file.
    Sqlite(PathBuf),
}

/// A text that names no database. Never repeats the text, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    #[error("this build speaks SQLite only: give --database-url sqlite://PATH, or --data-dir and no URL")]
    OtherBackend,
    #[error("a database URL is sqlite://PATH, such as sqlite:///var/lib/underwright/underwright.db")]
    NotAUrl,
    #[error("a database URL takes no options: write sqlite://PATH and nothing after it")]
    Options,
    #[error("an audit log cannot be kept in memory: give the path of a file, sqlite://PATH")]
    InMemory,
}

impl DatabaseUrl {
    /// Parses `sqlite://PATH`; a path that begins with a slash is absolute.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        if text.starts_with("postgres:") || text.starts_with("postgresql:") || text.starts_with("mysql:") {
            return Err(UrlError::OtherBackend);
        }
        let path = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:")).ok_or(UrlError::NotAUrl)?;
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
            ("postgres://user:secret@host/db", UrlError::OtherBackend),
            ("underwright.db", UrlError::NotAUrl),
            ("sqlite://", UrlError::NotAUrl),
            ("sqlite:///var/lib/", UrlError::NotAUrl),
            ("sqlite::memory:", UrlError::InMemory),
            ("sqlite://a.db?mode=ro", UrlError::Options),
        ] {
            assert_eq!(DatabaseUrl::parse(text), Err(error.clone()));
            assert!(!error.to_string().contains("secret"));
        }
    }
}
