//! What a refused request is told: RFC 9457, one table from code to status and title.

use std::{
    borrow::Cow,
    fmt::{self, Display},
};

use actix_web::{
    HttpResponse, HttpResponseBuilder, ResponseError,
    body::BoxBody,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};
use serde::Serialize;
use utoipa::ToSchema;

use super::envelope;
use crate::domain::{
    fault::{Fault, Refusal},
    id::RequestId,
};

/// The media type of every problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// What went wrong: a closed list, documented in the OpenAPI document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ProblemCode)]
pub enum Code {
    /// The body is not well-formed JSON.
    MalformedJson,
    /// A query parameter is unknown, stands twice, or has a value that is not allowed.
    InvalidQuery,
    /// A header has a value that is not allowed.
    InvalidHeader,
    /// The request is not well-formed.
    BadRequest,
    /// There is no token, or one that is not accepted.
    Unauthenticated,
    /// The caller's role may not do this.
    Forbidden,
    /// There is no such thing, or it is not the caller's to see.
    NotFound,
    /// The address does not know this method; `Allow` names those it knows.
    MethodNotAllowed,
    /// The body took too long to arrive.
    RequestTimeout,
    /// Another request under the same `Idempotency-Key` is being worked on.
    IdempotencyKeyInFlight,
    /// The applicant's data must be kept: there is a legal hold on it.
    LegalHold,
    /// There is no such letter to make: the application is not declined, or a setting that it must hold is missing.
    NoLetter,
    /// The applicant's data was erased, and what this needs of it is gone for good.
    ApplicantErased,
    /// The application has changed since the version that `If-Match` names.
    VersionMismatch,
    /// The body is longer than the limit.
    BodyTooLarge,
    /// The body is not of type `application/json`.
    UnsupportedMediaType,
    /// Values are invalid or contradict each other: see `errors`.
    InvalidValues,
    /// The `Idempotency-Key` was used for a different request.
    IdempotencyKeyReused,
    /// `If-Match` is missing.
    VersionRequired,
    /// The caller asks too often; `Retry-After` says when to try again.
    RateLimited,
    /// Something failed here; the cause is in the server's log under the request's id.
    Internal,
    /// More waits than can be recorded; `Retry-After` says when to try again.
    Overloaded,
    /// The store does not answer, or the server is stopping; `Retry-After` says when to try again.
    Unavailable,
}

impl Code {
    /// Every code, in the order of their status.
    pub const ALL: [Self; 23] = [
        Self::MalformedJson,
        Self::InvalidQuery,
        Self::InvalidHeader,
        Self::BadRequest,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::IdempotencyKeyInFlight,
        Self::LegalHold,
        Self::NoLetter,
        Self::ApplicantErased,
        Self::VersionMismatch,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::InvalidValues,
        Self::IdempotencyKeyReused,
        Self::VersionRequired,
        Self::RateLimited,
        Self::Internal,
        Self::Overloaded,
        Self::Unavailable,
    ];

    /// The table: the one place that says which status and title a code has.
    #[must_use]
    pub const fn status_and_title(self) -> (StatusCode, &'static str) {
        use StatusCode as S;
        match self {
            Self::MalformedJson => (S::BAD_REQUEST, "The body is not well-formed JSON"),
            Self::InvalidQuery => (S::BAD_REQUEST, "The query is not valid"),
            Self::InvalidHeader => (S::BAD_REQUEST, "A header is not valid"),
            Self::BadRequest => (S::BAD_REQUEST, "The request is not well-formed"),
            Self::Unauthenticated => (S::UNAUTHORIZED, "A valid token is needed"),
            Self::Forbidden => (S::FORBIDDEN, "The role may not do this"),
            Self::NotFound => (S::NOT_FOUND, "There is no such thing"),
            Self::MethodNotAllowed => (S::METHOD_NOT_ALLOWED, "The method is not known here"),
            Self::RequestTimeout => (S::REQUEST_TIMEOUT, "The body took too long"),
            Self::IdempotencyKeyInFlight => (S::CONFLICT, "The same request is being worked on"),
            Self::LegalHold => (S::CONFLICT, "There is a legal hold on the applicant's data"),
            Self::NoLetter => (S::CONFLICT, "There is no such letter to make"),
            Self::ApplicantErased => (S::GONE, "The applicant's data was erased"),
            Self::VersionMismatch => (S::PRECONDITION_FAILED, "The application has changed"),
            Self::BodyTooLarge => (S::PAYLOAD_TOO_LARGE, "The body is too large"),
            Self::UnsupportedMediaType => (S::UNSUPPORTED_MEDIA_TYPE, "The body must be JSON"),
            Self::InvalidValues => (S::UNPROCESSABLE_ENTITY, "Values are invalid or contradict each other"),
            Self::IdempotencyKeyReused => {
                (S::UNPROCESSABLE_ENTITY, "The Idempotency-Key was used for a different request")
            }
            Self::VersionRequired => (S::PRECONDITION_REQUIRED, "If-Match is needed"),
            Self::RateLimited => (S::TOO_MANY_REQUESTS, "Too many requests"),
            Self::Internal => (S::INTERNAL_SERVER_ERROR, "Something failed here"),
            Self::Overloaded => (S::SERVICE_UNAVAILABLE, "Too much is waiting"),
            Self::Unavailable => (S::SERVICE_UNAVAILABLE, "Not available now"),
        }
    }

    /// The status that answers carry with this code.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        self.status_and_title().0
    }

    /// The word that stands in answers.
    #[must_use]
    pub fn word(self) -> String {
        // A unit variant serialises to its name in quotes.
        serde_json::to_string(&self).map(|quoted| quoted.trim_matches('"').to_owned()).unwrap_or_default()
    }

    /// The code for a refusal that the framework made, known by its status alone.
    #[must_use]
    pub fn of_status(status: StatusCode) -> Self {
        let same = |code: &Self| code.status() == status;
        match status {
            StatusCode::BAD_REQUEST => Self::BadRequest,
            _ => Self::ALL.into_iter().find(same).unwrap_or(if status.is_server_error() {
                Self::Internal
            } else {
                Self::BadRequest
            }),
        }
    }
}

/// The body of every answer with a status of 400 or above.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Body<'a> {
    /// A name for this kind of problem: `urn:underwright:problem:` and the code.
    #[serde(rename = "type")]
    #[schema(example = "urn:underwright:problem:invalid_values")]
    pub kind: String,
    #[schema(example = "Values are invalid or contradict each other")]
    pub title: &'static str,
    #[schema(example = 422)]
    pub status: u16,
    pub code: Code,
    /// What is wrong with this request, and what to do.
    #[schema(value_type = String)]
    pub detail: &'a str,
    /// As in the `Request-Id` header: name it when you ask for help.
    pub request_id: RequestId,
    /// Every fault that was found. A fault of the query has `?` and the parameter's name in place of a
    /// JSON pointer.
    #[serde(skip_serializing_if = "<[Fault]>::is_empty")]
    #[schema(value_type = Vec<Fault>, required = false)]
    pub errors: &'a [Fault],
}

/// Why a request is refused.
///
/// Invariant: `detail` and `errors` repeat nothing that was sent, and say nothing of a server fault's cause.
#[derive(Debug)]
pub struct Problem {
    code: Code,
    detail: Cow<'static, str>,
    errors: Vec<Fault>,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// Set for a problem that no envelope will write out.
    request_id: Option<RequestId>,
}

impl Problem {
    /// A problem with its detail.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), headers: Vec::new(), request_id: None }
    }

    /// Something failed here. The cause is logged, under the request's id, and not shown.
    #[must_use]
    pub fn internal(cause: &dyn Display) -> Self {
        tracing::error!(%cause, "a request failed");
        Self::unexplained()
    }

    /// Something failed here, and was logged already.
    #[must_use]
    pub fn unexplained() -> Self {
        Self::new(
            Code::Internal,
            "The request failed through no fault of yours. Nothing of it was kept unless you find it when you ask.",
        )
    }

    /// There is no such thing, or it is not the caller's to see: both are told the same.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "There is nothing at this address that you can see.")
    }

    /// Not now: try again in so many seconds.
    #[must_use]
    pub fn retry_later(code: Code, detail: impl Into<Cow<'static, str>>, after_seconds: u32) -> Self {
        Self::new(code, detail).with_header(header::RETRY_AFTER, HeaderValue::from(after_seconds))
    }

    /// Adds the faults that were found.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<Fault>) -> Self {
        self.errors = errors;
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Names the request, for an answer that is written out where no request is at hand.
    #[must_use]
    pub fn of_request(mut self, request_id: RequestId) -> Self {
        self.request_id = Some(request_id);
        self
    }

    /// What went wrong.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The request, where the problem names one.
    #[must_use]
    pub const fn request_id(&self) -> Option<RequestId> {
        self.request_id
    }

    /// The headers that go with it.
    #[must_use]
    pub fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }

    /// The whole answer.
    #[must_use]
    pub fn render(&self, request_id: RequestId) -> HttpResponse {
        let (status, title) = self.code.status_and_title();
        let body = Body {
            kind: format!("urn:underwright:problem:{}", self.code.word()),
            title,
            status: status.as_u16(),
            code: self.code,
            detail: &self.detail,
            request_id,
            errors: &self.errors,
        };
        let mut answer = HttpResponseBuilder::new(status);
        for (name, value) in &self.headers {
            answer.append_header((name.clone(), value.clone()));
        }
        // A problem holds texts and numbers alone, which always serialise.
        answer.content_type(MEDIA_TYPE).body(serde_json::to_vec(&body).unwrap_or_default())
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.status_and_title().1)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    /// Complete when the request is named; else [`envelope`] writes the answer out, which knows the
    /// request's id.
    fn error_response(&self) -> HttpResponse<BoxBody> {
        let Some(request_id) = self.request_id else { return HttpResponse::new(self.code.status()) };
        let mut answer = self.render(request_id);
        envelope::harden(answer.headers_mut(), request_id);
        answer
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Malformed(malformed) => Self::new(Code::MalformedJson, format!("{malformed}.")),
            Refusal::Faults(errors) => {
                let detail = match errors.len() {
                    1 => "One value is not as it must be; see errors.".into(),
                    count => format!("{count} values are not as they must be; see errors."),
                };
                Self::new(Code::InvalidValues, detail).with_errors(errors)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_status_of_an_error_and_a_word_of_its_own() {
        let mut words: Vec<String> = Code::ALL.iter().map(|code| code.word()).collect();
        words.sort();
        words.dedup();
        assert_eq!(words.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!(code.status().is_client_error() || code.status().is_server_error(), "{code:?}");
        }
    }

    #[test]
    fn a_refusal_by_the_framework_takes_the_code_of_its_status() {
        assert_eq!(Code::of_status(StatusCode::NOT_FOUND), Code::NotFound);
        assert_eq!(Code::of_status(StatusCode::BAD_REQUEST), Code::BadRequest);
        assert_eq!(Code::of_status(StatusCode::IM_A_TEAPOT), Code::BadRequest);
        assert_eq!(Code::of_status(StatusCode::BAD_GATEWAY), Code::Internal);
    }
}
