//! One application's page, and deciding on it.

use serde_json::Value;
use underwright::domain::principal::Role;

use super::browser::{Browser, text};
use crate::app::{TestApp, application_for};

const NOTE: &str = "</textarea><script>alert(1)</script> \u{202e}abc";
const REASON: &str = "UW-REVOLVING-UTILIZATION";

async fn waiting(app: &TestApp) -> (Value, String) {
    let created = app.service().submit(&application_for("medical")).await;
    assert_eq!(created["status"], "awaiting_review");
    let path = format!("/applications/{}", created["id"].as_str().expect("an id"));
    (created, path)
}

/// The points of the baseline and of every factor's step, summed.
fn steps(page: &str) -> i64 {
    let (waterfall, others) = match page.split_once("class=\"fall-others\"") {
        Some((before, rest)) => (before, rest.split_once("</details>").expect("an end").0),
        None => (page, ""),
    };
    let amounts = |part: &str| -> Vec<i64> {
        let shown = part.split("<p class=\"sum").skip(1).map(|rest| rest.split_once('>').expect("a tag").1);
        let digits = shown
            .map(|rest| rest.trim_start_matches("<b>").split('<').next().expect("an amount").replace(['+', ','], ""));
        digits.map(|digits| digits.replace('\u{2212}', "-").parse().expect("whole points")).collect()
    };
    let mut all = amounts(waterfall);
    // The last one is the score; before the others, what they do together.
    let last = all.pop();
    if !others.is_empty() {
        assert_eq!(last, Some(amounts(others).iter().sum()));
        all.extend(amounts(others));
    }
    all.into_iter().sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_why_with_every_factor_and_shows_nobody_whose_it_is() {
    let app = TestApp::spawn().await;
    let (created, path) = waiting(&app).await;
    let explained: Value = app.officer().get(&format!("/v1{path}/explanation")).await.expect(200);
    let factors = explained["contributions"].as_array().expect("factors").len();
    for (role, decides) in [(Role::Officer, true), (Role::Manager, true), (Role::Auditor, false)] {
        let page = Browser::signed_in(&app, role).await.page(&path).await;
        assert!(page.contains(created["decision"]["score"].to_string().as_str()), "{page}");
        // Each has a step, and the weaker ones one more together.
        assert_eq!(page.matches("class=\"fall-step\"").count(), factors + usize::from(factors > 9));
        assert_eq!(steps(&page), created["decision"]["score"].as_i64().expect("a score"), "points sum to the score");
        let margin = explained["margin"].as_f64().expect("a margin").abs();
        assert!(page.contains(&format!("{margin:.2}")), "{page}");
        for reason in created["decision"]["reasons"].as_array().expect("reasons") {
            assert!(page.contains(reason["code"].as_str().expect("a code")), "{page}");
        }
        for personal in ["Ada", "ada@example.com", "123-45-6789", "1988-03-14", "1 Main St"] {
            assert!(!page.contains(personal), "{personal}");
        }
        assert_eq!(page.contains("name=\"outcome\""), decides, "{role}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_at_fault_keeps_what_was_typed_and_one_on_an_older_version_is_told_of_the_newer() {
    let app = TestApp::spawn().await;
    let (_, path) = waiting(&app).await;
    let officer = Browser::signed_in(&app, Role::Officer).await;
    let first = [("version", "1"), ("note", NOTE)];

    let answer = officer.submit(&path, &path, &first).await;
    assert_eq!(answer.status, 422);
    assert!(text(&answer).contains("Choose approve or decline."));
    let declined = [first[0], first[1], ("outcome", "decline")];
    // With the reasons unticked, which the page had ticked.
    let answer = officer.submit(&path, &path, &declined).await;
    assert_eq!(answer.status, 422);
    let page = text(&answer);
    assert!(page.contains("Choose one to 4 reasons") && page.contains("&#60;/textarea&#62;"), "{page}");
    assert!(!page.contains("<script>alert"), "{page}");

    let stated = [declined[0], declined[1], declined[2], ("reason", REASON)];
    let answer = officer.submit(&path, &path, &stated).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, Some(path.as_str())));
    let page = officer.page(&path).await;
    assert!(page.contains("pill decline") && page.contains("<blockquote"), "{page}");
    assert!(!page.contains("<script>alert"), "{page}");

    let manager = Browser::signed_in(&app, Role::Manager).await;
    let answer = manager.submit(&path, &path, &[("version", "1"), ("outcome", "approve"), ("note", "Mine")]).await;
    assert_eq!(answer.status, 409);
    let page = text(&answer);
    assert!(page.contains("Somebody decided") && page.contains(">Mine</textarea>"), "{page}");
    assert!(page.contains("name=\"version\" value=\"2\""), "{page}");
    let detail: Value = app.officer().get(&format!("/v1{path}")).await.expect(200);
    assert_eq!((&detail["version"], &detail["decision"]["outcome"]), (&2.into(), &"decline".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_names_no_application_is_not_found() {
    let app = TestApp::spawn().await;
    let officer = Browser::signed_in(&app, Role::Officer).await;
    for id in ["x", "app_00000000-0000-7000-8000-000000000000", "..%2F"] {
        assert_eq!(officer.get(&format!("/applications/{id}")).await.status, 404, "{id}");
    }
}
