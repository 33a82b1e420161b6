//! `Idempotency-Key`: a repeat is answered, not done again.

use rstest::rstest;
use serde_json::json;

use crate::{
    app::{TestApp, application, application_for},
    store::Backend,
};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_gets_the_stored_answer_byte_for_byte(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::spawn_on(backend).await;
    let key = [("idempotency-key", "one and only")];
    let first = app.service().post_with("/v1/applications", &key, &application()).await;
    first.expect(201);
    assert_eq!(first.header("idempotent-replayed"), None);
    app.clock.advance(time::Duration::minutes(5));
    let second = app.service().post_with("/v1/applications", &key, &application()).await;
    second.expect(201);
    assert_eq!(second.header("idempotent-replayed"), Some("true"));
    assert_eq!(first.body, second.body);
    for header in ["etag", "location", "content-type"] {
        assert_eq!(first.header(header), second.header(header), "{header}");
    }
    assert_ne!(first.header("request-id"), second.header("request-id"));
    assert_eq!(app.finish().await, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_key_with_another_body_is_422(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::spawn_on(backend).await;
    let key = [("idempotency-key", "k")];
    app.service().post_with("/v1/applications", &key, &application()).await.expect(201);
    let reused = app.service().post_with("/v1/applications", &key, &application_for("medical")).await;
    reused.expect_problem(422, "idempotency_key_reused");
    assert_eq!(app.finish().await, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_key_belongs_to_its_caller(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::spawn_on(backend).await;
    let key = [("idempotency-key", "k")];
    let one = app.service().post_with("/v1/applications", &key, &application()).await.expect(201);
    let two = app.officer().post_with("/v1/applications", &key, &application()).await.expect(201);
    assert_ne!(one["id"], two["id"]);
    assert_eq!(app.finish().await, 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_leaves_its_key_free(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::spawn_on(backend).await;
    let key = [("idempotency-key", "k")];
    let refused = app.service().post_with("/v1/applications", &key, &json!({})).await;
    refused.expect_problem(422, "invalid_values");
    app.service().post_with("/v1/applications", &key, &application()).await.expect(201);
    assert_eq!(app.finish().await, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_under_one_key_one_is_recorded(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::spawn_on(backend).await;
    let service = app.service();
    let key = [("idempotency-key", "k")];
    let body = application();
    let answers =
        futures_util::future::join_all((0..20).map(|_| service.post_with("/v1/applications", &key, &body))).await;
    let mut ids = std::collections::BTreeSet::new();
    for answer in answers {
        if answer.status == 409 {
            answer.expect_problem(409, "idempotency_key_in_flight");
            assert!(answer.header("retry-after").is_some());
        } else {
            ids.insert(answer.expect(201)["id"].to_string());
        }
    }
    assert_eq!(ids.len(), 1);
    assert_eq!(app.finish().await, 1);
}
