//! The keys that tokens are verified with, each bound to one algorithm.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use jsonwebtoken::{
    Algorithm as Jwa, DecodingKey,
    jwk::{AlgorithmParameters, Jwk},
};

use crate::config::{self, Algorithm};

/// The shortest shared secret: as long as the hash, as RFC 7518 §3.2 asks.
const LEAST_SECRET_BYTES: usize = 32;
/// 2048 bits: the shortest RSA modulus that is accepted.
const LEAST_RSA_MODULUS_CHARACTERS: usize = 341;

/// A key and the only algorithm it verifies.
#[derive(Clone)]
pub struct VerifyingKey {
    pub(super) algorithm: Jwa,
    pub(super) key: DecodingKey,
}

/// Every key that is trusted, by the name that tokens call it.
#[derive(Debug, Clone, Default)]
pub struct KeySet(BTreeMap<String, VerifyingKey>);

/// A key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidKey {
    /// The file cannot be read.
    #[error("the key `{kid}` cannot be read from {}", .path.display())]
    Unreadable {
        kid: String,
        path: PathBuf,
        #[source]
        cause: std::io::Error,
    },
    /// The file holds something else than the algorithm needs.
    #[error("the key `{kid}` in {}: {problem}", .path.display())]
    Unfit { kid: String, path: PathBuf, problem: &'static str },
    /// Two keys have one name, or a key names the wrong kind of file.
    #[error("the key `{kid}`: {problem}")]
    Misconfigured { kid: String, problem: &'static str },
}

impl VerifyingKey {
    /// A key of an algorithm. `key` must be of the algorithm's family.
    #[must_use]
    pub const fn new(algorithm: Jwa, key: DecodingKey) -> Self {
        Self { algorithm, key }
    }

    /// Whether both verify with the same key material.
    #[must_use]
    pub fn is_same_key(&self, other: &Self) -> bool {
        self.algorithm == other.algorithm
            && matches!(
                (self.key.try_get_as_bytes(), other.key.try_get_as_bytes()),
                (Ok(left), Ok(right)) if left == right
            )
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A shared secret verifies and signs: the key itself is never shown.
        f.debug_struct("VerifyingKey").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

impl KeySet {
    /// Reads the configured keys.
    pub fn load(keys: &[config::Key]) -> Result<Self, InvalidKey> {
        let mut set = Self::default();
        for key in keys {
            let verifying = read(key)?;
            if set.0.insert(key.kid.clone(), verifying).is_some() {
                return Err(misconfigured(key, "stands twice in auth.keys; give each key its own kid"));
            }
        }
        Ok(set)
    }

    /// Trusts one more key. A key that had the name is replaced.
    pub fn insert(&mut self, kid: impl Into<String>, key: VerifyingKey) {
        self.0.insert(kid.into(), key);
    }

    /// The key that a token names; a token that names none means the only key there is.
    #[must_use]
    pub fn find(&self, kid: Option<&str>) -> Option<&VerifyingKey> {
        match kid {
            Some(kid) => self.0.get(kid),
            None if self.0.len() == 1 => self.0.values().next(),
            None => None,
        }
    }

    /// Every key with its name, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &VerifyingKey)> {
        self.0.iter().map(|(kid, key)| (kid.as_str(), key))
    }
}

fn misconfigured(key: &config::Key, problem: &'static str) -> InvalidKey {
    InvalidKey::Misconfigured { kid: key.kid.clone(), problem }
}

fn read(key: &config::Key) -> Result<VerifyingKey, InvalidKey> {
    let path = match (key.algorithm, &key.public_key_file, &key.secret_file) {
        (Algorithm::Hs256, None, Some(path)) => path,
        (Algorithm::Hs256, _, _) => return Err(misconfigured(key, "HS256 needs secret_file, and only that")),
        (_, Some(path), None) => path,
        _ => return Err(misconfigured(key, "this algorithm needs public_key_file, and only that")),
    };
    let bytes = std::fs::read(path).map_err(|cause| InvalidKey::Unreadable {
        kid: key.kid.clone(),
        path: path.clone(),
        cause,
    })?;
    parse(key.algorithm, &bytes).map_err(|problem| unfit(key, path, problem))
}

fn unfit(key: &config::Key, path: &Path, problem: &'static str) -> InvalidKey {
    InvalidKey::Unfit { kid: key.kid.clone(), path: path.to_path_buf(), problem }
}

fn parse(algorithm: Algorithm, bytes: &[u8]) -> Result<VerifyingKey, &'static str> {
    if algorithm == Algorithm::Hs256 {
        let secret = bytes.trim_ascii_end();
        if secret.len() < LEAST_SECRET_BYTES {
            return Err("a shared secret has at least 32 bytes");
        }
        if secret.starts_with(b"-----BEGIN") {
            // Whoever knows a public key could sign with it if it were taken for a secret.
            return Err("is a PEM key, which is no shared secret; give the file's own algorithm");
        }
        return Ok(VerifyingKey::new(Jwa::HS256, DecodingKey::from_secret(secret)));
    }
    if bytes.windows(11).any(|window| window == b"PRIVATE KEY") {
        return Err("holds a private key; the server needs, and should have, only the public one");
    }
    let (algorithm, key, unfit) = match algorithm {
        Algorithm::EdDsa => (Jwa::EdDSA, DecodingKey::from_ed_pem(bytes), "is not an Ed25519 public key in PEM form"),
        Algorithm::Es256 => (Jwa::ES256, DecodingKey::from_ec_pem(bytes), "is not a P-256 public key in PEM form"),
        Algorithm::Rs256 | Algorithm::Hs256 => {
            (Jwa::RS256, DecodingKey::from_rsa_pem(bytes), "is not an RSA public key of 2048 bits or more in PEM form")
        }
    };
    let key = key.map_err(|_| unfit)?;
    if is_sound(algorithm, &key) { Ok(VerifyingKey::new(algorithm, key)) } else { Err(unfit) }
}

/// The library checks a key's size only when it verifies; here it is checked at the start.
fn is_sound(algorithm: Jwa, key: &DecodingKey) -> bool {
    match algorithm {
        Jwa::EdDSA => key.try_get_as_bytes().is_ok_and(|point| point.len() == 32),
        Jwa::ES256 => key.try_get_as_bytes().is_ok_and(|point| point.len() == 65 && point[0] == 4),
        _ => Jwk::from_decoding_key(key, Some(algorithm)).is_ok_and(|jwk| match jwk.algorithm {
            AlgorithmParameters::RSA(rsa) => rsa.n.len() >= LEAST_RSA_MODULUS_CHARACTERS,
            _ => false,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(algorithm: Algorithm, file: &Path) -> config::Key {
        config::Key { kid: "k1".into(), algorithm, public_key_file: Some(file.into()), secret_file: None }
    }

    #[test]
    fn a_missing_file_is_named_with_its_key() {
        let error = KeySet::load(&[key(Algorithm::EdDsa, Path::new("/nowhere/k.pem"))]).unwrap_err();
        assert!(error.to_string().contains("`k1`") && error.to_string().contains("/nowhere/k.pem"), "{error}");
    }

    #[test]
    fn a_public_key_is_never_taken_for_a_shared_secret() {
        let pem = b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";
        assert!(parse(Algorithm::EdDsa, pem).is_ok());
        assert!(parse(Algorithm::Hs256, pem).is_err());
        assert!(parse(Algorithm::Es256, pem).is_err());
        assert!(parse(Algorithm::Rs256, pem).is_err());
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert!(parse(Algorithm::Hs256, &[7; 31]).is_err());
        assert!(parse(Algorithm::Hs256, &[7; 32]).is_ok());
    }

    #[test]
    fn a_key_names_exactly_the_kind_of_file_its_algorithm_needs() {
        let error = KeySet::load(&[key(Algorithm::Hs256, Path::new("k.pem"))]).unwrap_err();
        assert!(error.to_string().contains("secret_file"), "{error}");
    }
}
