//! `/applicants`: the rights of applicants, for the privacy officer: finding, holding, releasing, erasing.
//!
//! What is searched by stands in no address. Erasing asks for the applicant's number a second time.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use serde_json::json;

use super::{Posted, SignedIn, Viewer, page, page_with, texts::Texts};
use crate::{
    http::{
        Context,
        extract::{RequestName, permit},
        problem::Problem,
    },
    service::{
        custody::Caller,
        privacy::{self, ApplicantSearch, Erasure, FoundApplication, PrivacyError},
    },
};

#[derive(Template)]
#[template(path = "privacy/find.html")]
struct Find<'a> {
    viewer: &'a Viewer,
    t: Texts,
    /// As it was typed.
    reference: &'a str,
    national_id: &'a str,
    /// Whether nothing usable was typed.
    is_wrong: bool,
    found: Option<Vec<Found>>,
    has_more: bool,
    said: Option<Said>,
}

/// An applicant, with the applications that were found.
struct Found {
    reference: String,
    held: bool,
    applications: Vec<FoundApplication>,
}

/// What a change came to.
enum Said {
    Held,
    Released,
    Erased(Erasure),
    NotFound,
}

#[derive(Template)]
#[template(path = "privacy/erase.html")]
struct Erase<'a> {
    viewer: &'a Viewer,
    t: Texts,
    reference: &'a str,
    applications: usize,
    /// Whether the number was typed, and is another.
    is_wrong: bool,
}

/// `GET /applicants`
pub async fn show(who: SignedIn<permit::FindApplicant>) -> Result<HttpResponse, Problem> {
    page(&Find::empty(&who))
}

/// `POST /applicants`: a search changes nothing, and is no GET so that what is searched by stands in no address.
pub async fn find(who: Posted<permit::FindApplicant>, context: Data<Context>) -> Result<HttpResponse, Problem> {
    let (reference, national_id) = (who.fields.text("reference"), who.fields.text("national_id"));
    let typed = Find { reference, national_id, ..Find::empty(&who) };
    let body = if reference.is_empty() { json!({"national_id": national_id}) } else { json!({"reference": reference}) };
    match privacy::search(context.app.custody(), body.to_string().as_bytes()).await {
        Ok(found) => page(&typed.with(found)),
        Err(PrivacyError::Refused(_)) => page_with(StatusCode::UNPROCESSABLE_ENTITY, &Find { is_wrong: true, ..typed }),
        Err(error) => Err(error.into()),
    }
}

/// `POST /applicants/hold`
pub async fn hold(
    who: Posted<permit::HoldApplicant>,
    request: RequestName,
    context: Data<Context>,
) -> Result<HttpResponse, Problem> {
    let caller = Caller { who: who.principal(), request_id: request.0 };
    let held = privacy::hold(context.app.custody(), caller, who.fields.text("reference")).await;
    answer(&who, &context, held.map(|_| Said::Held)).await
}

/// `POST /applicants/release`
pub async fn release(
    who: Posted<permit::HoldApplicant>,
    request: RequestName,
    context: Data<Context>,
) -> Result<HttpResponse, Problem> {
    let caller = Caller { who: who.principal(), request_id: request.0 };
    let released = privacy::release(context.app.custody(), caller, who.fields.text("reference")).await;
    answer(&who, &context, released.map(|_| Said::Released)).await
}

/// `POST /applicants/erase`: asks first; erases when the applicant's number was typed a second time.
pub async fn erase(
    who: Posted<permit::EraseApplicant>,
    request: RequestName,
    context: Data<Context>,
) -> Result<HttpResponse, Problem> {
    let (reference, typed) = (who.fields.text("reference"), who.fields.text("confirmation"));
    if typed != reference || reference.is_empty() {
        let found = search(&context, reference).await?;
        let is_wrong = who.fields.has("confirmation");
        let status = if is_wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        let applications = found.data.len();
        return page_with(status, &Erase { viewer: &who, t: who.t, reference, applications, is_wrong });
    }
    let caller = Caller { who: who.principal(), request_id: request.0 };
    let erased = privacy::erase(context.app.custody(), caller, reference).await;
    answer(&who, &context, erased.map(Said::Erased)).await
}

async fn search(context: &Context, reference: &str) -> Result<ApplicantSearch, PrivacyError> {
    privacy::search(context.app.custody(), json!({"reference": reference}).to_string().as_bytes()).await
}

/// The page with what a change came to, and the applicant as they stand now.
async fn answer<P>(
    who: &Posted<P>,
    context: &Context,
    changed: Result<Said, PrivacyError>,
) -> Result<HttpResponse, Problem> {
    let reference = who.fields.text("reference");
    let said = match changed {
        Ok(said) => said,
        Err(PrivacyError::NotFound) => Said::NotFound,
        Err(error) => return Err(error.into()),
    };
    let found = search(context, reference).await?;
    let shown = Find { reference, ..Find::empty(who) };
    page(&Find { said: Some(said), ..shown.with(found) })
}

impl<'a> Find<'a> {
    const fn new(viewer: &'a Viewer, t: Texts) -> Self {
        Self { viewer, t, reference: "", national_id: "", is_wrong: false, found: None, has_more: false, said: None }
    }

    fn empty(viewer: &'a Viewer) -> Self {
        Self::new(viewer, viewer.t)
    }

    /// One person may have several numbers: what was found is shown by number.
    fn with(self, search: ApplicantSearch) -> Self {
        let mut found: Vec<Found> = Vec::new();
        for one in search.data {
            match found.iter_mut().find(|known| known.reference == one.applicant_reference) {
                Some(known) => known.applications.push(one),
                None => found.push(Found {
                    reference: one.applicant_reference.clone(),
                    held: one.held,
                    applications: vec![one],
                }),
            }
        }
        Self { found: Some(found), has_more: search.has_more, ..self }
    }
}
