//! Finding an applicant's applications.

use serde::Serialize;
use utoipa::ToSchema;

use super::PrivacyError;
use crate::{
    domain::{
        applicant_search::{self, SearchForm},
        decision::{Outcome, Status},
        id::ApplicationId,
        timestamp::Timestamp,
    },
    service::{custody::Custody, stored},
    storage::{applications, data_keys, legal_holds},
};

/// How many applications a search shows at most.
const MOST: u32 = 100;

/// One application of the applicant who was searched for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FoundApplication {
    pub application_id: ApplicationId,
    pub received_at: Timestamp,
    pub status: Status,
    pub outcome: Outcome,
    /// The lender's own number for the applicant: what an erasure and a hold ask for.
    #[schema(example = "C-88121")]
    pub applicant_reference: String,
    /// Whether there is a legal hold on the applicant's data.
    pub held: bool,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ApplicantSearch {
    /// Newest first, at most 100. An applicant who was erased is not found.
    pub data: Vec<FoundApplication>,
    /// Whether there are more.
    pub has_more: bool,
}

/// Finds the applications of an applicant by reference or by national id.
pub async fn search(custody: &Custody, body: &[u8]) -> Result<ApplicantSearch, PrivacyError> {
    let form = applicant_search::parse(body)?;
    let index = custody.vault.index();
    let mut tx = custody.db.read().await?;
    let mut ids = match &form {
        SearchForm::Reference(reference) => {
            data_keys::newest_of_applicant(&mut tx, index.reference(reference), MOST + 1).await?
        }
        SearchForm::NationalId(national_id) => match index.national_id(national_id) {
            Some(tag) => data_keys::newest_of_national_id(&mut tx, tag, MOST + 1).await?,
            None => Vec::new(),
        },
    };
    let has_more = ids.len() > MOST as usize;
    ids.truncate(MOST as usize);
    let mut data = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(found) = applications::find(&mut tx, id).await? else { continue };
        let Some(held) = stored::held(&custody.vault, &found)? else { continue };
        let reference = held.open_applicant(&found.applicant)?.reference;
        data.push(FoundApplication {
            application_id: id,
            received_at: found.received_at,
            status: Status::after(found.outcome),
            outcome: found.outcome,
            held: legal_holds::find(&mut tx, index.reference(&reference)).await?.is_some(),
            applicant_reference: reference,
        });
    }
    Ok(ApplicantSearch { data, has_more })
}
