//! The secrets of a console session: the token that its cookie holds, and the tokens that its forms hold.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::clock::{NoRandomness, random};

const BYTES: usize = 32;

/// What a session's cookie holds: 32 random bytes. The store keeps its hash alone.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken([u8; BYTES]);

impl SessionToken {
    /// A token that nobody can guess.
    pub fn random() -> Result<Self, NoRandomness> {
        Ok(Self(random()?))
    }

    /// Reads a cookie's value: base64url without padding.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self(URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?))
    }

    /// The cookie's value.
    #[must_use]
    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// By what the store knows the session: SHA-256.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }

    /// A token for a page's forms. It is another one each time, so that a page that is sent compressed gives nothing of it
    /// away by its length (BREACH), and holds for as long as the session.
    pub fn form_token(&self) -> Result<String, NoRandomness> {
        let pad: [u8; BYTES] = random()?;
        let secret = self.form_secret();
        let mut bytes = [0; 2 * BYTES];
        bytes[..BYTES].copy_from_slice(&pad);
        for (index, byte) in bytes[BYTES..].iter_mut().enumerate() {
            *byte = pad[index] ^ secret[index];
        }
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Whether a form's token is one of this session.
    #[must_use]
    pub fn accepts(&self, form_token: &str) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(form_token) else { return false };
        let Some((pad, masked)) = bytes.split_at_checked(BYTES).filter(|(_, masked)| masked.len() == BYTES) else {
            return false;
        };
        let unmasked: Vec<u8> = pad.iter().zip(masked).map(|(pad, byte)| pad ^ byte).collect();
        unmasked.ct_eq(&self.form_secret()).into()
    }

    fn form_secret(&self) -> [u8; BYTES] {
        Sha256::new().chain_update(b"underwright form token\0").chain_update(self.0).finalize().into()
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken([hidden])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_is_known_by_its_hash_alone() {
        let token = SessionToken::random().unwrap();
        assert_eq!(SessionToken::parse(&token.text()), Some(token.clone()));
        assert_ne!(token.hash(), token.0);
        for wrong in ["", "AAAA", &format!("{}A", token.text()), &token.text().replace(|_| true, "!")] {
            assert_eq!(SessionToken::parse(wrong), None, "{wrong}");
        }
        assert!(!format!("{token:?}").contains(&token.text()));
    }

    #[test]
    fn a_form_token_is_another_each_time_and_holds_for_its_session_alone() {
        let (mine, other) = (SessionToken::random().unwrap(), SessionToken::random().unwrap());
        let (first, second) = (mine.form_token().unwrap(), mine.form_token().unwrap());
        assert_ne!(first, second);
        assert!(mine.accepts(&first) && mine.accepts(&second));
        assert!(!other.accepts(&first));
        for wrong in ["", "AAAA", &first[1..], &mine.text(), &format!("{first}AAAA")] {
            assert!(!mine.accepts(wrong), "{wrong}");
        }
    }
}
