mod hostile;

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use flate2::read::GzDecoder;
use rstest::rstest;

use super::{
    bundle::{Failure, Imported, Request, import},
    *,
};
use crate::{
    features::extract::{FeatureVector, UnseenCategory},
    forest::general::GeneralTree,
    model::{Model, file::ModelFile},
    training::{csv_rows, schema_file::SchemaFile},
};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/imported").join(name)
}

/// A fixture's content; they are compressed.
fn content(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let file = File::open(fixture(&format!("{name}.gz"))).unwrap_or_else(|error| panic!("{name}: {error}"));
    GzDecoder::new(file).read_to_end(&mut bytes).expect("a gzip file");
    bytes
}

fn schema() -> SchemaFile {
    SchemaFile::parse(&std::fs::read_to_string(fixture("german.toml")).expect("the schema")).expect("a schema")
}

fn library_of(name: &str) -> Library {
    match name.trim_start_matches("refused-").split('-').next() {
        Some("xgboost") => Library::XGBoost,
        Some("lightgbm") => Library::LightGbm,
        _ => Library::CatBoost,
    }
}

fn imported(library: Library, bytes: &[u8], schema: &SchemaFile) -> Result<Imported, Failure> {
    import(Request { library, options: Options::default(), file_name: "model", bytes, schema, data: &[] })
}

fn model_of(name: &str) -> (Model, Imported) {
    let imported =
        imported(library_of(name), &content(name), &schema()).unwrap_or_else(|error| panic!("{name}: {error}"));
    (Model::parse(&imported.model_json, &imported.parity_jsonl).expect("a sound bundle"), imported)
}

/// Every row of the data, as the model reads it.
fn rows(model: &Model) -> Vec<FeatureVector> {
    let extractor = model.extractor();
    let mut rows = Vec::new();
    csv_rows::read(&fixture("rows.csv.gz"), extractor.columns(), |row| {
        rows.push(extractor.from_row(|index| row.cell(index), UnseenCategory::Refuse).expect("a sound row"));
        Ok::<(), csv_rows::CsvError>(())
    })
    .expect("the rows");
    assert_eq!(rows.len(), 1_000);
    rows
}

/// What the library says of each row: the margin, then each of its columns by name, then the baseline.
fn expected(name: &str) -> (Vec<String>, Vec<Vec<f64>>) {
    let text = String::from_utf8(content(&format!("{name}.expected.csv"))).expect("text");
    let mut lines = text.lines();
    let columns = lines.next().expect("a header").split(',').map(str::to_owned).collect();
    let values = lines.map(|line| line.split(',').map(|cell| cell.parse().expect("a number")).collect()).collect();
    (columns, values)
}

#[rstest]
#[case("xgboost-numeric.json")]
#[case("xgboost-categorical.json")]
#[case("xgboost-categorical.ubj")]
#[case("xgboost-dart.ubj")]
#[case("xgboost-monotone.json")]
#[case("lightgbm-categorical.txt")]
#[case("lightgbm-zero.txt")]
#[case("lightgbm-none.txt")]
#[case("lightgbm-rf.txt")]
#[case("catboost-numeric.json")]
#[case("catboost-onehot.json")]
#[case("catboost-depthwise.json")]
fn margins_and_contributions_are_the_librarys_on_every_row(#[case] name: &str) {
    let (model, _) = model_of(name);
    let (columns, values) = expected(name.split('.').next().expect("a name"));
    let features = &model.schema().features;
    let (mut margin_error, mut contribution_error, mut compared) = (0.0_f64, 0.0_f64, 0);
    for (row, expected) in rows(&model).iter().zip(&values) {
        let assessment = model.assess(row);
        let sum: f64 = assessment.contributions.iter().sum();
        assert!((assessment.baseline + sum - assessment.margin).abs() < 1e-9);
        margin_error = margin_error.max((assessment.margin - expected[0]).abs());
        for (feature, ours) in features.iter().zip(&assessment.contributions) {
            let column = columns.iter().position(|column| Some(column) == feature.column.as_ref());
            // What the model does not know contributes nothing.
            let theirs = column.map_or(0.0, |column| expected[column]);
            // The greater of a number and NaN, which stands where nobody computed one, is the number.
            contribution_error = contribution_error.max((ours - theirs).abs());
            compared += usize::from(!theirs.is_nan());
        }
        let baseline = expected.last().expect("a baseline");
        contribution_error = contribution_error.max((assessment.baseline - baseline).abs());
    }
    assert!(
        margin_error < 1e-6 && contribution_error < 1e-5,
        "{name}: margins {margin_error:e}, contributions {contribution_error:e}"
    );
    assert_eq!(compared, if name.starts_with("catboost-depthwise") { 80 } else { 8_000 });
    println!("{name}: margins within {margin_error:.1e}, contributions within {contribution_error:.1e}");
}

/// XGBoost adds 32-bit floats; that, and nothing else, is what its margins differ by.
#[rstest]
#[case("xgboost-numeric.json")]
#[case("xgboost-categorical.ubj")]
fn the_same_leaves_added_in_32_bits_give_xgboosts_own_bits(#[case] name: &str) {
    let (model, imported) = model_of(name);
    let file: ModelFile = serde_json::from_slice(&imported.model_json).expect("a model");
    let Forest::General(forest) = file.forest else { panic!("trees of any shape") };
    let (_, values) = expected(name.split('.').next().expect("a name"));
    // Its formula for the margin of base_score 0.3, in 32 bits.
    let bias = -(1.0 / 0.3_f32 - 1.0).ln();
    for (row, expected) in rows(&model).iter().zip(&values) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "leaf values are 32-bit floats, and the digits tell such floats apart"
        )]
        let narrow = |value: f64| value as f32;
        let leaf = |tree: &GeneralTree| narrow(tree.leaf_values[tree.leaf_index(row.values())]);
        let margin = forest.trees.iter().fold(bias, |margin, tree| margin + leaf(tree));
        assert_eq!(margin.to_bits(), narrow(expected[0]).to_bits());
    }
}

#[test]
fn json_and_ubjson_of_one_model_are_the_same_model() {
    let read = |name| read(Library::XGBoost, &content(name), Options::default()).expect("sound");
    assert_eq!(read("xgboost-categorical.json"), read("xgboost-categorical.ubj"));
}

#[rstest]
#[case("refused-xgboost-linear.json", "the booster `gblinear` has no trees")]
#[case("refused-xgboost-multiclass.json", "the objective `multi:softprob` gives no probability")]
#[case("refused-xgboost-ranking.json", "the objective `rank:pairwise` gives no probability")]
#[case("refused-xgboost-squared.json", "train with binary:logistic")]
#[case("refused-lightgbm-linear.txt", "train with linear_tree=false")]
#[case("refused-lightgbm-multiclass.txt", "the objective `multiclass` gives no probability")]
#[case("refused-lightgbm-squared.txt", "the objective `regression` gives no probability")]
#[case("refused-catboost-ctr.json", "train with one_hot_max_size")]
fn a_model_of_a_kind_that_is_not_served_is_refused_by_its_name(#[case] name: &str, #[case] expected: &str) {
    let error = read(library_of(name), &content(name), Options::default()).expect_err(name);
    assert!(matches!(&error, ImportError::Refused(what) if what.contains(expected)), "{error}");
}

#[test]
fn a_direction_is_promised_only_when_every_tree_keeps_to_it() {
    use crate::features::schema::Monotone;

    let (constrained, imported) = model_of("xgboost-monotone.json");
    let directions: Vec<Monotone> = constrained.schema().features.iter().map(|feature| feature.monotone).collect();
    assert_eq!((directions[0], directions[2]), (Monotone::Increasing, Monotone::Increasing));
    assert!(imported.card_md.contains("`duration_months`: as it rises, risk never falls. Every tree keeps to that"));
    let (free, imported) = model_of("xgboost-numeric.json");
    assert!(free.schema().features.iter().all(|feature| feature.monotone.is_free()));
    let note = imported.summary.notes.iter().find(|note| note.contains("does not promise it")).expect("a note");
    assert!(note.contains("of 25 trees") && imported.card_md.contains(note), "{note}");
}

#[test]
fn early_stopping_ends_with_the_best_iteration_unless_all_trees_are_asked_for() {
    let text = String::from_utf8(content("xgboost-numeric.json")).expect("text");
    let stopped = text.replacen("\"attributes\":{}", "\"attributes\":{\"best_iteration\":\"9\"}", 1);
    assert_ne!(stopped, text);
    let trees = |text: &str, all_trees| {
        let model = read(Library::XGBoost, text.as_bytes(), Options { all_trees }).expect("sound");
        (model.forest.trees(), model.notes.len())
    };
    assert_eq!(trees(&stopped, false), (10, 1));
    assert_eq!(trees(&stopped, true), (25, 0));
    assert_eq!(trees(&text, false), (25, 0));
}

/// The message with which a schema is refused for a model.
fn mismatch(name: &str, from: &str, to: &str) -> String {
    let text = std::fs::read_to_string(fixture("german.toml")).expect("the schema");
    assert!(text.contains(from), "{from}");
    let schema = SchemaFile::parse(&text.replace(from, to)).expect("a schema");
    imported(library_of(name), &content(name), &schema).expect_err(to).to_string()
}

#[test]
fn a_schema_that_does_not_fit_says_what_is_missing() {
    let message = mismatch("xgboost-numeric.json", "column = \"credit_amount\"", "column = \"amount\"");
    assert!(message.contains("the model reads `credit_amount`, which is the `column` of no feature"), "{message}");
    let message = mismatch("xgboost-categorical.ubj", "\"retraining\",", "");
    assert!(message.contains("the category `retraining` of `purpose`"), "{message}");
    let message = mismatch("xgboost-numeric.json", "column = \"other_credits\"", "column = \"credit_amount\"");
    assert!(message.contains("two features of the schema read the column `credit_amount`"), "{message}");
    let message = mismatch("lightgbm-zero.txt", ", \"200_or_more\"]", "]");
    assert!(message.contains("`checking_account`"), "{message}");
}

#[test]
fn what_the_model_does_not_ask_about_contributes_nothing_and_is_said() {
    let (model, imported) = model_of("xgboost-numeric.json");
    assert!(imported.card_md.contains("asks nothing about `checking_account`, `purpose`, `savings`, `housing`"));
    let assessment = model.assess(&rows(&model)[0]);
    assert!(assessment.contributions[4..].iter().all(|contribution| *contribution == 0.0));
}

#[test]
fn data_teaches_ranges_and_figures() {
    let (schema, data) = (schema(), [fixture("rows.csv.gz")]);
    let bytes = content("catboost-onehot.json");
    let request = Request {
        library: Library::CatBoost,
        options: Options::default(),
        file_name: "model.json",
        bytes: &bytes,
        schema: &schema,
        data: &data,
    };
    let with_data = import(request).expect("imported");
    let model = Model::parse(&with_data.model_json, &with_data.parity_jsonl).expect("sound");
    assert!(with_data.summary.metrics.as_ref().and_then(|metrics| metrics.auc).expect("an AUC") > 0.8);
    let far = FeatureVector::new([1e9, 1e3, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(model.assess(&far).outside_training_range, [0]);
    let without = import(Request { data: &[], ..request }).expect("imported");
    let model = Model::parse(&without.model_json, &without.parity_jsonl).expect("sound");
    assert!(model.assess(&far).outside_training_range.is_empty());
    assert!(without.card_md.contains("are not known"));
    assert_eq!(import(Request { data: &[], ..request }).expect("again").model_json, without.model_json);
}

#[test]
fn duplicate_names_are_refused() {
    let text = String::from_utf8(content("xgboost-numeric.json")).expect("text");
    let doubled = text.replacen("\"credit_amount\"", "\"duration_in_month\"", 1);
    let error = imported(Library::XGBoost, doubled.as_bytes(), &schema()).expect_err("refused").to_string();
    assert!(error.contains("two features of the name `duration_in_month`"), "{error}");
}

#[test]
fn without_names_features_are_matched_by_their_places() {
    let text = String::from_utf8(content("lightgbm-none.txt")).expect("text");
    let names = "feature_names=duration_in_month credit_amount installment_rate other_credits";
    assert!(text.contains(names));
    let unnamed = text.replacen(names, "feature_names=Column_0 Column_1 Column_2 Column_3", 1);
    let error = imported(Library::LightGbm, unnamed.as_bytes(), &schema()).expect_err("refused").to_string();
    assert!(error.contains("4 features without names and the schema 8"), "{error}");
    let mut short = schema();
    short.schema.features.truncate(4);
    let by_place = imported(Library::LightGbm, unnamed.as_bytes(), &short).expect("imported");
    let by_name = imported(Library::LightGbm, text.as_bytes(), &short).expect("imported");
    let forest = |imported: &Imported| {
        let file: ModelFile = serde_json::from_slice(&imported.model_json).expect("a model");
        file.forest
    };
    assert_eq!(forest(&by_place), forest(&by_name));
}
