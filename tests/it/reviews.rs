//! A person decides: `If-Match`, versions, reasons.

use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    app::{Client, OPENING_ENTRIES, Received, TestApp, application, application_for},
    store::Backend,
};

async fn awaiting(app: &TestApp) -> String {
    let id = app.service().submit(&application_for("medical")).await["id"].as_str().expect("an id").to_owned();
    format!("/v1/applications/{id}")
}

async fn review(client: &Client, path: &str, tag: Option<&str>, body: &Value) -> Received {
    let path = format!("{path}/review");
    match tag {
        Some(tag) => client.post_with(&path, &[("if-match", tag)], body).await,
        None => client.post(&path, body).await,
    }
}

fn approval() -> Value {
    json!({"outcome": "approve", "reason_codes": [], "note": "Payslips seen."})
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_review_ends_the_waiting_and_makes_a_new_version(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::spawn_on(backend).await;
    let path = awaiting(&app).await;
    let read = app.officer().get(&path).await;
    let answer = review(&app.officer(), &path, read.header("etag"), &approval()).await;
    let decided = answer.expect(200);
    assert_eq!(answer.header("etag"), Some("\"2\""));
    assert_eq!((&decided["status"], &decided["version"]), (&json!("decided"), &json!(2)));
    let decision = &decided["decision"];
    assert_eq!((&decision["outcome"], &decision["automatic"]), (&json!("approve"), &json!(false)));
    assert_eq!(decision["audit"]["sequence"], OPENING_ENTRIES + 1);
    let detail = app.auditor().get(&path).await.expect(200);
    assert_eq!(detail["history"][1]["action"], "application.reviewed");
    assert_eq!(detail["history"][1]["actor"]["subject"], "test-officer");
    assert_eq!(detail["history"][1]["note"], "Payslips seen.");
    assert_eq!(detail["history"][0]["outcome"], "review");
    assert_eq!(app.finish().await, 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_manager_may_override_what_was_decided(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::spawn_on(backend).await;
    let id = app.service().submit(&application()).await["id"].as_str().expect("an id").to_owned();
    let decline = json!({"outcome": "decline", "reason_codes": ["UW-INCOME"]});
    let answer = review(&app.manager(), &format!("/v1/applications/{id}"), Some("\"1\""), &decline).await;
    let decided = answer.expect(200);
    assert_eq!(decided["decision"]["reasons"][0]["code"], "UW-INCOME");
    assert_eq!(app.finish().await, 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_review_without_a_version_is_428_and_of_another_version_412(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::spawn_on(backend).await;
    let path = awaiting(&app).await;
    let officer = app.officer();
    review(&officer, &path, None, &approval()).await.expect_problem(428, "version_required");
    for stale in ["\"2\"", "\"0\"", "\"x\""] {
        review(&officer, &path, Some(stale), &approval()).await.expect_problem(412, "version_mismatch");
    }
    for malformed in ["*", "W/\"1\"", "1", "\"1\", \"2\""] {
        review(&officer, &path, Some(malformed), &approval()).await.expect_problem(400, "invalid_header");
    }
    review(&officer, &path, Some("\"1\""), &approval()).await.expect(200);
    review(&officer, &path, Some("\"1\""), &approval()).await.expect_problem(412, "version_mismatch");
    assert_eq!(app.finish().await, 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_decide_on_the_same_version_one_wins(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::spawn_on(backend).await;
    let path = awaiting(&app).await;
    let (officer, manager) = (app.officer(), app.manager());
    let body = approval();
    let (one, two) =
        tokio::join!(review(&officer, &path, Some("\"1\""), &body), review(&manager, &path, Some("\"1\""), &body));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    assert_eq!(app.finish().await, 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_under_its_key_is_answered_and_not_done_again(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::spawn_on(backend).await;
    let path = awaiting(&app).await + "/review";
    let headers = [("if-match", "\"1\""), ("idempotency-key", "r")];
    let first = app.officer().post_with(&path, &headers, &approval()).await;
    first.expect(200);
    let second = app.officer().post_with(&path, &headers, &approval()).await;
    second.expect(200);
    assert_eq!((first.body, second.header("idempotent-replayed")), (second.body.clone(), Some("true")));
    assert_eq!(app.finish().await, 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_review_that_is_not_as_it_must_be_is_422(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::spawn_on(backend).await;
    let path = awaiting(&app).await;
    for (body, pointer) in [
        (json!({"outcome": "review"}), "/outcome"),
        (json!({"reason_codes": []}), "/outcome"),
        (json!({"outcome": "decline"}), "/reason_codes"),
        (json!({"outcome": "decline", "reason_codes": ["UW-NO-SUCH-REASON"]}), "/reason_codes/0"),
        (json!({"outcome": "approve", "notes": "x"}), "/notes"),
        (json!({"outcome": "approve", "note": "card 4111 1111 1111 1111"}), "/note"),
    ] {
        let answer = review(&app.officer(), &path, Some("\"1\""), &body).await;
        let problem = answer.expect_problem(422, "invalid_values");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    assert_eq!(app.finish().await, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_review_of_nothing_is_404(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::spawn_on(backend).await;
    for id in ["app_019aa9a5-0000-7000-8000-000000000001", "nothing"] {
        let answer = review(&app.officer(), &format!("/v1/applications/{id}"), Some("\"1\""), &approval()).await;
        answer.expect_problem(404, "not_found");
    }
}
