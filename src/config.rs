//! Settings: built-in defaults, then a TOML file, then the environment, then flags.
//!
//! A key that no setting has is an error that names it and where it stands. Without any setting the
//! program runs in development mode: loopback only, with an embedded database and a fresh key in
//! the data directory.

mod audit;
mod console;
mod lender;
mod limits;
mod privacy;
mod source;
mod telemetry;

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;

pub use self::{
    audit::Audit,
    console::Console,
    lender::{Bureau, Law, Lender},
    limits::Limits,
    privacy::{EncryptionKey, Keys, Privacy, Retention},
    source::{Flags, InvalidSettings},
    telemetry::Telemetry,
};

/// The name under which a development key is known, and refused in production.
pub const DEVELOPMENT_KEY_ID: &str = "development";

/// Everything that can be set.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    pub mode: Mode,
    /// Where the embedded database and the development keys are kept.
    pub data_dir: PathBuf,
    pub server: Server,
    pub database: Database,
    pub model: Model,
    pub policy: Policy,
    pub auth: Auth,
    pub keys: Keys,
    pub audit: Audit,
    pub console: Console,
    pub lender: Lender,
    pub privacy: Privacy,
    pub retention: Retention,
    pub limits: Limits,
    pub log: Log,
    pub metrics: Metrics,
    pub telemetry: Telemetry,
}

/// Whether the program may make its own key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Loopback only; a key is made in the data directory and anyone who can read it is trusted.
    #[default]
    Development,
    /// Keys come from the settings.
    Production,
}

/// The HTTP server.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    pub listen: SocketAddr,
    /// The longest body that is read.
    pub body_limit_bytes: usize,
    /// How long a sender may take over a body, from the head's end to the body's.
    pub body_deadline_ms: u64,
    /// How long a sender may take over a request's head.
    pub head_deadline_ms: u64,
    /// How long an idle connection is kept.
    pub keep_alive_ms: u64,
    /// How long running requests may go on after a signal to stop.
    pub shutdown_grace_ms: u64,
    /// Threads that serve; as many as there are cores when left out.
    pub workers: Option<usize>,
}

/// The store.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `sqlite://PATH` or `postgres://USER@HOST/DATABASE`; `underwright.db` in the data directory when left out.
    pub url: Option<Secret>,
    /// How many connections read at once. One more writes.
    pub read_connections: u32,
    /// How long a request waits for a connection before it is told that the store is not available.
    pub acquire_timeout_ms: u64,
    /// How long PostgreSQL works on one statement before it gives up. 0: as long as it takes.
    pub statement_timeout_ms: u64,
    /// How long a transaction that writes may take until it is given up: a database that fell silent never says so.
    pub write_timeout_ms: u64,
}

/// The model that scores.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Model {
    /// A model bundle; the shipped model when left out.
    pub directory: Option<PathBuf>,
}

/// The policy that decides.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// A policy file; the shipped policy when left out.
    pub file: Option<PathBuf>,
}

/// Who may call.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    /// What a token's `iss` must be.
    pub issuer: Option<String>,
    /// What a token's `aud` must be or hold.
    pub audience: String,
    /// How far the clocks of issuer and server may differ: at most 30 s.
    pub leeway_s: u64,
    pub keys: Vec<Key>,
}

/// A key that tokens are verified with.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// What a token's header calls it. Only a name: it never chooses an algorithm.
    pub kid: String,
    pub algorithm: Algorithm,
    /// A PEM file with the public key: `EdDSA`, ES256, RS256.
    pub public_key_file: Option<PathBuf>,
    /// A file with the shared secret, at least 32 bytes: HS256.
    pub secret_file: Option<PathBuf>,
}

/// How a key signs. The closed list of RFC 7518 and RFC 8037 algorithms that are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Algorithm {
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// HMAC with SHA-256: a secret that issuer and server share.
    #[serde(rename = "HS256")]
    Hs256,
}

/// Log lines.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    pub format: LogFormat,
    /// A level, or a list of `target=level`.
    pub level: String,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// JSON in production mode, compact in development mode.
    #[default]
    Auto,
    /// One JSON object a line.
    Json,
    /// For a person at a terminal.
    Compact,
}

/// The metrics page.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// When set, `/metrics` asks for it as a bearer token; anyone may read it otherwise.
    pub token: Option<Secret>,
}

/// A text that is never shown: its `Debug` form hides it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

impl Settings {
    /// Whether log lines are JSON.
    #[must_use]
    pub fn logs_json(&self) -> bool {
        match self.log.format {
            LogFormat::Auto => self.mode == Mode::Production,
            LogFormat::Json => true,
            LogFormat::Compact => false,
        }
    }

    /// What a token's `iss` must be.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.auth.issuer.as_deref().unwrap_or("underwright-development")
    }

    /// Where the development key is kept.
    #[must_use]
    pub fn development_key_file(&self) -> PathBuf {
        self.data_dir.join("development-key.pem")
    }

    /// Where the key-encryption keys of development mode are kept.
    #[must_use]
    pub fn development_keys_dir(&self) -> PathBuf {
        self.data_dir.join("keys")
    }

    /// Where the key that signs the audit log is kept in development mode.
    #[must_use]
    pub fn development_signing_key_file(&self) -> PathBuf {
        self.development_keys_dir().join("audit-signing-key.pem")
    }

    /// Where erasures are noted.
    #[must_use]
    pub fn erasure_journal(&self) -> PathBuf {
        self.privacy.erasure_journal.clone().unwrap_or_else(|| self.data_dir.join("erasures.jsonl"))
    }

    /// Refuses settings that contradict each other or the mode.
    fn check(self) -> Result<Self, InvalidSettings> {
        let refuse = |message: String| Err(InvalidSettings::Refused(message));
        self.audit.check()?;
        self.limits.check()?;
        self.telemetry.check()?;
        self.console.check()?;
        self.lender.check()?;
        if self.auth.leeway_s > 30 {
            return refuse(format!("auth.leeway_s is {}: at most 30 s", self.auth.leeway_s));
        }
        if self.server.body_limit_bytes == 0 || self.server.workers == Some(0) {
            return refuse("server.body_limit_bytes and server.workers must be above 0".into());
        }
        if self.database.read_connections == 0 || self.database.acquire_timeout_ms == 0 {
            return refuse("database.read_connections and database.acquire_timeout_ms must be above 0".into());
        }
        if self.database.write_timeout_ms <= self.database.statement_timeout_ms {
            return refuse("database.write_timeout_ms must be above database.statement_timeout_ms".into());
        }
        if self.retention.interval_hours == 0 {
            return refuse("retention.interval_hours must be above 0".into());
        }
        match self.mode {
            Mode::Development if !self.server.listen.ip().is_loopback() => refuse(format!(
                "server.listen is {}: development mode listens on loopback only, because its key is made by the \
                 program itself and unprotected; listen on 127.0.0.1, or set mode = \"production\" with auth.keys",
                self.server.listen
            )),
            Mode::Production if self.auth.issuer.is_none() => {
                refuse("auth.issuer is missing: production mode needs the issuer of the tokens it trusts".into())
            }
            Mode::Production if self.auth.keys.is_empty() => refuse(
                "auth.keys is missing: production mode needs at least one [[auth.keys]] with kid, algorithm and \
                 public_key_file (or secret_file)"
                    .into(),
            ),
            Mode::Production if self.auth.keys.iter().any(|key| key.kid == DEVELOPMENT_KEY_ID) => refuse(format!(
                "auth.keys has the key `{DEVELOPMENT_KEY_ID}`: production mode takes no development key"
            )),
            Mode::Development | Mode::Production => Ok(self),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            data_dir: Path::new(".").join("data"),
            server: Server::default(),
            database: Database::default(),
            model: Model::default(),
            policy: Policy::default(),
            auth: Auth::default(),
            keys: Keys::default(),
            audit: Audit::default(),
            console: Console::default(),
            lender: Lender::default(),
            privacy: Privacy::default(),
            retention: Retention::default(),
            limits: Limits::default(),
            log: Log::default(),
            metrics: Metrics::default(),
            telemetry: Telemetry::default(),
        }
    }
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080),
            body_limit_bytes: 64 * 1024,
            body_deadline_ms: 10_000,
            head_deadline_ms: 5_000,
            keep_alive_ms: 75_000,
            shutdown_grace_ms: 30_000,
            workers: None,
        }
    }
}

impl Server {
    /// How long a sender may take over a body.
    #[must_use]
    pub const fn body_deadline(&self) -> Duration {
        Duration::from_millis(self.body_deadline_ms)
    }
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: None,
            read_connections: 4,
            acquire_timeout_ms: 5_000,
            statement_timeout_ms: 10_000,
            write_timeout_ms: 15_000,
        }
    }
}

impl Database {
    /// How long a request waits for a connection.
    #[must_use]
    pub const fn acquire_timeout(&self) -> Duration {
        Duration::from_millis(self.acquire_timeout_ms)
    }

    /// How long a transaction that writes may take.
    #[must_use]
    pub const fn write_timeout(&self) -> Duration {
        Duration::from_millis(self.write_timeout_ms)
    }
}

impl Default for Auth {
    fn default() -> Self {
        Self { issuer: None, audience: "underwright".into(), leeway_s: 10, keys: Vec::new() }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::default(), level: "info".into() }
    }
}

#[cfg(test)]
mod tests;
