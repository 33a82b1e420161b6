//! `/v1/applications/{id}/notices`: letters to an applicant.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};

use super::document::{
    ApplicationIdParam, BodyProblems, ErasedProblem, LetterProblem, NotFoundProblem, ServerProblems, SignedInProblems,
    ValueProblems,
};
use crate::{
    domain::letter::{self, LetterOrder},
    http::{
        Context,
        console::letters::make,
        extract::{Allowed, JsonBody, RequestName, path_id, permit},
        problem::Problem,
    },
    service::{
        custody::Caller,
        letters::{self as use_case, Issued, Order},
        view::{Notice, Page},
    },
};

/// Make the letter to a declined applicant
///
/// An adverse action notice with the principal reasons of the decision that stands, recorded word by word in the audit log,
/// sealed. There is one for each decision and language: asked for again, the answer is the letter that was recorded.
#[utoipa::path(
    post,
    path = "/v1/applications/{id}/notices",
    operation_id = "issue_notice",
    tag = "applications",
    security(("bearer" = [])),
    params(ApplicationIdParam),
    request_body = LetterOrder,
    responses(
        (status = 201, description = "Made and recorded", body = Notice),
        (status = 200, description = "It was made before: exactly as it was recorded", body = Notice),
        BodyProblems, ValueProblems, LetterProblem, ErasedProblem, NotFoundProblem, SignedInProblems, ServerProblems,
    ),
)]
pub async fn issue(
    who: Allowed<permit::IssueLetter>,
    request: RequestName,
    context: Data<Context>,
    id: Path<String>,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    let (id, LetterOrder { language }) = (path_id(&id)?, letter::parse_order(&body.0)?);
    let caller = Caller { who: &who, request_id: request.0 };
    let sequence = match make(&context, caller, id, Order { decision: None, language }).await? {
        Issued::New(notice) => return Ok(HttpResponse::Created().json(notice)),
        Issued::Before(sequence) => sequence,
    };
    let all = use_case::of_application(&context.app, &who, id).await?;
    let notice = all.into_iter().find(|notice| notice.entry.sequence == sequence).ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Ok().json(notice))
}

/// List the letters to an applicant
///
/// Oldest first, each exactly as it was recorded; without its words once the applicant's data was erased.
#[utoipa::path(
    get,
    path = "/v1/applications/{id}/notices",
    operation_id = "list_notices",
    tag = "applications",
    security(("bearer" = [])),
    params(ApplicationIdParam),
    responses(
        (status = 200, description = "All of them, on one page", body = Page<Notice>),
        NotFoundProblem, SignedInProblems, ServerProblems,
    ),
)]
pub async fn list(
    who: Allowed<permit::ReadApplication>,
    context: Data<Context>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let data = use_case::of_application(&context.app, &who, path_id(&id)?).await?;
    Ok(HttpResponse::Ok().json(Page { data, has_more: false, next: None }))
}
