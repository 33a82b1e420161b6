//! The letter to an applicant who was declined: made, recorded and shown to be printed.
//!
//! It names the applicant, so that no address shows it: whoever opens one sends a form, and that is recorded.

pub mod text;

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use askama::Template;

use super::{Posted, Viewer, page, texts::Texts};
use crate::{
    domain::{
        decision::Outcome,
        id::ApplicationId,
        language::Language,
        letter::{Block, Letter},
        principal::Permission,
    },
    http::{
        Context,
        extract::{RequestName, path_id, permit},
        problem::Problem,
    },
    service::{
        custody::Caller,
        letters::{self, Issued, LetterError, NotSet, Order},
        personal::LookError,
        view::{ApplicationDetail, Notice, Status},
    },
};

#[derive(Template)]
#[template(path = "letter.html")]
struct LetterPage<'a> {
    viewer: &'a Viewer,
    t: Texts,
    /// The application's address.
    back: String,
    notice: &'a Notice,
    letter: &'a Letter,
}

/// What the page of an application says about its letter; `None` where there is none to make.
#[derive(Debug)]
pub struct Part {
    /// Whether the letter would be from somebody invented.
    pub is_invented: bool,
    /// Whether the server has no lender to write it.
    pub is_not_set: bool,
    /// The languages in which there is none yet: tag and own name.
    pub languages: Vec<(&'static str, &'static str)>,
}

impl Part {
    /// For a viewer who may make letters, of an application that stands declined.
    #[must_use]
    pub fn of(viewer: &Viewer, context: &Context, detail: &ApplicationDetail) -> Option<Self> {
        let view = &detail.view;
        let is_declined = (view.status, view.decision.decision.outcome) == (Status::Decided, Outcome::Decline);
        if !is_declined || view.applicant_erased_at.is_some() || !viewer.may(Permission::IssueLetter) {
            return None;
        }
        let decision = view.decision.decision.id;
        let is_there = |language| {
            detail.notices.iter().any(|notice| (notice.decision_id, notice.language) == (decision, language))
        };
        let open = Language::ALL.into_iter().filter(|language| !is_there(*language));
        let languages: Vec<_> = open.map(|language| (language.tag(), language.own_name())).collect();
        (!languages.is_empty()).then(|| Self {
            is_invented: context.lender.as_ref().is_some_and(|lender| lender.is_invented),
            is_not_set: context.lender.is_none(),
            languages,
        })
    }
}

/// `POST /applications/{id}/letters`: makes the letter, or opens the one that was made.
pub async fn issue(
    who: Posted<permit::IssueLetter>,
    request: RequestName,
    context: Data<Context>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = path_id(&id)?;
    let caller = Caller { who: who.principal(), request_id: request.0 };
    let language = Language::parse(who.fields.text("language")).ok_or_else(Problem::not_found)?;
    let decision = Some(path_id(who.fields.text("decision"))?);
    let notice = match make(&context, caller, id, Order { decision, language }).await? {
        Issued::New(notice) => *notice,
        Issued::Before(sequence) => {
            letters::open(&context.app, caller, id, sequence).await.map_err(LetterError::from)?
        }
    };
    show(&who, id.to_string().as_str(), &notice)
}

/// Makes a letter, in the name of the lender that is set.
pub async fn make(
    context: &Context,
    caller: Caller<'_>,
    id: ApplicationId,
    order: Order,
) -> Result<Issued, LetterError> {
    let t = Texts::new(order.language, context.console.offset);
    let lender = context.lender.as_ref();
    letters::issue(&context.app, caller, (id, order), |grounds| {
        text::write(t, lender.ok_or(NotSet("lender.name"))?, grounds)
    })
    .await
}

/// `POST /applications/{id}/letters/{sequence}`
pub async fn open(
    who: Posted<permit::SeeApplicant>,
    request: RequestName,
    context: Data<Context>,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (id, sequence) = path.into_inner();
    let (id, sequence) = (path_id(&id)?, sequence.parse().map_err(|_| Problem::not_found())?);
    let caller = Caller { who: who.principal(), request_id: request.0 };
    let notice = letters::open(&context.app, caller, id, sequence).await?;
    show(&who, id.to_string().as_str(), &notice)
}

fn show(viewer: &Viewer, id: &str, notice: &Notice) -> Result<HttpResponse, Problem> {
    let letter = notice.letter.as_ref().ok_or(LookError::Erased)?;
    page(&LetterPage { viewer, t: viewer.t, back: format!("/applications/{id}"), notice, letter })
}
