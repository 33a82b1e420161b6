//! What every change has in common: who asks for it, under which request, and what is answered.

use crate::domain::{
    id::{ApplicationId, RequestId},
    principal::Principal,
};

/// A request to change something.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Who asks, known by a verified token.
    pub who: &'a Principal,
    /// The request, as it stands in the logs and in the audit log.
    pub request_id: RequestId,
    /// The caller's name for this change, so that asking again does not do it again.
    pub idempotency_key: Option<&'a IdempotencyKey>,
}

/// The value of an `Idempotency-Key` header.
///
/// Invariant: 1 to 255 visible ASCII characters or spaces.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Parses a key; `None` when it is empty, longer than 255 characters or holds others than visible
    /// ASCII and spaces.
    #[must_use]
    pub fn new(key: impl Into<String>) -> Option<Self> {
        let key = key.into();
        let well_formed = (1..=255).contains(&key.len()) && key.bytes().all(|b| b == b' ' || b.is_ascii_graphic());
        well_formed.then_some(Self(key))
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a change is answered with, byte for byte the same when it is asked for again under its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status: 201 for a new application, 200 for a review.
    pub status: u16,
    pub application_id: ApplicationId,
    /// The application's version after the change: its `ETag`.
    pub version: u32,
    /// A JSON object, as [`crate::service::view::ApplicationView`].
    pub body: Vec<u8>,
    /// Whether this is the stored answer to an earlier request.
    pub replayed: bool,
}
