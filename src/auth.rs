//! Who is calling: tokens, and the keys that verify them; the secrets of the console's sessions.
//!
//! A token is a signed JWT (RFC 7519). Its algorithm is the configured key's, never the header's;
//! the header's `kid` only finds the key. What a caller may do stands in
//! [`crate::domain::principal`].

pub mod development;
pub mod keys;
pub mod password;
pub mod session;
pub mod token;
