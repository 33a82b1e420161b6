//! Sessions: how they begin and end, and who cannot use them.

use time::Duration;
use underwright::domain::principal::Role;

use super::browser::{Browser, form_token, text};
use crate::{
    app::{TestApp, application, client::send},
    store::Backend,
};

const SESSION: &str = "__Host-underwright-session";

#[tokio::test(flavor = "multi_thread")]
async fn a_session_begins_and_ends_with_an_entry_each_on_either_store() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let app = TestApp::spawn_on(backend).await;
        let browser = Browser::signed_in(&app, Role::Officer).await;
        assert!(browser.page("/").await.contains("dev-officer"));
        let before = browser.cookie(SESSION).expect("a session");
        let answer = browser.submit("/", "/sign-out", &[]).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, Some("/sign-in")));
        assert_eq!(browser.cookie(SESSION), None);
        browser.set_cookie(SESSION, &before);
        assert_eq!(browser.get("/").await.status, 303, "the token of a session that has ended opens nothing");

        let entries = app.auditor().get("/v1/audit/entries?limit=100").await.expect(200);
        let entries: Vec<_> = entries["data"].as_array().expect("entries").iter().collect();
        for action in ["session.started", "session.ended"] {
            let found: Vec<_> = entries.iter().filter(|entry| entry["action"] == action).collect();
            assert_eq!(found.len(), 1, "{action}");
            assert_eq!(found[0]["actor"]["subject"], "dev-officer");
            assert_eq!(found[0]["subject"], "account/dev-officer");
        }
        assert_eq!(app.finish().await, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_by_idleness_and_by_age() {
    let app = TestApp::spawn().await;
    let browser = Browser::signed_in(&app, Role::Officer).await;
    for _ in 0..3 {
        app.clock.advance(Duration::minutes(29));
        browser.page("/").await;
    }
    app.clock.advance(Duration::minutes(30));
    assert_eq!(browser.get("/").await.status, 303, "idle for too long");

    let browser = Browser::signed_in(&app, Role::Officer).await;
    for _ in 0..25 {
        app.clock.advance(Duration::minutes(28));
        browser.page("/").await;
    }
    app.clock.advance(Duration::minutes(28));
    assert_eq!(browser.get("/").await.status, 303, "open for too long");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_from_elsewhere_changes_nothing() {
    let app = TestApp::spawn().await;
    let browser = Browser::signed_in(&app, Role::Officer).await;
    let other = Browser::signed_in(&app, Role::Manager).await;
    let (own, foreign) = (form_token(&browser.page("/").await), form_token(&other.page("/").await));
    let same = ("sec-fetch-site", "same-origin");
    for (headers, token) in [
        (vec![same], ""),
        (vec![same], "AAAA"),
        (vec![same], foreign.as_str()),
        (vec![("sec-fetch-site", "cross-site")], own.as_str()),
        (vec![("sec-fetch-site", "same-site")], own.as_str()),
        (vec![("origin", "https://evil.example")], own.as_str()),
        (vec![("origin", "null")], own.as_str()),
        (vec![], own.as_str()),
    ] {
        let answer = browser.post_with("/sign-out", &headers, &[("form_token", token)]).await;
        assert_eq!(answer.status, 403, "{headers:?} {token}");
        assert!(text(&answer).contains("may not do this"));
    }
    for path in ["/sign-in/development", "/preferences"] {
        let fields = [("role", "admin"), ("language", "zh-Hans")];
        let answer = browser.post_with(path, &[("sec-fetch-site", "cross-site")], &fields).await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.header("set-cookie").is_none(), "{path}");
    }
    assert!(browser.page("/").await.contains("dev-officer"), "still signed in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_there_before_the_sign_in_is_not_the_session_s() {
    let app = TestApp::spawn().await;
    let browser = Browser::new(&app);
    let planted = "A".repeat(43);
    browser.set_cookie(SESSION, &planted);
    browser.post("/sign-in/development", &[("role", "officer")]).await;
    assert_ne!(browser.cookie(SESSION).expect("a session"), planted);
    let victim = Browser::new(&app);
    victim.set_cookie(SESSION, &planted);
    assert_eq!(victim.get("/").await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_s_cookie_is_for_this_host_alone_and_out_of_reach_of_scripts() {
    let app = TestApp::spawn().await;
    let answer =
        Browser::new(&app).post("/sign-in/development", &[("role", "officer"), ("next", "//evil.example")]).await;
    assert_eq!(answer.header("location"), Some("/"), "nobody is led elsewhere");
    let cookie = answer.header("set-cookie").expect("a cookie");
    assert!(cookie.starts_with("__Host-"), "{cookie}");
    for attribute in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_s_script_may_call_the_api_and_a_cookie_alone_may_not() {
    let app = TestApp::spawn().await;
    let browser = Browser::signed_in(&app, Role::Officer).await;
    let token = form_token(&browser.page("/").await);
    let cookie = format!("{SESSION}={}", browser.cookie(SESSION).expect("a session"));
    let simulate = |headers: Vec<(&'static str, String)>| {
        let mut request = app.anonymous().request(reqwest::Method::POST, "/v1/simulations");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        send(request.json(&application()))
    };
    let (own, same) = (("x-form-token", token.clone()), ("sec-fetch-site", "same-origin".to_owned()));
    simulate(vec![("cookie", cookie.clone()), own.clone(), same.clone()]).await.expect(200);
    for refused in [
        vec![("cookie", cookie.clone()), same.clone()],
        vec![("cookie", cookie.clone()), own.clone()],
        vec![("cookie", cookie.clone()), own.clone(), ("sec-fetch-site", "cross-site".to_owned())],
        vec![("cookie", cookie.clone()), ("x-form-token", "AAAA".to_owned()), same.clone()],
        vec![own, same],
    ] {
        simulate(refused).await.expect_problem(401, "unauthenticated");
    }
}
