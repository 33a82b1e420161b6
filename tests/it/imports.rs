//! A model that another library trained: from its file to a decision in the audit log.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use flate2::read::GzDecoder;
use rstest::rstest;
use serde_json::json;
use underwright::service::models::LoadedModel;

use crate::app::{Options, TestApp, application, model::POLICY};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/imported").join(name)
}

/// Puts a fixture into `home`, without its compression.
fn unpacked(home: &Path, name: &str) -> PathBuf {
    let path = home.join(name);
    let mut packed = GzDecoder::new(File::open(fixture(&format!("{name}.gz"))).expect("a fixture"));
    io::copy(&mut packed, &mut File::create(&path).expect("a file")).expect("unpacked");
    path
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_underwright")).args(arguments).output().expect("the program runs")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path that is text")
}

/// Imports a fixture for the product of the tests' policy.
fn import(home: &Path, library: &str, name: &str) -> PathBuf {
    let schema = fs::read_to_string(fixture("german.toml")).expect("the schema");
    let schema = schema.replacen("name = \"german-imported\"", "name = \"personal-loan\"\nversion = \"2\"", 1);
    let (model, schema_path, out) = (unpacked(home, name), home.join("schema.toml"), home.join("bundle"));
    fs::write(&schema_path, schema).expect("written");
    let arguments = ["import", "--from", library, "--file", text(&model), "--schema", text(&schema_path), "--out"];
    let output = run(&[&arguments[..], &[text(&out), "--json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(summary["model"]["version"], "2");
    out
}

/// What the library says of the first row: the margin, and the contribution of each column.
fn first_expected(name: &str) -> Vec<f64> {
    let home = tempfile::tempdir().expect("a folder");
    let lines = fs::read_to_string(unpacked(home.path(), &format!("{name}.expected.csv"))).expect("text");
    lines.lines().nth(1).expect("a row").split(',').map(|cell| cell.parse().expect("a number")).collect()
}

#[rstest]
#[case::xgboost("xgboost", "xgboost-categorical", "ubj", "XGBoost 3.2.0")]
#[case::lightgbm("lightgbm", "lightgbm-categorical", "txt", "LightGBM")]
#[case::catboost("catboost", "catboost-onehot", "json", "CatBoost")]
#[tokio::test(flavor = "multi_thread")]
async fn an_imported_model_decides_explains_is_audited_and_replayed_like_a_native_one(
    #[case] library: &str,
    #[case] name: &str,
    #[case] form: &str,
    #[case] on_the_card: &str,
) {
    let home = tempfile::tempdir().expect("a folder");
    let bundle = import(home.path(), library, &format!("{name}.{form}"));
    let loaded = LoadedModel::from_directory(&bundle).unwrap_or_else(|error| panic!("{error}"));
    let app = TestApp::spawn_with(Options { model: Some(loaded), ..Options::default() }).await;
    // The first of the rows that the library was asked about.
    let mut body = application();
    body["attributes"] = json!({
        "duration_months": null, "credit_amount": 1180.79, "instalment_percent": 4, "other_credits": 1,
        "checking_account": "overdrawn", "purpose": "radio/television", "savings": "unknown_or_none", "housing": "own",
    });
    let decided = app.officer().submit(&body).await;
    assert_eq!(decided["decision"]["model"]["version"], "2");
    let id = decided["id"].as_str().expect("an id");
    let explained = app.officer().get(&format!("/v1/applications/{id}/explanation")).await.expect(200);
    let expected = first_expected(name);
    let number = |value: &serde_json::Value| value.as_f64().expect("a number");
    assert!((number(&explained["margin"]) - expected[0]).abs() < 1e-6, "{explained}");
    let contributions = explained["contributions"].as_array().expect("a list");
    let sum: f64 = contributions.iter().map(|c| number(&c["contribution"])).sum();
    assert!((number(&explained["baseline"]) + sum - number(&explained["margin"])).abs() < 1e-9);
    let shown = app.officer().get("/v1/models/personal-loan/2").await.expect(200);
    assert!(shown["card"].as_str().is_some_and(|card| card.contains(on_the_card)), "{shown}");
    // Every decision comes out again to the bit, by the model as it is kept in the database.
    let url = app.store.url();
    let output = run(&["audit", "replay", "--json", "--database-url", &url]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&report["repeated"], &report["decisions"]), (&json!(true), &json!(1)), "{report}");
    // The log is verified.
    assert_eq!(app.finish().await, 1);
}

#[test]
fn an_imported_model_scores_a_file_as_its_library_does() {
    let home = tempfile::tempdir().expect("a folder");
    let bundle = import(home.path(), "lightgbm", "lightgbm-categorical.txt");
    let (rows, policy, scores) =
        (unpacked(home.path(), "rows.csv"), home.path().join("policy.toml"), home.path().join("scores.csv"));
    fs::write(&policy, POLICY).expect("written");
    let arguments = ["score", "--model", text(&bundle), "--policy", text(&policy), "--input", text(&rows), "--output"];
    let output = run(&[&arguments[..], &[text(&scores), "--explain", "all"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut scored = csv::Reader::from_path(&scores).expect("scores");
    let margin = scored.headers().expect("a header").iter().position(|name| name == "margin").expect("a margin");
    let first = scored.records().next().expect("a row").expect("a row");
    let expected = first_expected("lightgbm-categorical");
    assert!((first[margin].parse::<f64>().expect("a number") - expected[0]).abs() < 1e-9);
    assert_eq!(scored.records().count(), 999);
}

#[test]
fn a_model_that_cannot_be_imported_is_refused_in_one_line_and_leaves_nothing() {
    let home = tempfile::tempdir().expect("a folder");
    let (model, out) = (unpacked(home.path(), "refused-catboost-ctr.json"), home.path().join("bundle"));
    let schema = fixture("german.toml");
    let arguments = ["import", "--from", "catboost", "--file", text(&model), "--schema", text(&schema), "--out"];
    let output = run(&[&arguments[..], &[text(&out)]].concat());
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("one_hot_max_size") && !out.exists(), "{said}");
}
