//! Headers that handlers read: `Idempotency-Key`, `If-Match`, and the request's own name.

use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::header::{self, HeaderName},
};

use crate::{
    domain::id::RequestId,
    http::problem::{Code, Problem},
    service::IdempotencyKey,
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The request, as it is named in its answer, in the logs and in the audit log.
#[derive(Debug, Clone, Copy)]
pub struct RequestName(pub RequestId);

impl FromRequest for RequestName {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.extensions().get::<RequestId>().copied();
        ready(id.map(Self).ok_or_else(|| Problem::internal(&"the request has no name")))
    }
}

/// The `Idempotency-Key`, when there is one.
#[derive(Debug)]
pub struct IdempotencyHeader(pub Option<IdempotencyKey>);

impl FromRequest for IdempotencyHeader {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(idempotency_key(request).map(Self))
    }
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<IdempotencyKey>, Problem> {
    let Some(value) = single(request, &IDEMPOTENCY_KEY)? else { return Ok(None) };
    IdempotencyKey::new(value).map(Some).ok_or_else(|| {
        Problem::new(Code::InvalidHeader, "Idempotency-Key must have 1 to 255 visible ASCII characters or spaces.")
    })
}

/// The version of the application that the caller has seen: `If-Match` with the `ETag` of an answer.
#[derive(Debug, Clone, Copy)]
pub struct SeenVersion(pub u32);

impl FromRequest for SeenVersion {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(seen_version(request))
    }
}

fn seen_version(request: &HttpRequest) -> Result<SeenVersion, Problem> {
    let Some(value) = single(request, &header::IF_MATCH)? else {
        return Err(Problem::new(
            Code::VersionRequired,
            "Send If-Match with the ETag of the application as you read it, such as `If-Match: \"1\"`.",
        ));
    };
    let tag = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).filter(|tag| !tag.contains('"'));
    let Some(tag) = tag else {
        // `*` would decide on a version that nobody has seen; a list, on one of several.
        return Err(Problem::new(
            Code::InvalidHeader,
            "If-Match must be one ETag in quotes, such as `\"1\"`: not `*`, not weak, not a list.",
        ));
    };
    // A tag that was never given out matches no version. Versions begin at 1, so 0 is none.
    Ok(SeenVersion(tag.parse().ok().filter(|version: &u32| version.to_string() == tag).unwrap_or(0)))
}

/// A header that may stand once.
fn single<'request>(request: &'request HttpRequest, name: &HeaderName) -> Result<Option<&'request str>, Problem> {
    let mut values = request.headers().get_all(name);
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Problem::new(Code::InvalidHeader, format!("Send one {name} header, not several.")));
    }
    value
        .to_str()
        .map(Some)
        .map_err(|_| Problem::new(Code::InvalidHeader, format!("{name} must hold visible ASCII characters.")))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn seen(value: &str) -> Result<u32, Code> {
        let request = TestRequest::default().insert_header((header::IF_MATCH, value)).to_http_request();
        seen_version(&request).map(|version| version.0).map_err(|problem| problem.code())
    }

    #[test]
    fn a_version_is_one_strong_tag() {
        assert_eq!(seen("\"7\""), Ok(7));
        for refused in ["*", "W/\"7\"", "7", "\"7\", \"8\"", "\"", ""] {
            assert_eq!(seen(refused), Err(Code::InvalidHeader), "{refused}");
        }
    }

    #[test]
    fn a_tag_that_was_never_given_out_matches_no_version() {
        for stranger in ["\"07\"", "\"x\"", "\"-1\"", "\"99999999999\"", "\"\""] {
            assert_eq!(seen(stranger), Ok(0), "{stranger}");
        }
    }

    #[test]
    fn a_missing_version_and_one_sent_twice_are_different_faults() {
        let none = TestRequest::default().to_http_request();
        assert_eq!(seen_version(&none).unwrap_err().code(), Code::VersionRequired);
        let twice = TestRequest::default()
            .append_header((header::IF_MATCH, "\"1\""))
            .append_header((header::IF_MATCH, "\"2\""))
            .to_http_request();
        assert_eq!(seen_version(&twice).unwrap_err().code(), Code::InvalidHeader);
    }
}
