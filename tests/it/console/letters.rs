//! The letter to an applicant who was declined, as it is made, recorded and opened again.

use reqwest::Method;
use serde_json::Value;
use underwright::domain::principal::Role;

use super::{
    browser::{Browser, text},
    personal::{entries, shows_nobody},
};
use crate::app::{TestApp, application_for, client::send};

/// The notice that 12 CFR 1002.9(b)(1) prescribes, to the agency's name.
const NOTICE: &str = "The Federal Equal Credit Opportunity Act prohibits creditors from discriminating against credit \
    applicants on the basis of race, color, religion, national origin, sex, marital status, age (provided the applicant \
    has the capacity to enter into a binding contract); because all or part of the applicant&#39;s income derives from any \
    public assistance program; or because the applicant has in good faith exercised any right under the Consumer Credit \
    Protection Act. The Federal agency that administers compliance with this law concerning this creditor is";

/// The letter itself, without the bar above it.
fn letter(page: &str) -> &str {
    let (_, rest) = page.split_once("<main").expect("a letter");
    rest.split("</main>").next().expect("its end")
}

/// The address at which a page opens its first letter.
fn opening(page: &str) -> String {
    let mut actions = page.split("action=\"").map(|part| part.split('"').next().unwrap_or_default());
    actions.find(|address| address.contains("/letters/")).expect("a letter to open").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_states_the_recorded_reasons_and_is_shown_again_as_it_was_recorded() {
    let app = TestApp::spawn().await;
    let created = app.service().submit(&application_for("vacation")).await;
    let (id, decision) = (created["id"].as_str().expect("an id"), created["decision"]["id"].as_str().expect("an id"));
    let (path, form) = (format!("/applications/{id}"), format!("/applications/{id}/letters"));
    let officer = Browser::signed_in(&app, Role::Officer).await;
    let page = officer.page(&path).await;
    assert!(page.contains("Make it in English") && page.contains("Make it in 中文"), "{page}");
    let answer = officer.submit(&path, &form, &[("decision", decision), ("language", "en")]).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, Some("no-store")));
    let made = text(&answer);
    let score = created["decision"]["score"].as_i64().expect("a score");
    for said in [
        "Dear Ada Example,",
        "1 Main St",
        "Springfield IL 62701",
        "12,000.00 USD over 36 months (reference LOS-2026-000123)",
        "Loans for vacations are not made",
        "Example Credit Bureau",
        "+1 555 0199",
        "Within 60 days",
        "right to dispute",
        &format!("Your score: {score}"),
        "Computed on: 22 Nov 2026",
        NOTICE,
        "Example Federal Agency, 200 Invented Avenue, Washington, DC 20001.",
        "Not a real letter",
    ] {
        assert!(made.contains(said), "{said} not in {made}");
    }
    assert!(!letter(&made).contains("probability") && !letter(&made).contains("vacation-is-declined"), "{made}");

    let issued = entries(&app.auditor(), "notice.issued", id).await;
    assert_eq!(issued.len(), 1);
    let payload = &issued[0]["payload"];
    assert_eq!((&payload["decision_id"], &payload["kind"]), (&decision.into(), &"adverse_action".into()));
    assert_eq!((&payload["language"], &payload["reason_codes"][0]), (&"en".into(), &"UW-TEST-DECLINE".into()));
    assert_eq!(payload["letter"]["key"], id, "sealed under the application's key");
    assert!(!issued[0].to_string().contains("vacations"), "{}", issued[0]);

    // Asked for again, and opened from the history by another: the same words, no second letter, and each look recorded.
    let again = officer.submit(&path, &form, &[("decision", decision), ("language", "en")]).await;
    assert_eq!(letter(&text(&again)), letter(&made));
    let manager = Browser::signed_in(&app, Role::Manager).await;
    let page = manager.page(&path).await;
    shows_nobody(&page);
    assert!(page.contains("Letter to the applicant: English") && !page.contains("Make it in English"), "{page}");
    let opened = manager.submit(&path, &opening(&page), &[]).await;
    assert_eq!((opened.status.as_u16(), letter(&text(&opened))), (200, letter(&made)));
    assert_eq!(entries(&app.auditor(), "notice.issued", id).await.len(), 1);
    let looks = entries(&app.auditor(), "applicant.viewed", id).await;
    assert!(looks.len() == 2 && looks.iter().all(|look| look["payload"]["reason"] == "letter"), "{looks:?}");

    let chinese = officer.submit(&path, &form, &[("decision", decision), ("language", "zh-Hans")]).await;
    let chinese = text(&chinese);
    for said in
        ["lang=\"zh-Hans\"", "尊敬的Ada Example：", "您的信用评分", "英文版本", "Loans for vacations are not made"]
    {
        assert!(chinese.contains(said), "{said} not in {chinese}");
    }
    let page = officer.page(&path).await;
    assert!(!page.contains("id=\"letter\""), "there is one in each language: {page}");

    // The auditor sees that there are letters, and opens none.
    let auditor = Browser::signed_in(&app, Role::Auditor).await;
    let page = auditor.page(&path).await;
    assert!(page.contains("Letter to the applicant: 中文") && !page.contains("Open the letter"), "{page}");

    let erased = send(app.privacy().request(Method::DELETE, "/v1/applicants/C-88121")).await;
    assert_eq!(erased.status, 200);
    let refused = officer.submit(&path, &format!("{form}/{}", issued[0]["sequence"]), &[]).await;
    assert_eq!(refused.status, 410);
    shows_nobody(&text(&refused));
    let page = officer.page(&path).await;
    assert!(page.contains("Letter to the applicant: English") && !page.contains("Open the letter"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_letter_is_made_of_another_decision_than_the_one_that_stands() {
    let app = TestApp::spawn().await;
    let created = app.service().submit(&application_for("medical")).await;
    let (id, first) = (created["id"].as_str().expect("an id"), created["decision"]["id"].as_str().expect("an id"));
    let (path, form) = (format!("/applications/{id}"), format!("/applications/{id}/letters"));
    let officer = Browser::signed_in(&app, Role::Officer).await;
    assert!(!officer.page(&path).await.contains("id=\"letter\""), "nothing is declined");
    let answer = officer.submit(&path, &form, &[("decision", first), ("language", "en")]).await;
    assert_eq!(answer.status, 409);
    let declined = [("version", "1"), ("outcome", "decline"), ("reason", "UW-INCOME"), ("reason", "UW-TERM")];
    assert_eq!(officer.submit(&path, &path, &declined).await.status, 303);
    let answer = officer.submit(&path, &form, &[("decision", first), ("language", "en")]).await;
    assert_eq!(answer.status, 412, "the page showed an earlier decision");
    for (decision, language) in [("x", "en"), (first, "fr"), (first, "")] {
        let answer = officer.submit(&path, &form, &[("decision", decision), ("language", language)]).await;
        assert_eq!(answer.status, 404, "{decision} {language}");
    }
    assert_eq!(officer.submit(&path, &format!("{form}/3"), &[]).await.status, 404, "no letter stands there");
    assert!(entries(&app.auditor(), "notice.issued", id).await.is_empty());
    assert!(entries(&app.auditor(), "applicant.viewed", id).await.is_empty());
    let detail: Value = app.officer().get(&format!("/v1{path}")).await.expect(200);
    let stands = detail["decision"]["id"].as_str().expect("an id");
    let made = officer.submit(&path, &form, &[("decision", stands), ("language", "zh-Hans")]).await;
    let made = text(&made);
    // What a person chose, in the order of choice, in the letter's language.
    let reasons = made.split_once("主要理由").expect("reasons").1;
    let (income, term) = (reasons.find("收入较低"), reasons.find("贷款期限较长"));
    assert!(income.is_some() && income < term, "{made}");
}
