//! Why somebody looked at an applicant's data.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A closed list, so that whoever answers for personal data can count, and so that nothing personal is typed here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LookReason {
    /// To write to or call the applicant.
    Contact,
    /// To make sure that the applicant is who they say they are.
    Identity,
    /// To hold documents against the application.
    Documents,
    /// To answer a complaint or a dispute.
    Complaint,
    /// To answer the applicant's own question what is kept.
    AccessRequest,
    /// A letter was opened that names the applicant.
    Letter,
}

impl LookReason {
    /// Every reason.
    pub const ALL: [Self; 6] =
        [Self::Contact, Self::Identity, Self::Documents, Self::Complaint, Self::AccessRequest, Self::Letter];

    /// The reasons that a person chooses from.
    pub const CHOICES: [Self; 5] =
        [Self::Contact, Self::Identity, Self::Documents, Self::Complaint, Self::AccessRequest];

    /// The word that stands in entries and forms.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Identity => "identity",
            Self::Documents => "documents",
            Self::Complaint => "complaint",
            Self::AccessRequest => "access_request",
            Self::Letter => "letter",
        }
    }

    /// The choice of a word.
    #[must_use]
    pub fn parse_choice(word: &str) -> Option<Self> {
        Self::CHOICES.into_iter().find(|reason| reason.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_written_as_it_is_read_and_a_letter_is_nobodys_choice() {
        for reason in LookReason::ALL {
            assert_eq!(serde_json::to_value(reason).expect("JSON"), reason.as_str());
            let is_choice = LookReason::parse_choice(reason.as_str()) == Some(reason);
            assert_eq!(is_choice, reason != LookReason::Letter);
        }
        assert_eq!(LookReason::parse_choice("curiosity"), None);
    }
}
