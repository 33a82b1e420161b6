//! The answer that is kept under a caller's `Idempotency-Key`: its entry names it by a hash.

use sha2::{Digest, Sha256};
use time::Duration;

use super::tree::{Hash, finish};

/// How long an answer is kept at least.
pub const KEPT_FOR: Duration = Duration::hours(24);

/// What begins the bytes that are hashed.
const DOMAIN: &[u8] = b"underwright kept answer 1";

/// What is kept of an answer, and under what.
#[derive(Debug, Clone, Copy)]
pub struct KeptAnswer<'a> {
    /// Role and subject, as in `service:los-1`.
    pub caller: &'a str,
    /// The method and the path's template.
    pub route: &'a str,
    pub key: &'a str,
    /// A keyed hash of what was asked for.
    pub request_mac: &'a [u8],
    pub status: i64,
    /// Sealed under the application's data key.
    pub response: &'a [u8],
}

impl KeptAnswer<'_> {
    /// The hash by which the entry names it: SHA-256 of `underwright kept answer 1` and of the six parts in their order,
    /// each with its length in bytes before it as 32 bits, big-endian; the status in decimal.
    #[must_use]
    pub fn sha256(&self) -> Hash {
        let mut hasher = Sha256::new_with_prefix(DOMAIN);
        let status = self.status.to_string();
        let texts = [self.caller.as_bytes(), self.route.as_bytes(), self.key.as_bytes(), self.request_mac];
        for part in texts.into_iter().chain([status.as_bytes(), self.response]) {
            // Nothing that is kept is that long; what is not would have no hash that anything names.
            hasher.update(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            hasher.update(part);
        }
        finish(hasher)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: KeptAnswer<'_> = KeptAnswer {
        caller: "service:los-1",
        route: "POST /v1/applications",
        key: "k-1",
        request_mac: &[7; 32],
        status: 201,
        response: b"sealed",
    };

    /// Computed with Python's hashlib and struct from the description.
    #[test]
    fn the_hash_is_that_of_the_parts_with_their_lengths() {
        assert_eq!(SAMPLE.sha256().to_string(), "ab95f51aac514dbad8b0b1f58dd2c05af4f3db1fcc8f637e080737725cf145f7");
    }

    #[test]
    fn no_part_passes_for_the_end_of_another() {
        let moved = KeptAnswer { caller: "service:los-1P", route: "OST /v1/applications", ..SAMPLE };
        assert_ne!(moved.sha256(), SAMPLE.sha256());
    }
}
