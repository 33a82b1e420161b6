//! A data key: what one application's personal data is sealed under.
//!
//! AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce before the ciphertext. A data key seals few messages: the
//! applicant, an answer kept for each change under an idempotency key, a note for each review. With n of
//! them two nonces are equal with a probability below n²/2^97: 2^-77 for a thousand.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, MAX_TAG_LEN, NONCE_LEN, Nonce, UnboundKey};

use super::{Error, SecretKey};
use crate::clock::random;

/// Where a sealed value stands. A ciphertext opens only where it was sealed: the place is its associated data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    pub table: &'a str,
    /// What names the row: an application's id, a decision's id.
    pub row: &'a str,
    pub column: &'a str,
    /// The id of the key that it is sealed under.
    pub key: &'a str,
}

/// What stands before every place, so that no other use of a key means the same by the same bytes.
const DOMAIN: &[u8] = b"underwright sealed 1";

impl Place<'_> {
    /// The associated data: the domain, then each part with its length (32 bits, big-endian) before it, so that no two
    /// places read the same.
    pub(super) fn associated_data(&self) -> Vec<u8> {
        let parts = [self.table, self.row, self.column, self.key];
        let length = DOMAIN.len() + parts.iter().map(|part| 4 + part.len()).sum::<usize>();
        let mut data = Vec::with_capacity(length);
        data.extend_from_slice(DOMAIN);
        for part in parts {
            data.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            data.extend_from_slice(part.as_bytes());
        }
        data
    }
}

/// Seals and opens one application's personal data.
pub struct DataKey {
    cipher: LessSafeKey,
}

impl DataKey {
    /// Takes a key up.
    #[must_use]
    pub fn new(secret: &SecretKey) -> Self {
        Self { cipher: aes_256_gcm(secret.bytes()) }
    }

    /// Seals a value for a place: nonce, ciphertext, tag.
    pub fn seal(&self, place: &Place<'_>, plaintext: &[u8]) -> Result<Vec<u8>, Error> {
        let nonce: [u8; NONCE_LEN] = random()?;
        seal_with(&self.cipher, nonce, &[], &place.associated_data(), plaintext)
    }

    /// Opens what [`DataKey::seal`] sealed for the same place.
    pub fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(Error::NotAuthentic)?;
        open_with(&self.cipher, *nonce, &place.associated_data(), ciphertext)
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKey").finish_non_exhaustive()
    }
}

/// A cipher over 32 bytes of key, which every such key is.
pub(super) fn aes_256_gcm(key: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("AES-256 takes every key of 32 bytes"))
}

/// `before`, then the nonce, then ciphertext and tag.
pub(super) fn seal_with(
    cipher: &LessSafeKey,
    nonce: [u8; NONCE_LEN],
    before: &[u8],
    associated_data: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, Error> {
    let begins = before.len() + NONCE_LEN;
    let mut sealed = Vec::with_capacity(begins + plaintext.len() + MAX_TAG_LEN);
    sealed.extend_from_slice(before);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plaintext);
    let tag = cipher
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(associated_data),
            &mut sealed[begins..],
        )
        // It refuses only texts of 64 GiB and more.
        .map_err(|_| Error::NotAuthentic)?;
    sealed.extend_from_slice(tag.as_ref());
    Ok(sealed)
}

/// Opens a ciphertext with its tag behind it.
pub(super) fn open_with(
    cipher: &LessSafeKey,
    nonce: [u8; NONCE_LEN],
    associated_data: &[u8],
    ciphertext: &[u8],
) -> Result<Vec<u8>, Error> {
    let mut text = ciphertext.to_vec();
    let length = cipher
        .open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(associated_data), &mut text)
        .map_err(|_| Error::NotAuthentic)?
        .len();
    text.truncate(length);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HERE: Place<'_> = Place { table: "applications", row: "app_1", column: "applicant", key: "app_1" };

    fn key() -> DataKey {
        DataKey::new(&SecretKey::random().unwrap())
    }

    /// The cases of the GCM specification (its cases 13, 14 and 16), which NIST's validation uses.
    #[test]
    fn the_cipher_is_the_one_of_the_specification() {
        let zero = "00".repeat(32);
        let cases = [
            (zero.as_str(), "000000000000000000000000", "", "", "530f8afbc74536b9a963b4f1c4cb738b"),
            (
                &zero,
                "000000000000000000000000",
                "",
                "00000000000000000000000000000000",
                "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
            ),
            (
                "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
                "cafebabefacedbaddecaf888",
                "feedfacedeadbeeffeedfacedeadbeefabaddad2",
                "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
                 1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
                "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
                 8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b",
            ),
        ];
        for (key, nonce, associated, plain, sealed) in cases {
            let [key, nonce, associated, plain, sealed] =
                [key, nonce, associated, plain, sealed].map(|digits| hex::decode(digits).unwrap());
            let cipher = aes_256_gcm(key.as_slice().try_into().unwrap());
            let nonce: [u8; 12] = nonce.try_into().unwrap();
            let ours = seal_with(&cipher, nonce, b"", &associated, &plain).unwrap();
            assert_eq!(ours, [nonce.as_slice(), &sealed].concat());
            assert_eq!(open_with(&cipher, nonce, &associated, &sealed).unwrap(), plain);
        }
    }

    #[test]
    fn what_is_sealed_twice_is_never_the_same_and_opens_to_the_same() {
        let key = key();
        let (one, two) = (key.seal(&HERE, b"Ada").unwrap(), key.seal(&HERE, b"Ada").unwrap());
        assert_ne!(one, two);
        assert_eq!(key.open(&HERE, &one).unwrap(), key.open(&HERE, &two).unwrap());
        assert_eq!(one.len(), 12 + 3 + 16);
    }

    #[test]
    fn a_ciphertext_opens_nowhere_else_and_under_no_other_key() {
        let data_key = key();
        let sealed = data_key.seal(&HERE, b"Ada").unwrap();
        for elsewhere in [
            Place { table: "decisions", ..HERE },
            Place { row: "app_2", ..HERE },
            Place { column: "body", ..HERE },
            Place { key: "app_2", ..HERE },
            // The same letters, cut elsewhere.
            Place { table: "application", row: "sapp_1", ..HERE },
        ] {
            assert_eq!(data_key.open(&elsewhere, &sealed), Err(Error::NotAuthentic), "{elsewhere:?}");
        }
        assert_eq!(key().open(&HERE, &sealed), Err(Error::NotAuthentic));
    }

    #[test]
    fn what_is_too_short_to_be_sealed_is_refused() {
        for length in 0..28 {
            assert_eq!(key().open(&HERE, &vec![0; length]), Err(Error::NotAuthentic));
        }
    }

    proptest! {
        #[test]
        fn any_bit_that_is_flipped_is_noticed(text in proptest::collection::vec(any::<u8>(), 0..200), at in any::<proptest::sample::Index>(), bit in 0..8_u8) {
            let key = key();
            let mut sealed = key.seal(&HERE, &text).unwrap();
            prop_assert_eq!(key.open(&HERE, &sealed).unwrap(), text);
            let place = at.index(sealed.len());
            sealed[place] ^= 1 << bit;
            prop_assert_eq!(key.open(&HERE, &sealed), Err(Error::NotAuthentic));
        }

        #[test]
        fn any_bit_of_the_associated_data_that_is_flipped_is_noticed(at in any::<proptest::sample::Index>(), bit in 0..8_u8) {
            let cipher = aes_256_gcm(&[7; 32]);
            let mut associated = HERE.associated_data();
            let sealed = seal_with(&cipher, [1; 12], b"", &associated, b"Ada").unwrap();
            let place = at.index(associated.len());
            associated[place] ^= 1 << bit;
            prop_assert_eq!(open_with(&cipher, [1; 12], &associated, &sealed[12..]), Err(Error::NotAuthentic));
        }

        #[test]
        fn no_two_places_read_the_same(a in "[a-c]{0,3}", b in "[a-c]{0,3}", c in "[a-c]{0,3}", d in "[a-c]{0,3}") {
            let one = Place { table: &a, row: &b, column: &c, key: "k" };
            let two = Place { table: &b, row: &c, column: &d, key: "k" };
            prop_assert_eq!(one.associated_data() == two.associated_data(), one == two);
        }
    }
}
