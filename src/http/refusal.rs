//! How each refusal of a use case is told.

use super::problem::{Code, Problem};
use crate::{
    domain::fault::{Fault, FaultCode},
    service::{
        applications::ReadError, export, letters::LetterError, models::ShowError, personal::LookError,
        privacy::PrivacyError, recorder::RecordError, review::ReviewError, submit::SubmitError,
    },
    storage,
};

/// How long to wait when the store does not answer.
const RETRY_AFTER_SECONDS: u32 = 2;

impl From<storage::Error> for Problem {
    fn from(error: storage::Error) -> Self {
        if !matches!(error, storage::Error::Unavailable(_) | storage::Error::ReadOnly) {
            return Self::internal(&error);
        }
        tracing::warn!(cause = %error, "the store does not answer");
        let detail = "The store does not answer now. Nothing of this request was kept; send it again.";
        Self::retry_later(Code::Unavailable, detail, RETRY_AFTER_SECONDS)
    }
}

impl From<RecordError> for Problem {
    fn from(error: RecordError) -> Self {
        let detail = format!("{error}.");
        match error {
            RecordError::InFlight => Self::retry_later(Code::IdempotencyKeyInFlight, detail, 1),
            RecordError::Erased => Self::new(Code::ApplicantErased, detail),
            RecordError::KeyReused => Self::new(Code::IdempotencyKeyReused, detail),
            RecordError::Busy { retry_after_seconds } => {
                Self::retry_later(Code::Overloaded, detail, retry_after_seconds)
            }
            RecordError::Stopping { retry_after_seconds } => {
                Self::retry_later(Code::Unavailable, detail, retry_after_seconds)
            }
            RecordError::NotLoaded(_) => {
                tracing::warn!(cause = %error, "this server does not decide");
                let detail = "This server cannot load the model or the policy that is in force, and decides nothing by \
                              another. Nothing of this request was kept; send it again.";
                Self::retry_later(Code::Unavailable, detail, RETRY_AFTER_SECONDS)
            }
            RecordError::Storage(error) => error.into(),
        }
    }
}

impl From<SubmitError> for Problem {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Refused(refusal) => refusal.into(),
            SubmitError::Record(error) => error.into(),
        }
    }
}

impl From<ReviewError> for Problem {
    fn from(error: ReviewError) -> Self {
        match error {
            ReviewError::Refused(refusal) => refusal.into(),
            ReviewError::NotFound => Self::not_found(),
            ReviewError::Erased => Self::new(Code::ApplicantErased, format!("{error}.")),
            ReviewError::VersionMismatch { .. } => Self::new(Code::VersionMismatch, format!("{error}.")),
            ReviewError::Record(error) => error.into(),
        }
    }
}

impl From<PrivacyError> for Problem {
    fn from(error: PrivacyError) -> Self {
        match error {
            PrivacyError::Refused(refusal) => refusal.into(),
            PrivacyError::NotFound => Self::not_found(),
            PrivacyError::OnHold => Self::new(Code::LegalHold, format!("{error}.")),
            PrivacyError::Journal(_) => Self::internal(&error),
            PrivacyError::Storage(error) => error.into(),
        }
    }
}

impl From<export::Error> for Problem {
    fn from(error: export::Error) -> Self {
        match error {
            export::Error::Storage(error) => error.into(),
            export::Error::TreeTooLarge { .. } => {
                let fault = Fault::new("?tree_size", FaultCode::OutOfRange, error.to_string());
                Self::new(Code::InvalidQuery, "The query is not as it must be; see errors.").with_errors(vec![fault])
            }
            export::Error::Export(_) | export::Error::Sink(_) => Self::internal(&error),
        }
    }
}

impl From<LookError> for Problem {
    fn from(error: LookError) -> Self {
        match error {
            LookError::Erased => Self::new(Code::ApplicantErased, format!("{error}.")),
            LookError::Read(error) => error.into(),
        }
    }
}

impl From<LetterError> for Problem {
    fn from(error: LetterError) -> Self {
        let detail = format!("{error}.");
        match error {
            LetterError::NotDeclined | LetterError::NotSet(_) => Self::new(Code::NoLetter, detail),
            LetterError::Changed => Self::new(Code::VersionMismatch, detail),
            LetterError::Look(error) => error.into(),
        }
    }
}

impl From<ShowError> for Problem {
    fn from(error: ShowError) -> Self {
        match error {
            ShowError::NotFound => Self::not_found(),
            ShowError::Changed { .. } => Self::internal(&error),
            ShowError::Storage(error) => error.into(),
        }
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NotFound => Self::not_found(),
            ReadError::Contradicted(what) => Self::internal(&what),
            ReadError::Storage(error) => error.into(),
        }
    }
}
