//! Authentication and permission, as an argument of the handler.

use std::{
    future::{Future, ready},
    marker::PhantomData,
    ops::Deref,
    pin::Pin,
    sync::Arc,
};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{self, HeaderValue},
    web::Data,
};

use crate::{
    auth::token::InvalidToken,
    domain::principal::{Permission, Principal},
    http::{
        Context,
        console::{self, FORM_TOKEN_HEADER},
        problem::{Code, Problem},
    },
    service::sessions,
};

/// A permission as a type, so that a handler's signature says who may call it.
pub trait Permit: 'static {
    /// What the caller's role must allow.
    const PERMISSION: Permission;
}

/// The permissions of [`Permission`] as types.
pub mod permit {
    use super::{Permission, Permit};

    macro_rules! permits {
        ($($name:ident),+ $(,)?) => {$(
            #[doc = concat!("Stands for [`Permission::", stringify!($name), "`].")]
            #[derive(Debug)]
            pub struct $name;

            impl Permit for $name {
                const PERMISSION: Permission = Permission::$name;
            }
        )+};
    }

    permits!(
        SubmitApplication,
        ReadApplication,
        ReviewApplication,
        Simulate,
        ReadAudit,
        ReadRegistry,
        PromoteModel,
        FindApplicant,
        HoldApplicant,
        EraseApplicant,
        SeeApplicant,
        IssueLetter,
        UseConsole,
    );
}

/// A caller who was authenticated and may do what `P` says.
///
/// A program sends a token. A page's script sends the cookie of its session, and beside it the page's form token in
/// `X-Form-Token`, so that no other site's page can call in somebody's name.
///
/// It must be the handler's first argument, so that nobody else learns what is wrong with a request.
#[derive(Debug)]
pub struct Allowed<P> {
    principal: Arc<Principal>,
    permit: PhantomData<P>,
}

impl<P> Deref for Allowed<P> {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        &self.principal
    }
}

impl<P: Permit> FromRequest for Allowed<P> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let of_script =
            request.headers().contains_key(FORM_TOKEN_HEADER) && !request.headers().contains_key(header::AUTHORIZATION);
        if !of_script {
            return Box::pin(ready(authenticate(request).and_then(allow)));
        }
        let request = request.clone();
        Box::pin(async move { allow(authenticate_script(&request).await?) })
    }
}

fn allow<P: Permit>(principal: Arc<Principal>) -> Result<Allowed<P>, Problem> {
    if principal.role.may(P::PERMISSION) {
        return Ok(Allowed { principal, permit: PhantomData });
    }
    Err(Problem::new(Code::Forbidden, format!("The role {} may not do this.", principal.role)))
}

/// Who is signed in to the console, when a page's own script asks.
async fn authenticate_script(request: &HttpRequest) -> Result<Arc<Principal>, Problem> {
    let context = request.app_data::<Data<Context>>().ok_or_else(|| Problem::internal(&"the server has no context"))?;
    let not_signed_in = || missing("Sign in to the console, or send a token: `Authorization: Bearer …`.");
    let token = console::session_token(request).ok_or_else(not_signed_in)?;
    let sent = request.headers().get(FORM_TOKEN_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !console::is_from_own_page(request) || !token.accepts(sent) {
        return Err(missing("The form token is not one of this session: open the page again."));
    }
    let session = sessions::find(&context.app, context.console.sessions, &token).await?.ok_or_else(not_signed_in)?;
    context.rates.count_caller(&session.principal)?;
    Ok(session.principal)
}

fn authenticate(request: &HttpRequest) -> Result<Arc<Principal>, Problem> {
    let context = request.app_data::<Data<Context>>().ok_or_else(|| Problem::internal(&"the server has no context"))?;
    let now = context.app.clock().now();
    let known = bearer_token(request).map(|token| (token, context.tokens.recall(token, now)));
    let principal = match known {
        Ok((_, Some(principal))) => principal,
        // Nobody knows yet who sent it: before a signature is checked its address is looked at.
        unknown => {
            context.rates.count_stranger(request)?;
            context.tokens.verify(unknown?.0, now).map_err(refused)?
        }
    };
    context.rates.count_caller(&principal)?;
    Ok(principal)
}

/// The token of the one `Authorization` header (RFC 6750 §2.1).
pub(in crate::http) fn bearer_token(request: &HttpRequest) -> Result<&str, Problem> {
    let mut headers = request.headers().get_all(header::AUTHORIZATION);
    let Some(value) = headers.next() else {
        return Err(missing("Send a token: `Authorization: Bearer …`."));
    };
    if headers.next().is_some() {
        return Err(missing("Send one Authorization header, not several."));
    }
    value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer") && !token.is_empty())
        .map(|(_, token)| token)
        .ok_or_else(|| missing("The Authorization header must be `Bearer`, a space and the token."))
}

fn missing(detail: &'static str) -> Problem {
    // RFC 6750 §3.1: no error code where no token was sent.
    Problem::new(Code::Unauthenticated, detail)
        .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"underwright\""))
}

fn refused(why: InvalidToken) -> Problem {
    let challenge = format!("Bearer realm=\"underwright\", error=\"invalid_token\", error_description=\"{why}\"");
    let problem = Problem::new(Code::Unauthenticated, format!("The token is not accepted: {why}."));
    match HeaderValue::try_from(challenge) {
        Ok(challenge) => problem.with_header(header::WWW_AUTHENTICATE, challenge),
        Err(_) => problem,
    }
}
