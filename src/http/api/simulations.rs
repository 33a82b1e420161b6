//! `/v1/simulations`: what would be decided.

use actix_web::{HttpResponse, web::Data};

use super::document::{BodyProblems, ServerProblems, SignedInProblems, ValueProblems};
use crate::{
    domain::application::Application,
    http::{
        Context,
        extract::{Allowed, JsonBody, permit},
        problem::Problem,
    },
    service::{simulate as use_case, view::ApplicationView},
};

/// Simulate a decision
///
/// The same body and the same answer as submitting an application, but nothing is stored: the answer's
/// identifiers name nothing, and its decision has no `audit`.
#[utoipa::path(
    post,
    path = "/v1/simulations",
    operation_id = "simulate",
    tag = "applications",
    security(("bearer" = [])),
    request_body = Application,
    responses(
        (status = 200, description = "What would be decided", body = ApplicationView),
        BodyProblems, ValueProblems, SignedInProblems, ServerProblems,
    ),
)]
pub async fn simulate(
    _who: Allowed<permit::Simulate>,
    context: Data<Context>,
    body: JsonBody,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(use_case::simulate(&context.app, &body.0)?))
}
