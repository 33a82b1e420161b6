//! What is set about personal data: the keys over it, how long it is kept.

use std::path::PathBuf;

use serde::Deserialize;

/// The keys that wrap the keys of applications.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keys {
    /// The id of the key that wraps what is new; may be left out when there is one key alone.
    pub active: Option<String>,
    /// Every key that anything may be wrapped by. Left out in development mode, one is made in `keys` in the data
    /// directory.
    pub encryption: Vec<EncryptionKey>,
}

/// A key-encryption key: 32 random bytes, as 64 hexadecimal digits or in base64.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncryptionKey {
    /// Stands beside everything that the key wraps.
    pub id: String,
    /// A file that holds it and that its owner alone, or the owner's group, can read.
    pub file: Option<PathBuf>,
    /// An environment variable that holds it.
    pub variable: Option<String>,
}

/// What is erased, and where that is noted.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Privacy {
    /// The file that names what was erased, so that a restored backup does not bring it back: keep it out of the database's
    /// backups, and let all servers on one database share it. `erasures.jsonl` in the data directory when left out.
    pub erasure_journal: Option<PathBuf>,
}

/// How long an application keeps its applicant, in days since it was received, by its outcome as it stands. For as long as
/// nobody erases it when left out.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    pub approve_days: Option<u32>,
    /// Of those that still await review.
    pub review_days: Option<u32>,
    pub decline_days: Option<u32>,
    /// How often a running server looks.
    pub interval_hours: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { approve_days: None, review_days: None, decline_days: None, interval_hours: 24 }
    }
}
