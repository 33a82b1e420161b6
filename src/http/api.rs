//! The API, version 1: a resource per file.

pub mod applicants;
pub mod applications;
pub mod audit;
pub mod document;
pub mod export;
pub mod models;
pub mod notices;
pub mod operations;
pub mod policies;
pub mod review;
pub mod simulations;

use actix_web::{
    HttpResponse,
    http::header::{self, HeaderValue},
    web::{self, Data, ServiceConfig},
};
use utoipa_swagger_ui::SwaggerUi;

use crate::service::Answer;

/// Registers every address. [`document::document`] describes the same ones; a test holds the two together.
pub fn configure(api: &mut ServiceConfig) {
    let resource = web::resource::<&str>;
    api.service(
        resource("/v1/applications")
            .route(web::get().to(applications::list))
            .route(web::post().to(applications::submit)),
    )
    .service(resource("/v1/applications/{id}").route(web::get().to(applications::show)))
    .service(resource("/v1/applications/{id}/explanation").route(web::get().to(applications::explanation)))
    .service(resource("/v1/applications/{id}/review").route(web::post().to(review::decide)))
    .service(
        resource("/v1/applications/{id}/notices")
            .route(web::get().to(notices::list))
            .route(web::post().to(notices::issue)),
    )
    .service(resource("/v1/simulations").route(web::post().to(simulations::simulate)))
    .service(resource("/v1/models").route(web::get().to(models::list)))
    .service(resource("/v1/models/{name}/{version}").route(web::get().to(models::show)))
    .service(resource("/v1/policies").route(web::get().to(policies::list)))
    .service(resource("/v1/audit/export").route(web::get().to(export::export)))
    .service(resource("/v1/audit/export/manifest").route(web::get().to(export::manifest)))
    .service(resource("/v1/audit/entries").route(web::get().to(audit::entries)))
    .service(resource("/v1/audit/entries/{sequence}/proof").route(web::get().to(audit::proof)))
    .service(resource("/v1/audit/checkpoint").route(web::get().to(audit::checkpoint)))
    .service(resource("/v1/applicants/{reference}").route(web::delete().to(applicants::erase)))
    .service(
        resource("/v1/applicants/{reference}/hold")
            .route(web::put().to(applicants::hold))
            .route(web::delete().to(applicants::release)),
    )
    .service(resource("/v1/applicant-searches").route(web::post().to(applicants::search)))
    .service(resource("/healthz").route(web::get().to(operations::healthz)))
    .service(resource("/readyz").route(web::get().to(operations::readyz)))
    .service(resource("/metrics").route(web::get().to(operations::metrics)))
    .service(resource("/openapi.json").route(web::get().to(operations::openapi)))
    .app_data(Data::new(document::Rendered::new()))
    .service(web::redirect("/docs", "/docs/"))
    .service(SwaggerUi::new("/docs/{_:.*}").config(docs_config()));
}

fn docs_config() -> utoipa_swagger_ui::Config<'static> {
    // Without `none` the pages would send the document to a validator elsewhere.
    utoipa_swagger_ui::Config::from("/openapi.json").validator_url("none").display_request_duration(true)
}

/// The answer to a change: as it was stored, with the version that it made.
fn changed(answer: Answer) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(answer.status).unwrap_or_default();
    let mut response = HttpResponse::build(status);
    response.insert_header((header::ETAG, etag(answer.version)));
    if status == actix_web::http::StatusCode::CREATED {
        response.insert_header((header::LOCATION, format!("/v1/applications/{}", answer.application_id)));
    }
    if answer.replayed {
        response.insert_header(("Idempotent-Replayed", HeaderValue::from_static("true")));
    }
    response.content_type("application/json").body(answer.body)
}

/// The tag of a version: the version in quotes.
fn etag(version: u32) -> String {
    format!("\"{version}\"")
}
