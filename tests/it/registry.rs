//! Models and policies, and what those who run the server ask.

use underwright::config::Secret;

use crate::app::{Options, TestApp, application};

#[tokio::test(flavor = "multi_thread")]
async fn the_model_that_decides_is_shown_with_its_card() {
    let app = TestApp::spawn().await;
    let models = app.officer().get("/v1/models").await.expect(200);
    let model = &models["data"][0];
    assert_eq!(
        (&model["name"], &model["version"], &model["active"]),
        (&"personal-loan".into(), &"1".into(), &true.into())
    );
    let shown = app.officer().get("/v1/models/personal-loan/1").await.expect(200);
    assert_eq!(shown["sha256"], model["sha256"]);
    assert!(shown["card"].as_str().is_some_and(|card| !card.is_empty()));
    assert!(shown["features"].as_array().is_some_and(|features| !features.is_empty()));
    let decided = app.officer().submit(&application()).await;
    assert_eq!(decided["decision"]["model"]["sha256"], model["sha256"]);
    for absent in ["/v1/models/personal-loan/2", "/v1/models/other/1", "/v1/models/..%2f..%2fetc/passwd"] {
        app.officer().get(absent).await.expect_problem(404, "not_found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_that_decides_is_listed() {
    let app = TestApp::spawn().await;
    let policies = app.officer().get("/v1/policies").await.expect(200);
    let decided = app.officer().submit(&application()).await;
    assert_eq!(policies["data"][0]["sha256"], decided["decision"]["policy"]["sha256"]);
    assert_eq!(policies["data"][0]["active"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_readiness_are_open_to_anyone() {
    let app = TestApp::spawn().await;
    assert_eq!(app.anonymous().get("/healthz").await.expect(200)["status"], "ok");
    let ready = app.anonymous().get("/readyz").await.expect(200);
    for part in ["database", "recorder", "model"] {
        assert_eq!(ready[part], true, "{part}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_by_route_and_outcome_and_never_by_address() {
    let app = TestApp::spawn().await;
    let id = app.officer().submit(&application()).await["id"].as_str().expect("an id").to_owned();
    app.officer().get(&format!("/v1/applications/{id}")).await.expect(200);
    app.officer().get("/secret-canary").await.expect_problem(404, "not_found");
    let answer = app.anonymous().get("/metrics").await;
    assert!(answer.header("content-type").is_some_and(|kind| kind.starts_with("application/openmetrics-text")));
    let page = String::from_utf8_lossy(&answer.body);
    for line in [
        "underwright_decisions_total{outcome=\"approve\"",
        "route=\"/v1/applications/{id}\",status=\"200\"",
        "route=\"unknown\",status=\"404\"",
        "underwright_recorder_commit_seconds_count",
    ] {
        assert!(page.contains(line), "{line} is not in\n{page}");
    }
    assert!(!page.contains(&id) && !page.contains("secret-canary"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_can_ask_for_a_token_of_their_own() {
    let options = Options { metrics_token: Some(Secret::new("scrape me")), ..Options::default() };
    let app = TestApp::spawn_with(options).await;
    app.anonymous().get("/metrics").await.expect_problem(401, "unauthenticated");
    app.officer().get("/metrics").await.expect_problem(401, "unauthenticated");
    let answer = app.client_with(Some("scrape me".into())).get("/metrics").await;
    assert_eq!(answer.status, 200);
}
