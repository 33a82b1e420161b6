//! What every answer has: a name, headers that protect a browser, a body even after a panic.

use actix_web::{HttpResponse, web};

use crate::app::{Options, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_names_its_request_and_protects_a_browser() {
    let app = TestApp::spawn().await;
    let mut names = std::collections::BTreeSet::new();
    for path in ["/healthz", "/nowhere", "/v1/models", "/openapi.json", "/docs/", "/docs", "/metrics"] {
        let answer = app.anonymous().get(path).await;
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        assert!(
            answer.header("content-security-policy").is_some_and(|csp| csp.starts_with("default-src 'none'")),
            "{path}"
        );
        assert!(answer.header("server").is_none(), "{path}");
        let name = answer.header("request-id").expect("a name").to_owned();
        assert!(name.starts_with("req_") && names.insert(name), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_a_500_without_its_cause_and_the_connection_goes_on() {
    async fn panics() -> HttpResponse {
        panic!("canary-7731 of an applicant")
    }
    async fn breaks() -> Result<HttpResponse, actix_web::Error> {
        Err(actix_web::error::ErrorInternalServerError("canary-7731 of a cause"))
    }
    async fn says_too_much() -> HttpResponse {
        HttpResponse::InternalServerError().body("canary-7731 of a library")
    }
    let app = TestApp::spawn_with(Options {
        extension: |api| {
            api.route("/panics", web::get().to(panics))
                .route("/breaks", web::get().to(breaks))
                .route("/says-too-much", web::get().to(says_too_much));
        },
        ..Options::default()
    })
    .await;
    for path in ["/panics", "/breaks", "/says-too-much", "/panics"] {
        let answer = app.anonymous().get(path).await;
        answer.expect_problem(500, "internal");
        assert!(!String::from_utf8_lossy(&answer.body).contains("canary"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
    }
    app.anonymous().get("/healthz").await.expect(200);
    let page = app.anonymous().get("/metrics").await;
    let page = String::from_utf8_lossy(&page.body);
    assert!(
        page.contains("route=\"/panics\",status=\"500\"} 2") || page.contains("route=\"/panics\",status=\"500\""),
        "{page}"
    );
}
