//! Finding an applicant without keeping who it is.
//!
//! A blind index is HMAC-SHA-256 under a key of its own, so that whoever holds the database alone can neither read nor
//! guess what was indexed, few as references and national ids are. The keys are derived (HKDF, RFC 5869) from one
//! secret that stays the same when key-encryption keys change: rotation re-wraps it and re-indexes nothing.

use std::fmt;

use aws_lc_rs::{
    hkdf::{self, HKDF_SHA256, Prk, Salt},
    hmac,
};

use super::SecretKey;

/// How long a tag is. 128 bits: two of a billion applicants share one with a probability below 2^-68.
pub const INDEX_BYTES: usize = 16;

/// What an applicant is found by. Says nothing to whoever lacks the key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IndexTag([u8; INDEX_BYTES]);

impl IndexTag {
    /// The tag's bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; INDEX_BYTES] {
        &self.0
    }

    /// Takes a stored tag; `None` when it has another length.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Debug for IndexTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IndexTag")
    }
}

/// Gives the tags.
pub struct BlindIndex {
    reference: hmac::Key,
    national_id: hmac::Key,
    subject: hmac::Key,
    request: hmac::Key,
    sign_in: hmac::Key,
}

impl BlindIndex {
    /// Derives the keys from the index's secret.
    #[must_use]
    pub fn new(secret: &SecretKey) -> Self {
        let prk = Salt::new(HKDF_SHA256, b"underwright blind index 1").extract(secret.bytes());
        Self {
            reference: derive(&prk, b"applicant reference"),
            national_id: derive(&prk, b"national id"),
            subject: derive(&prk, b"audit subject"),
            request: derive(&prk, b"idempotent request"),
            sign_in: derive(&prk, b"sign-in"),
        }
    }

    /// Of the lender's own number for an applicant. Taken as it is but for white space around it: two numbers that
    /// differ in case may be two people.
    #[must_use]
    pub fn reference(&self, reference: &str) -> IndexTag {
        tag(&self.reference, reference.trim().as_bytes())
    }

    /// Of a national id: its letters, in upper case, and digits, so that `123-45-6789` and `123 456789` are one.
    /// `None` when it has neither.
    #[must_use]
    pub fn national_id(&self, national_id: &str) -> Option<IndexTag> {
        let normal: String =
            national_id.chars().filter(|sign| sign.is_alphanumeric()).flat_map(char::to_uppercase).collect();
        (!normal.is_empty()).then(|| tag(&self.national_id, normal.as_bytes()))
    }

    /// How the audit log names an applicant: under another key than the index, so that the two cannot be joined.
    #[must_use]
    pub fn subject(&self, reference: &str) -> String {
        format!("applicant:{}", hex::encode(tag(&self.subject, reference.trim().as_bytes()).0))
    }

    /// Of what attempts to sign in are counted under: an account's name, a browser, an address. A name that is no
    /// account's may be a password, typed into the wrong field.
    #[must_use]
    pub fn sign_in(&self, what: &str) -> IndexTag {
        tag(&self.sign_in, what.as_bytes())
    }

    /// A fingerprint of a request. Lengths stand before the parts, so that no two requests read the same.
    #[must_use]
    pub fn request(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.request);
        for part in parts {
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part);
        }
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(context.sign().as_ref());
        fingerprint
    }
}

impl fmt::Debug for BlindIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlindIndex").finish_non_exhaustive()
    }
}

fn tag(key: &hmac::Key, value: &[u8]) -> IndexTag {
    let whole = hmac::sign(key, value);
    let mut short = [0; INDEX_BYTES];
    short.copy_from_slice(&whole.as_ref()[..INDEX_BYTES]);
    IndexTag(short)
}

fn derive(prk: &Prk, label: &[u8]) -> hmac::Key {
    let okm = prk.expand(&[label], hmac::HMAC_SHA256).map(hkdf::Okm::into);
    okm.expect("HKDF gives up to 255 hashes, and one is asked for")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(byte: u8) -> BlindIndex {
        BlindIndex::new(&SecretKey::from_slice(&[byte; 32]).unwrap())
    }

    /// Computed with Python's `hmac` and `hashlib`, from the definitions of RFC 5869 and RFC 2104.
    #[test]
    fn the_tags_are_those_of_the_definitions() {
        let index = index(7);
        assert_eq!(hex::encode(index.reference(" C-88121\n").as_bytes()), EXPECTED_REFERENCE);
        assert_eq!(hex::encode(index.national_id("123-45-6789").unwrap().as_bytes()), EXPECTED_NATIONAL_ID);
        assert_eq!(index.subject("C-88121"), format!("applicant:{EXPECTED_SUBJECT}"));
        assert_eq!(hex::encode(index.request(&[b"POST /v1/applications", b"{}"])), EXPECTED_REQUEST);
    }

    const EXPECTED_REFERENCE: &str = "a48b276c8c1650eb0d333b9ed2c1c55a";
    const EXPECTED_NATIONAL_ID: &str = "ebbe81a2ac7a8d64324dc61a258cc0dc";
    const EXPECTED_SUBJECT: &str = "7f9ca544ad7418e90180ab6b3153e0c4";
    const EXPECTED_REQUEST: &str = "e0735ac26b3ca0adb4ea5eff0d914a8b3bcb62988535bc18a7a08a598fd60ce9";

    #[test]
    fn a_national_id_is_found_however_it_is_spelt_and_a_reference_as_it_is() {
        let index = index(1);
        let expected = index.national_id("AB123456C");
        for spelling in ["ab 12 34 56 c", "AB-12-34-56-C", " AB123456C\t"] {
            assert_eq!(index.national_id(spelling), expected, "{spelling}");
        }
        assert_eq!(index.national_id(" - "), None);
        assert_ne!(index.reference("C-1"), index.reference("c-1"));
    }

    #[test]
    fn tags_of_two_kinds_or_two_secrets_have_nothing_in_common() {
        let one = index(1);
        let tags = [one.reference("42"), one.national_id("42").unwrap(), index(2).reference("42")];
        assert!(tags[0] != tags[1] && tags[0] != tags[2]);
        assert!(!one.subject("42").contains(&hex::encode(tags[0].as_bytes())));
        assert_ne!(one.request(&[b"ab", b"c"]), one.request(&[b"a", b"bc"]));
    }
}
