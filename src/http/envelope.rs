//! What every answer is wrapped in: the request's id, the headers that protect a browser, problems
//! written out, panics caught, latency counted, one line in the log.

use std::{panic::AssertUnwindSafe, time::Instant};

use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
    web::Data,
};
use futures_util::FutureExt;
use tracing::Span;
use tracing_actix_web::RootSpanBuilder;

use super::{
    Context,
    console::{self, refused},
    problem::{Code, Problem},
};
use crate::{domain::id::RequestId, telemetry::trace};

/// The header that names the request in every answer.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

const API_CSP: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
/// The documentation's pages load their own scripts and styles, and nothing from elsewhere.
const DOCS_CSP: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
/// The console's pages hold no style and no script of their own; forms lead back here.
const PAGE_CSP: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);
/// What requests to addresses that are not known are counted under.
const UNKNOWN_ROUTE: &str = "unknown";

/// Wraps one request. Must be the outermost middleware.
pub async fn wrap(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let context = request.app_data::<Data<Context>>().cloned();
    let Some(context) = context else {
        // Without its context the server was put together wrongly: no request can be answered.
        return Err(actix_web::error::ErrorInternalServerError("the server has no context"));
    };
    let request_id = context.app.ids().request(context.app.clock().now());
    request.extensions_mut().insert(request_id);
    if request.method() == Method::HEAD {
        // A HEAD is a GET without the body, which the connection's encoder leaves out.
        request.head_mut().method = Method::GET;
    }
    let method = request.method().clone();
    let route = request.match_pattern().unwrap_or_else(|| UNKNOWN_ROUTE.to_owned());

    let visitor = refused::asks_for_page(request.request()).then(|| console::Visitor::of(request.request()));
    let answering = AssertUnwindSafe(next.call(request)).catch_unwind();
    let outcome = match tokio::time::timeout(context.answer_within, answering).await {
        Ok(Ok(Ok(response))) => Ok(finish(response.map_into_boxed_body(), request_id, &context)),
        Ok(Ok(Err(error))) => Err(error),
        Err(_) => {
            tracing::error!(%request_id, %method, route, "a request was not answered in time");
            context.metrics.problem_answered(Code::Unavailable.word());
            let detail = "The answer took too long. Whether the request was done is not known: send it again, under the \
                          same Idempotency-Key.";
            Err(refused::unanswered(visitor, Problem::retry_later(Code::Unavailable, detail, 2).of_request(request_id)))
        }
        Ok(Err(_)) => {
            // What a panic says may hold anything that was sent, so it is not logged; where it
            // happened is, by the hook that `telemetry::log::log_panics_by_place` sets.
            tracing::error!(%request_id, %method, route, "a request panicked");
            Err(refused::unanswered(visitor, Problem::unexplained().of_request(request_id)))
        }
    };
    let status = match &outcome {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    let took = started.elapsed();
    context.metrics.request_answered(method.as_str(), &route, status.as_u16(), took);
    let (status, milliseconds) = (status.as_u16(), took.as_secs_f64() * 1_000.0);
    tracing::info!(%request_id, %method, route, status, milliseconds, "answered");
    outcome
}

/// Gives an answer its form: a problem where it is one, and the headers that every answer has.
fn finish(response: ServiceResponse<BoxBody>, request_id: RequestId, context: &Context) -> ServiceResponse<BoxBody> {
    let mut response = if is_unwritten(&response) { write_problem(response, request_id, context) } else { response };
    let path = response.request().path();
    let (docs, asset) = (path.starts_with("/docs/"), path.starts_with("/assets/") && response.status().is_success());
    let headers = response.headers_mut();
    if docs {
        harden(headers, request_id);
        headers.insert(header::CONTENT_SECURITY_POLICY, DOCS_CSP);
    } else if headers.get(header::CONTENT_TYPE).is_some_and(is_html) {
        harden_page(headers, request_id);
    } else {
        harden(headers, request_id);
    }
    if asset {
        headers.insert(header::CACHE_CONTROL, console::assets::CACHE_CONTROL);
    }
    response
}

/// Whether an answer is a refusal that is yet to be written out as a problem.
fn is_unwritten(response: &ServiceResponse<BoxBody>) -> bool {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return false;
    }
    let written = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/") || is_html(kind));
    response.response().error().is_some() || !written
}

fn write_problem(
    response: ServiceResponse<BoxBody>,
    request_id: RequestId,
    context: &Context,
) -> ServiceResponse<BoxBody> {
    let framework = framework_problem_unless(response.response().error(), response.status());
    let said = response.response().error().and_then(Error::as_error::<Problem>);
    let Some(problem) = said.or(framework.as_ref()) else { return response };
    context.metrics.problem_answered(problem.code().word());
    let mut written = if refused::asks_for_page(response.request()) {
        refused::show(response.request(), problem, request_id)
    } else {
        problem.render(request_id)
    };
    if let Some(allow) = response.headers().get(header::ALLOW) {
        written.headers_mut().insert(header::ALLOW, allow.clone());
    }
    let (request, _) = response.into_parts();
    ServiceResponse::new(request, written)
}

/// The problem of a refusal that says none itself.
fn framework_problem_unless(error: Option<&Error>, status: StatusCode) -> Option<Problem> {
    let has_problem = error.is_some_and(|error| error.as_error::<Problem>().is_some());
    (!has_problem).then(|| framework_problem(status))
}

/// A refusal that the framework made, which says nothing of its own that could be shown.
fn framework_problem(status: StatusCode) -> Problem {
    match Code::of_status(status) {
        Code::NotFound => Problem::not_found(),
        Code::MethodNotAllowed => {
            Problem::new(Code::MethodNotAllowed, "This address exists, but not for this method; see the Allow header.")
        }
        Code::Internal => Problem::internal(&"refused by the framework"),
        code => Problem::new(code, "The request cannot be read; compare it with /openapi.json."),
    }
}

fn is_html(content_type: &HeaderValue) -> bool {
    content_type.as_bytes().starts_with(b"text/html")
}

/// Sets the headers that every page of the console has.
pub(super) fn harden_page(headers: &mut HeaderMap, request_id: RequestId) {
    // A report comes with a policy of its own, which allows its one style sheet and no script.
    let own = headers.get(header::CONTENT_SECURITY_POLICY).cloned();
    harden(headers, request_id);
    headers.insert(header::CONTENT_SECURITY_POLICY, own.unwrap_or(PAGE_CSP));
    // With `no-referrer` a browser would not say which page a form came from (Fetch, "append a request `Origin` header").
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
}

/// Sets the headers that every answer has.
pub(super) fn harden(headers: &mut HeaderMap, request_id: RequestId) {
    if let Ok(id) = HeaderValue::try_from(request_id.to_string()) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_SECURITY_POLICY, API_CSP);
}

/// The answer to an address that is not known.
pub async fn not_found() -> Result<HttpResponse, Problem> {
    Err(Problem::not_found())
}

/// The span that every log line of a request stands in: the request's id, its method and its route's
/// template; never its address or its headers, which may hold personal data.
#[derive(Debug)]
pub struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let request_id = request.extensions().get::<RequestId>().map(ToString::to_string);
        let route = request.match_pattern();
        let span = tracing::info_span!("request", request_id, method = %request.method(), route);
        if let Some(parent) = request.headers().get(trace::TRACEPARENT).and_then(|parent| parent.to_str().ok()) {
            trace::adopt(&span, parent);
        }
        span
    }

    fn on_request_end<B: MessageBody>(_span: Span, _outcome: &Result<ServiceResponse<B>, Error>) {}
}
