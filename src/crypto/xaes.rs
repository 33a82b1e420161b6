//! XAES-256-GCM: AES-256-GCM with a nonce of 192 bits (C2SP, <https://c2sp.org/XAES-256-GCM>).
//!
//! A key-encryption key wraps a data key for every application there will ever be. Under random nonces of 96 bits one
//! key may do that 2^32 times (SP 800-38D, section 8.3), which is two days of a busy lender. Here each wrap has a key
//! of its own, derived from the first half of a random nonce of 192 bits: 2^80 wraps keep the
//! probability of a collision below 2^-32.

use std::fmt;

use aws_lc_rs::{
    aead::{LessSafeKey, NONCE_LEN},
    cipher::{AES_256, EncryptingKey, UnboundCipherKey},
};
use zeroize::Zeroizing;

use super::{
    Error, SecretKey,
    data_key::{aes_256_gcm, open_with, seal_with},
};
use crate::clock::random;

const XNONCE_LEN: usize = 2 * NONCE_LEN;

/// A key with room for any number of messages.
pub(super) struct Xaes {
    /// AES-256 on single blocks, for deriving keys alone.
    blocks: EncryptingKey,
    /// CMAC's first subkey.
    subkey: Zeroizing<[u8; 16]>,
}

impl Xaes {
    pub(super) fn new(key: &SecretKey) -> Self {
        let blocks = UnboundCipherKey::new(&AES_256, key.bytes()).and_then(EncryptingKey::ecb);
        let blocks = blocks.expect("AES-256 takes every key of 32 bytes");
        let mut subkey = Zeroizing::new([0; 16]);
        encrypt_blocks(&blocks, subkey.as_mut());
        // Doubling in GF(2^128), as in CMAC.
        let carried = subkey[0] >> 7;
        for place in 0..16 {
            let next = subkey.get(place + 1).map_or(0, |next| next >> 7);
            subkey[place] = subkey[place] << 1 | next;
        }
        subkey[15] ^= carried * 0b1000_0111;
        Self { blocks, subkey }
    }

    /// Seals: nonce, ciphertext, tag.
    pub(super) fn seal(&self, associated_data: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, Error> {
        self.seal_under(&random()?, associated_data, plaintext)
    }

    pub(super) fn open(&self, associated_data: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let (nonce, ciphertext) = sealed.split_first_chunk::<XNONCE_LEN>().ok_or(Error::NotAuthentic)?;
        let (of_key, of_message) = halves(nonce);
        open_with(&self.derive(&of_key), of_message, associated_data, ciphertext)
    }

    fn seal_under(&self, nonce: &[u8; XNONCE_LEN], associated_data: &[u8], text: &[u8]) -> Result<Vec<u8>, Error> {
        let (of_key, of_message) = halves(nonce);
        seal_with(&self.derive(&of_key), of_message, &of_key, associated_data, text)
    }

    /// The key of one message: CMAC in counter mode (SP 800-108r1) over two blocks.
    fn derive(&self, of_key: &[u8; NONCE_LEN]) -> LessSafeKey {
        let mut derived = Zeroizing::new([0; 32]);
        for (counter, block) in (1_u8..).zip(derived.chunks_exact_mut(16)) {
            block[..4].copy_from_slice(&[0, counter, b'X', 0]);
            block[4..].copy_from_slice(of_key);
            block.iter_mut().zip(self.subkey.iter()).for_each(|(byte, mask)| *byte ^= mask);
        }
        encrypt_blocks(&self.blocks, derived.as_mut());
        aes_256_gcm(&derived)
    }
}

fn halves(nonce: &[u8; XNONCE_LEN]) -> ([u8; NONCE_LEN], [u8; NONCE_LEN]) {
    let (mut of_key, mut of_message) = ([0; NONCE_LEN], [0; NONCE_LEN]);
    of_key.copy_from_slice(&nonce[..NONCE_LEN]);
    of_message.copy_from_slice(&nonce[NONCE_LEN..]);
    (of_key, of_message)
}

fn encrypt_blocks(blocks: &EncryptingKey, whole_blocks: &mut [u8]) {
    blocks.encrypt(whole_blocks).expect("AES encrypts every whole number of blocks");
}

impl fmt::Debug for Xaes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Xaes").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both vectors of the C2SP specification: the first bit of the subkey's source is 0 in one and 1 in the other.
    #[test]
    fn the_cipher_is_the_one_of_the_specification() {
        let cases = [
            (0x01, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"),
            (0x03, "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"),
        ];
        let nonce = b"ABCDEFGHIJKLMNOPQRSTUVWX";
        for (byte, associated, expected) in cases {
            let key = Xaes::new(&SecretKey::from_slice(&[byte; 32]).unwrap());
            let sealed = key.seal_under(nonce, associated.as_bytes(), b"XAES-256-GCM").unwrap();
            assert_eq!(hex::encode(&sealed[24..]), expected);
            assert_eq!(&sealed[..24], nonce);
            assert_eq!(key.open(associated.as_bytes(), &sealed).unwrap(), b"XAES-256-GCM");
        }
    }

    #[test]
    fn any_bit_that_is_flipped_is_noticed() {
        let key = Xaes::new(&SecretKey::random().unwrap());
        let sealed = key.seal(b"here", &[5; 32]).unwrap();
        assert_eq!(sealed.len(), 24 + 32 + 16);
        for place in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[place / 8] ^= 1 << (place % 8);
            assert_eq!(key.open(b"here", &changed), Err(Error::NotAuthentic), "bit {place}");
        }
        assert_eq!(key.open(b"there", &sealed), Err(Error::NotAuthentic));
        assert_eq!(key.open(b"here", &sealed[..20]), Err(Error::NotAuthentic));
    }
}
