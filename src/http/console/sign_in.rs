//! Signing in and out.

use actix_web::{
    HttpRequest, HttpResponse,
    dev::Payload,
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
    web::{self, Data},
};
use askama::Template;

use super::{
    Posted, Visitor, cookies,
    filters::escaped,
    forms::{self, Fields},
    is_for_loopback, is_from_own_page, page, page_with, see_other,
    texts::Texts,
    viewer::foreign_form,
};
use crate::{
    auth::{password::HashingError, session::SessionToken},
    domain::principal::Role,
    http::{
        Context,
        extract::{RequestName, permit},
        problem::{Code, Problem},
    },
    service::{
        sessions::{self, Opened, Visit},
        sign_in::{Attempt, SignInError, sign_in, sign_in_as},
    },
};

/// Where the sign-in stands.
const SIGN_IN: &str = "/sign-in";

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn<'a> {
    viewer: &'a Visitor,
    t: Texts,
    /// Where to go afterwards.
    next: &'a str,
    /// The roles to sign in as, in development mode.
    roles: Vec<(Role, &'static str)>,
    /// The name that was typed.
    name: &'a str,
    /// Why nobody was signed in.
    fault: Option<String>,
}

impl<'a> SignIn<'a> {
    fn new(visitor: &'a Visitor, context: &Context, next: &'a str) -> Self {
        let t = visitor.t;
        let roles = if context.console.sessions.development { &Role::ALL[..] } else { &[] };
        let roles = roles.iter().map(|role| (*role, t.role(*role))).collect();
        Self { viewer: visitor, t, next, roles, name: "", fault: None }
    }
}

/// `GET /sign-in`
pub async fn show(request: HttpRequest, context: Data<Context>) -> Result<HttpResponse, Problem> {
    let (visitor, query) = (Visitor::of(&request), Fields::parse(request.query_string().as_bytes()));
    let next = safe_next(query.text("next"));
    if let Some(token) = cookies::session_token(&request)
        && sessions::find(&context.app, context.console.sessions, &token).await?.is_some()
    {
        return Ok(see_other(next));
    }
    page(&SignIn::new(&visitor, &context, next))
}

/// `POST /sign-in`: with a name and a password.
pub async fn submit(
    request: HttpRequest,
    name: RequestName,
    context: Data<Context>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    if !is_from_own_page(&request) {
        return Err(foreign_form());
    }
    context.rates.count_stranger(&request)?;
    let fields = forms::read(&request, web_payload(payload)).await?;
    let (client, browser, network) = (
        client_name(&request),
        cookies::browser_token(&request),
        context.rates.network_of(&request).map(|network| network.to_string()),
    );
    let attempt = Attempt {
        name: fields.text("name"),
        password: fields.raw("password"),
        browser: browser.as_ref(),
        network: network.as_deref(),
    };
    let visit = Visit { client: &client, request_id: name.0 };
    match sign_in(&context.app, context.console.sessions, attempt, visit).await {
        Ok((opened, browser)) => Ok(signed_in(&opened, Some(&browser), fields.text("next"))),
        Err(error) => refuse(&Visitor::of(&request), &context, &fields, error),
    }
}

/// Leads on, with the session's cookie.
fn signed_in(opened: &Opened, browser: Option<&SessionToken>, next: &str) -> HttpResponse {
    let mut answer = see_other(safe_next(next));
    set_cookie(&mut answer, &cookies::session(&opened.token));
    if let Some(browser) = browser {
        set_cookie(&mut answer, &cookies::browser(browser));
    }
    answer
}

/// Shows the sign-in again, with what was typed but for the password.
fn refuse(visitor: &Visitor, context: &Context, fields: &Fields, error: SignInError) -> Result<HttpResponse, Problem> {
    let t = visitor.t;
    let (status, fault, wait) = match error {
        SignInError::Refused => (StatusCode::UNPROCESSABLE_ENTITY, t.session_refused().to_owned(), None),
        SignInError::Wait { seconds } => {
            let span = if seconds < 60 {
                t.session_seconds(seconds)
            } else {
                t.span(time::Duration::seconds(i64::from(seconds) + 59))
            };
            (StatusCode::TOO_MANY_REQUESTS, t.session_wait(span), Some(seconds))
        }
        SignInError::Hashing(HashingError::Busy) => {
            (StatusCode::SERVICE_UNAVAILABLE, t.session_busy().to_owned(), Some(2))
        }
        error => return Err(error.into()),
    };
    let shown = SignIn {
        name: fields.text("name"),
        fault: Some(fault),
        ..SignIn::new(visitor, context, safe_next(fields.text("next")))
    };
    let mut answer = page_with(status, &shown)?;
    if let Some(seconds) = wait {
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(answer)
}

/// `POST /sign-in/development`: as a role, without a password.
pub async fn in_development(
    request: HttpRequest,
    name: RequestName,
    context: Data<Context>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    if !is_from_own_page(&request) {
        return Err(foreign_form());
    }
    if !is_for_loopback(&request) {
        return Err(Problem::not_found());
    }
    let fields = forms::read(&request, web_payload(payload)).await?;
    let role: Role = fields.text("role").parse().map_err(|_| Problem::not_found())?;
    let client = client_name(&request);
    let visit = Visit { client: &client, request_id: name.0 };
    let opened = sign_in_as(&context.app, context.console.sessions, role, visit).await?;
    Ok(signed_in(&opened, None, fields.text("next")))
}

/// `POST /sign-out`
pub async fn sign_out(
    who: Posted<permit::UseConsole>,
    name: RequestName,
    context: Data<Context>,
) -> Result<HttpResponse, Problem> {
    sessions::sign_out(&context.app, &who.session, who.token(), name.0).await?;
    let mut answer = see_other(SIGN_IN);
    set_cookie(&mut answer, &cookies::no_session());
    Ok(answer)
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::NotInDevelopment => Self::not_found(),
            SignInError::Refused | SignInError::Wait { .. } => Self::new(Code::Unauthenticated, format!("{error}.")),
            SignInError::Hashing(error) => Self::internal(&error),
            SignInError::Randomness(error) => Self::internal(&error),
            SignInError::Storage(error) => error.into(),
        }
    }
}

/// The address of the sign-in, from where it leads on to `next`.
#[must_use]
pub fn address(next: Option<&str>) -> String {
    match next.map(safe_next) {
        None | Some("/") => SIGN_IN.to_owned(),
        Some(next) => {
            let mut query = escaped(next);
            query.insert_str(0, "/sign-in?next=");
            query
        }
    }
}

/// An address of this server, or its home page: nobody is led elsewhere.
#[must_use]
pub fn safe_next(next: &str) -> &str {
    let is_path = next.starts_with('/') && !next.starts_with("//") && next.len() <= 2_000;
    let is_plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let leads_in_circles = next.starts_with(SIGN_IN);
    if is_path && is_plain && !leads_in_circles { next } else { "/" }
}

pub(super) fn set_cookie(answer: &mut HttpResponse, cookie: &str) {
    if let Ok(value) = header::HeaderValue::from_str(cookie) {
        answer.headers_mut().append(header::SET_COOKIE, value);
    }
}

pub(super) fn web_payload(payload: web::Payload) -> Payload {
    payload.into_inner()
}

/// The browser and system of a `User-Agent`, as a person would say them: enough to know one's own sessions apart.
fn client_name(request: &HttpRequest) -> String {
    let agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // In this order: Edge says that it is Chrome too, and Chrome that it is Safari.
    let browsers =
        [("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")];
    let systems = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    let find =
        |known: &[(&str, &'static str)]| known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    match (find(&browsers), find(&systems)) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "?".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn nobody_is_led_to_another_server_or_in_circles() {
        for safe in ["/", "/applications", "/applications?status=awaiting_review&after=app_1", "/a//b"] {
            assert_eq!(safe_next(safe), safe);
        }
        let long = format!("/{}", "a".repeat(2_000));
        for unsafe_next in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "evil",
            "/a\r\nSet-Cookie: a=b",
            "/\u{202e}",
            "\\\\evil.example",
            "/sign-in?next=/sign-in",
            long.as_str(),
            " /applications",
        ] {
            assert_eq!(safe_next(unsafe_next), "/", "{unsafe_next:?}");
        }
    }

    #[test]
    fn the_sign_in_s_address_holds_where_to_go_on() {
        assert_eq!(address(None), "/sign-in");
        assert_eq!(address(Some("/")), "/sign-in");
        assert_eq!(address(Some("/applications?a=1&b=é")), "/sign-in", "what a browser would have escaped");
        assert_eq!(address(Some("/applications?a=1&b=%C3%A9")), "/sign-in?next=/applications%3Fa%3D1%26b%3D%25C3%25A9");
    }

    #[test]
    fn a_browser_is_named_as_a_person_would() {
        let name = |agent: &'static str| {
            client_name(&TestRequest::default().insert_header(("user-agent", agent)).to_http_request())
        };
        assert_eq!(
            name(
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
            ),
            "Chrome, Linux"
        );
        assert_eq!(
            name("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"),
            "Edge, Windows"
        );
        assert_eq!(
            name("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"),
            "Safari, iPhone"
        );
        assert_eq!(name("<script>alert(1)</script>"), "?");
    }
}
