//! 32 secret bytes.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::clock::{NoRandomness, random};

/// A 256-bit key. Never shown, and overwritten when it is dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SecretKey([u8; 32]);

/// The text holds no key. Never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no key: write 32 random bytes as 64 hexadecimal digits or in base64, such as `openssl rand -hex 32` gives")]
pub struct NotASecret;

impl SecretKey {
    /// A key that nobody can guess.
    pub fn random() -> Result<Self, NoRandomness> {
        Ok(Self(random()?))
    }

    /// Takes a key's bytes; `None` when there are not 32.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Reads a key from text: 64 hexadecimal digits or base64, with white space around it.
    ///
    /// 32 equal bytes are no key: they are what a forgotten placeholder looks like.
    pub fn parse(text: &str) -> Result<Self, NotASecret> {
        let text = text.trim();
        let bytes = Zeroizing::new(match text.len() {
            64 => hex::decode(text).map_err(|_| NotASecret)?,
            _ => STANDARD.decode(text).map_err(|_| NotASecret)?,
        });
        if bytes.windows(2).all(|pair| pair[0] == pair[1]) {
            return Err(NotASecret);
        }
        Self::from_slice(&bytes).ok_or(NotASecret)
    }

    /// The key as 64 hexadecimal digits, for the one file it is kept in.
    #[must_use]
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.0))
    }

    pub(super) const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_from_hexadecimal_and_from_base64_with_white_space_around() {
        let bytes: Vec<u8> = (0..32).collect();
        for text in [hex::encode(&bytes) + "\n", format!("  {}\r\n", STANDARD.encode(&bytes))] {
            assert_eq!(SecretKey::parse(&text).unwrap().bytes().as_slice(), bytes);
        }
    }

    #[test]
    fn what_is_too_short_too_long_or_a_placeholder_is_refused_without_being_repeated() {
        let placeholder = "00".repeat(32);
        for text in ["", "hunter2", "aGVsbG8=", placeholder.as_str(), &"ab".repeat(33), &"zz".repeat(32)] {
            let error = SecretKey::parse(text).unwrap_err();
            assert!(text.is_empty() || !error.to_string().contains(text), "{text}");
        }
    }

    #[test]
    fn a_key_is_not_shown() {
        assert_eq!(format!("{:?}", SecretKey::random().unwrap()), "[hidden]");
        assert_ne!(SecretKey::random().unwrap().bytes(), SecretKey::random().unwrap().bytes());
    }
}
