//! Keys, and what is sealed under them.
//!
//! An envelope in two layers. What an application says of its applicant is sealed under a [`DataKey`] of that
//! application's own; the data key is kept only wrapped, by a [key-encryption key](kek) that never
//! stands in the database. Whoever destroys the wrapped key has destroyed what was sealed under it, wherever
//! copies of the ciphertext are. A [`BlindIndex`] finds an applicant without saying who it is.
//!
//! No key is ever shown: none has a `Debug` form with its bytes, and all are overwritten when they are dropped.

mod blind_index;
mod data_key;
pub mod kek;
pub mod private_file;
mod secret;
pub mod signing;
mod xaes;

pub use blind_index::{BlindIndex, INDEX_BYTES, IndexTag};
pub use data_key::{DataKey, Place};
pub use kek::{KeyEncryption, WrappedKey};
pub use secret::{NotASecret, SecretKey};

/// Something could not be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// What was opened is not what was sealed, or was sealed for another place or under another key.
    #[error("it is not what was sealed here, or was sealed under another key")]
    NotAuthentic,
    /// A key is wrapped by a key-encryption key that is not at hand.
    #[error("it is wrapped by the key-encryption key `{0}`, which is not among keys.encryption: add it there")]
    NoSuchKey(String),
    /// The operating system gave no randomness.
    #[error(transparent)]
    NoRandomness(#[from] crate::clock::NoRandomness),
}
