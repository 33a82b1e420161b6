//! Reading applications.
//!
//! A principal whose role sees only its own (a core-banking system) is told of another's application what it
//! is told of none: there is no such thing.

use super::{
    App,
    audit::checkpoints::CheckpointError,
    letters, personal, stored,
    view::{ApplicationDetail, ApplicationView, Page, PageLimit, Status},
};
use crate::{
    audit::{entry::actor_name, proof::ProofFile},
    decide::record::{DecisionRecord, Explanation},
    domain::{decision::Outcome, id::ApplicationId, principal::Principal, timestamp::Timestamp},
    storage::{
        self, Tx,
        applications::{Listing, StoredApplication},
    },
};

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is none, or it is not the caller's to see.
    #[error("there is no such thing")]
    NotFound,
    /// What is stored contradicts itself.
    #[error("{0}")]
    Contradicted(String),
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

impl From<CheckpointError> for ReadError {
    fn from(error: CheckpointError) -> Self {
        match error {
            CheckpointError::Storage(error) => Self::Storage(error),
            other => Self::Contradicted(other.to_string()),
        }
    }
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
    let own_name = who.role.sees_only_its_own().then(|| actor_name(who));
    let listing = Listing {
        submitted_by: own_name.as_deref(),
        external_reference: filter.external_reference.as_deref(),
        outcome: filter.outcome,
        status: filter.status,
        from: filter.from,
        to: filter.to,
        before: after,
        limit: limit.one_more(),
    };
    let mut tx = app.db().read().await?;
    let rows = storage::applications::list(&mut tx, &listing).await?;
    Page::cut(rows, limit, |row| row.id.to_string()).try_map(|row| {
        let held = stored::held(app.vault(), &row)?;
        stored::application(&row, held.as_ref())
    })
}

/// One application with its history.
pub async fn show(app: &App, who: &Principal, id: ApplicationId) -> Result<ApplicationDetail, ReadError> {
    let mut tx = app.db().read().await?;
    let found = find(&mut tx, who, id).await?;
    let entries = storage::decisions::entries(&mut tx, id).await?;
    let held = stored::held(app.vault(), &found)?;
    let history: Result<_, _> = entries.iter().map(|entry| stored::history(entry, held.as_ref())).collect();
    let (notices, looks) = (letters::history(&mut tx, id).await?, personal::looks(&mut tx, id).await?);
    Ok(ApplicationDetail { view: stored::application(&found, held.as_ref())?, history: history?, notices, looks })
}

/// Every feature's value and contribution, as they were when model and policy decided. What a person decided
/// afterwards changes nothing in it.
pub async fn explanation(app: &App, who: &Principal, id: ApplicationId) -> Result<Explanation, ReadError> {
    Ok(record(app, who, id).await?.explanation())
}

/// All that repeats the decision by model and policy. It holds nothing of the applicant but the age.
pub async fn record(app: &App, who: &Principal, id: ApplicationId) -> Result<DecisionRecord, ReadError> {
    let mut tx = app.db().read().await?;
    find(&mut tx, who, id).await?;
    let entry = storage::decisions::first_entry(&mut tx, id).await?.ok_or(ReadError::NotFound)?;
    Ok(stored::record(&entry)?)
}

/// The proof of one of an application's entries, for whoever may see the application: to be handed to the applicant, say.
/// An entry about anything else is none of its.
pub async fn proof(app: &App, who: &Principal, id: ApplicationId, sequence: u64) -> Result<ProofFile, ReadError> {
    find(&mut app.db().read().await?, who, id).await?;
    let entry = super::audit::entry(app, sequence).await?.ok_or(ReadError::NotFound)?;
    if entry.view.entry.subject != id.to_string() {
        return Err(ReadError::NotFound);
    }
    super::audit::proof_from_server(app, sequence).await
}

/// An application that the principal may see.
pub(super) async fn find(tx: &mut Tx, who: &Principal, id: ApplicationId) -> Result<StoredApplication, ReadError> {
    let found = storage::applications::find(tx, id).await?.ok_or(ReadError::NotFound)?;
    if who.role.sees_only_its_own() && found.submitted_by != actor_name(who) {
        return Err(ReadError::NotFound);
    }
    Ok(found)
}
