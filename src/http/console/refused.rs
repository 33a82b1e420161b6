//! What whoever asked for a page sees when it is refused: a page, in the same shell, or the sign-in.

use std::{fmt, rc::Rc};

use actix_web::{
    Error, HttpMessage, HttpRequest, HttpResponse, ResponseError,
    http::{Method, StatusCode, header, uri::PathAndQuery},
};
use askama::Template;

use super::{Viewer, Visitor, page_with, see_other, sign_in, texts::Texts};
use crate::{
    domain::id::RequestId,
    http::{
        envelope::harden_page,
        problem::{Code, Problem},
    },
};

/// Addresses that no page stands at: what is refused there is a problem always.
const NO_PAGES: [&str; 6] = ["/v1", "/docs", "/healthz", "/readyz", "/metrics", "/openapi.json"];

/// Whether a request asks for a page: a browser's does, a script's or a program's does not.
#[must_use]
pub fn asks_for_page(request: &HttpRequest) -> bool {
    let path = request.path();
    let is_api = NO_PAGES
        .iter()
        .any(|prefix| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    !is_api && accept.is_some_and(|accept| accept.contains("text/html"))
}

#[derive(Template)]
#[template(path = "refused.html")]
struct Refused<'a> {
    viewer: &'a Viewer,
    t: Texts,
    status: u16,
    said: Said,
    request_id: RequestId,
}

#[derive(Template)]
#[template(path = "refused_signed_out.html")]
struct RefusedSignedOut<'a> {
    viewer: &'a Visitor,
    t: Texts,
    status: u16,
    said: Said,
    request_id: RequestId,
}

/// What is said of a refusal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said {
    pub(super) title: &'static str,
    pub(super) text: &'static str,
}

impl Said {
    pub(super) fn of(code: Code, t: Texts) -> Self {
        let (title, text) = match code {
            Code::NotFound | Code::MethodNotAllowed => (t.shell_not_found_title(), t.shell_not_found_text()),
            Code::Forbidden => (t.shell_forbidden_title(), t.shell_forbidden_text()),
            Code::Overloaded | Code::Unavailable | Code::RateLimited | Code::IdempotencyKeyInFlight => {
                (t.shell_busy_title(), t.shell_busy_text())
            }
            Code::VersionMismatch => (t.shell_conflict_title(), t.shell_conflict_text()),
            Code::ApplicantErased | Code::LegalHold => (t.shell_erased_title(), t.shell_erased_text()),
            Code::NoLetter => (t.letter_refused_title(), t.letter_refused_text()),
            Code::Internal => (t.shell_failed_title(), t.shell_failed_text()),
            _ => (t.shell_bad_request_title(), t.shell_bad_request_text()),
        };
        Self { title, text }
    }
}

/// The page in place of a problem.
#[must_use]
pub fn show(request: &HttpRequest, problem: &Problem, request_id: RequestId) -> HttpResponse {
    if problem.code() == Code::Unauthenticated {
        let next = request.uri().path_and_query().filter(|_| request.method() == Method::GET);
        return see_other(&sign_in::address(next.map(PathAndQuery::as_str)));
    }
    let viewer = request.extensions().get::<Rc<Viewer>>().cloned();
    let (code, status) = (problem.code(), problem.code().status());
    let written = match viewer {
        Some(viewer) => {
            let said = Said::of(code, viewer.t);
            page_with(status, &Refused { viewer: &viewer, t: viewer.t, status: status.as_u16(), said, request_id })
        }
        None => signed_out(&Visitor::of(request), code, request_id),
    };
    let mut answer = written.unwrap_or_else(|problem| problem.render(request_id));
    for (name, value) in problem.headers() {
        answer.headers_mut().append(name.clone(), value.clone());
    }
    answer
}

fn signed_out(visitor: &Visitor, code: Code, request_id: RequestId) -> Result<HttpResponse, Problem> {
    let (t, status) = (visitor.t, code.status());
    let said = Said::of(code, t);
    page_with(status, &RefusedSignedOut { viewer: visitor, t, status: status.as_u16(), said, request_id })
}

/// A request that broke off: all that is known of it is who asked, and what to say. `visitor` is whoever asked for a page.
#[must_use]
pub fn unanswered(visitor: Option<Visitor>, problem: Problem) -> Error {
    match visitor {
        Some(visitor) => Unanswered { visitor, problem }.into(),
        None => problem.into(),
    }
}

/// A page's request that broke off.
#[derive(Debug)]
struct Unanswered {
    visitor: Visitor,
    problem: Problem,
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl ResponseError for Unanswered {
    fn status_code(&self) -> StatusCode {
        self.problem.code().status()
    }

    fn error_response(&self) -> HttpResponse {
        let Some(request_id) = self.problem.request_id() else { return self.problem.error_response() };
        match signed_out(&self.visitor, self.problem.code(), request_id) {
            Ok(mut answer) => {
                harden_page(answer.headers_mut(), request_id);
                answer
            }
            Err(_) => self.problem.error_response(),
        }
    }
}
