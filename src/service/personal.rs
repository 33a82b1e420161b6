//! Looking at an applicant's personal data on a page: shown to whoever says why, and recorded first.

use serde::{Deserialize, Serialize};

use super::{
    App, applications,
    applications::ReadError,
    custody::Caller,
    recorder::LoneEntry,
    stored,
    vault::Held,
    view::{ApplicationView, LookEntry},
};
use crate::{
    audit::entry::{Action, Entry},
    domain::{application::Applicant, id::ApplicationId, look::LookReason},
    storage::{self, Tx, audit::EntryListing},
};

/// How many looks an application's history shows: the newest.
const MOST_SHOWN: u32 = 200;

/// Why nothing personal is shown.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    #[error("the applicant's data was erased: nobody can read it any more")]
    Erased,
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl From<storage::Error> for LookError {
    fn from(error: storage::Error) -> Self {
        Self::Read(error.into())
    }
}

/// What the entry of a look records: who and when stand in every entry.
#[derive(Serialize, Deserialize)]
struct LookRecord {
    reason: LookReason,
}

/// An application that is being changed, with the key over its applicant.
pub(super) struct Opened {
    pub(super) change: LoneEntry,
    pub(super) view: ApplicationView,
    pub(super) held: Held,
}

/// Begins an entry about an application whose applicant can be read. What is read is what stands when the entry is written.
pub(super) async fn open(app: &App, caller: Caller<'_>, id: ApplicationId) -> Result<Opened, LookError> {
    let mut change = app.custody().begin().await?;
    let found = applications::find(change.tx(), caller.who, id).await?;
    let held = stored::held(app.vault(), &found)?.ok_or(LookError::Erased)?;
    let view = stored::application(&found, Some(&held))?;
    Ok(Opened { change, view, held })
}

/// Records that somebody looks at an applicant, and then answers who that is.
///
/// # Errors
/// [`LookError::Erased`] once nobody can.
pub async fn look(
    app: &App,
    caller: Caller<'_>,
    id: ApplicationId,
    reason: LookReason,
) -> Result<Applicant, LookError> {
    let Opened { change, view, .. } = open(app, caller, id).await?;
    let applicant = view.applicant.ok_or(LookError::Erased)?;
    record(app, caller, change, (id, reason)).await?;
    Ok(applicant)
}

/// Makes a look durable.
pub(super) async fn record(
    app: &App,
    caller: Caller<'_>,
    change: LoneEntry,
    (id, reason): (ApplicationId, LookReason),
) -> Result<(), storage::Error> {
    let subject = id.to_string();
    app.custody().commit(change, caller, Action::ApplicantViewed, (&subject, &LookRecord { reason })).await?;
    Ok(())
}

/// The looks at an application's applicant, oldest first; of many the newest.
pub(super) async fn looks(tx: &mut Tx, id: ApplicationId) -> Result<Vec<LookEntry>, storage::Error> {
    let subject = id.to_string();
    let listing = EntryListing {
        action: Some(Action::ApplicantViewed),
        subject: Some(&subject),
        newest_first: true,
        limit: MOST_SHOWN,
        ..EntryListing::default()
    };
    let rows = storage::audit::list(tx, &listing).await?;
    rows.iter()
        .rev()
        .map(|row| {
            let entry = stored::parse_entry(&row.entry)?;
            let LookRecord { reason } = payload(&entry)?;
            Ok(LookEntry { sequence: entry.sequence, at: entry.time, actor: entry.actor, reason })
        })
        .collect()
}

/// What an entry says, whose form was checked when it was written.
pub(super) fn payload<'a, T: Deserialize<'a>>(entry: &'a Entry) -> Result<T, storage::Error> {
    serde_json::from_str(entry.payload.get()).map_err(|_| stored::corrupt_entry(entry.sequence.to_string()))
}
