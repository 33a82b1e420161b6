//! The whole table of routes and roles.

use reqwest::Method;
use serde_json::json;
use underwright::domain::principal::Role::{self, Admin, Auditor, Manager, Officer, Privacy, Risk, Service};

use crate::app::{TestApp, application, application_for, client::send};

/// Method, path and who may, as in the contract. `{id}` is an application that the service submitted.
const TABLE: [(&str, &str, &[Role]); 19] = [
    ("POST", "/v1/applications", &[Service, Officer]),
    ("GET", "/v1/applications", &[Officer, Manager, Auditor, Service]),
    ("GET", "/v1/applications/{id}", &[Officer, Manager, Auditor, Service]),
    ("GET", "/v1/applications/{id}/explanation", &[Officer, Manager, Auditor, Service]),
    ("POST", "/v1/applications/{id}/review", &[Officer, Manager]),
    ("POST", "/v1/applications/{id}/notices", &[Officer, Manager, Service]),
    ("GET", "/v1/applications/{id}/notices", &[Officer, Manager, Auditor, Service]),
    ("POST", "/v1/simulations", &[Officer, Manager, Risk]),
    ("GET", "/v1/models", &[Officer, Manager, Risk, Auditor, Privacy, Service, Admin]),
    ("GET", "/v1/policies", &[Officer, Manager, Risk, Auditor, Privacy, Service, Admin]),
    ("GET", "/v1/audit/entries", &[Auditor]),
    ("GET", "/v1/audit/entries/0/proof", &[Auditor]),
    ("GET", "/v1/audit/checkpoint", &[Auditor]),
    ("GET", "/v1/audit/export", &[Auditor]),
    ("GET", "/v1/audit/export/manifest", &[Auditor]),
    ("POST", "/v1/applicant-searches", &[Privacy]),
    ("PUT", "/v1/applicants/{reference}/hold", &[Privacy]),
    ("DELETE", "/v1/applicants/{reference}/hold", &[Privacy]),
    ("DELETE", "/v1/applicants/{reference}", &[Privacy]),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_route_admits_the_roles_of_the_contract_and_nobody_else() {
    let app = TestApp::spawn().await;
    for (method, path, admitted) in TABLE {
        for role in Role::ALL {
            // A fresh application for each, so that a review always finds version 1.
            let purpose = if path.ends_with("/notices") { "vacation" } else { "medical" };
            let id = app.service().submit(&application_for(purpose)).await["id"].as_str().expect("an id").to_owned();
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            let query = if path.starts_with("/v1/audit/export") { "?format=csv" } else { "" };
            let address = path.replace("{id}", &id).replace("{reference}", "C-88121") + query;
            let mut request = app.client(role).request(method.clone(), &address);
            if path.ends_with("/review") {
                request = request.header("if-match", "\"1\"").json(&json!({"outcome": "approve"}));
            } else if path.ends_with("/notices") && method == Method::POST {
                request = request.json(&json!({"language": "en"}));
            } else if path.ends_with("-searches") {
                request = request.json(&json!({"reference": "C-88121"}));
            } else if method == Method::POST {
                request = request.json(&application());
            }
            let answer = send(request).await;
            if admitted.contains(&role) {
                assert!(answer.status.is_success(), "{role} {method} {path}: {}", answer.status);
            } else {
                answer.expect_problem(403, "forbidden");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_passes_without_a_token_and_learns_nothing_of_the_rest() {
    let app = TestApp::spawn().await;
    for (method, path, _) in TABLE {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        // With a bad type, a bad body and a missing If-Match: the token comes first.
        let request =
            app.anonymous().request(method, &(path.replace("{id}", "x").replace("{reference}", "x") + "?colour=red"));
        let answer = send(request.body("not json")).await;
        answer.expect_problem(401, "unauthenticated");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"underwright\""));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_that_asks_for_a_token_is_in_the_table() {
    let document: serde_json::Value =
        serde_json::from_str(&underwright::http::api::document::json_text().expect("a document")).expect("JSON");
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            if !operation["security"].to_string().contains("bearer") {
                continue;
            }
            // A model with its card has the permission of the list.
            let listed = if path.starts_with("/v1/models/") { "/v1/models" } else { path };
            let listed = listed.replace("{sequence}", "0");
            assert!(TABLE.iter().any(|(m, p, _)| m.eq_ignore_ascii_case(method) && *p == listed), "{method} {path}");
        }
    }
}
