//! The body of a request: JSON, bounded in size and in time.

use std::{future::Future, pin::Pin};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header,
    web::{Bytes, BytesMut, Data},
};
use futures_util::StreamExt;

use crate::http::{
    BodyLimits, Context,
    problem::{Code, Problem},
};

/// How far past the limit a body is still read and thrown away, so that its sender, who reads no answer
/// before everything is sent, learns what is wrong.
const DRAINED_TIMES_LIMIT: usize = 32;

/// The bytes of a body that says it is JSON. Whether it is, its reader finds out.
///
/// The connection's own timers end with a request's head, so the body has a deadline of its own.
#[derive(Debug)]
pub struct JsonBody(pub Bytes);

impl FromRequest for JsonBody {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let checked = check_head(request);
        let payload = payload.take();
        // Nothing is read before the first poll: by then the arguments before this one are accepted.
        Box::pin(async move {
            let limits = checked?;
            read(payload, limits).await.map(Self)
        })
    }
}

fn check_head(request: &HttpRequest) -> Result<BodyLimits, Problem> {
    let limits = request
        .app_data::<Data<Context>>()
        .map(|context| context.body)
        .ok_or_else(|| Problem::internal(&"the server has no context"))?;
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if !kind.is_some_and(is_json) {
        return Err(unsupported("Send the body as `Content-Type: application/json`, in UTF-8."));
    }
    if request.headers().get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(unsupported("Send the body without a Content-Encoding."));
    }
    Ok(limits)
}

fn unsupported(detail: &'static str) -> Problem {
    Problem::new(Code::UnsupportedMediaType, detail)
}

/// `application/json`, with `charset=utf-8` at most.
fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"))
        && parts.all(|parameter| {
            parameter.is_empty()
                || parameter.split_once('=').is_some_and(|(name, value)| {
                    name.trim().eq_ignore_ascii_case("charset")
                        && value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
                })
        })
}

/// Reads a body within its limits.
pub(in crate::http) async fn read(payload: Payload, limits: BodyLimits) -> Result<Bytes, Problem> {
    tokio::time::timeout(limits.deadline, read_bounded(payload, limits.bytes)).await.unwrap_or_else(|_| {
        Err(Problem::new(
            Code::RequestTimeout,
            format!("The body did not arrive within {} ms.", limits.deadline.as_millis()),
        ))
    })
}

async fn read_bounded(mut payload: Payload, limit_bytes: usize) -> Result<Bytes, Problem> {
    // Nearly every body comes in one piece, which needs no copy.
    let (mut whole, mut pieces) = (Bytes::new(), BytesMut::new());
    let mut received_bytes = 0;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Problem::new(Code::BadRequest, "The body broke off before its end."))?;
        received_bytes += chunk.len();
        if received_bytes <= limit_bytes {
            if received_bytes == chunk.len() {
                whole = chunk;
            } else {
                pieces.extend_from_slice(&std::mem::take(&mut whole));
                pieces.extend_from_slice(&chunk);
            }
        } else if received_bytes > limit_bytes.saturating_mul(DRAINED_TIMES_LIMIT) {
            break;
        }
    }
    if received_bytes > limit_bytes {
        return Err(Problem::new(Code::BodyTooLarge, format!("A body has at most {limit_bytes} bytes.")));
    }
    Ok(if pieces.is_empty() { whole } else { pieces.freeze() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_in_utf_8_is_accepted_and_nothing_else() {
        for accepted in [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
        ] {
            assert!(is_json(accepted), "{accepted}");
        }
        for refused in [
            "",
            "text/plain",
            "application/jsonp",
            "application/json; charset=latin1",
            "application/problem+json",
            "json",
        ] {
            assert!(!is_json(refused), "{refused}");
        }
    }
}
