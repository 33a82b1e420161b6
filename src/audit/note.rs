//! Signed notes: a text and the signatures under it (C2SP `signed-note`).
//!
//! The form is exact, so that one note has one spelling: the text ends in a line end, an empty line follows,
//! then a line for each signature. A key is named by its name and a short hash of itself; a verifier looks
//! only at signatures by keys that it trusts, and refuses a note whose trusted signature does not hold.

use std::{fmt, str::FromStr};

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

/// What the encoding of an Ed25519 key begins with, and what is hashed before it.
const ED25519_TYPE: u8 = 0x01;
/// As many as the Go project's reader takes; the specification asks for 16 at least.
const MOST_SIGNATURES: usize = 100;
const SIGNATURE_PREFIX: &str = "\u{2014} ";

/// The text is not a signed note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not a signed note: a text, an empty line, and lines that begin with a dash, a name and a signature")]
pub struct NotANote;

/// A key's name may be neither empty nor hold white space or a plus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key's name has one character at least, no white space and no plus")]
pub struct NotAKeyName;

/// The text is not a verifier key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not a verifier key: a name, a plus, eight hexadecimal digits, a plus and an Ed25519 key in base64")]
pub struct NotAKey;

/// Why a note's signatures do not show that a trusted key signed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsigned {
    /// None of its signatures is by a key that is trusted.
    #[error("it is not signed by a key that is trusted")]
    UnknownKey,
    /// A signature in the name of a trusted key is not by that key.
    #[error("its signature by {key} does not hold")]
    Forged { key: String },
}

/// The first four bytes of the hash of a key with its name and kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId([u8; 4]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// A name and an Ed25519 public key: what a note is verified with, written `name+id+key`.
///
/// Invariant: the name has no white space and no plus.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VerifierKey {
    name: String,
    id: KeyId,
    public: [u8; 32],
}

impl VerifierKey {
    /// Names a public key.
    pub fn new(name: impl Into<String>, public: [u8; 32]) -> Result<Self, NotAKeyName> {
        let name = name.into();
        if !is_key_name(&name) {
            return Err(NotAKeyName);
        }
        let hash = Sha256::new_with_prefix(&name).chain_update([b'\n', ED25519_TYPE]).chain_update(public).finalize();
        let mut id = [0; 4];
        id.copy_from_slice(&hash[..4]);
        Ok(Self { name, id: KeyId(id), public })
    }

    /// The key's name: for a log's key, the log's origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key's short hash.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The name and the short hash, as people speak of a key.
    #[must_use]
    pub fn short_name(&self) -> String {
        format!("{}+{}", self.name, self.id)
    }

    fn signed(&self, text: &str, signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.public).verify(text.as_bytes(), signature).is_ok()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut encoded = vec![ED25519_TYPE];
        encoded.extend_from_slice(&self.public);
        write!(f, "{}+{}+{}", self.name, self.id, STANDARD.encode(encoded))
    }
}

impl FromStr for VerifierKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(_), Some(encoded)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NotAKey);
        };
        let bytes = STANDARD.decode(encoded).map_err(|_| NotAKey)?;
        let (Some(&ED25519_TYPE), Some(Ok(public))) = (bytes.first(), bytes.get(1..).map(<[u8; 32]>::try_from)) else {
            return Err(NotAKey);
        };
        let key = Self::new(name, public).map_err(|_| NotAKey)?;
        // The short hash is part of the text, and it has one spelling.
        if key.to_string() == text { Ok(key) } else { Err(NotAKey) }
    }
}

impl Serialize for VerifierKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for VerifierKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// Whether a text may name a key.
#[must_use]
pub fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|letter: char| letter == '+' || letter.is_whitespace() || letter.is_control())
}

/// One signature under a note.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Signature {
    name: String,
    id: KeyId,
    bytes: Vec<u8>,
}

/// A text and the signatures under it, which are yet to be verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

impl Note {
    /// Puts one key's signature under a text, which ends in a line end.
    #[must_use]
    pub fn sign(text: String, key: &VerifierKey, signature: &[u8]) -> Self {
        let signature = Signature { name: key.name.clone(), id: key.id, bytes: signature.to_vec() };
        Self { text, signatures: vec![signature] }
    }

    /// Reads a note. Its signatures are not verified.
    pub fn parse(note: &str) -> Result<Self, NotANote> {
        if note.contains(|letter: char| letter.is_ascii_control() && letter != '\n' && letter != '\u{7f}') {
            return Err(NotANote);
        }
        let end = note.rfind("\n\n").ok_or(NotANote)? + 1;
        let lines = note.get(end + 1..).and_then(|lines| lines.strip_suffix('\n')).ok_or(NotANote)?;
        let signatures: Vec<_> = lines.split('\n').map(parse_signature).collect::<Option<_>>().ok_or(NotANote)?;
        if signatures.len() > MOST_SIGNATURES {
            return Err(NotANote);
        }
        Ok(Self { text: note[..end].to_owned(), signatures })
    }

    /// What is signed: ends in a line end. To be ignored until it is [verified](Note::verify).
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Verifies the signatures by the keys that are trusted, and gives the first of those keys.
    pub fn verify<'key>(&self, trusted: &'key [VerifierKey]) -> Result<&'key VerifierKey, Unsigned> {
        let mut signer = None;
        for signature in &self.signatures {
            let mut named =
                trusted.iter().filter(|key| key.name == signature.name && key.id == signature.id).peekable();
            let Some(first) = named.peek().copied() else { continue };
            let holds = named.find(|key| key.signed(&self.text, &signature.bytes));
            let key = holds.ok_or_else(|| Unsigned::Forged { key: first.short_name() })?;
            signer = signer.or(Some(key));
        }
        signer.ok_or(Unsigned::UnknownKey)
    }
}

fn parse_signature(line: &str) -> Option<Signature> {
    let (name, encoded) = line.strip_prefix(SIGNATURE_PREFIX)?.split_once(' ')?;
    let bytes = STANDARD.decode(encoded).ok()?;
    let (id, bytes) = bytes.split_first_chunk::<4>()?;
    (is_key_name(name) && !bytes.is_empty()).then(|| Signature {
        name: name.to_owned(),
        id: KeyId(*id),
        bytes: bytes.to_vec(),
    })
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for signature in &self.signatures {
            let bytes = [signature.id.0.as_slice(), &signature.bytes].concat();
            f.write_str(SIGNATURE_PREFIX)?;
            writeln!(f, "{} {}", signature.name, STANDARD.encode(bytes))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
