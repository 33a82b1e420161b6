//! Bodies that are refused, and what their senders are told.

use std::time::Duration;

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::app::{
    Options, TestApp, application,
    client::{raw, send},
};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_json_is_400_and_says_where() {
    let app = TestApp::spawn().await;
    for body in ["", "{", "{\"loan\": }", "[1, 2", "not json", "{} {}", "\u{feff}{}", "{\"a\": NaN}"] {
        for path in ["/v1/applications", "/v1/simulations"] {
            let problem = app.officer().post_bytes(path, body).await.expect_problem(400, "malformed_json");
            assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("line")), "{problem}");
        }
    }
    app.officer().post_bytes("/v1/applications", vec![0xff, 0xfe, 0x00]).await.expect_problem(400, "malformed_json");
    assert_eq!(app.finish().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_nested_arrays_are_refused_without_following_them() {
    let app = TestApp::spawn().await;
    let nested = "[".repeat(10_000) + "]".repeat(10_000).as_str();
    // Well-formed JSON, but no application, and no attribute.
    let problem = app.officer().post_bytes("/v1/applications", nested.clone()).await;
    assert_eq!(problem.expect_problem(422, "invalid_values")["errors"][0]["code"], "wrong_type");
    let mut body = application();
    body["attributes"] = json!({"a": "NESTED"});
    let within = body.to_string().replace("\"NESTED\"", &nested);
    let problem = app.officer().post_bytes("/v1/applications", within).await.expect_problem(422, "invalid_values");
    assert_eq!(problem["errors"][0]["pointer"], "/attributes/a", "{problem}");
    // Never closed, it is no JSON.
    app.officer().post_bytes("/v1/applications", "[".repeat(10_000)).await.expect_problem(400, "malformed_json");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_64_kib_is_413_and_its_sender_reads_the_answer() {
    let app = TestApp::spawn().await;
    for size in [65_537, 1 << 20] {
        let answer = app.officer().post_bytes("/v1/applications", vec![b' '; size]).await;
        answer.expect_problem(413, "body_too_large");
    }
    // Without a Content-Length, in chunks.
    let chunk = format!("400\r\n{}\r\n", " ".repeat(1_024));
    let chunked = head(&app, "Transfer-Encoding: chunked") + chunk.repeat(200).as_str() + "0\r\n\r\n";
    let answer = raw(app.address, &[chunked.as_bytes()], Duration::ZERO).await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("body_too_large"), "{answer}");
    // At the limit it is read, and found to be no JSON.
    app.officer().post_bytes("/v1/applications", vec![b' '; 65_536]).await.expect_problem(400, "malformed_json");
    assert_eq!(app.finish().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_not_declared_as_json_is_415() {
    let app = TestApp::spawn().await;
    let post =
        |kind: &'static str| app.officer().request(Method::POST, "/v1/applications").header("content-type", kind);
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "application/jsonx"]
    {
        send(post(kind).body("{}")).await.expect_problem(415, "unsupported_media_type");
    }
    let undeclared = app.officer().request(Method::POST, "/v1/applications").body("{}");
    send(undeclared).await.expect_problem(415, "unsupported_media_type");
    let packed = post("application/json").header("content-encoding", "gzip").body("{}");
    send(packed).await.expect_problem(415, "unsupported_media_type");
    let accepted = post("application/json; charset=UTF-8").body(application().to_string());
    send(accepted).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_dawdles_is_408() {
    let mut options = Options::default();
    options.server.body_deadline_ms = 200;
    let app = TestApp::spawn_with(options).await;
    let head = head(&app, "Content-Length: 2");
    let answer = raw(app.address, &[head.as_bytes(), b"{", b"}"], Duration::from_secs(1)).await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("request_timeout"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_dawdles_is_cut_off() {
    let mut options = Options::default();
    options.server.head_deadline_ms = 300;
    let app = TestApp::spawn_with(options).await;
    let head = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ";
    let answer = raw(app.address, &[head], Duration::ZERO).await;
    assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
}

/// The head of a submission that is written by hand.
fn head(app: &TestApp, length: &str) -> String {
    let authorization = app.officer().authorization();
    format!(
        "POST /v1/applications HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n\
         Content-Type: application/json\r\nConnection: close\r\n{length}\r\n\r\n"
    )
}

#[rstest]
#[case::unknown_field("/loan/amout", json!(1), "/loan/amout", "unknown_field")]
#[case::missing("/loan/amount", Value::Null, "/loan/amount", "required")]
#[case::wrong_type("/loan/amount", json!("12000"), "/loan/amount", "wrong_type")]
#[case::negative_money("/finances/annual_income", json!(-1), "/finances/annual_income", "out_of_range")]
#[case::unknown_value("/loan/purpose", json!("yacht"), "/loan/purpose", "unknown_value")]
#[case::wrong_format("/applicant/date_of_birth", json!("14.03.1988"), "/applicant/date_of_birth", "wrong_format")]
#[case::in_future("/bureau/first_credit_line", json!("2027-01-01"), "/bureau/first_credit_line", "in_future")]
#[case::too_long("/external_reference", json!("x".repeat(10_000)), "/external_reference", "wrong_length")]
#[case::contradiction("/bureau/total_accounts", json!(1), "/bureau/total_accounts", "contradiction")]
#[case::card_number("/external_reference", json!("4111 1111 1111 1111"), "/external_reference", "card_number")]
#[case::undeclared_attribute("/attributes/shoe_size", json!(43), "/attributes/shoe_size", "unknown_field")]
#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_fault_is_422_with_its_pointer(
    #[case] place: &str,
    #[case] value: Value,
    #[case] pointer: &str,
    #[case] code: &str,
) {
    let app = TestApp::spawn().await;
    let mut body = application();
    let (parent, name) = place.rsplit_once('/').expect("a pointer");
    let parent = body.pointer_mut(parent).expect("a place");
    parent[name] = value;
    for path in ["/v1/applications", "/v1/simulations"] {
        let problem = app.officer().post(path, &body).await.expect_problem(422, "invalid_values");
        let errors = problem["errors"].as_array().expect("errors");
        assert!(errors.iter().any(|e| e["pointer"] == pointer && e["code"] == code), "{problem}");
    }
    assert_eq!(app.finish().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_stands_twice_is_422() {
    let app = TestApp::spawn().await;
    let body = application().to_string().replacen("\"loan\":", "\"loan\":null,\"loan\":", 1);
    let problem = app.officer().post_bytes("/v1/applications", body).await.expect_problem(422, "invalid_values");
    let errors = problem["errors"].as_array().expect("errors");
    assert!(errors.iter().any(|e| e["pointer"] == "/loan" && e["code"] == "duplicate_field"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_faults_are_reported_at_once_and_repeat_nothing_that_was_sent() {
    let app = TestApp::spawn().await;
    let mut body = application();
    body["applicant"]["given_name"] = json!("Canary-7731".repeat(1_000));
    body["loan"]["amount"] = json!(-7_731);
    body["loan"]["purpose"] = json!("canary-7731");
    body["bureau"]["total_accounts"] = json!("canary-7731");
    let answer = app.officer().post("/v1/applications", &body).await;
    let problem = answer.expect_problem(422, "invalid_values");
    let errors = problem["errors"].as_array().expect("errors");
    assert_eq!(errors.len(), 4, "{problem}");
    assert!(errors.is_sorted_by_key(|e| e["pointer"].as_str().map(str::to_owned)), "{problem}");
    // The request's name is drawn, and may have any digits.
    let said = String::from_utf8_lossy(&answer.body).replace(problem["request_id"].as_str().expect("a name"), "");
    assert!(!said.contains("7731"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_on_a_get_is_not_looked_at() {
    let app = TestApp::spawn().await;
    let request = app.officer().request(Method::GET, "/v1/models").body(vec![b'x'; 1 << 20]);
    send(request).await.expect(200);
}
