//! A person decides an application that awaits review, or overrides a decision.

use crate::domain::{fault::Refusal, id::ApplicationId};

use super::{Answer, App, Call, recorder::RecordError};

/// Why a review was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// No such application.
    #[error("there is no such application")]
    NotFound,
    /// The caller decided on another version than the one that stands.
    #[error("the application has changed: its version is {current} now; read it again before deciding")]
    VersionMismatch { current: u32 },
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// Records a person's decision on the version of the application that they saw (`If-Match`).
pub async fn decide(
    app: &App,
    call: Call<'_>,
    id: ApplicationId,
    seen_version: u32,
    body: &[u8],
) -> Result<Answer, ReviewError> {
    let _ = (app, call, id, seen_version, body);
    todo!()
}
