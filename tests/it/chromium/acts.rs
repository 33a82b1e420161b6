//! The acts of those who own models, policy and the log, as they do them.

use thirtyfour::Key;
use underwright::domain::principal::Role;

use super::{Look, Page};
use crate::app::{TestApp, application, application_for, model};

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_searches_the_log_and_watches_it_being_verified() {
    let app = TestApp::spawn().await;
    let id = app.service().submit(&application()).await["id"].as_str().expect("an id").to_owned();
    let page = Page::signed_in(&app, Role::Auditor, Look::DESK).await;
    page.click("nav a[href='/audit']").await;
    page.sees("Decided by model and policy").await;
    page.fill("#subject", &id).await;
    page.click("form[role=search] button").await;
    page.sees("Core banking").await;
    assert_eq!(page.count("tbody tr").await, 1);
    page.click("tbody a").await;
    page.sees("Leaf hash").await;
    page.sees("probability_of_default").await;
    page.is_accessible().await;
    page.go("/audit/verification").await;
    page.click("form[action='/audit/verification'] button").await;
    page.sees("The log is intact").await;
    page.is_accessible().await;
    page.go("/audit").await;
    page.sees("verified just now").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_verified_without_scripts_and_in_chinese() {
    let app = TestApp::spawn().await;
    let look = Look { language: "zh-CN", ..Look::WITHOUT_SCRIPTS };
    let page = Page::signed_in(&app, Role::Auditor, look).await;
    page.go("/audit/verification").await;
    page.click("form[action='/audit/verification'] button").await;
    page.sees("日志完整无误").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn risk_reads_a_card_and_puts_the_model_into_force_with_the_keyboard_alone() {
    let app = TestApp::spawn().await;
    model::keep_another(&app, "2").await;
    let page = Page::open(&app, Look::DESK).await;
    page.tab_to("button[name=role][value=risk]").await;
    page.press(Key::Enter).await;
    page.find("form[action='/sign-out']").await;
    page.tab_to("nav a[href='/models']").await;
    page.press(Key::Enter).await;
    page.sees("Never in force").await;
    page.tab_to("a[href='/models/personal-loan/2']").await;
    page.press(Key::Enter).await;
    page.sees("A model for tests").await;
    page.tab_to("#sure").await;
    page.press(Key::Space).await;
    page.press(Key::Tab).await;
    page.press(Key::Enter).await;
    page.sees("Promoted").await;
    assert_eq!(app.officer().submit(&application()).await["decision"]["model"]["version"], "2");
    page.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_applicant_is_held_released_and_erased_in_chinese_without_scripts() {
    let app = TestApp::spawn().await;
    let id = app.service().submit(&application()).await["id"].as_str().expect("an id").to_owned();
    let page = Page::signed_in(&app, Role::Privacy, Look { scripts: false, ..Look::CHINESE }).await;
    page.go("/applicants").await;
    page.fill("#reference", "C-88121").await;
    page.click("form[action='/applicants'] button").await;
    page.sees(&id).await;
    page.click("form[action='/applicants/hold'] button").await;
    page.sees("已设置法律保留").await;
    assert_eq!(page.count("form[action='/applicants/erase']").await, 0, "nothing erases what is held");
    page.click("form[action='/applicants/release'] button").await;
    page.sees("已解除法律保留").await;
    page.click("form[action='/applicants/erase'] button").await;
    page.fill("#confirmation", "C-88122").await;
    page.click("form[action='/applicants/erase'] button").await;
    page.sees("编号不一致").await;
    page.fill("#confirmation", "C-88121").await;
    page.click("form[action='/applicants/erase'] button").await;
    page.sees("已从 1 份申请中删除").await;
    let shown = app.officer().get(&format!("/v1/applications/{id}")).await.expect(200);
    assert!(shown["applicant"].is_null(), "{shown}");
    page.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_see_a_page_is_told_so_in_the_shell() {
    let app = TestApp::spawn().await;
    let page = Page::signed_in(&app, Role::Officer, Look::DESK).await;
    assert_eq!(page.count("nav a[href='/audit']").await, 0, "what may not be opened is not offered");
    page.go("/audit").await;
    page.sees("Your role may not do this").await;
    page.is_accessible().await;
    page.click("form[action='/sign-out'] button").await;
    page.sees("Sign in").await;
    page.go("/models").await;
    page.sees("Sign in").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_looks_at_the_applicant_and_makes_a_letter() {
    let app = TestApp::spawn().await;
    let declined = app.service().submit(&application_for("vacation")).await;
    let path = format!("/applications/{}", declined["id"].as_str().expect("an id"));
    let page = Page::signed_in(&app, Role::Officer, Look::DESK).await;
    page.go(&path).await;
    page.fill("#note", "Typed before").await;
    page.click("#look-reason option[value=contact]").await;
    page.click("#applicant button").await;
    page.sees("ada@example.com").await;
    assert_eq!(page.evaluate("document.querySelector('#note').value").await, "Typed before", "the rest stays");
    page.is_accessible().await;
    page.click("#letter button[value=en]").await;
    page.sees("Dear Ada Example,").await;
    page.find("button[data-prints]:not([hidden])").await;
    page.is_accessible().await;
    page.resize(360, 780).await;
    page.fits_the_window().await;
    page.resize(1440, 900).await;
    page.click("a[href='{path}']".replace("{path}", &path).as_str()).await;
    page.sees("Personal data seen").await;
    assert_eq!(page.count("#applicant dl").await, 0, "it was shown once");
    page.click("#letter button[value='zh-Hans']").await;
    page.find("main[lang='zh-Hans']").await;
    page.sees("尊敬的Ada Example").await;
    page.go(&path).await;
    page.click("form[action*='/letters/'] button").await;
    page.sees("Dear Ada Example,").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_filters_the_list_and_keeps_the_view() {
    let app = TestApp::spawn().await;
    let declined = app.service().submit(&application_for("vacation")).await;
    app.service().submit(&application_for("medical")).await;
    let page = Page::signed_in(&app, Role::Officer, Look::DESK).await;
    page.sees("1").await;
    page.click("nav a[href='/applications']").await;
    page.sees("Waits for review").await;
    page.click("#outcome option[value=decline]").await;
    page.click("form[action='/applications'] button").await;
    page.find(&format!("td a[href='/applications/{}']", declined["id"].as_str().expect("an id"))).await;
    assert_eq!(page.count("tbody tr").await, 1);
    assert!(page.path().await.contains("outcome=decline"), "the filter lives in the address");
    page.fill("#view-name", "Declined <b>today</b>").await;
    page.click("form[action='/applications/views'] button").await;
    page.sees("Declined <b>today</b>").await;
    page.go("/applications").await;
    page.click("nav.tabs a[href*='outcome=decline']").await;
    assert_eq!(page.count("tbody tr").await, 1);
    page.is_accessible().await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_theme_and_a_language_are_chosen_without_scripts_and_stay() {
    let app = TestApp::spawn().await;
    let page = Page::signed_in(&app, Role::Manager, Look::WITHOUT_SCRIPTS).await;
    page.click("button[name=theme][value=dark]").await;
    page.find("html[data-theme=dark]").await;
    page.click("button[name=language][value='zh-Hans']").await;
    page.find("html[lang='zh-Hans']").await;
    page.go("/policy").await;
    page.find("html[lang='zh-Hans'][data-theme=dark]").await;
    page.sees("授信政策").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn markup_and_letters_from_right_to_left_in_what_was_sent_are_shown_and_do_nothing() {
    let app = TestApp::spawn().await;
    let mut sent = application_for("medical");
    let reference = "<img src=x onerror=\"document.title='broken'\"> مرحبا </a><b>42";
    sent["external_reference"] = reference.into();
    app.service().submit(&sent).await;
    let page = Page::signed_in(&app, Role::Officer, Look::PHONE).await;
    for path in ["/", "/applications", "/waiting"] {
        page.go(path).await;
        page.sees("<img src=x").await;
        assert_eq!(page.count("main img, main td b").await, 0, "{path}");
        assert_ne!(page.evaluate("document.title").await, "broken");
        page.fits_the_window().await;
    }
    page.close().await;
}
