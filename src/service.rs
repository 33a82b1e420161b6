//! The use cases: the only place where a transaction is opened.
//!
//! A use case is a function over an [`App`] and whoever calls. Those that change something end in the
//! [`recorder`], which writes the application, its decision, the idempotency key and the audit entry in
//! one durable transaction; a caller is answered only after it.

pub mod accounts;
pub mod activations;
pub mod app;
pub mod applications;
pub mod audit;
mod blocking;
pub mod call;
pub mod comparable;
pub mod custody;
pub mod earlier;
pub mod export;
mod idempotency;
pub mod in_force;
pub mod letters;
pub mod listing;
pub mod models;
pub mod overview;
pub mod personal;
pub mod policies;
pub mod privacy;
pub mod promotion;
pub mod recorder;
pub mod registry;
pub mod replay;
pub mod retention;
pub mod review;
pub mod rotation;
pub mod sessions;
pub mod shipped;
pub mod sign_in;
pub mod simulate;
mod stored;
pub mod submit;
pub mod tally;
mod vault;
pub mod view;
pub mod what_if;

pub use app::{App, Parts, Readiness};
pub use call::{Answer, Call, IdempotencyKey};
pub use vault::Vault;

/// The version that stands in every entry written by this build.
const BUILD: &str = env!("CARGO_PKG_VERSION");

#[cfg(test)]
mod tests;
