//! The console: the pages that loan officers, managers, auditors and the others work in.
//!
//! A page per file. A handler takes who asks as [`SignedIn`], whose permission stands in its signature, makes one call to
//! [`crate::service`], and fills a template of `templates/`; one that changes something takes [`Posted`], which has read
//! the form and knows that it came from a page of this session. What is refused is a [`Problem`] as in the API; whoever
//! asked for a page is shown one ([`refused`]). [`ROUTES`] has every address. `docs/console.md` says how a page is added.

pub mod applicants;
pub mod application;
pub mod applications;
pub mod assets;
pub mod audit;
pub mod card;
mod cookies;
pub mod filters;
pub mod format;
pub mod forms;
pub mod history;
pub mod home;
pub mod letters;
pub mod models;
pub mod new_application;
mod origin;
pub mod own_sessions;
pub mod personal;
pub mod plot;
pub mod policy;
pub mod preferences;
pub mod refused;
pub mod sign_in;
pub mod standing;
pub mod texts;
pub mod translated;
mod viewer;
pub mod waterfall;
pub mod what_if;
pub mod words;

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    middleware::Compress,
    web::{self, ServiceConfig},
};
use askama::Template;
use time::{Duration, UtcOffset};

pub use self::{
    cookies::session_token,
    origin::{is_for_loopback, is_from_own_page},
    viewer::{FORM_TOKEN_HEADER, Posted, SignedIn, Viewer, Visitor},
};
use super::problem::Problem;
use crate::{config, domain::principal::Permission, service::sessions};

/// How the console is set up.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    pub sessions: sessions::Rules,
    /// How far the times that pages show are from UTC.
    pub offset: UtcOffset,
    /// How long an application may await review.
    pub review_target: Duration,
}

impl Settings {
    /// The settings of a server. Development mode signs anyone in, as any role.
    #[must_use]
    pub fn new(settings: &config::Console, mode: config::Mode) -> Self {
        let sessions = sessions::Rules {
            idle: settings.idle(),
            absolute: settings.absolute(),
            development: mode == config::Mode::Development,
        };
        let offset = settings.offset().unwrap_or(UtcOffset::UTC);
        Self { sessions, offset, review_target: settings.review_target() }
    }
}

/// An address of the console, and what it asks for.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The path, with the names of its variable parts in braces.
    pub path: &'static str,
    /// `None` where nobody has to be signed in.
    pub permission: Option<Permission>,
}

/// Registers addresses and lists them, so that none is registered and not listed.
macro_rules! routes {
    (open: { $($open_method:ident $open_path:literal => $open_handler:path;)* }
     signed_in: { $($method:ident $path:literal $permission:ident => $handler:path;)* }) => {
        /// Every address of the console.
        pub const ROUTES: &[Route] = &[
            $(Route { method: stringify!($open_method), path: $open_path, permission: None },)*
            $(Route { method: stringify!($method), path: $path, permission: Some(Permission::$permission) },)*
        ];

        fn register(console: &mut ServiceConfig) {
            $(console.service(web::resource($open_path).guard(routes!(@guard $open_method)).wrap(Compress::default()).to($open_handler));)*
            $(console.service(web::resource($path).guard(routes!(@guard $method)).wrap(Compress::default()).to($handler));)*
        }
    };
    (@guard GET) => { actix_web::guard::Get() };
    (@guard POST) => { actix_web::guard::Post() };
}

// The permission is repeated here from the handler's signature; the tests hold the two together, for every role.
routes! {
    open: {
        GET "/sign-in" => sign_in::show;
        POST "/sign-in" => sign_in::submit;
        POST "/sign-in/development" => sign_in::in_development;
        POST "/preferences" => preferences::change;
        GET "/assets/{name}" => assets::serve;
    }
    signed_in: {
        GET "/" UseConsole => home::show;
        POST "/sign-out" UseConsole => sign_in::sign_out;
        GET "/models" ReadRegistry => models::list;
        POST "/models/promote" PromoteModel => models::promote;
        GET "/models/{name}/{version}" ReadRegistry => models::show;
        GET "/models/{name}/{version}/report" ReadRegistry => models::report;
        GET "/policy" ReadRegistry => policy::show;
        GET "/audit" ReadAudit => audit::list;
        GET "/audit/verification" ReadAudit => audit::verification::show;
        POST "/audit/verification" ReadAudit => audit::verification::begin;
        GET "/audit/checkpoint" ReadAudit => audit::files::checkpoint;
        GET "/audit/export" ReadAudit => audit::files::take_away;
        GET "/audit/export/manifest" ReadAudit => audit::files::manifest;
        GET "/audit/{sequence}" ReadAudit => audit::show;
        GET "/audit/{sequence}/proof" ReadAudit => audit::files::proof;
        GET "/applicants" FindApplicant => applicants::show;
        POST "/applicants" FindApplicant => applicants::find;
        POST "/applicants/hold" HoldApplicant => applicants::hold;
        POST "/applicants/release" HoldApplicant => applicants::release;
        POST "/applicants/erase" EraseApplicant => applicants::erase;
        GET "/applications" ReadApplication => applications::list;
        GET "/applications.csv" ReadApplication => applications::csv;
        POST "/applications/views" ReadApplication => applications::save_view;
        POST "/applications/views/remove" ReadApplication => applications::remove_view;
        GET "/applications/new" SubmitApplication => new_application::show;
        POST "/applications/new" SubmitApplication => new_application::submit;
        POST "/applications/new/check" SubmitApplication => new_application::check;
        GET "/applications/{id}" ReadApplication => application::show;
        POST "/applications/{id}" ReviewApplication => application::decide;
        POST "/applications/{id}/applicant" SeeApplicant => personal::look;
        POST "/applications/{id}/letters" IssueLetter => letters::issue;
        POST "/applications/{id}/letters/{sequence}" SeeApplicant => letters::open;
        GET "/applications/{id}/history/{sequence}/proof" ReadApplication => history::proof;
        GET "/applications/{id}/what-if" ReviewApplication => what_if::show;
        GET "/waiting" ReviewApplication => applications::waiting;
        GET "/sessions" UseConsole => own_sessions::show;
        POST "/sessions/end" UseConsole => own_sessions::end;
        POST "/sessions/end-others" UseConsole => own_sessions::end_others;
    }
}

/// Registers every address of the console.
pub fn configure(console: &mut ServiceConfig) {
    register(console);
}

/// A page, written out.
pub fn page(template: &impl Template) -> Result<HttpResponse, Problem> {
    page_with(StatusCode::OK, template)
}

/// As [`page`], with another status: 422 for a form that is shown again with its faults, say.
pub fn page_with(status: StatusCode, template: &impl Template) -> Result<HttpResponse, Problem> {
    let html = template.render().map_err(|error| Problem::internal(&error))?;
    Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(html))
}

/// Sends the browser on to another page, which it asks for with GET.
#[must_use]
pub fn see_other(address: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, address)).finish()
}
