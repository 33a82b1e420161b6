//! Tokens that are refused over the wire; what makes one sound is tested where tokens are verified.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{TestApp, claims, client::send, sign};

fn with(name: &str, value: Value) -> String {
    let mut claims = claims("officer", "ada");
    claims[name] = value;
    sign(&claims)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_token_is_401_with_a_challenge_that_says_why() {
    let app = TestApp::spawn().await;
    let sound = sign(&claims("officer", "ada"));
    let payload = sound.split('.').nth(1).expect("a payload");
    let unsigned = format!("{}.{payload}.", BASE64.encode(json!({"alg": "none", "kid": "k1"}).to_string()));
    for (token, why) in [
        (with("exp", json!(1)), "expired"),
        (with("nbf", json!(4_000_000_000_u64)), "not valid yet"),
        (with("aud", json!("another")), "audience"),
        (with("iss", json!("https://evil.example")), "issuer"),
        (with("role", json!("root")), "role"),
        (with("sub", json!("")), "subject"),
        (with("exp", Value::Null), "claims"),
        (unsigned, "not a signed JWT"),
        (format!("{sound}x"), "signature"),
        ("x".repeat(9_000), "longer"),
        ("not-a-token".to_owned(), "not a signed JWT"),
    ] {
        let answer = app.client_with(Some(token)).get("/v1/models").await;
        let problem = answer.expect_problem(401, "unauthenticated");
        let challenge = answer.header("www-authenticate").expect("a challenge");
        assert!(challenge.starts_with("Bearer realm=\"underwright\", error=\"invalid_token\""), "{challenge}");
        assert!(challenge.contains(why) || problem["detail"].to_string().contains(why), "{why}: {problem}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorization_header_that_is_no_bearer_token_is_401() {
    let app = TestApp::spawn().await;
    let sound = sign(&claims("officer", "ada"));
    for value in
        [format!("Basic {sound}"), "Bearer".into(), "Bearer ".into(), sound.clone(), format!("Bearer  {sound}")]
    {
        let request = app.anonymous().request(Method::GET, "/v1/models").header("authorization", value);
        send(request).await.expect_problem(401, "unauthenticated");
    }
    let twice = app.officer().request(Method::GET, "/v1/models").header("authorization", format!("Bearer {sound}"));
    send(twice).await.expect_problem(401, "unauthenticated");
    let lower = app.anonymous().request(Method::GET, "/v1/models").header("authorization", format!("bearer {sound}"));
    send(lower).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_accepted_is_refused_once_it_expires() {
    let app = TestApp::spawn().await;
    let officer = app.officer();
    officer.get("/v1/models").await.expect(200);
    app.clock.advance(time::Duration::seconds(86_400 + 10));
    officer.get("/v1/models").await.expect_problem(401, "unauthenticated");
}
