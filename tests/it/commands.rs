//! Commands on personal data, beside a running server and after it.

use std::process::{Command, Output};

use rstest::rstest;
use serde_json::Value;
use underwright::{
    crypto::{SecretKey, private_file::write_private},
    storage::failpoint,
};

use crate::{
    app::{KEK, OPENING_ENTRIES, TestApp, application, application_for},
    store::Backend,
};

/// The beginning of settings: where the test server keeps its data.
fn place(app: &TestApp) -> String {
    format!("data_dir = \".\"\n[database]\nurl = \"{}\"\n", app.store.url())
}

/// Writes settings that name the test server's database and key, and `more`.
fn configure(app: &TestApp, more: &str) {
    let folder = app.store.folder();
    write_private(&folder.join("test.kek"), &hex::encode(KEK)).expect("written");
    let text = place(app) + more + "\n[[keys.encryption]]\nid = \"test\"\nfile = \"test.kek\"\n";
    std::fs::write(folder.join("uw.toml"), text).expect("written");
}

fn run(app: &TestApp, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_underwright"))
        .current_dir(app.store.folder())
        .args(arguments)
        .args(["--config", "uw.toml"])
        .output()
        .expect("it runs")
}

#[track_caller]
fn answer(output: &Output, code: i32) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    String::from_utf8(output.stdout.clone()).expect("text")
}

#[track_caller]
fn json(output: &Output, code: i32) -> Value {
    serde_json::from_str(&answer(output, code)).expect("JSON")
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_applicant_is_held_released_and_erased_beside_a_running_server(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::spawn_on(backend).await;
    configure(&app, "");
    let id = app.service().submit(&application()).await["id"].as_str().expect("an id").to_owned();
    let of = ["--reference", "C-88121", "--json"];
    let command = |words: &[&'static str]| [words, &of].concat();

    let held = json(&run(&app, &command(&["applicants", "hold", "--subject", "dpo"])), 0);
    assert_eq!((&held["held"], &held["audit"]["sequence"]), (&Value::Bool(true), &(OPENING_ENTRIES + 1).into()));
    let refused = run(&app, &command(&["applicants", "erase"]));
    answer(&refused, 1);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("legal hold"));
    app.privacy()
        .request(reqwest::Method::DELETE, "/v1/applicants/C-88121")
        .send()
        .await
        .map_or_else(|error| panic!("{error}"), |answer| assert_eq!(answer.status(), 409));
    json(&run(&app, &command(&["applicants", "release"])), 0);
    let erased = json(&run(&app, &command(&["applicants", "erase"])), 0);
    assert_eq!(erased["applications"], 1);
    let again = json(&run(&app, &command(&["applicants", "erase"])), 0);
    assert_eq!((&again["applications"], &again["audit"]), (&0.into(), &erased["audit"]));
    answer(&run(&app, &["applicants", "erase", "--reference", "C-none"]), 1);

    let shown = app.officer().get(&format!("/v1/applications/{id}")).await.expect(200);
    assert!(shown["applicant"].is_null() && shown["applicant_erased_at"].is_string(), "{shown}");
    let entries = app.auditor().get("/v1/audit/entries?action=applicant.held").await.expect(200);
    assert_eq!(entries["data"][0]["actor"]["subject"], "dpo");
    assert_eq!(app.finish().await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_lists_ids_and_changes_nothing_and_the_run_erases_just_those() {
    let app = TestApp::spawn().await;
    configure(&app, "[retention]\ndecline_days = 30\n");
    // Commands read the machine's clock, which is later than this by any reckoning.
    app.clock.advance(time::Duration::days(-3_650));
    let declined = app.service().submit(&application_for("vacation")).await["id"].as_str().expect("an id").to_owned();
    let approved = app.service().submit(&application()).await["id"].as_str().expect("an id").to_owned();

    let dry = run(&app, &["retention", "apply", "--dry-run"]);
    assert_eq!(answer(&dry, 0), format!("{declined} decline\n"));
    let dry = json(&run(&app, &["retention", "apply", "--dry-run", "--json"]), 0);
    assert_eq!((&dry["applications"], &dry["due"][0]["application"]), (&1.into(), &declined.as_str().into()));
    let shown = app.officer().get(&format!("/v1/applications/{declined}")).await.expect(200);
    assert_eq!(shown["applicant"]["given_name"], "Ada");

    assert_eq!(json(&run(&app, &["retention", "apply", "--json"]), 0)["applications"], 1);
    for (id, erased) in [(&declined, true), (&approved, false)] {
        let shown = app.officer().get(&format!("/v1/applications/{id}")).await.expect(200);
        assert_eq!(shown["applicant"].is_null(), erased, "{shown}");
    }
    assert_eq!(app.finish().await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_period_retention_is_wrong_use() {
    let app = TestApp::spawn().await;
    configure(&app, "");
    let refused = run(&app, &["retention", "apply"]);
    answer(&refused, 2);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("retention.approve_days"));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_rotated_to_the_active_one() {
    let mut app = TestApp::spawn().await;
    configure(&app, "");
    app.service().submit(&application()).await;
    app.stop().await;
    let new = SecretKey::random().expect("randomness").to_hex();
    write_private(&app.store.folder().join("new.kek"), &new).expect("written");
    let second = "\n[[keys.encryption]]\nid = \"new\"\nfile = \"new.kek\"\n";
    configure(&app, &format!("[keys]\nactive = \"new\"\n{second}"));
    let rotated = json(&run(&app, &["keys", "rotate", "--json"]), 0);
    // The application's data key and the secret of the blind index.
    assert_eq!((&rotated["to"], &rotated["rewrapped"]), (&"new".into(), &2.into()));
    std::fs::write(app.store.folder().join("uw.toml"), place(&app) + second).expect("written");
    json(&run(&app, &["applicants", "erase", "--reference", "C-88121", "--json"]), 0);
    assert_eq!(app.verified_entries().await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_without_the_databases_key_says_which_is_missing() {
    let app = TestApp::spawn().await;
    configure(&app, "");
    let other = SecretKey::random().expect("randomness").to_hex();
    write_private(&app.store.folder().join("test.kek"), &other).expect("written");
    let text = place(&app) + "[[keys.encryption]]\nid = \"other\"\nfile = \"test.kek\"\n";
    std::fs::write(app.store.folder().join("uw.toml"), text).expect("written");
    let refused = run(&app, &["applicants", "erase", "--reference", "C-1"]);
    answer(&refused, 2);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("`test`") && said.contains("keys.encryption"), "{said}");
    assert!(!app.store.folder().join("keys").exists(), "no key was made");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_is_killed_anywhere_is_ended_by_asking_again(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::spawn_on(backend).await;
    configure(&app, "");
    for (number, place) in failpoint::ERASURE.into_iter().enumerate() {
        let reference = format!("C-{number}");
        let mut body = application();
        body["applicant"]["reference"] = reference.as_str().into();
        let id = app.service().submit(&body).await["id"].as_str().expect("an id").to_owned();
        let erase = ["applicants", "erase", "--reference", &reference, "--config", "uw.toml"];
        let killed = Command::new(env!("CARGO_BIN_EXE_underwright"))
            .current_dir(app.store.folder())
            .args(erase)
            .env("UNDERWRIGHT_FAILPOINT", place)
            .output()
            .expect("it runs");
        assert_eq!(killed.status.code(), None, "{place}: it was ended by a signal");
        let journal = std::fs::read_to_string(app.store.folder().join("erasures.jsonl")).expect("a journal");
        assert!(journal.contains(&id), "{place}: the journal knew of it first");
        let shown = app.officer().get(&format!("/v1/applications/{id}")).await.expect(200);
        assert_eq!(shown["applicant"].is_null(), place == "erasure.after_commit", "{place}: all of it or nothing");
        answer(&run(&app, &["applicants", "erase", "--reference", &reference]), 0);
        let shown = app.officer().get(&format!("/v1/applications/{id}")).await.expect(200);
        assert!(shown["applicant"].is_null(), "{place}");
    }
    assert_eq!(app.finish().await, 6);
}
