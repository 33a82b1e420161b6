//! Whether a request comes from a page of this server.

use actix_web::{HttpRequest, http::header};

/// Whether the browser says that a page of this server sent the request: by `Sec-Fetch-Site`, which no page can set, or,
/// where a browser sends none, by `Origin`. Who says neither is no browser, or an old one: refused.
#[must_use]
pub fn is_from_own_page(request: &HttpRequest) -> bool {
    let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(site) = header("sec-fetch-site") {
        return site == "same-origin";
    }
    let (origin, host) = (header(header::ORIGIN.as_str()), header(header::HOST.as_str()));
    // A proxy ends TLS, so the scheme is not known here.
    let authority = origin.and_then(|origin| Some(origin.split_once("://")?.1));
    authority.is_some_and(|authority| !authority.is_empty() && host == Some(authority))
}

/// Whether a request names this machine itself as its host. A page elsewhere whose name was made to lead here (DNS
/// rebinding) names its own.
#[must_use]
pub fn is_for_loopback(request: &HttpRequest) -> bool {
    let host = request.headers().get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => name,
        _ => host,
    };
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_name_that_was_made_to_lead_here_is_not_this_machine() {
        let is = |host: &'static str| {
            is_for_loopback(&TestRequest::default().insert_header(("host", host)).to_http_request())
        };
        for own in ["localhost", "localhost:8080", "127.0.0.1:8080", "[::1]:8080", "[::1]"] {
            assert!(is(own), "{own}");
        }
        for foreign in
            ["", "evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example:80", "[::2]"]
        {
            assert!(!is(foreign), "{foreign}");
        }
    }

    #[test]
    fn a_page_of_this_server_is_told_by_what_no_page_can_forge() {
        let told = |headers: &[(&'static str, &'static str)]| {
            let mut request = TestRequest::default().insert_header(("host", "bank.example"));
            for header in headers {
                request = request.insert_header(*header);
            }
            is_from_own_page(&request.to_http_request())
        };
        assert!(told(&[("sec-fetch-site", "same-origin")]));
        assert!(told(&[("origin", "https://bank.example")]));
        for refused in [
            &[][..],
            &[("sec-fetch-site", "cross-site"), ("origin", "https://bank.example")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
            &[("origin", "https://evil.example")],
            &[("origin", "https://bank.example.evil.example")],
            &[("origin", "null")],
            &[("origin", "https://")],
        ] {
            assert!(!told(refused), "{refused:?}");
        }
    }
}
