//! Submitting, reading, explaining and simulating applications.

use rstest::rstest;
use serde_json::json;

use crate::{
    app::{NOW, OPENING_ENTRIES, TestApp, application, application_for},
    store::Backend,
};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_application_is_decided_and_found_again_with_its_history(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::spawn_on(backend).await;
    let answer = app.service().post("/v1/applications", &application()).await;
    let decided = answer.expect(201);
    let id = decided["id"].as_str().expect("an id");
    assert!(id.starts_with("app_"), "{id}");
    assert_eq!(answer.header("location"), Some(format!("/v1/applications/{id}").as_str()));
    assert_eq!(answer.header("etag"), Some("\"1\""));
    assert_eq!(answer.header("idempotent-replayed"), None);
    assert_eq!((&decided["status"], &decided["version"]), (&json!("decided"), &json!(1)));
    assert_eq!(decided["received_at"], "2026-11-22T13:00:00.000000Z");
    assert_eq!(decided["loan"], application()["loan"]);
    let decision = &decided["decision"];
    assert_eq!(
        (&decision["outcome"], &decision["automatic"], &decision["reasons"]),
        (&json!("approve"), &json!(true), &json!([]))
    );
    assert!(decision["probability_of_default"].as_f64().is_some_and(|p| p > 0.0 && p < 1.0));
    assert_eq!(decision["model"]["name"], "personal-loan");
    assert_eq!(decision["audit"]["sequence"], OPENING_ENTRIES);

    let read = app.officer().get(&format!("/v1/applications/{id}")).await;
    assert_eq!(read.header("etag"), Some("\"1\""));
    let read = read.expect(200);
    assert_eq!(read["decision"], *decision);
    assert_eq!(read["history"][0]["action"], "application.decided");
    assert_eq!(read["history"][0]["actor"], json!({"subject": "test-service", "role": "service"}));
    assert_eq!(app.finish().await, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_review_and_a_decline_state_the_reason_of_the_rule_that_fired(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::spawn_on(backend).await;
    for (purpose, outcome, status, rule, reason) in [
        ("medical", "review", "awaiting_review", "medical-is-reviewed", "UW-TEST-REVIEW"),
        ("vacation", "decline", "decided", "vacation-is-declined", "UW-TEST-DECLINE"),
    ] {
        let decided = app.officer().submit(&application_for(purpose)).await;
        assert_eq!(decided["status"], status);
        let decision = &decided["decision"];
        assert_eq!(decision["outcome"], outcome);
        assert_eq!(decision["rules"], json!([{"id": rule, "outcome": outcome}]));
        assert_eq!(decision["reasons"][0]["code"], reason);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_explanation_adds_up_to_the_margin_and_to_the_probability(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::spawn_on(backend).await;
    let decided = app.service().submit(&application()).await;
    let id = decided["id"].as_str().expect("an id");
    let explained = app.officer().get(&format!("/v1/applications/{id}/explanation")).await.expect(200);
    let number = |name: &str| explained[name].as_f64().expect("a number");
    let contributions = explained["contributions"].as_array().expect("a list");
    let sum: f64 = contributions.iter().map(|c| c["contribution"].as_f64().expect("a number")).sum();
    assert!((number("baseline") + sum - number("margin")).abs() < 1e-9, "{explained}");
    let probability = 1.0 / (1.0 + (-number("margin")).exp());
    assert!((probability - number("probability_of_default")).abs() < 1e-12);
    assert_eq!(explained["probability_of_default"], decided["decision"]["probability_of_default"]);
    for contribution in contributions {
        assert!(contribution["feature"].is_string() && contribution["reason"].is_string(), "{contribution}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_simulation_answers_as_an_application_does_and_keeps_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::spawn_on(backend).await;
    let decided = app.officer().submit(&application()).await;
    let simulated = app.officer().post("/v1/simulations", &application()).await.expect(200);
    assert!(simulated["decision"]["audit"].is_null());
    for field in
        ["outcome", "probability_of_default", "score", "grade", "reasons", "rules", "model", "policy", "decided_at"]
    {
        assert_eq!(simulated["decision"][field], decided["decision"][field], "{field}");
    }
    for field in ["applicant", "loan", "employment", "finances", "bureau", "received_at", "status", "version"] {
        assert_eq!(simulated[field], decided[field], "{field}");
    }
    let id = simulated["id"].as_str().expect("an id");
    app.officer().get(&format!("/v1/applications/{id}")).await.expect_problem(404, "not_found");
    assert_eq!(app.finish().await, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_service_sees_only_what_it_submitted_itself(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    use underwright::domain::principal::Role;

    let app = TestApp::spawn_on(backend).await;
    let (own, other) = (app.client_of(Role::Service, "core-1"), app.client_of(Role::Service, "core-2"));
    let id = own.submit(&application()).await["id"].as_str().expect("an id").to_owned();
    for path in [format!("/v1/applications/{id}"), format!("/v1/applications/{id}/explanation")] {
        own.get(&path).await.expect(200);
        app.auditor().get(&path).await.expect(200);
        other.get(&path).await.expect_problem(404, "not_found");
    }
    assert_eq!(own.get("/v1/applications").await.expect(200)["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(other.get("/v1/applications").await.expect(200)["data"].as_array().map(Vec::len), Some(0));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_and_what_is_no_id_are_both_not_found(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::spawn_on(backend).await;
    for id in [
        "app_019aa9a5-0000-7000-8000-000000000001",
        "APP_019aa9a5-0000-7000-8000-000000000001",
        "dec_019aa9a5-0000-7000-8000-000000000001",
        "1",
        "%00",
        "..%2f..%2fetc%2fpasswd",
        "'%20OR%201=1--",
    ] {
        app.officer().get(&format!("/v1/applications/{id}")).await.expect_problem(404, "not_found");
        app.officer().get(&format!("/v1/applications/{id}/explanation")).await.expect_problem(404, "not_found");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_entry_of_the_log_names_its_request(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::spawn_on(backend).await;
    let answer = app.service().post("/v1/applications", &application()).await;
    let entries = app.auditor().get("/v1/audit/entries").await.expect(200);
    let entry = &entries["data"][usize::try_from(OPENING_ENTRIES).expect("a few")];
    assert_eq!(entry["request_id"].as_str(), answer.header("request-id"));
    assert_eq!(entry["actor"]["subject"], "test-service");
    assert_eq!(entry["time"], NOW.replace('Z', ".000000Z"));
    assert_eq!(entry["leaf_hash"], answer.json()["decision"]["audit"]["leaf_hash"]);
    assert!(!entry.to_string().contains("Example"), "no personal data in the log: {entry}");
}
