//! Letters to declined applicants, by the API.

use rstest::rstest;
use serde_json::{Value, json};
use underwright::config::{Bureau, Lender, Mode};

use crate::{
    app::{Options, TestApp, application_for},
    store::Backend,
};

fn bank() -> Lender {
    Lender {
        name: "A Bank".to_owned(),
        address: vec!["1 Bank Street".to_owned()],
        agency: vec!["An Agency".to_owned()],
        bureau: Bureau {
            name: "A Bureau".to_owned(),
            address: vec!["2 Bureau Street".to_owned()],
            telephone: "+1 800 555 0199".to_owned(),
            for_attributes: false,
        },
        ..Lender::default()
    }
}

async fn declined(app: &TestApp, application: &Value) -> String {
    let created = app.service().submit(application).await;
    format!("/v1/applications/{}/notices", created["id"].as_str().expect("an id"))
}

/// The texts of a letter's body.
fn words(notice: &Value) -> String {
    notice["letter"]["body"].to_string()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_core_banking_system_makes_a_letter_once_and_reads_it_as_it_was_recorded(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app =
        TestApp::spawn_with(Options { backend, mode: Mode::Production, lender: bank(), ..Options::default() }).await;
    let path = declined(&app, &application_for("vacation")).await;
    let made = app.service().post(&path, &json!({"language": "en"})).await.expect(201);
    assert_eq!(made["letter"]["sender"], json!(["A Bank", "1 Bank Street"]));
    let words = words(&made);
    assert!(words.contains("Loans for vacations are not made") && words.contains("An Agency"), "{words}");
    assert!(!words.contains("Not a real letter"), "{words}");
    let again = app.officer().post(&path, &json!({"language": "en"})).await.expect(200);
    assert_eq!(again, made);
    let listed = app.auditor().get(&path).await.expect(200);
    assert_eq!(listed["data"], json!([made]));
    // Another service's application is none.
    let other = app.client_of(underwright::domain::principal::Role::Service, "another");
    other.get(&path).await.expect_problem(404, "not_found");
    other.post(&path, &json!({"language": "en"})).await.expect_problem(404, "not_found");
    // One decision, one letter, and nothing else in the log.
    assert_eq!(app.finish().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_ask_at_once_one_makes_the_letter() {
    let app = TestApp::spawn().await;
    let path = declined(&app, &application_for("vacation")).await;
    let order = json!({"language": "en"});
    let asks: Vec<_> = (0..6).map(|_| app.service()).collect();
    let answers = futures_util::future::join_all(asks.iter().map(|client| client.post(&path, &order))).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    let before = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!((made, before), (1, 5));
    assert_eq!(app.finish().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_letter_must_hold_and_nobody_has_set_is_named() {
    let order = json!({"language": "en"});
    let app = TestApp::spawn_with(Options { mode: Mode::Production, ..Options::default() }).await;
    let path = declined(&app, &application_for("vacation")).await;
    let refused = app.service().post(&path, &order).await;
    let problem = refused.expect_problem(409, "no_letter");
    assert!(problem["detail"].as_str().expect("a detail").contains("lender.name is not set"), "{problem}");
    drop(app);

    let lender = Lender { bureau: Bureau::default(), ..bank() };
    let app = TestApp::spawn_with(Options { mode: Mode::Production, lender, ..Options::default() }).await;
    let path = declined(&app, &application_for("vacation")).await;
    let problem = app.service().post(&path, &order).await;
    let problem = problem.expect_problem(409, "no_letter");
    assert!(problem["detail"].as_str().expect("a detail").contains("lender.bureau is not set"), "{problem}");
    // An application without a bureau's data needs no bureau; nothing of a report or a score is said then.
    let mut without = application_for("vacation");
    without["bureau"] = Value::Null;
    let path = declined(&app, &without).await;
    let words = words(&app.service().post(&path, &order).await.expect(201));
    assert!(!words.contains("credit score") && !words.contains("credit report"), "{words}");
    let waiting = declined(&app, &application_for("medical")).await;
    app.service().post(&waiting, &order).await.expect_problem(409, "no_letter");
    for wrong in [json!({}), json!({"language": "fr"}), json!({"language": "en", "to": "Ada"})] {
        app.service().post(&path, &wrong).await.expect_problem(422, "invalid_values");
    }
    assert_eq!(app.finish().await, 4, "three applications and a letter");
}
