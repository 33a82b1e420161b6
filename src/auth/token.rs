//! From a bearer token to a principal.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use jsonwebtoken::{Validation, errors::ErrorKind};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::keys::KeySet;
use crate::domain::{
    principal::{Principal, Role},
    timestamp::Timestamp,
};

/// The longest token that is looked at.
const LONGEST_TOKEN_BYTES: usize = 8 * 1024;
/// How many verified tokens are remembered.
const CACHED_TOKENS: usize = 10_000;
/// The longest subject.
const LONGEST_SUBJECT_CHARACTERS: usize = 255;

/// Verifies tokens: signature, times, issuer, audience, subject and role.
pub struct TokenVerifier {
    keys: KeySet,
    rules: Rules,
    /// Tokens that were verified, by their SHA-256, until they expire.
    verified: Mutex<HashMap<[u8; 32], Verified>>,
}

/// What a token must say.
#[derive(Debug, Clone)]
pub struct Rules {
    pub issuer: String,
    pub audience: String,
    /// How far the clocks of issuer and server may differ: at most 30 s.
    pub leeway_s: u64,
}

/// Why a token is refused. The messages are safe to show: they repeat nothing of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidToken {
    #[error("the token is longer than 8 KiB")]
    TooLong,
    #[error("the token is not a signed JWT with the claims exp, iss, aud, sub and role")]
    Malformed,
    #[error("the token names no key that is trusted here")]
    UnknownKey,
    #[error("the token's signature does not verify")]
    Signature,
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    NotYetValid,
    #[error("the token comes from another issuer")]
    Issuer,
    #[error("the token is meant for another audience")]
    Audience,
    #[error("the token's subject must have 1 to 255 characters and no control characters")]
    Subject,
    #[error("the token's role is not one of officer, manager, risk, auditor, privacy, service, admin")]
    Role,
}

#[derive(Clone)]
struct Verified {
    principal: Arc<Principal>,
    not_before: f64,
    expires: f64,
}

/// What is read of a token's payload. `aud` is checked by the library alone.
#[derive(Deserialize)]
struct Claims {
    /// One issuer; an array, which the library would take, fails here.
    iss: String,
    sub: String,
    role: String,
    /// Seconds since 1970, whole or not (RFC 7519 §2).
    exp: f64,
    #[serde(default)]
    nbf: Option<f64>,
}

impl TokenVerifier {
    /// A verifier that trusts `keys`.
    #[must_use]
    pub fn new(keys: KeySet, rules: Rules) -> Self {
        Self { keys, rules, verified: Mutex::default() }
    }

    /// The principal that a token was signed for.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Arc<Principal>, InvalidToken> {
        if token.len() > LONGEST_TOKEN_BYTES {
            return Err(InvalidToken::TooLong);
        }
        let digest: [u8; 32] = Sha256::digest(token).into();
        if let Some(verified) = self.remembered(&digest) {
            self.check_times(&verified, now)?;
            return Ok(verified.principal);
        }
        let verified = self.decode(token)?;
        self.check_times(&verified, now)?;
        let principal = Arc::clone(&verified.principal);
        self.remember(digest, verified, now);
        Ok(principal)
    }

    /// The principal of a token that was verified before and is still good.
    pub fn recall(&self, token: &str, now: Timestamp) -> Option<Arc<Principal>> {
        let verified = (token.len() <= LONGEST_TOKEN_BYTES).then(|| Sha256::digest(token).into())?;
        let verified = self.remembered(&verified)?;
        self.check_times(&verified, now).ok().map(|()| verified.principal)
    }

    fn decode(&self, token: &str) -> Result<Verified, InvalidToken> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| InvalidToken::Malformed)?;
        if header.crit.is_some() {
            // RFC 7515 §4.1.11: what is critical and not understood must be refused; none is.
            return Err(InvalidToken::Malformed);
        }
        let key = self.keys.find(header.kid.as_deref()).ok_or(InvalidToken::UnknownKey)?;
        let mut validation = Validation::new(key.algorithm);
        validation.set_audience(&[&self.rules.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The library reads the system's clock; the times are checked below against the given one.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims =
            jsonwebtoken::decode::<Claims>(token, &key.key, &validation).map_err(|error| refusal(error.kind()))?.claims;
        if claims.iss != self.rules.issuer {
            return Err(InvalidToken::Issuer);
        }
        Ok(Verified {
            principal: Arc::new(principal(&claims)?),
            not_before: claims.nbf.unwrap_or(f64::NEG_INFINITY),
            expires: claims.exp,
        })
    }

    fn check_times(&self, verified: &Verified, now: Timestamp) -> Result<(), InvalidToken> {
        let now_s = seconds(now);
        let leeway_s = f64::from(u32::try_from(self.rules.leeway_s.min(30)).unwrap_or(30));
        if now_s >= verified.expires + leeway_s {
            return Err(InvalidToken::Expired);
        }
        if now_s < verified.not_before - leeway_s {
            return Err(InvalidToken::NotYetValid);
        }
        Ok(())
    }

    fn remembered(&self, digest: &[u8; 32]) -> Option<Verified> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner).get(digest).cloned()
    }

    fn remember(&self, digest: [u8; 32], token: Verified, now: Timestamp) {
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        if verified.len() >= CACHED_TOKENS && !verified.contains_key(&digest) {
            let now_s = seconds(now);
            verified.retain(|_, token| token.expires > now_s);
            if verified.len() >= CACHED_TOKENS {
                verified.clear();
            }
        }
        verified.insert(digest, token);
    }
}

impl fmt::Debug for TokenVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenVerifier").field("keys", &self.keys).field("rules", &self.rules).finish_non_exhaustive()
    }
}

fn principal(claims: &Claims) -> Result<Principal, InvalidToken> {
    let characters = claims.sub.chars().count();
    if !(1..=LONGEST_SUBJECT_CHARACTERS).contains(&characters) || claims.sub.chars().any(char::is_control) {
        return Err(InvalidToken::Subject);
    }
    let role: Role = claims.role.parse().map_err(|_| InvalidToken::Role)?;
    Ok(Principal { subject: claims.sub.clone(), role })
}

fn refusal(kind: &ErrorKind) -> InvalidToken {
    match kind {
        ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm | ErrorKind::InvalidKeyFormat => {
            InvalidToken::Signature
        }
        ErrorKind::InvalidAudience => InvalidToken::Audience,
        _ => InvalidToken::Malformed,
    }
}

#[expect(clippy::cast_precision_loss, reason = "seconds before the year 9999 are exact in an f64")]
fn seconds(now: Timestamp) -> f64 {
    now.instant().unix_timestamp() as f64
}

#[cfg(test)]
mod tests;
