//! A small model that uses everything, for the tests of this layer and of those below it.

use super::{
    file::{DataFile, Encoding, TrainingRange},
    *,
};
use crate::forest::{
    Forest,
    tree::{Split, SymmetricForest, SymmetricTree},
};

const SCHEMA: &str = r#"
name = "example"
[[feature]]
name = "duration"
column = "duration"
source = "/attributes/duration"
monotone = "increasing"
reason = "UW-TERM"
[[feature]]
name = "account"
label = "Current account"
column = "account"
source = "/attributes/account"
kind = "category"
categories = ["none", "small", "large"]
reason = "EX-ACCOUNT"
[[feature]]
name = "phone"
column = "phone"
source = "/attributes/phone"
kind = "boolean"
reason = "EX-PHONE"
"#;

/// A model file without a fault.
pub(crate) fn example_file() -> ModelFile {
    let schema: Schema = toml::from_str(SCHEMA).expect("a schema");
    let split = |feature, threshold, missing_above| Split { feature, threshold, missing_above };
    let trees = vec![
        SymmetricTree {
            splits: vec![split(0, 12.5, true), split(1, 0.28, false)],
            leaf_values: vec![-0.4, 0.1, -0.1, 0.5],
            leaf_covers: vec![40.0, 25.0, 20.0, 15.0],
        },
        SymmetricTree {
            splits: vec![split(2, 0.5, false)],
            leaf_values: vec![0.05, -0.15],
            leaf_covers: vec![60.0, 40.0],
        },
    ];
    let training_range = |feature: &str, range, categories: &[&str], missing| TrainingRange {
        feature: feature.to_owned(),
        range,
        categories: categories.iter().map(|category| (*category).to_owned()).collect(),
        missing,
    };
    ModelFile {
        format: FORMAT,
        name: "example".to_owned(),
        version: "1".to_owned(),
        reasons: reasons::resolve(&schema, &std::collections::BTreeMap::new()),
        schema,
        encodings: vec![Encoding { feature: "account".to_owned(), prior: 0.3, statistics: vec![0.45, 0.25, 0.1] }],
        forest: Forest::Symmetric(SymmetricForest { features: 3, bias: -0.8, trees }),
        calibration: Calibration::new(1.1, -0.05).expect("a slope above 0"),
        training_ranges: vec![
            training_range("duration", Some([4.0, 72.0]), &[], false),
            training_range("account", None, &["none", "small"], true),
            training_range("phone", Some([0.0, 1.0]), &[], true),
        ],
        provenance: Provenance {
            data: vec![DataFile {
                name: "example.csv".to_owned(),
                sha256: "0".repeat(64),
                content_sha256: "0".repeat(64),
                rows: 100,
            }],
            train_rows: 80,
            test_rows: 20,
            bad_rate: 0.3,
            seed: 7,
            trained_by: "underwright 0.1.0".to_owned(),
            split: "a random fifth is the test part".to_owned(),
            ..Provenance::default()
        },
    }
}

/// The model of [`example_file`].
pub(crate) fn example() -> Model {
    Model::without_parity(&bundle::model_json(&example_file())).expect("a sound model")
}

/// Applicants that reach every kind of value.
pub(crate) fn example_rows() -> Vec<FeatureVector> {
    [[24.0, 0.0, 1.0], [6.0, 2.0, 0.0], [f64::NAN, f64::NAN, f64::NAN], [80.0, 3.0, 1.0]].map(FeatureVector::new).into()
}

#[test]
fn an_assessment_follows_the_definition() {
    let model = example();
    let assessment = model.assess(&example_rows()[0]);
    // Duration above 12.5, account "none" with statistic 0.45 above 0.28; phone above 0.5.
    let expected = (-0.8 * 1.1 - 0.05) + 0.5 * 1.1 - 0.15 * 1.1;
    assert!((assessment.margin - expected).abs() < 1e-12);
    assert_eq!(assessment.default_probability, Probability::from_margin(assessment.margin));
    let sum: f64 = assessment.contributions.iter().sum();
    assert!((assessment.baseline + sum - assessment.margin).abs() < ADDITIVITY_TOLERANCE);
    assert!(
        assessment.contributions[0] > 0.0 && assessment.contributions[1] > 0.0 && assessment.contributions[2] < 0.0
    );
}

#[test]
fn an_unseen_category_takes_the_prior_and_a_missing_one_the_missing_side() {
    let model = example();
    let margin = |account| model.margin(&FeatureVector::new([24.0, account, 0.0]));
    // The prior, 0.3, is above the threshold, as the statistic of "none" is.
    assert_eq!(margin(3.0), margin(0.0));
    // Missing answers "no", as the statistic of "large" does.
    assert_eq!(margin(f64::NAN), margin(2.0));
}

#[test]
fn margin_probability_and_assessment_agree_to_the_bit() {
    let model = example();
    let mut scratch = Scratch::default();
    for row in example_rows() {
        let assessment = model.assess_with(&row, &mut scratch);
        assert_eq!(assessment.margin.to_bits(), model.margin(&row).to_bits());
        assert_eq!(assessment.default_probability, model.probability_only(&row));
    }
}

#[test]
fn many_applicants_get_the_bits_that_each_gets_alone() {
    let model = example();
    for count in [0, 1, 30, 127, 128, 129, 300] {
        let rows: Vec<FeatureVector> = example_rows().into_iter().cycle().take(count).collect();
        let assessments = model.assess_all(&rows);
        let margins = model.margins(&rows);
        assert_eq!((assessments.len(), margins.len()), (count, count));
        for ((row, together), margin) in rows.iter().zip(&assessments).zip(margins) {
            let alone = model.assess(row);
            let bits = |of: &Assessment| -> Vec<u64> {
                let numbers = of.contributions.iter().chain([&of.margin, &of.baseline]);
                numbers.map(|number| number.to_bits()).collect()
            };
            assert_eq!(bits(together), bits(&alone));
            assert_eq!(margin.to_bits(), alone.margin.to_bits());
            assert_eq!(together.default_probability, alone.default_probability);
            assert_eq!(together.outside_training_range, alone.outside_training_range);
        }
    }
}

#[test]
fn a_value_outside_the_training_range_is_named() {
    let model = example();
    let outside: Vec<Vec<usize>> = example_rows().iter().map(|row| model.assess(row).outside_training_range).collect();
    // "large" never occurred; duration was never missing; 80 is above 72 and category 3 is unseen.
    assert_eq!(outside, [vec![], vec![1], vec![0], vec![0, 1]]);
    let at_the_ends = model.assess(&FeatureVector::new([72.0, 0.0, 0.0]));
    assert!(at_the_ends.outside_training_range.is_empty());
}

#[test]
fn features_have_labels_and_reasons() {
    let model = example();
    assert_eq!((0..3).map(|index| model.label_of(index)).collect::<Vec<_>>(), ["Duration", "Current account", "Phone"]);
    assert_eq!(model.reason_of(0).text, "Repayment term of the loan is long");
    assert_eq!(model.reason_of(1).code.as_str(), "EX-ACCOUNT");
    assert_eq!(model.reason_of(1).text, "Current account");
}

/// The example's schema on trees of any shape, which read the account's code, and of whose training nothing is known.
pub(crate) fn general_file() -> ModelFile {
    let forest = serde_json::json!({"features": 3, "bias": -0.8, "general_trees": [{
        "nodes": [
            {"feature": 1, "one_of": [0, 2], "missing": true, "no": 1, "yes": -1},
            {"feature": 0, "above": 12.5, "missing": false, "no": -2, "yes": -3},
        ],
        "leaf_values": [-0.4, 0.1, 0.5],
        "leaf_covers": [50, 25, 25],
    }]});
    let forest = serde_json::from_value(forest).expect("a forest");
    ModelFile { forest, encodings: Vec::new(), training_ranges: Vec::new(), ..example_file() }
}

#[test]
fn trees_of_any_shape_read_codes_and_are_explained_exactly() {
    let file = ModelFile { calibration: Calibration::IDENTITY, ..general_file() };
    let model = Model::without_parity(&bundle::model_json(&file)).expect("a sound model");
    let assess = |values: [f64; 3]| model.assess(&FeatureVector::new(values));
    // Accounts "none", "small", "large", an unseen one and a missing one.
    for (account, margin) in [(0.0, -1.2), (1.0, -0.3), (2.0, -1.2), (3.0, -0.3), (f64::NAN, -1.2)] {
        let assessment = assess([24.0, account, 0.0]);
        assert!((assessment.margin - margin).abs() < 1e-15);
        let sum: f64 = assessment.contributions.iter().sum();
        assert!((assessment.baseline + sum - margin).abs() < ADDITIVITY_TOLERANCE);
        assert!(assessment.outside_training_range.is_empty());
    }
    // The mean is -0.05; knowing the account alone gives 0.3, the duration alone 0.05.
    let assessment = assess([24.0, 1.0, 0.0]);
    let expected = [(0.05 + 0.05 + 0.5 - 0.3) / 2.0, (0.3 + 0.05 + 0.5 - 0.05) / 2.0, 0.0];
    for (contribution, expected) in assessment.contributions.iter().zip(expected) {
        assert!((contribution - expected).abs() < 1e-15, "{contribution}, not {expected}");
    }
}

#[test]
fn an_encoding_out_of_order_or_of_no_category_is_refused_for_any_trees() {
    let message = |encodings: &[&str]| {
        let encoding = |name: &&str| Encoding { feature: (*name).to_owned(), prior: 0.3, statistics: vec![0.1; 3] };
        let file = ModelFile { encodings: encodings.iter().map(encoding).collect(), ..general_file() };
        Model::without_parity(&bundle::model_json(&file)).err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert_eq!(message(&["account"]), "");
    assert!(message(&["account", "account"]).contains("`encodings` must name the category features"));
    assert!(message(&["duration"]).contains("`encodings` must name the category features"));
}
