//! An application comes in: check, decide, record, answer.

use std::time::Duration;

use tracing::{Instrument, debug_span};

use super::{
    Answer, App, BUILD, Call,
    idempotency::Request,
    in_force::InForce,
    recorder::{AnswerDraft, Change, DecisionDraft, Effect, RecordError, Rejection},
    vault::Held,
    view::{ApplicationView, DecisionView, Status},
};
use crate::{
    audit::{
        entry::{Action, Draft, Facts, NotCanonical, actor_name, canonical_into},
        sealed::Sealed,
    },
    decide::{
        pipeline::{Decided, Step},
        record::DecisionRecord,
    },
    domain::{
        application::{Applicant, Application},
        fault::Refusal,
        id::ApplicationId,
        intake,
        timestamp::Timestamp,
    },
    storage::{self, applications::NewApplication, audit::activations::Marks},
    telemetry::metrics::{Stage, Stages},
};

const ROUTE: &str = "POST /v1/applications";
const CREATED: u16 = 201;
/// Room for a payload: more than nearly every one takes, so that it does not move while it grows.
const PAYLOAD_ROOM: usize = 6 << 10;
/// How often an application is decided anew because something else was put into force meanwhile.
const ATTEMPTS: usize = 8;
/// How often, and how long apart, it is looked whether an earlier request under the same key is answered.
const IN_FLIGHT_LOOKS: usize = 20;
const IN_FLIGHT_PAUSE: Duration = Duration::from_millis(100);

/// Why an application was not decided. Nothing of it is kept.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// Decides an application and records it; answers once that is durable.
///
/// Under an idempotency key that was used for the same request the stored answer is given again, even when
/// the application would be refused or decided otherwise by now.
pub async fn submit(app: &App, call: Call<'_>, body: &[u8]) -> Result<Answer, SubmitError> {
    app.recorder().admit()?;
    for _ in 0..ATTEMPTS {
        if let Some(answer) = attempt(app, call, body).await? {
            return Ok(answer);
        }
        // Something else was put into force meanwhile: decided again by that.
        app.look_for_what_is_in_force().await.map_err(RecordError::from)?;
    }
    Err(RecordError::NotLoaded("it changed again and again".to_owned()).into())
}

/// As [`submit`], for a person who may have pressed twice: what comes while the first request under its key is being
/// worked on waits a little for that one's answer.
pub async fn submit_once(app: &App, call: Call<'_>, body: &[u8]) -> Result<Answer, SubmitError> {
    for _ in 0..IN_FLIGHT_LOOKS {
        match submit(app, call, body).await {
            Err(SubmitError::Record(RecordError::InFlight)) => tokio::time::sleep(IN_FLIGHT_PAUSE).await,
            answered => return answered,
        }
    }
    submit(app, call, body).await
}

/// Holds an application against every rule that [`submit`] refuses by; nothing is decided or recorded.
pub fn check(app: &App, body: &[u8]) -> Result<(), SubmitError> {
    let in_force = app.in_force()?;
    let extractor = in_force.decider().model().extractor();
    let read = |application: &Application| extractor.check_application(application);
    let application = intake::parse_for(body, app.clock().now().date(), read)?;
    let faults = read(&application);
    if faults.is_empty() { Ok(()) } else { Err(Refusal::Faults(faults).into()) }
}

/// `None` when what decided is not in force any more.
async fn attempt(app: &App, call: Call<'_>, body: &[u8]) -> Result<Option<Answer>, SubmitError> {
    let request = Request { route: ROUTE, target: "", condition: 0, body };
    let reservation = app.in_flight().reserve(app.vault(), call, request)?;
    let (mut change, held) = match prepare(app, call, body) {
        Ok(change) => change,
        Err(error) => {
            let stored = match &reservation {
                Some(reservation) => reservation.stored(app).await?,
                None => None,
            };
            return stored.map(Some).ok_or(error);
        }
    };
    if let Some(reservation) = reservation {
        change = change.keep(reservation, &held)?;
    }
    match app.recorder().record(change).instrument(debug_span!("record")).await {
        Ok(answer) => Ok(Some(answer)),
        Err(Rejection::Superseded) => Ok(None),
        Err(Rejection::Record(error)) => Err(error.into()),
        // A new application has no version that another could have moved.
        Err(Rejection::Version { .. } | Rejection::NoApplication) => {
            Err(inconsistent(&"a new application was taken for an old one").into())
        }
    }
}

/// Checks and decides an application: everything but writing it down.
pub(super) fn decide(
    app: &App,
    in_force: &InForce,
    body: &[u8],
    now: Timestamp,
) -> Result<(Application, Decided), Refusal> {
    let _span = debug_span!("decide").entered();
    let mut stages = Stages::begin(app.metrics());
    let decider = in_force.decider();
    let extractor = decider.model().extractor();
    let application = intake::parse_for(body, now.date(), |application| extractor.check_application(application))?;
    stages.end(Stage::Intake);
    let decided = decider.decide_watched(&application, (app.ids().decision(now), now), |step| {
        stages.end(match step {
            Step::Score => Stage::Score,
            Step::Policy => Stage::Policy,
        });
    });
    Ok((application, decided.map_err(Refusal::Faults)?))
}

/// An application as it is answered, before it has a place in the log.
pub(super) fn view(id: ApplicationId, now: Timestamp, applicant: Applicant, decided: Decided) -> ApplicationView {
    ApplicationView {
        id,
        status: Status::after(decided.decision.outcome),
        version: 1,
        received_at: now,
        applicant: Some(applicant),
        applicant_erased_at: None,
        application: decided.record.application,
        decision: DecisionView { decision: decided.decision, audit: None },
    }
}

fn prepare(app: &App, call: Call<'_>, body: &[u8]) -> Result<(Change, Held), SubmitError> {
    let now = app.clock().now();
    let in_force = app.in_force()?;
    let (application, decided) = decide(app, &in_force, body, now)?;
    let _span = debug_span!("seal").entered();
    let mut stages = Stages::begin(app.metrics());
    let received = received(app, call, application, (decided, in_force.marks()))?;
    stages.end(Stage::Seal);
    Ok(received)
}

/// The change that a decided application makes, and the key that its applicant is sealed under. It was received
/// when it was decided.
fn received(
    app: &App,
    call: Call<'_>,
    application: Application,
    (decided, under): (Decided, Marks),
) -> Result<(Change, Held), RecordError> {
    let now = decided.decision.decided_at;
    let id = app.ids().application(now);
    let (held, data_key) = app.vault().make(id, &application.applicant)?;
    let sealed = held.seal_applicant(&application.applicant)?;
    let facts = Facts {
        action: Action::ApplicationDecided,
        actor: call.who,
        build: BUILD,
        request_id: call.request_id,
        subject: held.id(),
    };
    let entry = Draft::around(facts, PAYLOAD_ROOM, |text| write_payload(text, &decided.record, (&sealed, held.id())))
        .map_err(|error| inconsistent(&error))?;
    let decision = DecisionDraft::new(&decided.decision);
    let new = NewApplication {
        id,
        external_reference: application.external_reference,
        submitted_by: actor_name(call.who),
        received_at: now,
        outcome: decided.decision.outcome,
        amount_minor: application.loan.amount.minor(),
        currency: application.loan.currency,
    };
    let view = view(id, now, application.applicant, decided);
    let change = Change {
        kept: None,
        application_id: id,
        entry,
        decision,
        answer: AnswerDraft::new(CREATED, &view).map_err(|error| inconsistent(&error))?,
        effect: Effect::Receive(Box::new((new, data_key)), under),
    };
    Ok((change, held))
}

/// Writes what repeats the decision, with the applicant as received, sealed under a key: canonical JSON, in which
/// `applicant` sorts first.
fn write_payload(text: &mut String, record: &DecisionRecord, (sealed, key): (&[u8], &str)) -> Result<(), NotCanonical> {
    text.push_str(r#"{"applicant":"#);
    Sealed::canonical_into(text, sealed, key);
    let begin = text.len();
    canonical_into(text, record)?;
    // The record's members go on where the applicant ends.
    text.replace_range(begin..=begin, ",");
    Ok(())
}

/// Something that a checked application and a checked model cannot bring about. It is answered as a store
/// that cannot record, because that is what it comes to.
pub(super) fn inconsistent(what: &dyn ToString) -> RecordError {
    RecordError::Storage(storage::Error::Conflict(what.to_string()))
}
