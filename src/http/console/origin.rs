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

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

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
