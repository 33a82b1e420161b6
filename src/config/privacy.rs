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
