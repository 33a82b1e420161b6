//! An application comes in: check, decide, record, answer.

use crate::domain::fault::Refusal;

use super::{Answer, App, Call, recorder::RecordError};

/// Why an application was not decided. Nothing of it is kept.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// Decides an application and records it.
pub async fn submit(app: &App, call: Call<'_>, body: &[u8]) -> Result<Answer, SubmitError> {
    let _ = (app, call, body);
    todo!()
}
