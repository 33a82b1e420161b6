//! What is logged, and what never is.

use std::{
    io,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;
use underwright::{domain::principal::Role, telemetry::log};

use crate::{
    app::{TestApp, application, application_for, client::send},
    console::{
        browser::Browser,
        new_application::{EXAMPLE, PATH},
    },
};

/// What was written by the subscriber of this process.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no writer panics").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'writer> MakeWriter<'writer> for Captured {
    type Writer = Self;

    fn make_writer(&'writer self) -> Self {
        self.clone()
    }
}

/// Everything that the canary application says of its applicant, and what only that applicant's calls say.
const CANARY: &str = "Canary7731";

fn canary_application(purpose: &str) -> Value {
    let mut application = application_for(purpose);
    application["external_reference"] = json!(format!("{CANARY}-ref"));
    application["applicant"] = json!({
        "reference": format!("{CANARY}-C"), "given_name": CANARY, "family_name": CANARY, "date_of_birth": "1977-03-01",
        "national_id": format!("{CANARY}-id"), "email": format!("{CANARY}@example.com"), "phone": "+15550107731",
        "address": {"lines": [CANARY], "city": CANARY, "region": "IL", "postal_code": "C7731Y", "country": "US"}
    });
    application
}

/// An officer types the canary in: with a fault, checked, and recorded.
async fn typed_into_the_console(app: &TestApp) {
    let officer = Browser::signed_in(app, Role::Officer).await;
    let personal =
        |name: &str| name.starts_with("/applicant/") && !name.ends_with("country") && !name.ends_with("birth");
    let canary: Vec<(&str, &str)> =
        EXAMPLE.iter().map(|(name, value)| (*name, if personal(name) { CANARY } else { *value })).collect();
    let check = format!("{PATH}/check");
    let told = officer.submit(PATH, &check, &canary).await.expect(200);
    assert_eq!(told.as_object().map(serde_json::Map::len), Some(2), "e-mail and phone: {told}");
    assert_eq!(officer.submit(PATH, PATH, &canary).await.status, 422);
    let sound: Vec<(&str, &str)> =
        canary.into_iter().filter(|(name, _)| !name.ends_with("email") && !name.ends_with("phone")).collect();
    assert_eq!(officer.submit(PATH, PATH, &sound).await.status, 303);
}

// The only test that listens to the logs of the whole process: all others write into it too.
#[tokio::test(flavor = "multi_thread")]
async fn no_personal_data_and_no_token_is_ever_logged() {
    let captured = Captured::default();
    let subscriber = log::subscriber(true, "trace", captured.clone()).expect("a subscriber");
    tracing::subscriber::set_global_default(subscriber).expect("nobody else listens");

    let app = TestApp::spawn().await;
    let service = app.service();
    let decided = service.submit(&canary_application("medical")).await;
    let id = decided["id"].as_str().expect("an id");
    service.get(&format!("/v1/applications?external_reference={CANARY}-ref")).await.expect(200);
    app.officer().get(&format!("/v1/applications/{id}")).await.expect(200);
    let note = json!({"outcome": "approve", "note": format!("{CANARY} called")});
    app.officer()
        .post_with(&format!("/v1/applications/{id}/review"), &[("if-match", "\"1\"")], &note)
        .await
        .expect(200);
    let mut faulty = canary_application("yacht");
    faulty["applicant"][CANARY] = json!(CANARY);
    service.post("/v1/applications", &faulty).await.expect_problem(422, "invalid_values");
    service
        .post_bytes("/v1/applications", format!("{{\"{CANARY}\": {CANARY}"))
        .await
        .expect_problem(400, "malformed_json");
    let key = [("idempotency-key", CANARY)];
    service.post_with("/v1/applications", &key, &canary_application("car")).await.expect(201);
    app.client_with(Some(CANARY.into()))
        .get(&format!("/v1/{CANARY}?{CANARY}={CANARY}"))
        .await
        .expect_problem(404, "not_found");
    app.client_with(Some(format!("{CANARY}.{CANARY}.{CANARY}")))
        .get("/v1/models")
        .await
        .expect_problem(401, "unauthenticated");
    let privacy = app.privacy();
    for by in [
        json!({"reference": format!("{CANARY}-C")}),
        json!({"national_id": format!("{CANARY}-id")}),
        json!({CANARY: 1}),
    ] {
        privacy.post("/v1/applicant-searches", &by).await;
    }
    for (method, rest) in [("PUT", "/hold"), ("DELETE", ""), ("DELETE", "/hold"), ("DELETE", "")] {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        send(privacy.request(method, &format!("/v1/applicants/{CANARY}-C{rest}"))).await;
    }
    send(privacy.request(reqwest::Method::DELETE, &format!("/v1/applicants/{CANARY}-nobody"))).await;
    service
        .post_with("/v1/applications", &key, &canary_application("car"))
        .await
        .expect_problem(410, "applicant_erased");
    typed_into_the_console(&app).await;
    let request_id =
        app.officer().post("/v1/simulations", &application()).await.header("request-id").expect("a name").to_owned();
    app.finish().await;

    let written = String::from_utf8(captured.0.lock().expect("no writer panics").clone()).expect("text");
    for secret in [CANARY, "C7731Y", "5550107731", "1977-03-01", "eyJ"] {
        let line = written.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret} in {}", line.unwrap_or_default());
    }
    // Other tests write into the same log, and their requests may have the same names.
    let lines = written.lines().filter(|line| line.contains(&request_id) && line.contains("answered"));
    let mut lines = lines.map(|line| serde_json::from_str::<Value>(line).expect("one JSON object a line"));
    let line = lines.find(|line| line["route"] == "/v1/simulations").expect("a line for the request");
    assert_eq!((&line["status"], &line["method"]), (&json!(200), &json!("POST")));
    assert!(line["milliseconds"].is_f64(), "{line}");
}
