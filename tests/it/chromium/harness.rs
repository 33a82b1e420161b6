//! That the browsers do as they are told: what the other tests here rely on.

use underwright::domain::principal::Role;

use super::{Look, Page};
use crate::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_takes_language_size_and_theme_and_runs_no_script_where_it_must_not() {
    let app = TestApp::spawn().await;
    let page = Page::open(&app, Look { dark: true, ..Look::PHONE }).await;
    let told = page
        .evaluate("[innerWidth, matchMedia('(prefers-color-scheme: dark)').matches, typeof underwright, matchMedia('(prefers-reduced-motion: reduce)').matches]")
        .await;
    assert_eq!(told, serde_json::json!([360, true, "object", true]));
    page.close().await;
    let page = Page::signed_in(&app, Role::Officer, Look { language: "zh-CN", ..Look::WITHOUT_SCRIPTS }).await;
    assert_eq!(page.find("html").await.attr("lang").await.expect("an attribute").as_deref(), Some("zh-Hans"));
    assert_eq!(page.evaluate("typeof underwright").await, "undefined", "no script of the page ran");
    page.close().await;
}
