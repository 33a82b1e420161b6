//! Where settings come from, and what is said when one of them is wrong.

use std::{
    ffi::OsString,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use config::{Config, ConfigError, Environment, File, FileFormat};

use super::{Secret, Settings};

/// What the environment's variables begin with.
const PREFIX: &str = "UNDERWRIGHT";

/// The flags that override settings.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// The TOML file to read.
    pub config: Option<PathBuf>,
    pub listen: Option<SocketAddr>,
    pub database_url: Option<String>,
    pub data_dir: Option<PathBuf>,
}

/// The settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidSettings {
    /// The settings file cannot be read.
    #[error("cannot read the settings file {}", .path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        cause: std::io::Error,
    },
    /// The settings file holds something that is no setting.
    #[error("{origin}: {message}")]
    Wrong { origin: String, message: String },
    /// The settings contradict each other or the mode.
    #[error("{0}")]
    Refused(String),
}

impl Settings {
    /// Reads all settings: defaults, then `flags.config`, then `environment`, then the other flags.
    ///
    /// `environment` is the process's environment; of it, only `UNDERWRIGHT__…` is read.
    pub fn load(
        flags: &Flags,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, InvalidSettings> {
        let mut sources = Config::builder();
        if let Some(path) = &flags.config {
            let file = read_file(path)?;
            // Each source is also read alone, so that an error can say where it stands.
            check_alone(file.clone(), &path.display().to_string())?;
            sources = sources.add_source(file);
        }
        for (name, value) in environment {
            let (Ok(name), Ok(value)) = (name.into_string(), value.into_string()) else { continue };
            if !name.starts_with("UNDERWRIGHT__") {
                continue;
            }
            let variable = Environment::with_prefix(PREFIX)
                .prefix_separator("__")
                .separator("__")
                .source(Some(std::iter::once((name.clone(), value)).collect()));
            check_alone(variable.clone(), &format!("the environment variable {name}"))?;
            sources = sources.add_source(variable);
        }
        let mut settings: Self =
            sources.build().and_then(Config::try_deserialize).map_err(|error| wrong("the settings", &error))?;
        settings.apply(flags);
        settings.check()
    }

    fn apply(&mut self, flags: &Flags) {
        if let Some(listen) = flags.listen {
            self.server.listen = listen;
        }
        if let Some(url) = &flags.database_url {
            self.database.url = Some(Secret::new(url));
        }
        if let Some(directory) = &flags.data_dir {
            self.data_dir.clone_from(directory);
        }
    }
}

fn read_file(path: &Path) -> Result<File<config::FileSourceString, FileFormat>, InvalidSettings> {
    let text = std::fs::read_to_string(path)
        .map_err(|cause| InvalidSettings::Unreadable { path: path.to_path_buf(), cause })?;
    Ok(File::from_str(&text, FileFormat::Toml))
}

fn check_alone<S>(source: S, origin: &str) -> Result<(), InvalidSettings>
where
    S: config::Source + Send + Sync + 'static,
{
    Config::builder()
        .add_source(source)
        .build()
        .and_then(Config::try_deserialize::<Settings>)
        .map(drop)
        .map_err(|error| wrong(origin, &error))
}

/// Says where an error stands. The value itself is not repeated: it may be a secret.
fn wrong(origin: &str, error: &ConfigError) -> InvalidSettings {
    let message = match error {
        ConfigError::Type { expected, key, .. } => {
            format!("{} must be {expected}", key.as_deref().unwrap_or("a value"))
        }
        ConfigError::At { error, key: Some(key), .. } => format!("{key}: {error}"),
        other => other.to_string(),
    };
    InvalidSettings::Wrong { origin: origin.to_owned(), message }
}
