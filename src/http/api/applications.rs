//! `/v1/applications`: submitting and reading.

use actix_web::{
    HttpResponse,
    http::header,
    web::{Data, Path},
};

use super::{
    changed,
    document::{
        ApplicationIdParam, BodyProblems, ErasedProblem, IdempotencyKeyParam, IdempotencyProblems, LimitParam,
        NotFoundProblem, QueryProblems, ServerProblems, SignedInProblems, ValueProblems,
    },
    etag,
};
use crate::{
    decide::record::Explanation,
    domain::{application::Application, decision::Outcome, id::ApplicationId},
    http::{
        Context,
        extract::{Allowed, IdempotencyHeader, JsonBody, QueryReader, RequestName, path_id, permit},
        problem::Problem,
    },
    service::{
        Call, applications as use_case, submit,
        view::{ApplicationDetail, ApplicationView, Page, Status},
    },
};

/// Submit an application for a decision
///
/// Checks, scores, explains, decides and records it. The answer is the application with its decision; it is
/// sent only once it is durably recorded. Fields that are not part of the contract are refused.
#[utoipa::path(
    post,
    path = "/v1/applications",
    operation_id = "submit_application",
    tag = "applications",
    security(("bearer" = [])),
    params(IdempotencyKeyParam),
    request_body = Application,
    responses(
        (status = 201, description = "Decided and recorded", body = ApplicationView, headers(
            ("ETag" = String, description = "The application's version, in quotes"),
            ("Location" = String, description = "The application's address"),
            ("Idempotent-Replayed" = Option<String>, description = "`true` on the stored answer to an earlier request"),
        )),
        BodyProblems, IdempotencyProblems, ErasedProblem, SignedInProblems, ServerProblems,
    ),
)]
pub async fn submit(
    who: Allowed<permit::SubmitApplication>,
    request: RequestName,
    key: IdempotencyHeader,
    context: Data<Context>,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    let call = Call { who: &who, request_id: request.0, idempotency_key: key.0.as_ref() };
    Ok(changed(submit::submit(&context.app, call, &body.0).await?))
}

/// List applications
///
/// Newest first. A service sees only its own.
#[utoipa::path(
    get,
    path = "/v1/applications",
    operation_id = "list_applications",
    tag = "applications",
    security(("bearer" = [])),
    params(
        ("status" = Option<Status>, Query),
        ("outcome" = Option<Outcome>, Query, description = "The latest decision's outcome"),
        ("from" = Option<String>, Query, description = "Received at this time or later: RFC 3339, or a day in UTC"),
        ("to" = Option<String>, Query, description = "Received before this time: RFC 3339, or a day in UTC"),
        ("external_reference" = Option<String>, Query, description = "The sender's own reference, exactly"),
        LimitParam,
        ("after" = Option<ApplicationId>, Query, description = "The `next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of applications", body = Page<ApplicationView>),
        QueryProblems, ValueProblems, SignedInProblems, ServerProblems,
    ),
)]
pub async fn list(
    who: Allowed<permit::ReadApplication>,
    context: Data<Context>,
    mut query: QueryReader,
) -> Result<HttpResponse, Problem> {
    let (from, to) = query.period();
    let filter = use_case::Filter {
        status: query.read("status", "decided or awaiting_review", word),
        outcome: query.read("outcome", "approve, review or decline", word),
        from,
        to,
        external_reference: query.text("external_reference"),
    };
    let after = query.read("after", "the `next` of the page before", |text| text.parse().ok());
    let limit = query.limit();
    query.finish()?;
    Ok(HttpResponse::Ok().json(use_case::list(&context.app, &who, &filter, after, limit).await?))
}

/// Read an application with its history
#[utoipa::path(
    get,
    path = "/v1/applications/{id}",
    operation_id = "read_application",
    tag = "applications",
    security(("bearer" = [])),
    params(ApplicationIdParam),
    responses(
        (status = 200, description = "The application, its latest decision and its history", body = ApplicationDetail,
         headers(("ETag" = String, description = "The application's version, in quotes"))),
        NotFoundProblem, SignedInProblems, ServerProblems,
    ),
)]
pub async fn show(
    who: Allowed<permit::ReadApplication>,
    context: Data<Context>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let detail = use_case::show(&context.app, &who, path_id(&id)?).await?;
    Ok(HttpResponse::Ok().insert_header((header::ETAG, etag(detail.view.version))).json(detail))
}

/// Explain a decision
///
/// Every feature's value and contribution, as they were when the application was decided. The baseline and all
/// contributions add up to the margin, to 1e-9.
#[utoipa::path(
    get,
    path = "/v1/applications/{id}/explanation",
    operation_id = "explain_application",
    tag = "applications",
    security(("bearer" = [])),
    params(ApplicationIdParam),
    responses(
        (status = 200, description = "The explanation", body = Explanation),
        NotFoundProblem, SignedInProblems, ServerProblems,
    ),
)]
pub async fn explanation(
    who: Allowed<permit::ReadApplication>,
    context: Data<Context>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(use_case::explanation(&context.app, &who, path_id(&id)?).await?))
}

/// One word of a closed list, as it stands in JSON.
pub(super) fn word<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).ok()
}
