//! Models, policy, audit log and applicants over HTTP.

use underwright::domain::principal::Role;

use super::browser::{Browser, text};
use crate::app::{OPENING_ENTRIES, TestApp, application, application_for, model};

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_shown_with_its_card_escaped_and_its_report_under_a_policy_of_its_own() {
    let app = TestApp::spawn().await;
    model::keep_another(&app, "2").await;
    let browser = Browser::signed_in(&app, Role::Officer).await;
    let listed = browser.page("/models").await;
    assert!(listed.contains("In force") && listed.contains("Never in force"), "{listed}");
    let shown = browser.page("/models/personal-loan/2").await;
    assert!(shown.contains("<code>&#60;b&#62;markup&#60;/b&#62;</code>") && shown.contains("<b>bold</b>"), "{shown}");
    assert!(!shown.contains("/models/promote"), "an officer puts nothing into force");
    let report = browser.get("/models/personal-loan/1/report").await;
    let policy = report.header("content-security-policy").expect("a policy").to_owned();
    assert!(
        policy.contains("style-src 'sha256-") && policy.contains("sandbox") && !policy.contains("'self'"),
        "{policy}"
    );
    assert!(text(&report).contains("Validation report"));
    for absent in ["/models/personal-loan/9", "/models/personal-loan/2/report", "/models/..%2f..%2fetc/passwd"] {
        assert_eq!(browser.get(absent).await.status, 404, "{absent}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn risk_puts_a_kept_model_into_force_from_its_page() {
    let app = TestApp::spawn().await;
    model::keep_another(&app, "2").await;
    let browser = Browser::signed_in(&app, Role::Risk).await;
    let fields = [("name", "personal-loan"), ("version", "2")];
    let answer = browser.submit("/models/personal-loan/2", "/models/promote", &fields).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, Some("/models/personal-loan/2")));
    assert_eq!(app.officer().submit(&application()).await["decision"]["model"]["version"], "2");
    let absent = browser.submit("/models", "/models/promote", &[("name", "x"), ("version", "2")]).await;
    assert_eq!(absent.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_says_every_rule_in_words_and_as_it_is_applied() {
    let app = TestApp::spawn().await;
    for purpose in ["car", "medical"] {
        app.service().submit(&application_for(purpose)).await;
    }
    let browser = Browser::signed_in(&app, Role::Manager).await;
    let shown = browser.page("/policy").await;
    for part in
        ["Medical loans are looked at by a person", "loan.purpose == &#34;medical&#34;", "The last 2 decisions", "<svg"]
    {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_searched_page_by_page_from_its_end() {
    let app = TestApp::spawn().await;
    for _ in 0..60 {
        app.service().submit(&application()).await;
    }
    let browser = Browser::signed_in(&app, Role::Auditor).await;
    let first = browser.page("/audit").await;
    let rows = |page: &str| page.matches("<tr><td><a href=\"/audit/").count();
    assert_eq!(rows(&first), 50);
    let older = first.split("<a class=\"button\" href=\"").filter(|rest| rest.contains("rel=\"next\"")).last();
    let older = older.and_then(|rest| rest.split('"').next()).expect("a link").replace("&#38;", "&");
    // Sixty decisions, those that opened the log, and the sign-in.
    assert_eq!(rows(&browser.page(&older).await) as u64, 10 + OPENING_ENTRIES + 1);
    let found = browser.page("/audit?action=model.activated").await;
    assert_eq!(rows(&found), 1);
    let hostile = browser.page("/audit?subject=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").await;
    assert!(!hostile.contains("<script>alert") && hostile.contains("No entry fits"), "{hostile}");
    let wrong = browser.page("/audit?from=yesterday").await;
    assert!(wrong.contains("aria-invalid") && rows(&wrong) == 0, "{wrong}");
    let entry = browser.page("/audit/1").await;
    assert!(entry.contains("Model put into force") && entry.contains("/audit/1/proof"), "{entry}");
    for absent in ["/audit/9999", "/audit/x", "/audit/18446744073709551616"] {
        assert_eq!(browser.get(absent).await.status, 404, "{absent}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn proofs_checkpoints_and_exports_are_taken_away_as_files() {
    let app = TestApp::spawn().await;
    app.service().submit(&application()).await;
    let browser = Browser::signed_in(&app, Role::Auditor).await;
    for (path, name) in [
        ("/audit/1/proof", "entry-1-proof.json"),
        ("/audit/checkpoint", ".checkpoint"),
        ("/audit/export?format=jsonl", ".jsonl"),
        ("/audit/export?format=csv", ".csv"),
        ("/audit/export?format=parquet", ".parquet"),
        ("/audit/export/manifest?format=csv", ".csv.manifest.json"),
    ] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        let disposition = answer.header("content-disposition").expect("a name").to_owned();
        assert!(disposition.starts_with("attachment") && disposition.contains(name), "{disposition}");
        assert!(!answer.body.is_empty(), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verification_is_recorded_in_the_log_and_remembered() {
    let app = TestApp::spawn().await;
    app.service().submit(&application()).await;
    let browser = Browser::signed_in(&app, Role::Auditor).await;
    assert!(browser.page("/audit").await.contains("Log not verified yet"));
    let begun = browser.submit("/audit/verification", "/audit/verification", &[]).await;
    assert_eq!(begun.status, 303);
    let shown = loop {
        let shown = browser.page("/audit/verification").await;
        if !shown.contains("data-refresh") {
            break shown;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert!(shown.contains("The log is intact") && shown.contains("All 5 entries were verified"), "{shown}");
    assert!(browser.page("/audit").await.contains("verified just now"));
    let officer = Browser::signed_in(&app, Role::Officer).await;
    assert!(officer.page("/").await.contains("Log verified just now"), "on every page, for everybody");
    assert!(browser.page("/audit?action=log.verified").await.contains("Log verified"));
}

#[tokio::test(flavor = "multi_thread")]
async fn erasing_asks_for_the_number_a_second_time() {
    let app = TestApp::spawn().await;
    let id = app.service().submit(&application()).await["id"].as_str().expect("an id").to_owned();
    let browser = Browser::signed_in(&app, Role::Privacy).await;
    let post = async |path: &str, fields: &[(&str, &str)]| browser.submit("/applicants", path, fields).await;
    let found = post("/applicants", &[("national_id", "123 45 6789")]).await;
    assert!(text(&found).contains(&id), "{}", text(&found));
    let nothing = post("/applicants", &[("reference", ""), ("national_id", "")]).await;
    assert_eq!(nothing.status, 422);
    let asked = post("/applicants/erase", &[("reference", "C-88121")]).await;
    assert!(asked.status == 200 && text(&asked).contains("Erase this applicant?"), "{}", text(&asked));
    let wrong = post("/applicants/erase", &[("reference", "C-88121"), ("confirmation", "C-1")]).await;
    assert!(wrong.status == 422 && text(&wrong).contains("This is another number"), "{}", text(&wrong));
    let held = post("/applicants/hold", &[("reference", "C-88121")]).await;
    assert!(text(&held).contains("The data is held now"), "{}", text(&held));
    let refused = post("/applicants/erase", &[("reference", "C-88121"), ("confirmation", "C-88121")]).await;
    assert_eq!(refused.status, 409);
    post("/applicants/release", &[("reference", "C-88121")]).await;
    let erased = post("/applicants/erase", &[("reference", "C-88121"), ("confirmation", "C-88121")]).await;
    assert!(text(&erased).contains("Erased from 1 application"), "{}", text(&erased));
}
