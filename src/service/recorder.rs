//! Group commit: one task writes everything that waits in one durable transaction.

use crate::storage;

/// How the recorder works.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How many changes may wait; one more is refused with [`RecordError::Busy`].
    pub queue_capacity: usize,
    /// How many changes one transaction may write.
    pub batch_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { queue_capacity: 4_096, batch_max: 512 }
    }
}

/// Why a change was not recorded. Nothing of it is kept.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Another request under the same idempotency key is being worked on (409).
    #[error("a request with this Idempotency-Key is being worked on; wait for its answer")]
    InFlight,
    /// The idempotency key stands for another request (422).
    #[error("this Idempotency-Key was used for a different request; use a new one")]
    KeyReused,
    /// More waits than the store can write (503 with `Retry-After`).
    #[error("too many changes are waiting to be recorded; try again in {retry_after_seconds} s")]
    Busy { retry_after_seconds: u32 },
    /// The server is stopping (503 with `Retry-After`).
    #[error("the server is stopping; try again in {retry_after_seconds} s")]
    Stopping { retry_after_seconds: u32 },
    /// The store did not take it (503 with `Retry-After`).
    #[error("the store did not record the change: {0}")]
    Storage(storage::Error),
}
