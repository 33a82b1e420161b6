//! Cookies: one for the session, one for each preference.

use actix_web::{HttpRequest, http::header};

use crate::auth::session::SessionToken;

/// The session's cookie. The prefix has browsers take it over TLS alone, for this host alone, for all of its paths (RFC 6265bis §4.1.3.2);
/// they take a loopback address for as good as TLS.
pub(super) const SESSION: &str = "__Host-underwright-session";
/// What a browser is known by once somebody has signed in from it.
pub(super) const BROWSER: &str = "__Host-underwright-browser";
pub(super) const LANGUAGE: &str = "underwright-language";
pub(super) const THEME: &str = "underwright-theme";

/// The value of a cookie that was sent once. One that was sent twice is worth nothing: who set which is not known.
pub(super) fn read<'request>(request: &'request HttpRequest, name: &str) -> Option<&'request str> {
    let mut values = request
        .headers()
        .get_all(header::COOKIE)
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(other, _)| *other == name)
        .map(|(_, value)| value);
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

/// The token in a request's session cookie.
#[must_use]
pub fn session_token(request: &HttpRequest) -> Option<SessionToken> {
    SessionToken::parse(read(request, SESSION)?)
}

/// Sets the session's cookie until the browser is closed. It is sent when a link from elsewhere leads here, so that a
/// colleague's link opens, and with no other request from elsewhere.
pub(super) fn session(token: &SessionToken) -> String {
    format!("{SESSION}={}; Path=/; Secure; HttpOnly; SameSite=Lax", token.text())
}

/// The token by which a browser is known.
#[must_use]
pub(super) fn browser_token(request: &HttpRequest) -> Option<SessionToken> {
    SessionToken::parse(read(request, BROWSER)?)
}

/// Lets a browser be known for a year.
pub(super) fn browser(token: &SessionToken) -> String {
    format!("{BROWSER}={}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=31536000", token.text())
}

/// Takes the session's cookie away.
pub(super) fn no_session() -> String {
    format!("{SESSION}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0")
}

/// Remembers a preference for a year.
pub(super) fn preference(name: &str, value: &str) -> String {
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000")
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_cookie_counts_when_it_was_sent_once() {
        let read_from = |headers: &[&str]| {
            let mut request = TestRequest::default();
            for value in headers {
                request = request.append_header((header::COOKIE, *value));
            }
            read(&request.to_http_request(), "a").map(str::to_owned)
        };
        assert_eq!(read_from(&["a=1; b=2"]).as_deref(), Some("1"));
        assert_eq!(read_from(&["b=2; a=x=y"]).as_deref(), Some("x=y"));
        assert_eq!(read_from(&["b=1", "a=2"]).as_deref(), Some("2"));
        for nothing in [&["a=1; a=2"][..], &["a=1", "a=1"], &["aa=1; a"], &[";;;"], &[]] {
            assert_eq!(read_from(nothing), None, "{nothing:?}");
        }
    }
}
