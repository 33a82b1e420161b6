//! The whole table of the console's addresses and roles.

use serde_json::Value;
use underwright::{
    domain::principal::Role::{self, Admin, Auditor, Manager, Officer, Privacy, Risk, Service},
    http::console::ROUTES,
};

use super::browser::{Browser, text};
use crate::app::{TestApp, application_for};

/// Who reads applications.
const READERS: &[Role] = &[Officer, Manager, Auditor, Service];
/// Who sends applications in.
const SUBMITTERS: &[Role] = &[Officer, Service];
const EVERYONE: &[Role] = &[Officer, Manager, Risk, Auditor, Privacy, Service, Admin];

/// Method, path and who may. `{id}` is an application that awaits review, `{name}` and `{version}` the model in force.
pub(super) const TABLE: &[(&str, &str, &[Role])] = &[
    ("GET", "/", EVERYONE),
    ("POST", "/sign-out", EVERYONE),
    ("GET", "/models", EVERYONE),
    ("POST", "/models/promote", &[Risk]),
    ("GET", "/models/{name}/{version}", EVERYONE),
    ("GET", "/models/{name}/{version}/report", EVERYONE),
    ("GET", "/policy", EVERYONE),
    ("GET", "/audit", &[Auditor]),
    ("GET", "/audit/verification", &[Auditor]),
    ("POST", "/audit/verification", &[Auditor]),
    ("GET", "/audit/checkpoint", &[Auditor]),
    ("GET", "/audit/export", &[Auditor]),
    ("GET", "/audit/export/manifest", &[Auditor]),
    ("GET", "/audit/{sequence}", &[Auditor]),
    ("GET", "/audit/{sequence}/proof", &[Auditor]),
    ("GET", "/applicants", &[Privacy]),
    ("POST", "/applicants", &[Privacy]),
    ("POST", "/applicants/hold", &[Privacy]),
    ("POST", "/applicants/release", &[Privacy]),
    ("POST", "/applicants/erase", &[Privacy]),
    ("GET", "/applications", READERS),
    ("GET", "/applications.csv", READERS),
    ("POST", "/applications/views", READERS),
    ("POST", "/applications/views/remove", READERS),
    ("GET", "/applications/new", SUBMITTERS),
    ("POST", "/applications/new", SUBMITTERS),
    ("POST", "/applications/new/check", SUBMITTERS),
    ("GET", "/applications/{id}", READERS),
    ("POST", "/applications/{id}", &[Officer, Manager]),
    ("POST", "/applications/{id}/applicant", &[Officer, Manager]),
    ("POST", "/applications/{id}/letters", &[Officer, Manager, Service]),
    ("POST", "/applications/{id}/letters/{sequence}", &[Officer, Manager]),
    ("GET", "/applications/{id}/history/{sequence}/proof", READERS),
    ("GET", "/applications/{id}/what-if", &[Officer, Manager]),
    ("GET", "/waiting", &[Officer, Manager]),
    ("GET", "/sessions", EVERYONE),
    ("POST", "/sessions/end", EVERYONE),
    ("POST", "/sessions/end-others", EVERYONE),
];

/// A path of the table, filled in: for an application, and the entry that it was decided in.
pub(super) fn address(path: &str, application: &Value) -> String {
    let id = application["id"].as_str().expect("an id");
    let own = application["decision"]["audit"]["sequence"].to_string();
    let query = if path.starts_with("/audit/export") { "?format=csv" } else { "" };
    let sequence = if path.starts_with("/applications") { own.as_str() } else { "0" };
    let filled = [("{id}", id), ("{name}", "personal-loan"), ("{version}", "1"), ("{sequence}", sequence)];
    filled.iter().fold(format!("{path}{query}"), |path, (name, value)| path.replace(name, value))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_admits_the_roles_of_the_table_and_shows_the_others_that_they_may_not() {
    let app = TestApp::spawn().await;
    let created = app.service().submit(&application_for("medical")).await;
    for (method, path, admitted) in TABLE {
        for role in Role::ALL {
            let browser = Browser::signed_in(&app, role).await;
            let address = address(path, &created);
            // Without a form token nothing is changed: whoever is admitted is told that it is missing.
            let answer = match *method {
                "GET" => browser.get(&address).await,
                _ => browser.post(&address, &[]).await,
            };
            let says_role = text(&answer).contains("Your role may not do this");
            let is_admitted = admitted.contains(&role) && *method == "GET";
            if is_admitted && role == Service && path.starts_with("/applications/{id}") {
                // It is admitted, and another's application is none.
                assert_eq!((answer.status.as_u16(), says_role), (404, false));
            } else if is_admitted {
                assert!(answer.status.as_u16() < 400 && !says_role, "{role} {path}: {}", answer.status);
            } else {
                assert_eq!(answer.status, 403, "{role} {method} {path}");
            }
            let permission = ROUTES.iter().find(|route| (route.method, route.path) == (*method, *path));
            let permission = permission.and_then(|route| route.permission).expect("a route that asks for a permission");
            assert_eq!(role.may(permission), admitted.contains(&role), "{role} {method} {path}: {permission:?}");
        }
    }
}

#[test]
fn every_address_of_the_console_is_in_the_table() {
    for route in ROUTES.iter().filter(|route| route.permission.is_some()) {
        let listed = TABLE.iter().any(|(method, path, _)| (*method, *path) == (route.method, route.path));
        assert!(listed, "{} {}", route.method, route.path);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_signed_in_is_led_to_the_sign_in_and_back() {
    let app = TestApp::spawn().await;
    for (method, path, _) in TABLE {
        let browser = Browser::new(&app);
        if *method == "GET" {
            let answer = browser.get(&format!("{path}?a=1")).await;
            assert_eq!(answer.status, 303, "{path}");
            let next = format!("{path}?a=1").replace('{', "%7B").replace('}', "%7D");
            let encoded = next.replace('%', "%25").replace('?', "%3F").replace('=', "%3D");
            assert_eq!(answer.header("location"), Some(format!("/sign-in?next={encoded}").as_str()));
        } else {
            let answer = browser.post(path, &[]).await;
            assert_eq!((answer.status.as_u16(), answer.header("location")), (303, Some("/sign-in")), "{path}");
        }
    }
}
