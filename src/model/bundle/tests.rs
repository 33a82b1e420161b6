use super::*;
use crate::{
    domain::reason::ReasonCode,
    forest::{Forest, tree::SymmetricForest},
    model::tests::{example, example_file, example_rows},
};

fn parity() -> String {
    let model = example();
    example_rows().iter().map(|row| parity_line(&model, row)).collect()
}

#[test]
fn a_bundle_reads_back_as_it_was_written() {
    let bytes = model_json(&example_file());
    let model = Model::parse(&bytes, parity().as_bytes()).expect("a sound bundle");
    assert_eq!(model.identity().sha256, sha256_hex(&bytes));
    let read: ModelFile = serde_json::from_slice(&bytes).expect("a model file");
    assert_eq!(read, example_file());
    assert_eq!(model_json(&read), bytes);
}

#[test]
fn a_parity_line_is_readable_json() {
    insta::assert_snapshot!(parity_line(&example(), &example_rows()[1]));
}

/// The message with which a parity file is refused.
fn refused(parity: &str) -> String {
    Model::parse(&model_json(&example_file()), parity.as_bytes()).expect_err("refused").to_string()
}

#[test]
fn one_bit_of_difference_in_a_parity_vector_is_refused_with_its_line() {
    let model = example();
    let margin = model.margin(&example_rows()[1]);
    let (shown, next) = (margin.to_string(), f64::from_bits(margin.to_bits() + 1).to_string());
    assert_ne!(shown, next);
    let message = refused(&parity().replacen(&shown, &next, 1));
    assert!(message.contains("line 2") && message.contains("margin") && message.contains(&next), "{message}");
}

#[test]
fn a_parity_file_that_proves_nothing_is_refused() {
    let mut lines: Vec<String> = parity().lines().map(str::to_owned).collect();
    for faulty in ["", "\n", "{}", "null", "{\"features\":{}}"] {
        assert!(refused(faulty).contains("line 1"), "{faulty:?}");
    }
    lines[2] = lines[2].replace("\"duration\"", "\"duration_months\"");
    assert!(refused(&lines.join("\n")).contains("line 3: there is no `duration`"));
    lines[2] = lines[1].replace("\"large\"", "\"huge\"");
    assert!(refused(&lines.join("\n")).contains("line 3: `account` is not a value of that feature"));
}

#[test]
fn any_changed_byte_of_model_json_is_refused_or_names_another_model() {
    let bytes = model_json(&example_file());
    let parity = parity();
    let original = sha256_hex(&bytes);
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        // No panic, and never the same identity.
        if let Ok(model) = Model::parse(&changed, parity.as_bytes()) {
            assert_ne!(model.identity().sha256, original, "byte {place}");
        }
    }
}

/// The message with which a changed model file is refused.
fn refused_file(change: impl FnOnce(&mut ModelFile)) -> String {
    let mut file = example_file();
    change(&mut file);
    Model::without_parity(&model_json(&file)).expect_err("refused").to_string()
}

fn symmetric(file: &mut ModelFile) -> &mut SymmetricForest {
    match &mut file.forest {
        Forest::Symmetric(forest) => forest,
        Forest::General(_) => panic!("the example's trees are symmetric"),
    }
}

type Change = fn(&mut ModelFile);

#[test]
fn a_model_file_that_does_not_fit_together_is_refused() {
    let cases: [(&str, Change); 17] = [
        ("format 2", |f| f.format = 2),
        ("the name must have", |f| f.name = "../up".to_owned()),
        ("the version must have", |f| f.version = String::new()),
        ("has no `reason`", |f| f.schema.features[0].reason = None),
        ("the reason EX-PHONE has no text", |f| drop(f.reasons.remove(&ReasonCode::new("EX-PHONE").expect("a code")))),
        ("no feature has that reason", |f| {
            drop(f.reasons.insert(ReasonCode::new("XX-1").expect("a code"), "x".into()));
        }),
        ("`encodings` must name", |f| f.encodings.clear()),
        ("one statistic for each category", |f| f.encodings[0].statistics.truncate(1)),
        ("`training_ranges` must name", |f| f.training_ranges.swap(0, 1)),
        ("least and a greatest", |f| f.training_ranges[0].range = Some([2.0, 1.0])),
        ("lists a category that the schema does not", |f| f.training_ranges[1].categories.push("huge".to_owned())),
        ("the forest reads 4 features", |f| symmetric(f).features = 4),
        ("tree 0: it asks about a feature that does not exist", |f| symmetric(f).trees[0].splits[0].feature = 3),
        ("tree 1: a tree of d questions", |f| symmetric(f).trees[1].leaf_covers.truncate(1)),
        ("tree 1: a leaf cover is not", |f| symmetric(f).trees[1].leaf_covers[0] = -1.0),
        ("could exceed 1000 log-odds", |f| symmetric(f).bias = 1e6),
        ("could exceed 1000 log-odds", |f| {
            f.calibration = serde_json::from_str(r#"{"slope":1e6,"intercept":0}"#).expect("valid");
        }),
    ];
    for (expected, change) in cases {
        let message = refused_file(change);
        assert!(message.contains(expected), "no \"{expected}\" in {message}");
    }
}

#[test]
fn a_tree_that_is_too_deep_is_refused_before_anything_is_built() {
    let message = refused_file(|file| {
        let tree = &mut symmetric(file).trees[0];
        tree.splits = vec![tree.splits[0]; 60];
    });
    assert!(message.contains("tree 0: it is deeper than the 12 levels"), "{message}");
}

#[test]
fn text_that_is_no_model_is_refused() {
    for text in ["", "{}", "[]", "null", &"[".repeat(10_000), "{\"format\": 1}", "{\"format\": 1e400}"] {
        assert!(Model::without_parity(text.as_bytes()).is_err(), "{text:.20}");
    }
}

#[test]
fn sums_name_the_file_that_is_not_the_one_written() {
    let files: [(&str, &[u8]); 2] = [("model.json", b"a"), ("card.md", b"b")];
    let sums = sums(&files);
    assert!(sums.starts_with("ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb  model.json\n"));
    assert!(check_sums(&sums, &files).is_ok());
    let message = |files: &[(&str, &[u8])], sums: &str| check_sums(sums, files).expect_err("refused").to_string();
    assert!(message(&[("model.json", b"a"), ("card.md", b"c")], &sums).contains("card.md is not the file"));
    assert!(message(&files[..1], &sums).contains("card.md is listed and is not there"));
    assert!(message(&[files[0], files[1], ("extra", b"")], &sums).contains("extra is not listed"));
    assert!(message(&files, "nonsense").contains("two spaces"));
    assert!(message(&files, &format!("{sums}{sums}")).contains("listed twice"));
}

#[test]
fn a_file_of_a_thousand_faults_is_refused_in_few_words() {
    let message = refused_file(|file| {
        let mut tree = symmetric(file).trees[0].clone();
        tree.leaf_values[0] = f64::MAX;
        tree.leaf_covers.clear();
        symmetric(file).trees = vec![tree; 1_000];
    });
    assert_eq!(message.lines().count(), 22, "{message}");
    assert!(message.ends_with("and 980 more"), "{message}");
}

#[test]
fn a_model_of_our_own_brings_a_sample_of_what_it_was_tested_on_and_another_none() {
    let rows = tested_on(&example(), parity().as_bytes());
    // All but the one of which nothing is known.
    assert_eq!(rows.len(), example_rows().len() - 1);
    assert_eq!(rows[1].values(), example_rows()[1].values());
    let mut file = example_file();
    file.provenance.trained_by = "XGBoost 3.2.0; imported by underwright 0.1.0".to_owned();
    let imported = Model::without_parity(&model_json(&file)).expect("sound");
    assert!(tested_on(&imported, parity().as_bytes()).is_empty());
}
