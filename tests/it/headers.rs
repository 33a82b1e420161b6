//! Headers, methods and addresses that do not belong.

use std::time::Duration;

use reqwest::Method;

use crate::app::{
    TestApp, application,
    client::{raw, send},
};

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_address_is_404_for_every_method() {
    let app = TestApp::spawn().await;
    for path in
        ["/nowhere", "/v1", "/v2/applications", "/v1/applications/", "/v1/applications/x/y/z", "/admin", "/%2e%2e/x"]
    {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            send(app.anonymous().request(method, path)).await.expect_problem(404, "not_found");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_an_address_does_not_know_is_405_and_names_those_it_knows() {
    let app = TestApp::spawn().await;
    for (method, path, allow) in [
        (Method::DELETE, "/v1/applications", &["GET", "POST"][..]),
        (Method::PUT, "/v1/applications/app_1", &["GET"]),
        (Method::OPTIONS, "/v1/simulations", &["POST"]),
        (Method::GET, "/v1/applications/app_1/review", &["POST"]),
        (Method::POST, "/v1/audit/entries", &["GET"]),
        (Method::POST, "/healthz", &["GET"]),
        (Method::from_bytes(b"BREW").expect("a method"), "/v1/models", &["GET"]),
    ] {
        let answer = send(app.officer().request(method.clone(), path)).await;
        answer.expect_problem(405, "method_not_allowed");
        let mut allowed: Vec<&str> = answer.header("allow").expect("Allow").split(", ").collect();
        allowed.sort_unstable();
        assert_eq!(allowed, allow, "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_request_is_a_get_without_its_body() {
    let app = TestApp::spawn().await;
    let head = send(app.officer().request(Method::HEAD, "/v1/models")).await;
    let get = app.officer().get("/v1/models").await;
    assert_eq!((head.status, head.body.len()), (get.status, 0));
    assert_eq!(head.header("content-length"), Some(get.body.len().to_string().as_str()));
    let refused = send(app.anonymous().request(Method::HEAD, "/v1/models")).await;
    assert_eq!((refused.status.as_u16(), refused.body.len()), (401, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_headers_do_no_harm() {
    let app = TestApp::spawn().await;
    let long = "x".repeat(4_000);
    for (name, value) in [
        ("x-forwarded-for", "127.0.0.1, evil"),
        ("x-http-method-override", "DELETE"),
        ("accept", "text/html;q=0.9, */*;q=broken"),
        ("cookie", "a=b; a=c; ;;;"),
        ("range", "bytes=0-18446744073709551615"),
        ("x-long", &long),
        ("request-id", "req_not-one'; DROP TABLE entries"),
        ("if-none-match", "*"),
    ] {
        let answer = send(app.officer().request(Method::GET, "/v1/models").header(name, value)).await;
        answer.expect(200);
        assert!(answer.header("request-id").is_some_and(|id| id.starts_with("req_") && !id.contains('\'')), "{name}");
    }
    for key in ["", &"k".repeat(256), "\u{e9}"] {
        let request = app.officer().request(Method::POST, "/v1/applications").header("idempotency-key", key.as_bytes());
        send(request.json(&application())).await.expect_problem(400, "invalid_header");
    }
    let twice = [("idempotency-key", "a"), ("idempotency-key", "b")];
    app.officer().post_with("/v1/applications", &twice, &application()).await.expect_problem(400, "invalid_header");
    assert_eq!(app.finish().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_http_is_refused_and_the_server_goes_on() {
    let app = TestApp::spawn().await;
    for sent in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /v1/applications HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nBad Header: 1\r\n\r\n",
    ] {
        let answer = raw(app.address, &[sent], Duration::ZERO).await;
        assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    }
    app.anonymous().get("/healthz").await.expect(200);
}
