//! A person decides an application that awaits review, or overrides a decision.
//!
//! A person may decide any application at any time, on the version that they saw; each decision is kept and
//! none is changed. It ends in approve or decline, states the reasons that the person chose, and rests on the
//! same model, policy and score as the decision before it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Answer, App, BUILD, Call,
    idempotency::Request,
    recorder::{AnswerDraft, Change, DecisionDraft, Effect, RecordError, Rejection},
    stored,
    submit::inconsistent,
    vault::Held,
    view::{ApplicationView, DecisionView, Status},
};
use crate::{
    audit::{
        entry::{Action, Draft, Facts, canonical},
        sealed::Sealed,
    },
    decide::pipeline::Decider,
    domain::{
        decision::{Decision, Outcome},
        fault::{Fault, FaultCode, Refusal},
        id::{ApplicationId, DecisionId},
        reason::{Reason, ReasonCode},
        review::{self, ReviewForm},
    },
    model::reasons,
    storage,
};

const ROUTE: &str = "POST /v1/applications/{id}/review";
const OK: u16 = 200;

/// Why a review was not recorded. Nothing of it is kept.
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
    /// Nobody can read whose application it is.
    #[error("the applicant's data was erased: the application cannot be decided any more")]
    Erased,
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl From<storage::Error> for ReviewError {
    fn from(error: storage::Error) -> Self {
        Self::Record(error.into())
    }
}

/// What a review's entry records.
#[derive(Serialize)]
struct ReviewRecord<'a> {
    decision: &'a Decision,
    /// The decision before it.
    previous: Previous,
    /// As the reviewer stated them; an approval's decision shows no reasons.
    reason_codes: &'a [ReasonCode],
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Sealed>,
    /// The application's version that this decision makes.
    version: u32,
}

#[derive(Serialize)]
struct Previous {
    id: DecisionId,
    outcome: Outcome,
}

/// Records a person's decision on the version of the application that they saw (`If-Match`); answers once
/// that is durable. Of two who decide on the same version, one wins and the other is told.
pub async fn decide(
    app: &App,
    call: Call<'_>,
    id: ApplicationId,
    seen_version: u32,
    body: &[u8],
) -> Result<Answer, ReviewError> {
    let request = Request { route: ROUTE, target: &id.to_string(), condition: seen_version, body };
    let reservation = app.in_flight().reserve(app.vault(), call, request)?;
    let (mut change, held) = match prepare(app, call, id, seen_version, body).await {
        Ok(change) => change,
        Err(error) => {
            let stored = match &reservation {
                Some(reservation) => reservation.stored(app).await?,
                None => None,
            };
            return stored.ok_or(error);
        }
    };
    if let Some(reservation) = reservation {
        change = change.keep(reservation, &held)?;
    }
    app.recorder().record(change).await.map_err(|rejection| match rejection {
        Rejection::Record(error) => error.into(),
        Rejection::Version { current } => ReviewError::VersionMismatch { current },
        Rejection::NoApplication => ReviewError::NotFound,
        // A person's decision is made by no model.
        Rejection::Superseded => inconsistent(&"a review was taken for a decision by model and policy").into(),
    })
}

async fn prepare(
    app: &App,
    call: Call<'_>,
    id: ApplicationId,
    seen_version: u32,
    body: &[u8],
) -> Result<(Change, Held), ReviewError> {
    let form = review::parse(body)?;
    let reasons = stated_reasons(app.last_in_force().decider(), &form)?;
    let (current, held) = find(app, id).await?;
    if current.version != seen_version {
        return Err(ReviewError::VersionMismatch { current: current.version });
    }
    let now = app.clock().now();
    let held = held.ok_or(ReviewError::Erased)?;
    let before = &current.decision.decision;
    let decision = Decision {
        id: app.ids().decision(now),
        outcome: form.outcome.into(),
        automatic: false,
        reasons,
        decided_at: now,
        ..before.clone()
    };
    let record = ReviewRecord {
        decision: &decision,
        previous: Previous { id: before.id, outcome: before.outcome },
        reason_codes: &form.reason_codes,
        note: form.note.as_deref().map(|note| sealed_note(&held, decision.id, note)).transpose()?,
        version: seen_version + 1,
    };
    let facts = Facts {
        action: Action::ApplicationReviewed,
        actor: call.who,
        build: BUILD,
        request_id: call.request_id,
        subject: &id.to_string(),
    };
    let entry = Draft::new(facts, &canonical(&record).map_err(|error| inconsistent(&error))?)
        .map_err(|error| inconsistent(&error))?;
    let draft = DecisionDraft::new(&decision);
    let view = ApplicationView {
        status: Status::after(decision.outcome),
        version: record.version,
        decision: DecisionView { decision, audit: None },
        ..current
    };
    let change = Change {
        kept: None,
        application_id: id,
        entry,
        decision: draft,
        answer: AnswerDraft::new(OK, &view).map_err(|error| inconsistent(&error))?,
        effect: Effect::Review { seen_version },
    };
    Ok((change, held))
}

fn sealed_note(held: &Held, decision: DecisionId, note: &str) -> Result<Sealed, storage::Error> {
    Ok(Sealed { ciphertext: held.seal_note(decision, note)?, key: held.id().to_owned() })
}

async fn find(app: &App, id: ApplicationId) -> Result<(ApplicationView, Option<Held>), ReviewError> {
    let mut tx = app.db().read().await?;
    let found = storage::applications::find(&mut tx, id).await?.ok_or(ReviewError::NotFound)?;
    let held = stored::held(app.vault(), &found)?;
    Ok((stored::application(&found, held.as_ref())?, held))
}

/// The reasons that the reviewer chose, with their texts. An approval states none.
fn stated_reasons(decider: &Decider, form: &ReviewForm) -> Result<Vec<Reason>, Refusal> {
    let known = catalogue(decider);
    let mut stated = Vec::with_capacity(form.reason_codes.len());
    let mut faults = Vec::new();
    for (index, code) in form.reason_codes.iter().enumerate() {
        if let Some(text) = known.get(code.as_str()) {
            stated.push(Reason { code: code.clone(), text: (*text).to_owned(), feature: None, contribution: None });
        } else {
            let codes: Vec<_> = known.keys().copied().collect();
            let message = format!("must be one of {}", codes.join(", "));
            faults.push(Fault::new(format!("/reason_codes/{index}"), FaultCode::UnknownValue, message));
        }
    }
    if !faults.is_empty() {
        return Err(Refusal::Faults(faults));
    }
    Ok(if Outcome::from(form.outcome) == Outcome::Approve { Vec::new() } else { stated })
}

/// Every reason that a reviewer may state: code and text, in the codes' order.
#[must_use]
pub fn statable(app: &App) -> Vec<(String, String)> {
    let in_force = app.last_in_force();
    catalogue(in_force.decider()).into_iter().map(|(code, text)| (code.to_owned(), text.to_owned())).collect()
}

/// Every reason that may be stated, by its code: the standard ones, then the policy's, then the model's, where
/// a later text goes before an earlier one.
fn catalogue(decider: &Decider) -> BTreeMap<&str, &str> {
    let mut texts: BTreeMap<&str, &str> = BTreeMap::new();
    for (code, text) in reasons::standard() {
        texts.insert(code, text);
    }
    texts.extend(decider.policy().reasons().map(|(code, text)| (code.as_str(), text)));
    texts.extend(decider.model().reasons().iter().map(|reason| (reason.code.as_str(), reason.text.as_str())));
    texts
}
