//! Signing in with a password: what is let in, what is not, and what an attacker learns and can do.

use serde_json::Value;
use time::Duration;
use underwright::{
    config,
    domain::principal::{Principal, Role},
    service::{
        accounts::{self, Change},
        custody::Caller,
    },
};

use super::browser::{Browser, text};
use crate::{
    app::{Options, TestApp, client::Received},
    store::Backend,
};

const PASSWORD: &str = "correct horse battery";

/// A server in production mode with the account `ada`, a loan officer.
async fn with_ada(backend: Backend) -> TestApp {
    let app = TestApp::spawn_with(Options { backend, mode: config::Mode::Production, ..Options::default() }).await;
    let custody = app.custody().await;
    let who = admin();
    let caller = Caller { who: &who, request_id: custody.request_id() };
    let ada = "ada".parse().expect("a name");
    accounts::add(&custody, caller, &ada, (Role::Officer, PASSWORD)).await.expect("added");
    custody.close().await;
    app
}

fn admin() -> Principal {
    Principal { subject: "root".to_owned(), role: Role::Admin }
}

async fn change(app: &TestApp, what: Change<'_>) -> u64 {
    let custody = app.custody().await;
    let who = admin();
    let caller = Caller { who: &who, request_id: custody.request_id() };
    let sessions = accounts::change(&custody, caller, &"ada".parse().expect("a name"), what).await.expect("changed");
    custody.close().await;
    sessions
}

async fn attempt(browser: &Browser, name: &str, password: &str) -> Received {
    browser.post("/sign-in", &[("name", name), ("password", password), ("next", "/sessions")]).await
}

async fn entries(app: &TestApp, action: &str) -> Vec<Value> {
    let page = app.auditor().get(&format!("/v1/audit/entries?limit=100&action={action}")).await.expect(200);
    page["data"].as_array().expect("entries").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_signs_in_with_its_password_on_either_store() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let app = with_ada(backend).await;
        let browser = Browser::new(&app);
        let page = browser.page("/sign-in").await;
        assert!(!page.contains("/sign-in/development"), "production mode signs nobody in without a password");
        let answer = browser.post("/sign-in/development", &[("role", "admin")]).await;
        assert_eq!(answer.status, 404);
        let answer = attempt(&browser, " Ada ", PASSWORD).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, Some("/sessions")));
        let page = browser.page("/sessions").await;
        assert!(page.contains("<bdi>ada</bdi>") && page.contains("Loan officer"), "{page}");
        assert_eq!(entries(&app, "session.started").await[0]["actor"]["role"], "officer");
        assert_eq!(entries(&app, "account.added").await[0]["payload"]["role"], "officer");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_name_a_wrong_password_and_a_disabled_account_are_told_the_same() {
    let app = with_ada(Backend::Sqlite).await;
    let mut shown = Vec::new();
    for (name, password) in [("ada", "wrong horse battery"), ("nobody", PASSWORD), ("<b>", PASSWORD), ("", "")] {
        let answer = attempt(&Browser::new(&app), name, password).await;
        assert_eq!(answer.status, 422, "{name}");
        assert!(answer.header("set-cookie").is_none());
        let request_id = answer.header("request-id").expect("a name").to_owned();
        let escaped = name.replace('<', "&#60;").replace('>', "&#62;");
        shown.push(text(&answer).replace(&request_id, "").replace(&format!("value=\"{escaped}\""), "value=\"\""));
    }
    change(&app, Change::Disabled).await;
    let answer = attempt(&Browser::new(&app), "ada", PASSWORD).await;
    assert_eq!(answer.status, 422);
    shown.push(text(&answer).replace("value=\"ada\"", "value=\"\""));
    assert!(shown.iter().all(|page| *page == shown[0] && page.contains("is not right")), "{shown:#?}");

    let refusals = entries(&app, "sign_in.refused").await;
    let causes: Vec<_> = refusals.iter().map(|entry| entry["payload"]["cause"].as_str().expect("a cause")).collect();
    assert_eq!(causes, ["wrong_password", "no_such_account", "no_such_account", "no_such_account", "disabled"]);
    let log = serde_json::to_string(&refusals).expect("JSON");
    assert!(!log.contains("nobody") && !log.contains("<b>"), "what is no account's name may be a password: {log}");
    assert_eq!(refusals[0]["subject"], "account/ada");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_guesses_waits_longer_each_time_and_keeps_nobody_out() {
    let app = with_ada(Backend::Sqlite).await;
    let ada = Browser::new(&app);
    assert_eq!(attempt(&ada, "ada", PASSWORD).await.status, 303);

    let guesser = Browser::new(&app);
    for _ in 0..5 {
        assert_eq!(attempt(&guesser, "ada", "wrong horse battery").await.status, 422);
    }
    let answer = attempt(&guesser, "ada", PASSWORD).await;
    assert_eq!(answer.status, 429, "the right password too");
    assert_eq!(answer.header("retry-after"), Some("2"));
    assert_eq!(attempt(&guesser, "nobody", PASSWORD).await.status, 422, "counted by itself");
    for _ in 0..5 {
        assert_ne!(attempt(&guesser, "nobody", PASSWORD).await.status, 303);
    }
    assert_eq!(attempt(&guesser, "nobody", PASSWORD).await.status, 429, "a name that is no account's just as much");

    assert_eq!(attempt(&ada, "ada", PASSWORD).await.status, 303, "from a browser that ada signed in from before");
    app.clock.advance(Duration::seconds(3));
    assert_eq!(attempt(&guesser, "ada", "wrong horse battery").await.status, 422);
    let waits = attempt(&guesser, "ada", PASSWORD).await;
    assert_eq!((waits.status.as_u16(), waits.header("retry-after")), (429, Some("3")));
    let refusals = entries(&app, "sign_in.refused").await.len();
    assert_eq!(refusals, 5 + 5 + 1, "who waits leaves no entry");
    app.clock.advance(Duration::days(2));
    assert_eq!(attempt(&guesser, "ada", PASSWORD).await.status, 303, "what is long ago is forgotten");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_of_an_account_holds_at_the_next_request() {
    let app = with_ada(Backend::Sqlite).await;
    for (what, password) in [
        (Change::Disabled, PASSWORD),
        (Change::SignedOut, PASSWORD),
        (Change::Role { role: Role::Auditor }, PASSWORD),
        (Change::Password { password: "another horse battery" }, "another horse battery"),
    ] {
        let browser = Browser::new(&app);
        assert_eq!(attempt(&browser, "ada", PASSWORD).await.status, 303, "{what:?}");
        browser.page("/").await;
        assert_eq!(change(&app, what).await, 1, "{what:?}");
        assert_eq!(browser.get("/").await.status, 303, "{what:?}");
        if matches!(what, Change::Disabled) {
            change(&app, Change::Enabled).await;
        }
        assert_eq!(attempt(&browser, "ada", password).await.status, 303, "{what:?}");
        change(&app, Change::SignedOut).await;
    }
    assert_eq!(attempt(&Browser::new(&app), "ada", PASSWORD).await.status, 422, "the password of before");
    let log = serde_json::to_string(&entries(&app, "account.changed").await).expect("JSON");
    assert!(log.contains("\"role\":\"auditor\"") && !log.contains("horse"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_sees_their_own_sessions_and_ends_them() {
    let app = with_ada(Backend::Sqlite).await;
    let (first, second, third) = (Browser::new(&app), Browser::new(&app), Browser::new(&app));
    for browser in [&first, &second, &third] {
        assert_eq!(attempt(browser, "ada", PASSWORD).await.status, 303);
    }
    let page = first.page("/sessions").await;
    assert_eq!(page.matches("action=\"/sessions/end\"").count(), 2, "{page}");
    let id = page.split("name=\"id\" value=\"").nth(1).expect("an id").split('"').next().expect("its end").to_owned();
    assert_eq!(first.submit("/sessions", "/sessions/end", &[("id", &id)]).await.status, 303);
    let ended = [second.get("/").await.status.as_u16(), third.get("/").await.status.as_u16()];
    assert!(ended.contains(&200) && ended.contains(&303), "{ended:?}");
    assert_eq!(
        first.submit("/sessions", "/sessions/end", &[("id", "ses_other")]).await.status,
        303,
        "nobody's: nothing"
    );
    assert_eq!(first.submit("/sessions", "/sessions/end-others", &[]).await.status, 303);
    assert_eq!([second.get("/").await.status, third.get("/").await.status], [303, 303]);
    first.page("/").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_development_mode_opens_nothing_in_production() {
    let app = TestApp::spawn().await;
    let browser = Browser::signed_in(&app, Role::Admin).await;
    let cookie = browser.cookie("__Host-underwright-session").expect("a session");
    let mut options = Options { mode: config::Mode::Production, ..Options::default() };
    options.server.listen = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let production = crate::app::context(&app.store, &app.clock, &options).await;
    let token = underwright::auth::session::SessionToken::parse(&cookie).expect("a token");
    let rules = production.console.sessions;
    let found = underwright::service::sessions::find(&production.app, rules, &token).await.expect("read");
    assert_eq!(found, None);
    production.app.stop().await;
}
