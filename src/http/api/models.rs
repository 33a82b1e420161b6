//! `/v1/models`: the models that are kept, with their cards.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};

use super::document::{NotFoundProblem, ServerProblems, SignedInProblems};
use crate::{
    http::{
        Context,
        extract::{Allowed, permit},
        problem::Problem,
    },
    service::{
        models as use_case,
        models::{ModelSummary, ModelView},
        view::Page,
    },
};

/// List models
#[utoipa::path(
    get,
    path = "/v1/models",
    operation_id = "list_models",
    tag = "registry",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Every model that is kept: those that decide, decided or were promoted", body = Page<ModelSummary>),
        SignedInProblems, ServerProblems,
    ),
)]
pub async fn list(_who: Allowed<permit::ReadRegistry>, context: Data<Context>) -> Result<HttpResponse, Problem> {
    let data = use_case::list(&context.app).await?;
    Ok(HttpResponse::Ok().json(Page { data, has_more: false, next: None }))
}

/// Read a model with its card
#[utoipa::path(
    get,
    path = "/v1/models/{name}/{version}",
    operation_id = "read_model",
    tag = "registry",
    security(("bearer" = [])),
    params(
        ("name" = String, Path, example = "personal-loan"),
        ("version" = String, Path, example = "1"),
    ),
    responses(
        (status = 200, description = "The model, what it reads, and its card", body = ModelView),
        NotFoundProblem, SignedInProblems, ServerProblems,
    ),
)]
pub async fn show(
    _who: Allowed<permit::ReadRegistry>,
    context: Data<Context>,
    model: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (name, version) = model.as_ref();
    Ok(HttpResponse::Ok().json(use_case::show(&context.app, name, version).await?))
}
