//! Key-encryption keys: what data keys are wrapped by.
//!
//! They stand in files or in the environment, never in the database, and each has an id that stands beside everything
//! it wraps. One is active and wraps what is new; the others only unwrap, until everything is
//! re-wrapped and they can be destroyed.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    Error, NotASecret, Place, SecretKey,
    private_file::{create_once, is_exposed},
    xaes::Xaes,
};
use crate::config::{EncryptionKey, Mode, Settings};

/// What the ids of keys that the program makes itself begin with; refused in production.
const DEVELOPMENT: &str = "development-";
const EXTENSION: &str = "kek";

/// A key as it is stored, and the id of the key that it is wrapped by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    pub kek: String,
    /// XAES-256-GCM: nonce (24 bytes), ciphertext (32), tag (16).
    pub bytes: Vec<u8>,
}

/// Whoever wraps and unwraps keys.
#[derive(Debug)]
pub enum KeyEncryption {
    /// Keys in this process's memory, from files or the environment. A hardware module or a cloud's key service would
    /// stand beside it.
    Local(LocalKeys),
}

/// Key-encryption keys in memory.
///
/// Invariant: the active key is one of them.
#[derive(Debug)]
pub struct LocalKeys {
    keys: BTreeMap<String, Xaes>,
    active: String,
}

/// A key-encryption key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidKey {
    #[error("keys.encryption: the key `{id}` cannot be read from {}", .path.display())]
    Unreadable {
        id: String,
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("keys.encryption: the key `{id}` in {place} {cause}")]
    Unfit {
        id: String,
        place: String,
        #[source]
        cause: NotASecret,
    },
    #[error("keys.encryption: others can read {}, which holds the key `{id}`: run `chmod 600` on it", .path.display())]
    Exposed { id: String, path: PathBuf },
    #[error("keys.encryption: the key `{id}` {problem}")]
    Misconfigured { id: String, problem: String },
    #[error(
        "keys.encryption is missing: production mode needs at least one [[keys.encryption]] with id and file (or \
         variable), 32 random bytes that `openssl rand -hex 32` gives"
    )]
    Missing,
    #[error("keys.active is missing: with several keys in keys.encryption it says which one wraps what is new")]
    NoActive,
    #[error("keys.active is `{0}`, which is not among keys.encryption")]
    UnknownActive(String),
    #[error("cannot make a key-encryption key in {}", .path.display())]
    CannotMake {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error(transparent)]
    NoRandomness(#[from] crate::clock::NoRandomness),
}

impl KeyEncryption {
    /// The keys of the settings; in development mode without any, those of the data directory, of which the first is
    /// made when there is none.
    ///
    /// `environment` is the process's environment: a key may stand in a variable of it.
    pub fn load(
        settings: &Settings,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, InvalidKey> {
        if !settings.keys.encryption.is_empty() {
            return configured(settings, environment).map(Self::Local);
        }
        match settings.mode {
            Mode::Production => Err(InvalidKey::Missing),
            Mode::Development => development(&settings.development_keys_dir()).map(Self::Local),
        }
    }

    /// A single key, in memory alone: for tests.
    #[must_use]
    pub fn single(id: &str, key: &SecretKey) -> Self {
        Self::Local(LocalKeys { keys: BTreeMap::from([(id.to_owned(), Xaes::new(key))]), active: id.to_owned() })
    }

    /// Adds a key that wraps from now on; those that are there still unwrap.
    #[must_use]
    pub fn with_active(self, id: &str, key: &SecretKey) -> Self {
        let Self::Local(mut local) = self;
        local.keys.insert(id.to_owned(), Xaes::new(key));
        id.clone_into(&mut local.active);
        Self::Local(local)
    }

    /// The id of the key that wraps what is new.
    #[must_use]
    pub fn active(&self) -> &str {
        let Self::Local(local) = self;
        &local.active
    }

    /// Wraps a key that is kept in a row of a table.
    pub fn wrap(&self, table: &str, row: &str, key: &SecretKey) -> Result<WrappedKey, Error> {
        let Self::Local(local) = self;
        let place = Place { table, row, column: "wrapped", key: &local.active };
        let bytes = local.find(&local.active)?.seal(&place.associated_data(), key.bytes())?;
        Ok(WrappedKey { kek: local.active.clone(), bytes })
    }

    /// Unwraps a key that was wrapped for this row of this table.
    pub fn unwrap(&self, table: &str, row: &str, wrapped: &WrappedKey) -> Result<SecretKey, Error> {
        let Self::Local(local) = self;
        let place = Place { table, row, column: "wrapped", key: &wrapped.kek };
        let bytes = local.find(&wrapped.kek)?.open(&place.associated_data(), &wrapped.bytes)?;
        SecretKey::from_slice(&zeroize::Zeroizing::new(bytes)).ok_or(Error::NotAuthentic)
    }
}

impl LocalKeys {
    fn find(&self, id: &str) -> Result<&Xaes, Error> {
        self.keys.get(id).ok_or_else(|| Error::NoSuchKey(id.to_owned()))
    }
}

fn configured(
    settings: &Settings,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<LocalKeys, InvalidKey> {
    let variables: BTreeMap<OsString, OsString> = environment.into_iter().collect();
    let mut keys = BTreeMap::new();
    for key in &settings.keys.encryption {
        let misconfigured =
            |problem: &str| InvalidKey::Misconfigured { id: key.id.clone(), problem: problem.to_owned() };
        if !is_id(&key.id) {
            return Err(misconfigured("has a name that is none: 1 to 64 lower-case letters, digits, `.`, `_` and `-`"));
        }
        if settings.mode == Mode::Production && key.id.starts_with(DEVELOPMENT) {
            return Err(misconfigured("is a development key by its name: production mode takes none"));
        }
        let secret = read(key, &variables)?;
        if keys.insert(key.id.clone(), Xaes::new(&secret)).is_some() {
            return Err(misconfigured("stands twice; give each key its own id"));
        }
    }
    let active = match (&settings.keys.active, settings.keys.encryption.as_slice()) {
        (Some(active), _) if keys.contains_key(active) => active.clone(),
        (Some(active), _) => return Err(InvalidKey::UnknownActive(active.clone())),
        (None, [only]) => only.id.clone(),
        (None, _) => return Err(InvalidKey::NoActive),
    };
    Ok(LocalKeys { keys, active })
}

fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte))
}

fn read(key: &EncryptionKey, variables: &BTreeMap<OsString, OsString>) -> Result<SecretKey, InvalidKey> {
    let misconfigured = |problem: String| InvalidKey::Misconfigured { id: key.id.clone(), problem };
    match (&key.file, &key.variable) {
        (Some(path), None) => read_file(&key.id, path, true),
        (None, Some(name)) => {
            let value = variables.get(&OsString::from(name)).and_then(|value| value.to_str());
            let text =
                value.ok_or_else(|| misconfigured(format!("is to stand in the variable {name}, which is not set")))?;
            let unfit = |cause| InvalidKey::Unfit { id: key.id.clone(), place: format!("the variable {name}"), cause };
            SecretKey::parse(text).map_err(unfit)
        }
        _ => Err(misconfigured("needs file or variable, and only one of them".to_owned())),
    }
}

fn read_file(id: &str, path: &Path, group_may_read: bool) -> Result<SecretKey, InvalidKey> {
    let unreadable = |cause| InvalidKey::Unreadable { id: id.to_owned(), path: path.to_owned(), cause };
    let text = zeroize::Zeroizing::new(fs::read_to_string(path).map_err(unreadable)?);
    if is_exposed(path, group_may_read).map_err(unreadable)? {
        return Err(InvalidKey::Exposed { id: id.to_owned(), path: path.to_owned() });
    }
    let unfit = |cause| InvalidKey::Unfit { id: id.to_owned(), place: path.display().to_string(), cause };
    SecretKey::parse(&text).map_err(unfit)
}

/// The keys of a development directory; the one that was made last is active.
fn development(directory: &Path) -> Result<LocalKeys, InvalidKey> {
    if numbered(directory)?.is_empty() {
        make_development_key(directory)?;
    }
    let numbered = numbered(directory)?;
    let mut keys = BTreeMap::new();
    let mut active = String::new();
    for (id, path) in numbered.into_values() {
        keys.insert(id.clone(), Xaes::new(&read_file(&id, &path, false)?));
        active = id;
    }
    if keys.is_empty() { Err(InvalidKey::Missing) } else { Ok(LocalKeys { keys, active }) }
}

/// Makes the next key of a development directory, which is active from the next start on, and gives its id.
pub fn make_development_key(directory: &Path) -> Result<String, InvalidKey> {
    let number = numbered(directory)?.last_key_value().map_or(1, |(number, _)| number + 1);
    let id = format!("{DEVELOPMENT}{number}");
    let path = directory.join(format!("{id}.{EXTENSION}"));
    let text = SecretKey::random()?.to_hex();
    create_once(&path, &text).map_err(|cause| InvalidKey::CannotMake { path, cause })?;
    Ok(id)
}

/// The development keys of a directory by their number, with id and file.
fn numbered(directory: &Path) -> Result<BTreeMap<u32, (String, PathBuf)>, InvalidKey> {
    let listed = match fs::read_dir(directory) {
        Ok(listed) => listed,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(cause) => {
            return Err(InvalidKey::Unreadable { id: DEVELOPMENT.to_owned(), path: directory.to_owned(), cause });
        }
    };
    let keys = listed.filter_map(|entry| {
        let path = entry.ok()?.path();
        let id = path.file_stem()?.to_str()?.to_owned();
        let is_key = path.extension().is_some_and(|extension| extension == EXTENSION);
        let number = id.strip_prefix(DEVELOPMENT)?.parse().ok()?;
        is_key.then_some((number, (id, path)))
    });
    Ok(keys.collect())
}

#[cfg(test)]
mod tests;
