//! Reading applications.

use crate::{
    decide::record::Explanation,
    domain::{decision::Outcome, id::ApplicationId, principal::Principal, timestamp::Timestamp},
    storage,
};

use super::{
    App,
    view::{ApplicationDetail, ApplicationView, Page, PageLimit, Status},
};

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is none, or it is not the caller's to see.
    #[error("there is no such thing")]
    NotFound,
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// Which applications are asked for; everything that is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub status: Option<Status>,
    pub outcome: Option<Outcome>,
    /// Received at this time or later.
    pub from: Option<Timestamp>,
    /// Received before this time.
    pub to: Option<Timestamp>,
    pub external_reference: Option<String>,
}

/// Lists applications, newest first. `after` is the last application of the page before.
pub async fn list(
    app: &App,
    who: &Principal,
    filter: &Filter,
    after: Option<ApplicationId>,
    limit: PageLimit,
) -> Result<Page<ApplicationView>, storage::Error> {
    let _ = (app, who, filter, after, limit);
    todo!()
}

/// One application with its history.
pub async fn show(app: &App, who: &Principal, id: ApplicationId) -> Result<ApplicationDetail, ReadError> {
    let _ = (app, who, id);
    todo!()
}

/// Every feature's value and contribution, as they were when the application was decided.
pub async fn explanation(app: &App, who: &Principal, id: ApplicationId) -> Result<Explanation, ReadError> {
    let _ = (app, who, id);
    todo!()
}
