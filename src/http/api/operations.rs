//! What those who run the server ask: is it alive, can it work, how is it doing, what does it offer.

use actix_web::{HttpRequest, HttpResponse, http::header, web::Data};
use serde::Serialize;
use subtle::ConstantTimeEq;
use utoipa::ToSchema;

use super::document::{Rendered, ServerProblems, UnauthenticatedProblem};
use crate::{
    http::{
        Context,
        extract::bearer_token,
        problem::{Code, Problem},
    },
    service::Readiness,
};

/// Whether the process is alive.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    #[schema(example = "ok")]
    status: &'static str,
}

/// Whether the process is alive
///
/// Asks nothing else: use `/readyz` to learn whether it can work.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "healthz",
    tag = "operations",
    responses((status = 200, description = "It is alive", body = Health)),
)]
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(Health { status: "ok" })
}

/// Whether the service can do its work
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "readyz",
    tag = "operations",
    responses(
        (status = 200, description = "Every part can work", body = Readiness),
        (status = 503, description = "Some part cannot", body = Readiness,
         headers(("Retry-After" = u32, description = "Seconds"))),
    ),
)]
pub async fn readyz(context: Data<Context>) -> HttpResponse {
    let readiness = context.app.readiness().await;
    if readiness.is_ready() {
        return HttpResponse::Ok().json(readiness);
    }
    HttpResponse::ServiceUnavailable().insert_header((header::RETRY_AFTER, 2)).json(readiness)
}

/// Metrics, for a Prometheus server
///
/// Open to anyone unless the server is set up with a metrics token.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "metrics",
    tag = "operations",
    security((), ("metrics_token" = [])),
    responses(
        (status = 200, description = "Every series", body = String,
         content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8"),
        UnauthenticatedProblem, ServerProblems,
    ),
)]
pub async fn metrics(request: HttpRequest, context: Data<Context>) -> Result<HttpResponse, Problem> {
    if let Some(expected) = &context.metrics_token {
        let sent = bearer_token(&request)?;
        if !bool::from(sent.as_bytes().ct_eq(expected.expose().as_bytes())) {
            return Err(Problem::new(Code::Unauthenticated, "This is not the metrics token."));
        }
    }
    let page = context.metrics.encode().map_err(|error| Problem::internal(&error))?;
    Ok(HttpResponse::Ok().content_type("application/openmetrics-text; version=1.0.0; charset=utf-8").body(page))
}

/// This document
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "openapi",
    tag = "operations",
    responses((status = 200, description = "The OpenAPI 3.1 document", body = Object)),
)]
pub async fn openapi(document: Data<Rendered>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(document.bytes())
}
