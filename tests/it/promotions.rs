//! The registry's commands, beside a running server.

use std::{
    fs,
    process::{Command, Output},
};

use rstest::rstest;
use serde_json::Value;
use underwright::storage::bundle_files::{BundleFiles, write_bundle};

use crate::{
    app::{OPENING_ENTRIES, TestApp, application, model},
    store::Backend,
};

fn run(app: &TestApp, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_underwright"))
        .current_dir(app.store.folder())
        .args(arguments)
        .args(["--database-url", &app.store.url()])
        .output()
        .expect("it runs")
}

#[track_caller]
fn said(output: &Output, code: i32) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{out}{err}");
    format!("{out}{err}")
}

#[track_caller]
fn json(output: &Output, code: i32) -> Value {
    said(output, code);
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The small model of the tests as another version, in a folder beside the store.
fn bundle(app: &TestApp, version: &str) -> String {
    let BundleFiles { model_json, parity_jsonl, card_md, report_html } = model::small();
    let json = String::from_utf8(model_json).expect("text");
    let model_json = json.replace(r#""version":"1""#, &format!(r#""version":"{version}""#)).into_bytes();
    let files = BundleFiles { model_json, parity_jsonl, card_md, report_html };
    write_bundle(&app.store.folder().join(version), &files).expect("a bundle");
    version.to_owned()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_promoted_and_rolled_back_beside_a_running_server(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::spawn_on(backend).await;
    let version = async || app.officer().submit(&application()).await["decision"]["model"]["version"].clone();
    assert_eq!(version().await, "1");
    let two = bundle(&app, "2");
    let promoted = json(&run(&app, &["models", "promote", &two, "--subject", "risk-1", "--json"]), 0);
    assert_eq!(
        (&promoted["model"]["version"], &promoted["audit"][0]["sequence"]),
        (&"2".into(), &(OPENING_ENTRIES + 1).into())
    );
    assert_eq!(version().await, "2", "without a restart");
    let listed = json(&run(&app, &["models", "list", "--json"]), 0);
    assert_eq!((&listed[0]["active"], &listed[1]["active"]), (&false.into(), &true.into()));
    assert_eq!(listed[1]["activations"][0]["by"]["subject"], "risk-1");
    let api = app.auditor().get("/v1/models").await.expect(200);
    assert_eq!(api["data"], listed);
    let shown = said(&run(&app, &["models", "show", "personal-loan@2"]), 0);
    assert!(shown.contains("in force since") && shown.contains("# A model for tests"), "{shown}");
    let rolled = said(&run(&app, &["models", "rollback"]), 0);
    assert!(rolled.contains("personal-loan@1") && rolled.contains("in force; entry"), "{rolled}");
    assert_eq!(version().await, "1");
    said(&run(&app, &["models", "promote", "personal-loan@2"]), 0);
    assert_eq!(version().await, "2");
    assert_eq!(app.finish().await, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_promoted_says_why_and_changes_nothing() {
    let app = TestApp::spawn().await;
    let two = bundle(&app, "2");
    fs::write(app.store.folder().join("2/parity.jsonl"), "{}").expect("written");
    assert!(
        said(&run(&app, &["models", "promote", &two]), 2).contains("parity.jsonl is not the file that was written")
    );
    assert!(said(&run(&app, &["models", "promote", "nowhere"]), 2).contains("cannot read"));
    assert!(
        said(&run(&app, &["models", "promote", "personal-loan@9"]), 1).contains("no model personal-loan@9 is kept")
    );
    assert!(said(&run(&app, &["models", "rollback"]), 1).contains("nothing to go back to"));
    assert!(said(&run(&app, &["models", "show", "personal-loan"]), 2).contains("NAME@VERSION"));
    assert!(said(&run(&app, &["models", "show", "personal-loan@9"]), 2).contains("no such model"));
    let elsewhere = Command::new(env!("CARGO_BIN_EXE_underwright"))
        .args(["models", "rollback", "--database-url", "sqlite:///nowhere/at/all.db"])
        .output()
        .expect("it runs");
    assert!(said(&elsewhere, 2).contains("the store cannot be opened"));
    assert_eq!(app.finish().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_checked_tried_and_published() {
    let app = TestApp::spawn().await;
    let path = app.store.folder().join("policy.toml");
    let write = |text: &str| fs::write(&path, text).expect("written");
    app.officer().submit(&application()).await;

    let faulty = model::POLICY
        .replace("approve_below = 0.999998", "approve_below = 1.5")
        .replace("loan.purpose == \"medical\"", "loan.purpose ==")
        .replace("then = \"decline\"", "then = \"approve\"");
    write(&faulty);
    let checked = json(&run(&app, &["policy", "check", "policy.toml", "--json"]), 1);
    let problems: Vec<&str> =
        checked["problems"].as_array().expect("problems").iter().filter_map(Value::as_str).collect();
    for (line, part) in
        [(4, "cut_offs"), (7, "medical-is-reviewed: `when` is not CEL"), (14, "vacation-is-declined: then")]
    {
        let at = format!("line {line}: ");
        assert!(
            problems.iter().any(|problem| problem.starts_with(&at) && problem.contains(part)),
            "{part}: {problems:#?}"
        );
    }

    // Everything goes to review.
    let strict = model::POLICY.replace("\"test\"", "\"strict\"").replace("0.999998", "0.000001");
    write(&strict);
    let checked = json(&run(&app, &["policy", "check", "policy.toml", "--stored", "--json"]), 0);
    assert_eq!((&checked["stored"]["changed"], &checked["stored"]["other"]["review"]), (&1.into(), &1.into()));
    let words = said(&run(&app, &["policy", "check", "policy.toml", "--stored"]), 0);
    assert!(words.contains("approve 100.0 % becomes 0.0 %"), "{words}");

    let published = json(&run(&app, &["policy", "publish", "policy.toml", "--json"]), 0);
    assert_eq!(published["policy"]["version"], "strict");
    assert_eq!(app.officer().submit(&application()).await["decision"]["outcome"], "review");
    let policies = app.officer().get("/v1/policies").await.expect(200);
    assert_eq!(policies["data"].as_array().map(Vec::len), Some(2));
    write(&strict.replace("0.000001", "0.000002"));
    assert!(said(&run(&app, &["policy", "publish", "policy.toml"]), 1).contains("a version never changes"));
    write(&strict);
    assert!(said(&run(&app, &["policy", "publish", "policy.toml"]), 0).contains("nothing changed"));
    assert_eq!(app.finish().await, 3);
}
