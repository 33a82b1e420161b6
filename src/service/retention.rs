//! How long personal data is kept: data keys are destroyed when their application's period has ended.
//!
//! A period begins when an application was received and depends on its outcome as it stands. Each application ends by
//! itself: a later one of the same applicant keeps its own key. A legal hold keeps all of an applicant's.

use std::time::Duration;

use serde::Serialize;

use super::{
    custody::{Caller, Custody},
    privacy::destroy,
};
use crate::{
    audit::entry::Action,
    clock::least_application_id,
    config,
    domain::{
        decision::Outcome,
        id::ApplicationId,
        principal::{Principal, Role},
        timestamp::Timestamp,
    },
    storage::{
        self,
        data_keys::{self, Expiry},
    },
};

/// How many applications one entry, and one transaction, ends.
const CHUNK: u32 = 500;
/// What the log names these entries' subject.
const SUBJECT: &str = "retention";

/// How long applications of an outcome keep their applicant, in days. `None`: for as long as nobody erases it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Periods {
    approve: Option<u32>,
    review: Option<u32>,
    decline: Option<u32>,
}

/// What the end of a period's entry records.
#[derive(Serialize)]
struct ExpiryRecord<'a> {
    applications: &'a [ApplicationId],
    outcome: Outcome,
    /// Received before this time.
    received_before: Timestamp,
}

impl From<&config::Retention> for Periods {
    fn from(settings: &config::Retention) -> Self {
        Self { approve: settings.approve_days, review: settings.review_days, decline: settings.decline_days }
    }
}

impl Periods {
    /// Whether anything ever ends.
    #[must_use]
    pub const fn end(&self) -> bool {
        self.approve.is_some() || self.review.is_some() || self.decline.is_some()
    }

    /// The outcomes whose period ends, and before which time of receipt it has.
    fn limits(&self, now: Timestamp) -> Vec<(Outcome, Timestamp)> {
        let periods =
            [(Outcome::Approve, self.approve), (Outcome::Review, self.review), (Outcome::Decline, self.decline)];
        let limit = |days: u32| now.checked_add(-time::Duration::days(days.into()));
        periods.into_iter().filter_map(|(outcome, days)| Some((outcome, limit(days?)?))).collect()
    }
}

/// The applications whose period has ended and whose applicant is still readable, told to `each` a chunk at a time,
/// with their outcome. Changes nothing.
pub async fn due(
    custody: &Custody,
    periods: Periods,
    mut each: impl FnMut(Outcome, &[ApplicationId]),
) -> Result<(), storage::Error> {
    for (outcome, limit) in periods.limits(custody.clock.now()) {
        let mut expiry = Expiry { outcome, after: None, before: least_application_id(limit), limit: CHUNK };
        loop {
            let mut tx = custody.db.read().await?;
            let ids = data_keys::expired(&mut tx, expiry).await?;
            let Some(&last) = ids.last() else { break };
            each(outcome, &ids);
            expiry.after = Some(last);
        }
    }
    Ok(())
}

/// Destroys the data keys of applications whose period has ended, and answers how many those were. Each chunk is an
/// entry of its own: what is done stays done when it is broken off.
pub async fn apply(custody: &Custody, caller: Caller<'_>, periods: Periods) -> Result<usize, storage::Error> {
    let mut done = 0;
    for (outcome, limit) in periods.limits(custody.clock.now()) {
        let expiry = Expiry { outcome, after: None, before: least_application_id(limit), limit: CHUNK };
        loop {
            // Looked for without the writer's lock, and again under it: mostly there is nothing to do.
            if data_keys::expired(&mut custody.db.read().await?, Expiry { limit: 1, ..expiry }).await?.is_empty() {
                break;
            }
            let mut change = custody.begin().await?;
            let ids = data_keys::expired(change.tx(), expiry).await?;
            if ids.is_empty() {
                break;
            }
            let now = change.now();
            destroy(change.tx(), &ids, now).await?;
            let record = ExpiryRecord { applications: &ids, outcome, received_before: limit };
            custody.commit(change, caller, Action::ApplicantsExpired, (SUBJECT, &record)).await?;
            done += ids.len();
        }
    }
    if done > 0 {
        custody.scrub().await;
    }
    Ok(done)
}

/// Applies the periods now and after every interval, until it is dropped.
pub async fn keep_applying(custody: Custody, periods: Periods, interval: Duration) {
    let server = Principal { subject: "retention".to_owned(), role: Role::Privacy };
    loop {
        let caller = Caller { who: &server, request_id: custody.request_id() };
        match apply(&custody, caller, periods).await {
            Ok(0) => {}
            Ok(applications) => {
                tracing::info!(applications, "retention periods have ended: their applicants are erased");
            }
            Err(error) => {
                tracing::error!(%error, "retention periods could not be applied; they are at the next interval");
            }
        }
        tokio::time::sleep(interval).await;
    }
}
