//! The OpenAPI document and its pages.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;

use crate::app::{TestApp, client::send};

fn document() -> Value {
    serde_json::from_str(&underwright::http::api::document::json_text().expect("a document")).expect("JSON")
}

#[test]
fn the_document_is_as_it_was_agreed() {
    insta::assert_snapshot!("openapi", underwright::http::api::document::json_text().expect("a document"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_answers_the_document_that_the_command_prints() {
    let app = TestApp::spawn().await;
    let served = app.anonymous().get("/openapi.json").await;
    assert_eq!(served.header("content-type"), Some("application/json"));
    assert_eq!(served.expect(200), document());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_address_of_the_document_is_served_and_knows_no_other_method() {
    let app = TestApp::spawn().await;
    for (path, item) in document()["paths"].as_object().expect("paths") {
        let known: BTreeSet<String> = item.as_object().expect("operations").keys().map(|m| m.to_uppercase()).collect();
        let path =
            path.replace("{id}", "x").replace("{reference}", "x").replace("{name}", "x").replace("{version}", "x");
        let path = path.replace("{sequence}", "0");
        let answer = send(app.officer().request(Method::PATCH, &path)).await;
        answer.expect_problem(405, "method_not_allowed");
        let allowed: BTreeSet<String> = answer.header("allow").expect("Allow").split(", ").map(str::to_owned).collect();
        assert_eq!(allowed, known, "{path}");
    }
}

#[test]
fn every_operation_documents_what_may_go_wrong() {
    for (path, item) in document()["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let responses = operation["responses"].as_object().expect("responses");
            let signed_in = operation["security"].to_string().contains("bearer");
            assert_eq!(responses.contains_key("401") && responses.contains_key("403"), signed_in, "{method} {path}");
            for (status, response) in responses {
                let problem = &response["content"]["application/problem+json"]["schema"]["$ref"];
                let refused = status.as_str() >= "400" && path != "/readyz";
                assert_eq!(problem == "#/components/schemas/Problem", refused, "{method} {path} {status}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_come_from_this_server_alone() {
    let app = TestApp::spawn().await;
    let moved = app.anonymous().get("/docs").await;
    assert_eq!((moved.status.as_u16(), moved.header("location")), (307, Some("/docs/")));
    for (path, kind) in [
        ("/docs/", "text/html"),
        ("/docs/swagger-initializer.js", "text/javascript"),
        ("/docs/swagger-ui-bundle.js", "text/javascript"),
        ("/docs/swagger-ui.css", "text/css"),
    ] {
        let answer = app.anonymous().get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("content-type").is_some_and(|found| found.starts_with(kind)), "{path}");
        let csp = answer.header("content-security-policy").expect("a policy");
        assert!(csp.contains("script-src 'self'") && !csp.contains("http"), "{csp}");
    }
    let start = app.anonymous().get("/docs/").await;
    assert!(!String::from_utf8_lossy(&start.body).contains("//"), "nothing is loaded from elsewhere");
    let initializer = app.anonymous().get("/docs/swagger-initializer.js").await;
    let initializer = String::from_utf8_lossy(&initializer.body);
    assert!(
        initializer.contains("/openapi.json") && initializer.contains("\"validatorUrl\": \"none\""),
        "{initializer}"
    );
    app.anonymous().get("/docs/nothing.js").await.expect_problem(404, "not_found");
}
