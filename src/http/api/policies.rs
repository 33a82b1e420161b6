//! `/v1/policies`: the policies that are kept.

use actix_web::{HttpResponse, web::Data};

use super::document::{ServerProblems, SignedInProblems};
use crate::{
    http::{
        Context,
        extract::{Allowed, permit},
        problem::Problem,
    },
    service::{policies as use_case, policies::PolicySummary, view::Page},
};

/// List policies
#[utoipa::path(
    get,
    path = "/v1/policies",
    operation_id = "list_policies",
    tag = "registry",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Every policy that is kept: those that decide, decided or were published", body = Page<PolicySummary>),
        SignedInProblems, ServerProblems,
    ),
)]
pub async fn list(_who: Allowed<permit::ReadRegistry>, context: Data<Context>) -> Result<HttpResponse, Problem> {
    let data = use_case::list(&context.app).await?;
    Ok(HttpResponse::Ok().json(Page { data, has_more: false, next: None }))
}
