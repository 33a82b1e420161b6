//! The key that signs the log's checkpoints.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::private_file;
use crate::audit::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    note::{NotAKeyName, VerifierKey},
    tree::proof::Head,
};

/// An Ed25519 key with the name of the log that it signs for. Cheap to clone.
#[derive(Clone)]
pub struct CheckpointSigner {
    pair: Arc<Ed25519KeyPair>,
    verifier: VerifierKey,
}

/// The signing key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// The file or its directory cannot be read or written.
    #[error("cannot {action} the audit log's signing key {}", .path.display())]
    File {
        action: &'static str,
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    /// The file holds something else.
    #[error(
        "{} is not an Ed25519 private key in PEM form; `openssl genpkey -algorithm ED25519` makes one",
        .0.display()
    )]
    NotAKey(PathBuf),
    /// Others can read the file.
    #[error("others can read the audit log's signing key {}: run `chmod 600` on it", .0.display())]
    Exposed(PathBuf),
    /// The log's name cannot name a key.
    #[error("audit.origin cannot name a key: {0}")]
    Origin(#[from] NotAKeyName),
}

impl CheckpointSigner {
    /// Makes the key from 32 secret bytes. `origin` is the name of the log.
    ///
    /// # Panics
    /// Never: any 32 bytes are the seed of a key.
    pub fn from_seed(origin: &str, seed: &[u8; 32]) -> Result<Self, NotAKeyName> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).expect("any 32 bytes are the seed of an Ed25519 key");
        Self::new(origin, pair)
    }

    /// Reads the key of a file.
    pub fn open(origin: &str, path: &Path) -> Result<Self, SigningKeyError> {
        let file = |cause| SigningKeyError::File { action: "read", path: path.to_owned(), cause };
        let pem = fs::read(path).map_err(file)?;
        if private_file::is_exposed(path, false).map_err(file)? {
            return Err(SigningKeyError::Exposed(path.to_owned()));
        }
        let pair = pkcs8_of(&pem).and_then(|der| Ed25519KeyPair::from_pkcs8(&der).ok());
        Ok(Self::new(origin, pair.ok_or_else(|| SigningKeyError::NotAKey(path.to_owned()))?)?)
    }

    /// Reads the key of a file, or makes it from `seed` (32 random bytes) when there is none: for development.
    pub fn open_or_create(origin: &str, path: &Path, seed: &[u8; 32]) -> Result<Self, SigningKeyError> {
        match Self::open(origin, path) {
            Err(SigningKeyError::File { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => {
                private_file::create_once(path, &private_file::ed25519_pem(seed))
                    .map_err(|cause| SigningKeyError::File { action: "write", path: path.to_owned(), cause })?;
                Self::open(origin, path)
            }
            opened => opened,
        }
    }

    fn new(origin: &str, pair: Ed25519KeyPair) -> Result<Self, NotAKeyName> {
        let public = pair.public_key().as_ref().try_into().expect("the public half of an Ed25519 key has 32 bytes");
        Ok(Self { pair: Arc::new(pair), verifier: VerifierKey::new(origin, public)? })
    }

    /// The public half, by which others verify.
    #[must_use]
    pub const fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs the head of the log.
    #[must_use]
    pub fn sign(&self, head: Head) -> SignedCheckpoint {
        let checkpoint = Checkpoint { origin: self.verifier.name().to_owned(), head };
        let signature = self.pair.sign(checkpoint.to_string().as_bytes());
        SignedCheckpoint::new(checkpoint, &self.verifier, signature.as_ref())
    }
}

impl fmt::Debug for CheckpointSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckpointSigner").field("verifier", &self.verifier.short_name()).finish_non_exhaustive()
    }
}

/// The bytes between the lines that begin and end a private key.
fn pkcs8_of(pem: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(pem).ok()?;
    let (_, rest) = text.split_once("-----BEGIN PRIVATE KEY-----")?;
    let (encoded, _) = rest.split_once("-----END PRIVATE KEY-----")?;
    let encoded: String = encoded.split_whitespace().collect();
    STANDARD.decode(encoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{note::Note, tree::empty_root};

    /// The private half of the key of the Go project's test vectors (`golang.org/x/mod/sumdb/note`).
    fn published() -> CheckpointSigner {
        let encoded = STANDARD.decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz").unwrap();
        CheckpointSigner::from_seed("PeterNeumann", encoded[1..].try_into().unwrap()).unwrap()
    }

    #[test]
    fn the_published_key_gives_the_published_verifier_key_and_signature() {
        let signer = published();
        let verifier = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        assert_eq!(signer.verifier().to_string(), verifier);
        let text =
            "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
        let note = Note::sign(text.to_owned(), signer.verifier(), signer.pair.sign(text.as_bytes()).as_ref());
        let signature = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
        assert_eq!(note.to_string(), format!("{text}\n{signature}"));
    }

    #[test]
    fn a_signed_checkpoint_verifies_and_names_the_log() {
        let head = Head { size: 0, root: empty_root() };
        let signed = published().sign(head);
        let read = SignedCheckpoint::parse(&signed.to_string()).unwrap();
        assert_eq!((read.head(), read.checkpoint().origin.as_str()), (head, "PeterNeumann"));
        assert!(read.verify(&[published().verifier().clone()]).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn a_fresh_key_is_its_owners_alone_and_stays_the_same() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys").join("audit-signing-key.pem");
        let first = CheckpointSigner::open_or_create("log", &path, &[1; 32]).unwrap();
        let second = CheckpointSigner::open_or_create("log", &path, &[2; 32]).unwrap();
        assert_eq!(first.verifier(), second.verifier());
        assert_eq!(first.verifier(), CheckpointSigner::from_seed("log", &[1; 32]).unwrap().verifier());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let error = CheckpointSigner::open("log", &path).unwrap_err();
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }

    #[test]
    fn a_file_that_is_no_key_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        private_file::write_private(&path, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").unwrap();
        let error = CheckpointSigner::open("log", &path).unwrap_err();
        assert!(error.to_string().contains("key.pem"), "{error}");
    }
}
