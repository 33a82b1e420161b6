//! The audit log's settings.

use std::{path::PathBuf, time::Duration};

use serde::Deserialize;

use super::InvalidSettings;
use crate::audit::note::is_key_name;

/// The audit log.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Audit {
    /// The log's name, in its checkpoints and as the name of its key: one that no other log has, such as
    /// `bank.example/lending`.
    pub origin: String,
    /// An Ed25519 private key in PEM form that signs the checkpoints; made in the data directory in development mode,
    /// needed in production.
    pub signing_key_file: Option<PathBuf>,
    /// How often a checkpoint is signed while the log grows.
    pub checkpoint_interval_s: u64,
    /// A folder outside the database that gets every checkpoint too.
    pub checkpoint_dir: Option<PathBuf>,
}

impl Default for Audit {
    fn default() -> Self {
        Self {
            origin: "localhost/underwright".to_owned(),
            signing_key_file: None,
            checkpoint_interval_s: 60,
            checkpoint_dir: None,
        }
    }
}

impl Audit {
    /// How often a checkpoint is signed.
    #[must_use]
    pub const fn checkpoint_interval(&self) -> Duration {
        Duration::from_secs(self.checkpoint_interval_s)
    }

    pub(super) fn check(&self) -> Result<(), InvalidSettings> {
        let refuse = |message: &str| Err(InvalidSettings::Refused(message.to_owned()));
        if !is_key_name(&self.origin) {
            return refuse(
                "audit.origin must have one character at least, no white space and no plus, as in bank.example/lending",
            );
        }
        if !(1..=86_400).contains(&self.checkpoint_interval_s) {
            return refuse("audit.checkpoint_interval_s must be from 1 to 86400, which is a day");
        }
        Ok(())
    }
}
