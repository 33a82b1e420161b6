//! Personal data on the page of an application: hidden, shown once to whoever says why, recorded; and the proof of every entry.

use reqwest::Method;
use serde_json::Value;
use underwright::domain::principal::Role;

use super::browser::{Browser, text};
use crate::app::{Client, TestApp, application_for, client::send};

/// What the contract's example says of its applicant.
pub(super) const PERSONAL: [&str; 7] =
    ["Ada Example", "C-88121", "123-45-6789", "ada@example.com", "+15550100", "1 Main St", "14 Mar 1988"];

#[track_caller]
pub(super) fn shows_nobody(page: &str) {
    for personal in PERSONAL {
        assert!(!page.contains(personal), "{personal} in {page}");
    }
}

/// The entries about one thing with an action.
pub(super) async fn entries(auditor: &Client, action: &str, subject: &str) -> Vec<Value> {
    let found: Value = auditor.get(&format!("/v1/audit/entries?action={action}&subject={subject}")).await.expect(200);
    found["data"].as_array().expect("entries").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn personal_data_is_shown_once_to_whoever_says_why_and_the_look_is_recorded_first() {
    let app = TestApp::spawn().await;
    let created = app.service().submit(&application_for("medical")).await;
    let id = created["id"].as_str().expect("an id");
    let (path, form) = (format!("/applications/{id}"), format!("/applications/{id}/applicant"));
    let officer = Browser::signed_in(&app, Role::Officer).await;
    shows_nobody(&officer.page(&path).await);

    for reason in ["", "curiosity", "letter"] {
        let answer = officer.submit(&path, &form, &[("reason", reason)]).await;
        assert_eq!(answer.status, 422, "{reason}");
        assert!(text(&answer).contains("Choose the reason"), "{}", text(&answer));
        shows_nobody(&text(&answer));
    }
    assert!(entries(&app.auditor(), "applicant.viewed", id).await.is_empty(), "nothing was shown");

    let answer = officer.submit(&path, &form, &[("reason", "contact")]).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, Some("no-store")));
    let shown = text(&answer);
    for personal in PERSONAL {
        assert!(shown.contains(personal), "{personal} not in {shown}");
    }
    let looks = entries(&app.auditor(), "applicant.viewed", id).await;
    assert_eq!(looks.len(), 1);
    assert_eq!(looks[0]["payload"], serde_json::json!({"reason": "contact"}));
    assert_eq!(looks[0]["actor"]["role"], "officer");
    let again = officer.page(&path).await;
    shows_nobody(&again);
    assert!(again.contains("Personal data seen: To contact the applicant"), "{again}");

    // The auditor sees that somebody looked, and cannot look; nor can a form that no page sent.
    let auditor = Browser::signed_in(&app, Role::Auditor).await;
    let page = auditor.page(&path).await;
    shows_nobody(&page);
    assert!(page.contains("Personal data seen") && !page.contains(&form), "{page}");
    assert_eq!(auditor.submit(&path, &form, &[("reason", "contact")]).await.status, 403);
    assert_eq!(officer.post(&form, &[("reason", "contact")]).await.status, 403);
    let detail: Value = app.officer().get(&format!("/v1{path}")).await.expect(200);
    assert_eq!((detail["looks"].as_array().map(Vec::len), &detail["looks"][0]["reason"]), (Some(1), &"contact".into()));

    let erased = send(app.privacy().request(Method::DELETE, "/v1/applicants/C-88121")).await;
    assert_eq!(erased.status, 200);
    assert_eq!(officer.submit(&path, &form, &[("reason", "contact")]).await.status, 410);
    let page = officer.page(&path).await;
    assert!(page.contains("Nobody can read it any more") && !page.contains(&form), "{page}");
    assert_eq!(entries(&app.auditor(), "applicant.viewed", id).await.len(), 1, "nobody saw what was erased");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_entry_of_the_history_comes_with_its_proof_and_no_other_application_s_does() {
    let app = TestApp::spawn().await;
    let mine = app.officer().submit(&application_for("medical")).await;
    let other = app.service().submit(&application_for("vacation")).await;
    let id = mine["id"].as_str().expect("an id");
    let path = format!("/applications/{id}");
    let officer = Browser::signed_in(&app, Role::Officer).await;
    officer.submit(&path, &format!("{path}/applicant"), &[("reason", "documents")]).await;
    let page = officer.page(&path).await;
    let proofs: Vec<&str> = page
        .split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next().filter(|address| address.ends_with("/proof")))
        .collect();
    assert_eq!(proofs.len(), 2, "the decision and the look: {proofs:?}");
    for address in proofs {
        let answer = officer.get(address).await;
        assert_eq!(answer.status, 200, "{address}");
        let disposition = answer.header("content-disposition").expect("a file");
        assert!(disposition.starts_with("attachment") && disposition.ends_with("-proof.json\""), "{disposition}");
        let proof: Value = serde_json::from_slice(&answer.body).expect("JSON");
        assert_eq!(proof["format"], "underwright-audit-proof-1");
        let entry: Value = serde_json::from_str(proof["entry"].as_str().expect("an entry")).expect("JSON");
        assert_eq!(entry["subject"], id);
        shows_nobody(&text(&answer));
    }
    let foreign = other["decision"]["audit"]["sequence"].as_u64().expect("a sequence");
    for sequence in [foreign.to_string(), "0".to_owned(), "99".to_owned(), "x".to_owned(), "-1".to_owned()] {
        assert_eq!(officer.get(&format!("{path}/history/{sequence}/proof")).await.status, 404, "{sequence}");
    }
    // A service is shown its own applications' entries, and no other's.
    let service = Browser::signed_in(&app, Role::Service).await;
    let own = mine["decision"]["audit"]["sequence"].as_u64().expect("a sequence");
    assert_eq!(service.get(&format!("{path}/history/{own}/proof")).await.status, 404);
}
