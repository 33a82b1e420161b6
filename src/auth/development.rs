//! The development key: made by the program in its data directory, trusted in development mode
//! alone.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, jwk::Jwk};
use serde::Serialize;
use time::Duration;

use super::keys::VerifyingKey;
pub use crate::crypto::private_file::create_private_directory;
use crate::{
    config::DEVELOPMENT_KEY_ID,
    crypto::private_file::{create_once, ed25519_pem, is_exposed},
    domain::{
        principal::{Principal, Role},
        timestamp::Timestamp,
    },
};

/// An Ed25519 key that signs tokens for development.
///
/// Invariant: its file is readable by its owner alone.
#[derive(Clone)]
pub struct DevelopmentKey {
    signing: EncodingKey,
    verifying: VerifyingKey,
}

/// The development key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DevelopmentKeyError {
    /// The file or its directory cannot be read or written.
    #[error("cannot {action} the development key {}", .path.display())]
    File {
        action: &'static str,
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    /// The file holds something else.
    #[error("{} is not an Ed25519 private key; move it away and a fresh one is made", .0.display())]
    NotAKey(PathBuf),
    /// Others can read the file.
    #[error("others can read the development key {}: run `chmod 600` on it", .0.display())]
    Exposed(PathBuf),
    /// The token's end lies beyond the calendar.
    #[error("the token would expire after the year 9999: ask for a shorter time")]
    TooLong,
    /// The key does not sign.
    #[error("the development key does not sign")]
    Signing(#[source] jsonwebtoken::errors::Error),
}

/// Whom a token is for, and what it says.
#[derive(Debug, Clone, Copy)]
pub struct Grant<'a> {
    pub principal: &'a Principal,
    pub issuer: &'a str,
    pub audience: &'a str,
    pub issued_at: Timestamp,
    pub ttl: Duration,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    role: Role,
    iat: i64,
    exp: i64,
}

impl DevelopmentKey {
    /// Reads the key, or makes it from `seed` (32 random bytes) when there is none.
    pub fn open_or_create(path: &Path, seed: &[u8; 32]) -> Result<Self, DevelopmentKeyError> {
        match Self::open(path) {
            Err(DevelopmentKeyError::File { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => {
                create_once(path, &ed25519_pem(seed)).map_err(|cause| file_error("write", path, cause))?;
                Self::open(path)
            }
            opened => opened,
        }
    }

    /// Reads the key.
    pub fn open(path: &Path) -> Result<Self, DevelopmentKeyError> {
        let pem = fs::read(path).map_err(|cause| file_error("read", path, cause))?;
        if is_exposed(path, false).map_err(|cause| file_error("read", path, cause))? {
            return Err(DevelopmentKeyError::Exposed(path.to_path_buf()));
        }
        let not_a_key = |_| DevelopmentKeyError::NotAKey(path.to_path_buf());
        let signing = EncodingKey::from_ed_pem(&pem).map_err(not_a_key)?;
        let public = Jwk::from_encoding_key(&signing, Algorithm::EdDSA)
            .and_then(|jwk| DecodingKey::from_jwk(&jwk))
            .map_err(not_a_key)?;
        Ok(Self { signing, verifying: VerifyingKey::new(Algorithm::EdDSA, public) })
    }

    /// The public half.
    #[must_use]
    pub const fn verifying(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// Signs a token.
    pub fn sign(&self, grant: Grant<'_>) -> Result<String, DevelopmentKeyError> {
        let expires = grant.issued_at.checked_add(grant.ttl).ok_or(DevelopmentKeyError::TooLong)?;
        let claims = Claims {
            iss: grant.issuer,
            aud: grant.audience,
            sub: &grant.principal.subject,
            role: grant.principal.role,
            iat: grant.issued_at.instant().unix_timestamp(),
            exp: expires.instant().unix_timestamp(),
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(DEVELOPMENT_KEY_ID.to_owned());
        jsonwebtoken::encode(&header, &claims, &self.signing).map_err(DevelopmentKeyError::Signing)
    }
}

impl fmt::Debug for DevelopmentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DevelopmentKey").finish_non_exhaustive()
    }
}

fn file_error(action: &'static str, path: &Path, cause: io::Error) -> DevelopmentKeyError {
    DevelopmentKeyError::File { action, path: path.to_path_buf(), cause }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::private_file::write_private;

    #[cfg(unix)]
    #[test]
    fn a_fresh_key_is_readable_by_its_owner_alone_and_stays_the_same() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("data").join("development-key.pem");
        let first = DevelopmentKey::open_or_create(&path, &[1; 32]).unwrap();
        let second = DevelopmentKey::open_or_create(&path, &[2; 32]).unwrap();
        assert!(first.verifying().is_same_key(second.verifying()));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);

        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let error = DevelopmentKey::open(&path).unwrap_err();
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_directory_that_cannot_be_written_is_given_as_the_cause() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o500)).unwrap();
        // Nothing is refused to the superuser.
        if fs::write(directory.path().join("probe"), "").is_ok() {
            return;
        }
        let error = DevelopmentKey::open_or_create(&directory.path().join("key.pem"), &[1; 32]).unwrap_err();
        let is_denied = |cause: &io::Error| cause.kind() == io::ErrorKind::PermissionDenied;
        assert!(
            matches!(&error, DevelopmentKeyError::File { action: "write", cause, .. } if is_denied(cause)),
            "{error}"
        );
    }

    #[test]
    fn the_public_half_is_the_one_of_rfc_8032() {
        // RFC 8032 §7.1, test 1.
        let seed = hex::decode("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").unwrap();
        let public = hex::decode("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a").unwrap();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key.pem");
        let key = DevelopmentKey::open_or_create(&path, &seed.try_into().unwrap()).unwrap();
        assert_eq!(key.verifying().key.try_get_as_bytes().unwrap(), public);
    }

    #[test]
    fn a_file_that_is_no_key_is_refused_by_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key.pem");
        write_private(&path, "hello").unwrap();
        let error = DevelopmentKey::open_or_create(&path, &[1; 32]).unwrap_err();
        assert!(error.to_string().contains("key.pem"), "{error}");
    }
}
