//! What every page has: its headers, its language and theme, its style sheet, a page for what is refused.

use underwright::domain::principal::Role;

use super::browser::{Browser, text};
use crate::app::{Options, TestApp};

const PAGE_CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                        form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Every kind of page: open, signed in, refused.
const PAGES: [&str; 3] = ["/sign-in", "/", "/no-such-page"];

#[tokio::test(flavor = "multi_thread")]
async fn every_page_protects_its_browser_and_holds_no_style_or_script_of_its_own() {
    let app = TestApp::spawn().await;
    let browser = Browser::signed_in(&app, Role::Officer).await;
    let signed_out = Browser::new(&app);
    for (browser, path) in PAGES.iter().flat_map(|path| [(&browser, *path), (&signed_out, *path)]) {
        let answer = browser.get(path).await;
        if answer.status == 303 {
            continue;
        }
        assert_eq!(answer.header("content-security-policy"), Some(PAGE_CSP), "{path}");
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        let html = text(&answer);
        for inline in ["style=", "<style", "onclick", "onload", "javascript:"] {
            assert!(!html.contains(inline), "{path}: {inline}");
        }
        assert!(html.matches("<script").count() == 1 && html.contains("<script src="), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_a_page_for_a_browser_and_a_problem_for_a_program() {
    let app = TestApp::spawn().await;
    let browser = Browser::new(&app);
    let answer = browser.get("/no-such-page").await;
    assert_eq!(answer.status, 404);
    assert!(text(&answer).contains("There is no such page"));
    assert!(text(&answer).contains(answer.header("request-id").expect("a name")));
    app.anonymous().get("/no-such-page").await.expect_problem(404, "not_found");
    app.anonymous().get("/").await.expect_problem(401, "unauthenticated");
    browser.get("/v1/applications").await.expect_problem(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_panics_is_a_page_without_its_cause() {
    async fn panics() -> actix_web::HttpResponse {
        panic!("canary-7731 of an applicant")
    }
    let app = TestApp::spawn_with(Options {
        extension: |pages| {
            pages.route("/panics", actix_web::web::get().to(panics));
        },
        ..Options::default()
    })
    .await;
    let answer = Browser::new(&app).get("/panics").await;
    assert_eq!(answer.status, 500);
    let page = text(&answer);
    assert!(page.contains("Something went wrong here") && !page.contains("canary"), "{page}");
    assert!(page.contains(answer.header("request-id").expect("a name")));
    assert_eq!(answer.header("content-security-policy"), Some(PAGE_CSP));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_language_is_the_browser_s_until_another_is_chosen() {
    let app = TestApp::spawn().await;
    let browser = Browser::new(&app);
    let chinese = [("accept-language", "zh-CN,zh;q=0.9")];
    let page = text(&browser.get_with("/sign-in", &chinese).await);
    assert!(page.contains("<html lang=\"zh-Hans\"") && page.contains("登录"), "{page}");
    let answer = browser.post("/preferences", &[("language", "en"), ("next", "/sign-in?next=/models")]).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, Some("/")),
        "never into the sign-in's circle"
    );
    let page = text(&browser.get_with("/sign-in", &chinese).await);
    assert!(page.contains("<html lang=\"en\"") && page.contains("Sign in"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_theme_is_kept_and_nonsense_is_not() {
    let app = TestApp::spawn().await;
    let browser = Browser::new(&app);
    assert!(browser.page("/sign-in").await.contains("data-theme=\"system\""));
    browser.post("/preferences", &[("theme", "dark")]).await;
    assert!(browser.page("/sign-in").await.contains("data-theme=\"dark\""));
    browser.post("/preferences", &[("theme", "\"><script>"), ("language", "xx")]).await;
    assert!(browser.page("/sign-in").await.contains("data-theme=\"dark\""));
    browser.set_cookie("underwright-theme", "\"><script>");
    assert!(browser.page("/sign-in").await.contains("data-theme=\"system\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn style_sheet_script_and_icon_are_kept_for_good_and_sent_compressed() {
    let app = TestApp::spawn().await;
    let browser = Browser::new(&app);
    let page = browser.page("/sign-in").await;
    let addresses: Vec<&str> = page.split('"').filter(|part| part.starts_with("/assets/")).collect();
    assert_eq!(addresses.len(), 3, "{page}");
    for address in addresses {
        let plain = browser.get(address).await;
        assert_eq!(plain.status, 200, "{address}");
        assert_eq!(plain.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(plain.header("content-encoding"), None, "{address}");
        let small = browser.get_with(address, &[("accept-encoding", "gzip")]).await;
        assert_eq!(small.header("content-encoding"), Some("gzip"), "{address}");
        assert_eq!(small.header("vary").map(str::to_ascii_lowercase).as_deref(), Some("accept-encoding"));
    }
    assert_eq!(browser.get("/assets/console-000000000000.css").await.status, 404);
}
