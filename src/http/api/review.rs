//! `/v1/applications/{id}/review`: a person decides.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};

use super::{
    changed,
    document::{
        ApplicationIdParam, BodyProblems, ErasedProblem, IdempotencyKeyParam, IdempotencyProblems, NotFoundProblem,
        ServerProblems, SignedInProblems, VersionProblems,
    },
};
use crate::{
    domain::review::ReviewForm,
    http::{
        Context,
        extract::{Allowed, IdempotencyHeader, JsonBody, RequestName, SeenVersion, path_id, permit},
        problem::Problem,
    },
    service::{Call, review as use_case, view::ApplicationView},
};

/// What identifies a change to an application: taken together, because a handler takes few arguments.
type Change = (RequestName, IdempotencyHeader, SeenVersion);

/// Decide an application as a person
///
/// The final decision on an application that awaits review, or an override of one that was decided. It holds
/// only for the version that `If-Match` names, so that nobody decides on what they have not seen.
#[utoipa::path(
    post,
    path = "/v1/applications/{id}/review",
    operation_id = "review_application",
    tag = "applications",
    security(("bearer" = [])),
    params(
        ApplicationIdParam,
        IdempotencyKeyParam,
        ("If-Match" = String, Header, description = "The `ETag` of the application as it was read", example = "\"1\""),
    ),
    request_body = ReviewForm,
    responses(
        (status = 200, description = "Decided and recorded", body = ApplicationView, headers(
            ("ETag" = String, description = "The application's new version, in quotes"),
            ("Idempotent-Replayed" = Option<String>, description = "`true` on the stored answer to an earlier request"),
        )),
        BodyProblems, IdempotencyProblems, ErasedProblem, VersionProblems, NotFoundProblem, SignedInProblems, ServerProblems,
    ),
)]
pub async fn decide(
    who: Allowed<permit::ReviewApplication>,
    (request, key, seen): Change,
    context: Data<Context>,
    id: Path<String>,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    let call = Call { who: &who, request_id: request.0, idempotency_key: key.0.as_ref() };
    Ok(changed(use_case::decide(&context.app, call, path_id(&id)?, seen.0, &body.0).await?))
}
