//! Who looks at a page, as an argument of the handler.

use std::{
    future::{Future, ready},
    marker::PhantomData,
    ops::Deref,
    pin::Pin,
    rc::Rc,
};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::{Method, header},
    web::Data,
};
use time::UtcOffset;

use super::{
    Settings, cookies, forms,
    forms::Fields,
    is_from_own_page,
    texts::{Texts, accepted},
};
use crate::{
    auth::session::SessionToken,
    domain::{
        language::Language,
        principal::{Permission, Principal},
        timestamp::Timestamp,
    },
    http::{
        Context,
        extract::Permit,
        problem::{Code, Problem},
    },
    service::{
        audit::verification::{self, Verified},
        sessions::{self, MOST_WAITING, Session},
    },
};

/// The header in which a page's script sends the form token.
pub const FORM_TOKEN_HEADER: &str = "x-form-token";
/// The field in which a form sends it.
const FORM_TOKEN_FIELD: &str = "form_token";

/// Light, dark, or what the system asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    /// The word in cookies, forms and the page's `data-theme`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::System, Self::Light, Self::Dark].into_iter().find(|theme| theme.word() == word)
    }
}

/// Whoever asks for a page, signed in or not: their language and theme, and where they are.
#[derive(Debug, Clone)]
pub struct Visitor {
    pub t: Texts,
    pub theme: Theme,
    /// The path that was asked for.
    pub path: String,
    /// Path and query: where a change of language or theme leads back to.
    pub here: String,
}

impl Visitor {
    /// Reads what a request says of its sender.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Self {
        let context = request.app_data::<Data<Context>>();
        let offset = context.map_or(UtcOffset::UTC, |context| context.console.offset);
        let asked = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let language = cookies::read(request, cookies::LANGUAGE)
            .and_then(Language::parse)
            .unwrap_or_else(|| accepted(asked.unwrap_or_default()));
        let theme = cookies::read(request, cookies::THEME).and_then(Theme::parse).unwrap_or_default();
        let here = request.uri().path_and_query().map_or("/", |address| address.as_str());
        // What was posted cannot be asked for again.
        let here = if request.method() == Method::GET { here } else { "/" };
        Self { t: Texts::new(language, offset), theme, path: request.path().to_owned(), here: here.to_owned() }
    }

    /// The page's `lang`.
    #[must_use]
    pub const fn language_tag(&self) -> &'static str {
        self.t.language().tag()
    }

    /// The languages of the switch: tag, own name, whether it is this one.
    #[must_use]
    pub fn languages(&self) -> [(&'static str, &'static str, bool); Language::ALL.len()] {
        Language::ALL.map(|language| (language.tag(), language.own_name(), language == self.t.language()))
    }

    /// The themes of the switch: word, name, whether it is this one.
    #[must_use]
    pub fn themes(&self) -> [(&'static str, &'static str, bool); 3] {
        [
            (Theme::System, self.t.shell_theme_system()),
            (Theme::Light, self.t.shell_theme_light()),
            (Theme::Dark, self.t.shell_theme_dark()),
        ]
        .map(|(theme, name)| (theme.word(), name, theme == self.theme))
    }
}

/// Somebody who is signed in.
#[derive(Debug)]
pub struct Viewer {
    pub visitor: Visitor,
    pub session: Session,
    /// Stands in every form that changes something.
    pub form_token: String,
    /// When the page was asked for.
    pub now: Timestamp,
    /// The last verification that the log says of itself.
    log: Option<Verified>,
    waiting: u32,
    token: SessionToken,
}

impl Deref for Viewer {
    type Target = Visitor;

    fn deref(&self) -> &Visitor {
        &self.visitor
    }
}

/// A line of the side navigation.
#[derive(Debug)]
pub struct NavItem {
    pub address: &'static str,
    pub name: &'static str,
    pub is_current: bool,
    /// How many wait there.
    pub count: Option<String>,
}

/// The function of a text.
type Name = fn(Texts) -> &'static str;

/// The side navigation: address, name, and what its role must allow. An address that no route has is left out.
const NAVIGATION: [(&str, Name, Permission); 8] = [
    ("/", Texts::shell_home, Permission::UseConsole),
    ("/applications", Texts::shell_applications, Permission::ReadApplication),
    ("/waiting", Texts::shell_review, Permission::ReviewApplication),
    ("/applications/new", Texts::shell_new_application, Permission::SubmitApplication),
    ("/models", Texts::shell_models, Permission::ReadRegistry),
    ("/policy", Texts::shell_policy, Permission::ReadRegistry),
    ("/audit", Texts::shell_audit, Permission::ReadAudit),
    ("/applicants", Texts::shell_applicants, Permission::FindApplicant),
];

impl Viewer {
    /// Who is signed in.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.session.principal
    }

    /// Whether the role may do something: for what a page offers.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.session.principal.role.may(permission)
    }

    /// The role in words.
    #[must_use]
    pub fn role_name(&self) -> &'static str {
        self.t.role(self.session.principal.role)
    }

    /// The token of the session.
    #[must_use]
    pub const fn token(&self) -> &SessionToken {
        &self.token
    }

    /// The side navigation for this role.
    #[must_use]
    pub fn navigation(&self) -> Vec<NavItem> {
        let shown = NAVIGATION.into_iter().filter(|(address, _, permission)| {
            self.may(*permission) && super::ROUTES.iter().any(|route| route.path == *address && route.method == "GET")
        });
        let items = shown.map(|(address, name, _)| NavItem {
            address,
            name: name(self.t),
            is_current: self.is_at(address),
            count: (address == "/waiting" && self.waiting > 0).then(|| self.waiting_shown()),
        });
        items.collect()
    }

    /// How many applications await review, in words that say where counting ended.
    #[must_use]
    pub fn waiting_shown(&self) -> String {
        let counted = super::format::count(u64::from(self.waiting.min(MOST_WAITING - 1)));
        if self.waiting < MOST_WAITING { counted } else { format!("{counted}+") }
    }

    /// When the log was last verified, in words.
    #[must_use]
    pub fn log_state(&self) -> String {
        match self.log {
            Some(Verified { at, intact: true, .. }) => self.t.audit_log_verified(self.t.ago(&at, &self.now)),
            Some(Verified { intact: false, .. }) => self.t.audit_not_intact().to_owned(),
            None => self.t.audit_log_never_verified().to_owned(),
        }
    }

    /// Whether the log was found changed.
    #[must_use]
    pub fn log_is_broken(&self) -> bool {
        self.log.is_some_and(|verified| !verified.intact)
    }

    /// Whether the page stands under a line of the navigation.
    fn is_at(&self, address: &str) -> bool {
        let path = self.path.as_str();
        let under =
            |address: &str| path.strip_prefix(address).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        match address {
            "/" => path == "/",
            "/applications" => under(address) && path != "/applications/new",
            _ => under(address),
        }
    }
}

/// Whoever is signed in and may do what `P` says: the first argument of every page's handler.
///
/// Whoever is not is led to the sign-in; whoever may not is shown so.
#[derive(Debug)]
pub struct SignedIn<P> {
    viewer: Rc<Viewer>,
    permit: PhantomData<P>,
}

impl<P> Deref for SignedIn<P> {
    type Target = Viewer;

    fn deref(&self) -> &Viewer {
        &self.viewer
    }
}

impl<P: Permit> FromRequest for SignedIn<P> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        if request.method() != Method::GET {
            // A handler that changes something must know where the form came from.
            return Box::pin(ready(Err(Problem::internal(&"a form was not taken as Posted"))));
        }
        let request = request.clone();
        Box::pin(async move { Ok(Self { viewer: admit(&request, P::PERMISSION).await?, permit: PhantomData }) })
    }
}

/// As [`SignedIn`], with a form that a page of the same session sent.
#[derive(Debug)]
pub struct Posted<P> {
    viewer: Rc<Viewer>,
    pub fields: Fields,
    permit: PhantomData<P>,
}

impl<P> Deref for Posted<P> {
    type Target = Viewer;

    fn deref(&self) -> &Viewer {
        &self.viewer
    }
}

impl<P: Permit> FromRequest for Posted<P> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let viewer = admit(&request, P::PERMISSION).await?;
            if !is_from_own_page(&request) {
                return Err(foreign_form());
            }
            let fields = forms::read(&request, payload).await?;
            if !viewer.token.accepts(fields.raw(FORM_TOKEN_FIELD)) {
                return Err(foreign_form());
            }
            Ok(Self { viewer, fields, permit: PhantomData })
        })
    }
}

/// A form that no page of this session sent.
pub(super) fn foreign_form() -> Problem {
    Problem::new(
        Code::Forbidden,
        "This form was not sent by a page of your session. Open the page again and repeat it.",
    )
}

/// Finds the session of a request, and holds its role against a permission.
async fn admit(request: &HttpRequest, permission: Permission) -> Result<Rc<Viewer>, Problem> {
    let context = request.app_data::<Data<Context>>().ok_or_else(|| Problem::internal(&"the server has no context"))?;
    let Settings { sessions: rules, .. } = context.console;
    let not_signed_in = || Problem::new(Code::Unauthenticated, "Sign in first.");
    let token = cookies::session_token(request).ok_or_else(not_signed_in)?;
    let arrival = sessions::arrive(&context.app, rules, &token).await?.ok_or_else(not_signed_in)?;
    context.rates.count_caller(&arrival.session.principal)?;
    let viewer = Rc::new(Viewer {
        visitor: Visitor::of(request),
        form_token: token.form_token().map_err(|error| Problem::internal(&error))?,
        now: context.app.clock().now(),
        session: arrival.session,
        waiting: arrival.waiting,
        log: verification::known(&context.app).recorded,
        token,
    });
    // A page that says what is refused has the same shell.
    request.extensions_mut().insert(Rc::clone(&viewer));
    if viewer.may(permission) {
        return Ok(viewer);
    }
    Err(Problem::new(Code::Forbidden, format!("The role {} may not do this.", viewer.principal().role)))
}
