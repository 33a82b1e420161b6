//! From an untrusted form to a checked application, with every fault at once.

use time::Date;

use super::{application::Application, fault::Refusal};

/// Reads an application.
///
/// `today` is the UTC date that dates are held against.
///
/// # Errors
/// [`Refusal::Malformed`] when the bytes are not one JSON value, else [`Refusal::Faults`] with
/// every fault, sorted by pointer.
pub fn parse(json: &[u8], today: Date) -> Result<Application, Refusal> {
    let _ = (json, today);
    unimplemented!()
}
