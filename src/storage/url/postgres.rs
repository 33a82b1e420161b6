//! The address of a PostgreSQL database.

use std::{fmt, str::FromStr};

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::UrlError;

/// What may stand behind the question mark. Any other name is refused: a misspelt `sslmode` must not go unseen.
pub(super) const OPTIONS: [&str; 9] =
    ["sslmode", "sslrootcert", "sslcert", "sslkey", "application_name", "host", "port", "user", "dbname"];

/// How the server's certificate is looked at, by the names that libpq has for it. Not `allow`: it promises nothing.
const SSL_MODES: [&str; 5] = ["disable", "prefer", "require", "verify-ca", "verify-full"];

/// The address of a PostgreSQL database, with what it takes to get in. Shown without a password.
///
/// What the text leaves out comes from libpq's environment variables (`PGPASSWORD`, `PGSSLROOTCERT`, …) and its
/// password file. Where neither names an `sslmode`, a server on another machine must prove who it is
/// (`verify-full`): an audit log that goes to whoever answers first proves little.
#[derive(Clone)]
pub struct PostgresUrl {
    text: String,
    options: PgConnectOptions,
}

impl PostgresUrl {
    pub(super) fn parse(text: &str) -> Result<Self, UrlError> {
        let query = text.split_once('?').map_or("", |(_, query)| query);
        let mut ssl_mode = std::env::var("PGSSLMODE").ok();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if !OPTIONS.contains(&name) {
                return Err(UrlError::UnknownOption(name.to_owned()));
            }
            if name == "sslmode" {
                ssl_mode = Some(value.to_owned());
            }
        }
        if ssl_mode.as_deref().is_some_and(|mode| !SSL_MODES.contains(&mode)) {
            return Err(UrlError::SslMode);
        }
        let mut options = PgConnectOptions::from_str(text).map_err(|_| UrlError::Postgres)?;
        if options.get_database().is_none() {
            return Err(UrlError::NoDatabase);
        }
        if ssl_mode.is_none() && !is_on_this_machine(&options) {
            options = options.ssl_mode(PgSslMode::VerifyFull);
        }
        if options.get_application_name().is_none() {
            options = options.application_name("underwright");
        }
        Ok(Self { text: text.to_owned(), options })
    }

    /// What a connection is made with.
    pub(in crate::storage) fn options(&self) -> &PgConnectOptions {
        &self.options
    }
}

fn is_on_this_machine(options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    options.get_socket().is_some()
        || host.starts_with('/')
        || ["localhost", "127.0.0.1", "::1", "[::1]"].contains(&host)
}

impl PartialEq for PostgresUrl {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for PostgresUrl {}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = &self.options;
        write!(f, "postgres://{}@", options.get_username())?;
        match options.get_socket() {
            Some(socket) => write!(f, "{}", socket.display())?,
            None => write!(f, "{}:{}", options.get_host(), options.get_port())?,
        }
        write!(f, "/{}", options.get_database().unwrap_or_default())
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn parsed(text: &str) -> PostgresUrl {
        PostgresUrl::parse(text).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn a_password_is_neither_shown_nor_printed() {
        let url = parsed("postgres://uw:hunter2@db.example:5433/loans?sslmode=require");
        assert_eq!(url.to_string(), "postgres://uw@db.example:5433/loans");
        assert!(!format!("{url:?}").contains("hunter2"));
    }

    #[rstest]
    #[case::another_machine("postgres://uw@db.example/loans", "VerifyFull")]
    #[case::what_is_asked_for("postgres://uw@db.example/loans?sslmode=require", "Require")]
    #[case::this_machine("postgresql://uw@localhost/loans", "Prefer")]
    #[case::this_machine_by_number("postgres://uw@127.0.0.1/loans", "Prefer")]
    #[case::this_machine_by_ipv6("postgres://uw@[::1]/loans", "Prefer")]
    #[case::a_socket("postgres://uw@%2Frun%2Fpostgresql/loans", "Prefer")]
    #[case::a_socket_as_an_option("postgres:///loans?host=/run/postgresql&user=uw", "Prefer")]
    fn a_server_on_another_machine_must_prove_who_it_is_unless_told_otherwise(#[case] text: &str, #[case] mode: &str) {
        assert_eq!(format!("{:?}", parsed(text).options.get_ssl_mode()), mode);
    }

    #[rstest]
    #[case("postgres://uw:secret@host/db?sslmod=require", UrlError::UnknownOption("sslmod".to_owned()))]
    #[case("postgres://uw:secret@host/db?sslmode=allow", UrlError::SslMode)]
    #[case("postgres://uw:secret@host/db?sslmode=", UrlError::SslMode)]
    #[case("postgres://uw:secret@host:port/db", UrlError::Postgres)]
    #[case("postgres://uw:secret@host", UrlError::NoDatabase)]
    fn what_cannot_be_read_is_refused_without_repeating_it(#[case] text: &str, #[case] error: UrlError) {
        assert_eq!(PostgresUrl::parse(text), Err(error.clone()));
        assert!(!error.to_string().contains("secret"));
    }
}
