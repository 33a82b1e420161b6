//! The flags that every command with a store or a key takes.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::Context;

use crate::{
    config::{Flags, Secret, Settings},
    storage::DatabaseUrl,
};

/// Where the settings, the store and the development key are.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct SettingsArgs {
    /// Settings, in TOML; the environment (`UNDERWRIGHT__SERVER__LISTEN` style) and flags override it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The store, `sqlite://PATH` or `postgres://USER@HOST/DATABASE`; underwright.db in the data directory when left out
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Where the store and the development key are kept [default: ./data]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

impl SettingsArgs {
    /// Reads all settings.
    pub(super) fn load(&self) -> anyhow::Result<Settings> {
        self.load_listening(None)
    }

    /// As [`SettingsArgs::load`], with the flag that only a server has.
    pub(super) fn load_listening(&self, listen: Option<SocketAddr>) -> anyhow::Result<Settings> {
        let flags = Flags {
            config: self.config.clone(),
            listen,
            database_url: self.database_url.clone(),
            data_dir: self.data_dir.clone(),
        };
        Ok(Settings::load(&flags, std::env::vars_os())?)
    }
}

/// Where the store is.
pub(super) fn database_url(settings: &Settings) -> anyhow::Result<DatabaseUrl> {
    let url = settings.database.url.as_ref().map(Secret::expose);
    DatabaseUrl::resolve(url, &settings.data_dir).context("the store cannot be found")
}
