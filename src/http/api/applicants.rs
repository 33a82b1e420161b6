//! `/v1/applicants`: erasure, holds, and finding whom they are about.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};

use super::document::{
    ApplicantReferenceParam, BodyProblems, HoldProblem, NotFoundProblem, ServerProblems, SignedInProblems,
    ValueProblems,
};
use crate::{
    domain::applicant_search::SearchForm,
    http::{
        Context,
        extract::{Allowed, JsonBody, RequestName, permit},
        problem::Problem,
    },
    service::{
        custody::Caller,
        privacy::{self, ApplicantSearch, Erasure, HoldState},
    },
};

/// Erase an applicant
///
/// Destroys the keys that the applicant's data is sealed under, in every application with this reference: who it was, what
/// reviewers noted and the answers kept for repeats are unreadable from then on, everywhere. Decisions, explanations and
/// every hash of the audit log stay as they are. Cannot be undone. Asked for again it does nothing.
#[utoipa::path(
    delete,
    path = "/v1/applicants/{reference}",
    operation_id = "erase_applicant",
    tag = "privacy",
    security(("bearer" = [])),
    params(ApplicantReferenceParam),
    responses(
        (status = 200, description = "Erased, now or before", body = Erasure),
        HoldProblem, NotFoundProblem, SignedInProblems, ServerProblems,
    ),
)]
pub async fn erase(
    who: Allowed<permit::EraseApplicant>,
    request: RequestName,
    context: Data<Context>,
    reference: Path<String>,
) -> Result<HttpResponse, Problem> {
    let caller = Caller { who: &who, request_id: request.0 };
    Ok(HttpResponse::Ok().json(privacy::erase(context.app.custody(), caller, &reference).await?))
}

/// Hold an applicant's data
///
/// Keeps it from erasure and from the end of its retention period until the hold is released, applications to come included.
#[utoipa::path(
    put,
    path = "/v1/applicants/{reference}/hold",
    operation_id = "hold_applicant",
    tag = "privacy",
    security(("bearer" = [])),
    params(ApplicantReferenceParam),
    responses(
        (status = 200, description = "Held, now or before", body = HoldState),
        NotFoundProblem, SignedInProblems, ServerProblems,
    ),
)]
pub async fn hold(
    who: Allowed<permit::HoldApplicant>,
    request: RequestName,
    context: Data<Context>,
    reference: Path<String>,
) -> Result<HttpResponse, Problem> {
    let caller = Caller { who: &who, request_id: request.0 };
    Ok(HttpResponse::Ok().json(privacy::hold(context.app.custody(), caller, &reference).await?))
}

/// Release a hold
#[utoipa::path(
    delete,
    path = "/v1/applicants/{reference}/hold",
    operation_id = "release_applicant",
    tag = "privacy",
    security(("bearer" = [])),
    params(ApplicantReferenceParam),
    responses(
        (status = 200, description = "There is no hold any more, or there was none", body = HoldState),
        SignedInProblems, ServerProblems,
    ),
)]
pub async fn release(
    who: Allowed<permit::HoldApplicant>,
    request: RequestName,
    context: Data<Context>,
    reference: Path<String>,
) -> Result<HttpResponse, Problem> {
    let caller = Caller { who: &who, request_id: request.0 };
    Ok(HttpResponse::Ok().json(privacy::release(context.app.custody(), caller, &reference).await?))
}

/// Find an applicant's applications
///
/// By reference or by national id, through a keyed hash. A search changes nothing; it is a POST so that what is searched by
/// stands in no address, which proxies and browsers keep.
#[utoipa::path(
    post,
    path = "/v1/applicant-searches",
    operation_id = "search_applicant",
    tag = "privacy",
    security(("bearer" = [])),
    request_body = SearchForm,
    responses(
        (status = 200, description = "What was found; nothing is no problem", body = ApplicantSearch),
        BodyProblems, ValueProblems, SignedInProblems, ServerProblems,
    ),
)]
pub async fn search(
    _who: Allowed<permit::FindApplicant>,
    context: Data<Context>,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(privacy::search(context.app.custody(), &body.0).await?))
}
