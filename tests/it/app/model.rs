//! The model and the policy that tests decide with.

use std::path::Path;

use serde_json::json;
use underwright::{
    features::extract::FeatureVector,
    model::{Model, bundle},
    service::{
        models::LoadedModel,
        registry::{self, LoadedPolicy},
    },
    storage::{DatabaseUrl, Db, bundle_files::BundleFiles},
};

use super::TestApp;

/// Approves every probability, so that outcomes follow from the purpose alone, whatever model scores.
pub(crate) const POLICY: &str = r#"
name = "personal-loan"
version = "test"
cut_offs = { approve_below = 0.999998, decline_from = 0.999999 }
grade = [{ letter = "A", from_score = 600 }, { letter = "B", from_score = 550 }, { letter = "C" }]

[[rule]]
id = "medical-is-reviewed"
when = 'loan.purpose == "medical"'
then = "review"
reason = "UW-TEST-REVIEW"
text = "Medical loans are looked at by a person"

[[rule]]
id = "vacation-is-declined"
when = 'loan.purpose == "vacation"'
then = "decline"
reason = "UW-TEST-DECLINE"
text = "Loans for vacations are not made"
"#;

/// The shipped model when the repository has it, else a small one of the same name.
pub(crate) fn loaded() -> LoadedModel {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/personal-loan/1");
    if shipped.exists() {
        return LoadedModel::from_directory(&shipped).unwrap_or_else(|error| panic!("{error}"));
    }
    LoadedModel::from_files(small()).unwrap_or_else(|error| panic!("{error}"))
}

/// Keeps the small model as another version, as a promotion that was rolled back leaves it; it never was in force.
pub(crate) async fn keep_another(app: &TestApp, version: &str) {
    let BundleFiles { model_json, parity_jsonl, card_md, report_html } = small();
    let json = String::from_utf8(model_json).expect("text");
    let model_json = json.replace(r#""version":"1""#, &format!(r#""version":"{version}""#)).into_bytes();
    let card_md = format!("{card_md}\nA model for tests, with `<b>markup</b>` & **bold** words.\n");
    let files = BundleFiles { model_json, parity_jsonl, card_md, report_html };
    let model = LoadedModel::from_files(files).unwrap_or_else(|error| panic!("{error}"));
    let policy = LoadedPolicy::parse(POLICY).unwrap_or_else(|error| panic!("{error}"));
    let db = Db::open(&DatabaseUrl::parse(&app.store.url()).expect("an address")).await.expect("a database");
    registry::keep(&db, &model, &policy, app.clock.now()).await.expect("kept");
    db.close().await;
}

/// Four features and two trees, written by hand.
pub(crate) fn small() -> BundleFiles {
    let file = json!({
        "format": 1, "name": "personal-loan", "version": "1",
        "schema": {"name": "personal-loan", "currency": "USD", "feature": [
            {"name": "loan_amount", "source": "/loan/amount", "scale": 0.01, "column": "loan_amnt",
             "monotone": "increasing", "reason": "UW-TEST-AMOUNT"},
            {"name": "annual_income", "source": "/finances/annual_income", "scale": 0.01, "column": "annual_inc",
             "monotone": "decreasing", "reason": "UW-INCOME"},
            {"name": "revolving_utilization", "source": "/bureau/revolving_utilization", "column": "revol_util",
             "monotone": "increasing", "reason": "UW-REVOLVING-UTILIZATION"},
            {"name": "home_ownership", "source": "/finances/home_ownership", "column": "home_ownership",
             "kind": "category", "categories": ["mortgage", "none", "other", "own", "rent"],
             "reason": "UW-TEST-HOME"},
        ]},
        "reasons": {
            "UW-TEST-AMOUNT": "The amount asked for", "UW-INCOME": "Income",
            "UW-REVOLVING-UTILIZATION": "Proportion of balances to credit limits is too high",
            "UW-TEST-HOME": "Home ownership",
        },
        "encodings": [
            {"feature": "home_ownership", "prior": 0.15, "statistics": [0.1, 0.15, 0.2, 0.14, 0.18]},
        ],
        "forest": {"features": 4, "bias": -1.7, "trees": [
            {"splits": [{"feature": 2, "threshold": 0.4, "missing_above": true},
                        {"feature": 1, "threshold": 50_000.0, "missing_above": false}],
             "leaf_values": [0.1, 0.5, -0.3, 0.2], "leaf_covers": [20.0, 30.0, 30.0, 20.0]},
            {"splits": [{"feature": 0, "threshold": 10_000.0, "missing_above": false},
                        {"feature": 3, "threshold": 0.16, "missing_above": true}],
             "leaf_values": [-0.1, 0.1, 0.0, 0.3], "leaf_covers": [30.0, 20.0, 25.0, 25.0]},
        ]},
        "calibration": {"slope": 1.1, "intercept": -0.05},
        "training_ranges": [
            {"feature": "loan_amount", "range": [500.0, 40_000.0], "missing": false},
            {"feature": "annual_income", "range": [4_000.0, 6_000_000.0], "missing": false},
            {"feature": "revolving_utilization", "range": [0.0, 1.2], "missing": true},
            {"feature": "home_ownership", "categories": ["mortgage", "none", "other", "own", "rent"], "missing": false},
        ],
        "provenance": {"data": [], "train_rows": 100, "test_rows": 0, "bad_rate": 0.15, "seed": 7,
                       "trained_by": "hand", "split": "none", "parameters": {}, "metrics": {}},
    });
    let model_json = file.to_string().into_bytes();
    let model = Model::without_parity(&model_json).unwrap_or_else(|error| panic!("{error}"));
    let row = FeatureVector::new([12_000.0, 64_000.0, 0.431, 4.0]);
    BundleFiles {
        parity_jsonl: bundle::parity_line(&model, &row).into_bytes(),
        model_json,
        card_md: "# A model for tests\n".into(),
        report_html: None,
    }
}
