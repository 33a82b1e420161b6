//! `/applications/{id}`: one application, why it scored as it did, what happened to it, and deciding it.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;
use serde_json::{Value, json};

use super::{
    Posted, SignedIn, Viewer,
    forms::Fields,
    history::Events,
    letters, page_with,
    personal::{self, Asked},
    see_other,
    texts::Texts,
    translated::Translated,
    waterfall::Waterfall,
    what_if::{Tried, WhatIf},
};
use crate::{
    domain::{fault::Refusal, id::ApplicationId, principal::Permission},
    http::{
        Context,
        extract::{RequestName, path_id, permit},
        problem::Problem,
    },
    policy::Policy,
    service::{
        App, Call, applications,
        comparable::{self, Comparable},
        earlier,
        review::{self, ReviewError},
        view::{ApplicationDetail, DecisionView, Status},
    },
};

/// The probability at the right end of the scale.
const SCALE_END: f64 = 0.5;
/// The most reasons that a decision states.
const MOST_REASONS: usize = 4;

#[derive(Template)]
#[template(path = "application.html")]
struct Page<'a> {
    viewer: &'a Viewer,
    t: Texts,
    detail: &'a ApplicationDetail,
    decision: &'a DecisionView,
    baseline: String,
    margin: String,
    waterfall: Waterfall,
    /// `None` when what decided cannot be found any more.
    what_if: Option<WhatIf>,
    reasons: Vec<ReasonLine<'a>>,
    /// Whether something is shown as it was recorded, in another language than the viewer's.
    is_foreign: bool,
    /// `None` when the policy that decided cannot be found any more.
    scale: Option<Scale>,
    form: Option<DecideForm>,
    applicant: personal::Part,
    letter: Option<letters::Part>,
    events: Events,
}

/// A reason that was stated, in the viewer's language.
#[derive(Debug)]
struct ReasonLine<'a> {
    code: &'a str,
    said: Translated,
}

/// The cut-offs and this probability, as places on a line from 0 to [`SCALE_END`], in percent.
#[derive(Debug)]
struct Scale {
    approve_below: f64,
    decline_from: f64,
    approve_x: f64,
    decline_x: f64,
    own_x: f64,
}

/// What the form holds: empty, or as it was sent.
#[derive(Debug)]
struct DecideForm {
    version: u32,
    approves: bool,
    declines: bool,
    note: String,
    reasons: Vec<Choice>,
    wrong: Option<Wrong>,
}

#[derive(Debug)]
struct Choice {
    code: String,
    text: String,
    is_chosen: bool,
}

/// What is wrong with what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Outcome,
    Reasons,
    Note,
    /// Somebody decided since the page was read.
    Conflict,
}

/// `GET /applications/{id}`
pub async fn show(
    who: SignedIn<permit::ReadApplication>,
    context: Data<Context>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    render(&who, &context, path_id(&id)?, None, Asked::Nothing).await
}

/// `POST /applications/{id}`: a person's decision on the version that the page showed.
pub async fn decide(
    who: Posted<permit::ReviewApplication>,
    request: RequestName,
    context: Data<Context>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = path_id(&id)?;
    let call = Call { who: who.principal(), request_id: request.0, idempotency_key: None };
    let seen = who.fields.text("version").parse().unwrap_or(0);
    let body = body(&who.fields).to_string();
    let wrong = match review::decide(&context.app, call, id, seen, body.as_bytes()).await {
        Ok(_) => return Ok(see_other(&format!("/applications/{id}"))),
        Err(ReviewError::VersionMismatch { .. }) => Wrong::Conflict,
        Err(ReviewError::Refused(Refusal::Faults(faults))) => {
            Wrong::of(faults.first().map_or("", |fault| fault.pointer.as_str()))
        }
        Err(error) => return Err(error.into()),
    };
    render(&who, &context, id, Some((&who.fields, wrong)), Asked::Nothing).await
}

/// What the form says, as the API is told it.
fn body(fields: &Fields) -> Value {
    let mut body = json!({"reason_codes": fields.all("reason").collect::<Vec<_>>()});
    for name in ["outcome", "note"] {
        let text = fields.text(name).replace("\r\n", "\n");
        if !text.is_empty() {
            body[name] = Value::String(text);
        }
    }
    body
}

/// The page after somebody asked to see the applicant.
pub(super) async fn after_asking(
    viewer: &Viewer,
    context: &Context,
    id: ApplicationId,
    asked: Asked<'_>,
) -> Result<HttpResponse, Problem> {
    render(viewer, context, id, None, asked).await
}

async fn render(
    viewer: &Viewer,
    context: &Context,
    id: ApplicationId,
    sent: Option<(&Fields, Wrong)>,
    asked: Asked<'_>,
) -> Result<HttpResponse, Problem> {
    let detail = applications::show(&context.app, viewer.principal(), id).await?;
    let record = applications::record(&context.app, viewer.principal(), id).await?;
    let decider = earlier::decider_of(&context.app, &record.decision).await?;
    let may_decide = viewer.may(Permission::ReviewApplication) && detail.view.applicant_erased_at.is_none();
    let decision = &detail.view.decision;
    let comparable = match &decider {
        Some(decider) => comparable::with(&context.app, viewer.principal(), decider).await,
        None => Comparable::Nobody,
    };
    let waterfall = Waterfall::of(&record, decider.as_ref(), &comparable, viewer.t);
    let stated = &decision.decision.reasons;
    let reasons: Vec<_> =
        stated.iter().map(|one| ReasonLine { code: one.code.as_str(), said: viewer.t.stated(one) }).collect();
    let page = Page {
        viewer,
        t: viewer.t,
        detail: &detail,
        decision,
        baseline: super::format::signed(record.baseline, 2),
        margin: super::format::signed(record.margin, 2),
        is_foreign: waterfall.is_foreign || reasons.iter().any(|reason| reason.said.is_foreign),
        waterfall,
        what_if: decider.as_ref().map(|decider| WhatIf::of(decider, &record, &comparable, viewer.t)),
        reasons,
        scale: decider.as_ref().map(|decider| Scale::of(decision, decider.policy())),
        form: may_decide.then(|| DecideForm::of(&detail, &statable(&context.app, viewer.t), sent)),
        applicant: personal::Part::of(viewer, &detail, asked),
        letter: letters::Part::of(viewer, context, &detail),
        events: Events::of(viewer, &detail),
    };
    let status = match sent {
        None if asked.is_refused() => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
        Some((_, Wrong::Conflict)) => StatusCode::CONFLICT,
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    page_with(status, &page)
}

/// Every reason that may be stated, code and text, in the viewer's language.
fn statable(app: &App, t: Texts) -> Vec<(String, String)> {
    review::statable(app)
        .into_iter()
        .map(|(code, text)| {
            let said = t.reason(&code, &text).text;
            (code, said)
        })
        .collect()
}

impl Scale {
    fn of(decision: &DecisionView, policy: &Policy) -> Self {
        let place = |probability: f64| (probability / SCALE_END).min(1.0) * 100.0;
        let approve_below = policy.cut_offs().approve_below().value();
        let decline_from = policy.cut_offs().decline_from().value();
        Self {
            approve_below,
            decline_from,
            approve_x: place(approve_below),
            decline_x: place(decline_from),
            own_x: place(decision.decision.probability_of_default.value()).clamp(1.5, 98.5),
        }
    }
}

impl DecideForm {
    /// As it was sent, or with the reasons chosen that stand now. After a conflict it is for the version that stands.
    fn of(detail: &ApplicationDetail, statable: &[(String, String)], sent: Option<(&Fields, Wrong)>) -> Self {
        let stated = &detail.view.decision.decision.reasons;
        let is_chosen = |code: &str| match sent {
            Some((fields, _)) => fields.all("reason").any(|chosen| chosen == code),
            None => stated.iter().any(|reason| reason.code.as_str() == code),
        };
        let choice = |(code, text): &(String, String)| Choice {
            code: code.clone(),
            text: text.clone(),
            is_chosen: is_chosen(code),
        };
        let mut reasons: Vec<_> = statable.iter().map(choice).collect();
        reasons.sort_by_key(|choice| !choice.is_chosen);
        let outcome = sent.map_or("", |(fields, _)| fields.text("outcome"));
        Self {
            version: detail.view.version,
            approves: outcome == "approve",
            declines: outcome == "decline",
            note: sent.map_or(String::new(), |(fields, _)| fields.text("note").to_owned()),
            reasons,
            wrong: sent.map(|(_, wrong)| wrong),
        }
    }

    fn is_wrong(&self, with: Wrong) -> bool {
        self.wrong == Some(with)
    }
}

impl Wrong {
    fn of(pointer: &str) -> Self {
        match pointer.split('/').nth(1) {
            Some("note") => Self::Note,
            Some("reason_codes") => Self::Reasons,
            _ => Self::Outcome,
        }
    }

    /// What to do about it.
    fn text(self, t: Texts) -> String {
        match self {
            Self::Outcome => t.casework_wrong_outcome().to_owned(),
            Self::Reasons => t.casework_wrong_reasons(MOST_REASONS as u64),
            Self::Note => t.casework_wrong_note().to_owned(),
            Self::Conflict => t.casework_wrong_conflict().to_owned(),
        }
    }

    /// The field that it is about.
    const fn field(self) -> &'static str {
        match self {
            Self::Outcome | Self::Conflict => "outcome",
            Self::Reasons => "reasons",
            Self::Note => "note",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_known_by_the_field_that_is_at_fault() {
        assert_eq!(Wrong::of("/reason_codes/2"), Wrong::Reasons);
        assert_eq!(Wrong::of("/note"), Wrong::Note);
        assert_eq!(Wrong::of("/outcome"), Wrong::Outcome);
    }
}
