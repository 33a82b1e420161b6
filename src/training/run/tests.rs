use std::{fmt::Write, fs, path::Path};

use proptest::prelude::*;

mod hostile;

use super::*;
use crate::{
    model::population::TestPart,
    training::evaluation::{self, Part, Request},
};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

fn german_schema(edit: impl Fn(&str) -> String) -> SchemaFile {
    let text = fs::read_to_string(fixture("german_credit.toml")).expect("the fixture");
    SchemaFile::parse(&edit(&text)).expect("a schema")
}

fn train_german(edit: impl Fn(&str) -> String) -> Trained {
    train(&german_schema(edit), &[fixture("german_credit.csv")], |_| ()).expect("trains")
}

/// Quick: a test of the machinery needs no more trees.
fn quick(text: &str) -> String {
    text.replace("[card]", "[training]\ntrees = 30\nseeds = 2\n[card]")
}

fn model_of(trained: &Trained) -> Model {
    Model::parse(&trained.model_json, &trained.parity_jsonl).expect("loads")
}

#[test]
fn german_credit_trains_end_to_end_and_ranks_unseen_credits() {
    let trained = train_german(str::to_owned);
    let Summary { metrics, inner, benchmarks, warnings, .. } = &trained.summary;
    assert!(metrics.auc.expect("both outcomes") > 0.75, "{metrics:?}");
    assert!(inner.metrics.auc.expect("both outcomes") > 0.75, "{inner:?}");
    let slope = inner.cross_calibrated.expect("a line").slope;
    assert!((0.9..1.1).contains(&slope), "{slope}");
    assert_eq!(benchmarks.len(), 2);
    assert_eq!(metrics.rows + trained.summary.train_rows, 1000);
    assert!(warnings.iter().any(|warning| warning.contains("bad loans")), "{warnings:?}");
    assert!(trained.card_md.contains("german-credit") && trained.report_html.contains("<svg"));
    assert_eq!(trained.parity_jsonl.split_inclusive(|&byte| byte == b'\n').count(), PARITY_VECTORS);
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let bytes = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let trained = pool.install(|| train_german(quick));
        (trained.model_json, trained.parity_jsonl, trained.card_md, trained.report_html)
    };
    let one = bytes(1);
    for threads in [2, 8] {
        assert!(bytes(threads) == one, "{threads} threads differ");
    }
}

#[test]
fn the_second_engine_makes_a_bundle_like_any_other() {
    let free = |text: &str| {
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("monotone")).collect();
        lines.join("\n").replace("[card]", "[training]\nengine = \"smartcore\"\ntrees = 30\nseeds = 2\n[card]")
    };
    let trained = train_german(free);
    assert!(trained.summary.metrics.auc.expect("both outcomes") > 0.74, "{:?}", trained.summary.metrics);
    // Loading computes the parity vectors again, and that contributions and baseline sum to the margin.
    let model = model_of(&trained);
    assert_eq!(model.provenance().trained_by, "underwright 0.1.0 with trees of smartcore 0.7.0");
    assert!(trained.card_md.contains("regression trees") && trained.report_html.contains("regression trees"));
    let again = train_german(free);
    assert_eq!((again.model_json, again.parity_jsonl), (trained.model_json, trained.parity_jsonl));
}

#[test]
fn the_second_engine_refuses_directions_that_it_would_not_keep() {
    let schema = german_schema(|text| text.replace("[card]", "[training]\nengine = \"smartcore\"\n[card]"));
    let message = train(&schema, &[fixture("german_credit.csv")], |_| ()).expect_err("refused").to_string();
    let expected = "declares one for `duration_months`, `employment_years`, `instalment_percent`; leave `engine` out";
    assert!(message.contains(expected), "{message}");
    let unknown = fs::read_to_string(fixture("german_credit.toml")).expect("the fixture");
    let unknown = SchemaFile::parse(&unknown.replace("[card]", "[training]\nengine = \"prophet\"\n[card]"));
    assert!(unknown.expect_err("unknown").to_string().contains("expected `underwright` or `smartcore`"));
}

#[test]
fn another_seed_gives_another_model() {
    let other = train_german(|text| quick(text).replace("seeds = 2", "seeds = 2\nseed = 9"));
    assert_ne!(other.model_json, train_german(quick).model_json);
}

#[test]
fn evaluating_the_training_file_gives_the_figures_of_the_test_part() {
    let trained = train_german(quick);
    let model = model_of(&trained);
    let population = model.provenance().population.as_ref().expect("recorded");
    let request = Request { model: &model, population, all_rows: false, by: Some("housing") };
    let evaluation = evaluation::evaluate(request, &[fixture("german_credit.csv")]).expect("evaluates");
    assert_eq!(evaluation.part, Part::Test);
    assert_eq!(evaluation.metrics, trained.summary.metrics);
    let rows: usize = evaluation.segments.iter().map(|segment| segment.metrics.rows).sum();
    assert_eq!(rows, evaluation.metrics.rows);

    let all = evaluation::evaluate(Request { all_rows: true, ..request }, &[fixture("german_credit.csv")]);
    assert_eq!(all.expect("evaluates").metrics.rows, 1000);
}

#[test]
fn a_file_that_the_model_has_not_seen_is_evaluated_whole_and_unseen_categories_are_counted() {
    let model = model_of(&train_german(quick));
    let population = model.provenance().population.as_ref().expect("recorded");
    let folder = tempfile::tempdir().expect("a folder");
    let other = folder.path().join("other.csv");
    let text = fs::read_to_string(fixture("german_credit.csv")).expect("the fixture");
    fs::write(&other, text.replacen("radio/television", "moon landing", 1)).expect("written");
    let request = Request { model: &model, population, all_rows: false, by: Some("credit_amount") };
    let evaluation = evaluation::evaluate(request, &[other]).expect("evaluates");
    assert_eq!((evaluation.part, evaluation.metrics.rows, evaluation.unseen_category_rows), (Part::All, 1000, 1));
    assert_eq!(evaluation.segments.iter().map(|segment| segment.metrics.rows).sum::<usize>(), 1000);
    assert_eq!(evaluation.segments.len(), 4);
}

#[test]
fn the_split_of_the_fixture_is_the_one_its_readme_tells() {
    let split = german_schema(str::to_owned).population.split;
    assert_eq!(split.test, TestPart::Share { share: 0.2, seed: 7 });
}

/// Rows of a made-up product: risk rises with `a`, falls with `b`, and missing values carry risk.
fn made_up(rows: &[(f64, f64, u8)]) -> String {
    let mut text = "a,b,c,bad,when\n".to_owned();
    for (index, &(a, b, noise)) in rows.iter().enumerate() {
        let missing = noise % 5 == 0;
        let bad = a - b + f64::from(noise) / 64.0 - 2.0 + if missing { 1.0 } else { 0.0 } > 0.0;
        let a = if missing { String::new() } else { format!("{a:.2}") };
        let class = ["x", "y", "z"][index % 3];
        let _ = writeln!(text, "{a},{b:.2},{class},{},2020-{:02}-01", u8::from(bad), index * 12 / rows.len() + 1);
    }
    text
}

const MADE_UP: &str = r#"
name = "made-up"
[target]
column = "bad"
positive = ["1"]
[split]
time_column = "when"
test_from = "2020-11-01"
[training]
trees = 25
depth = 5
l2 = 0.1
min_hessian = 0.0
rate = 0.3
[[feature]]
name = "a"
column = "a"
source = "/attributes/a"
monotone = "increasing"
reason = "XX-A"
[[feature]]
name = "b"
column = "b"
source = "/attributes/b"
monotone = "decreasing"
reason = "XX-B"
[[feature]]
name = "ratio_ab"
derive = "ratio(a, b)"
reason = "XX-AB"
[[feature]]
name = "c"
column = "c"
source = "/attributes/c"
kind = "category"
reason = "XX-C"
"#;

fn train_text(schema: &str, text: &str) -> Result<Trained, TrainError> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("loans.csv");
    fs::write(&path, text).expect("written");
    train(&SchemaFile::parse(schema).expect("a schema"), &[path], |_| ())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn a_monotone_feature_never_moves_risk_the_wrong_way(
        rows in prop::collection::vec((0.0..3.0, 0.0..3.0, any::<u8>()), 200..400),
        probes in prop::collection::vec((0.0..3.0, 0.0..3.0, 0.0..3.0, prop_oneof![Just(f64::NAN), 0.0..5.0], 0_u8..4), 200),
    ) {
        // Too one-sided a sample is refused, which another test covers.
        if let Ok(trained) = train_text(MADE_UP, &made_up(&rows)) {
            let model = model_of(&trained);
            let margin = |a: f64, b: f64, ratio: f64, c: u8| {
                model.margin(&FeatureVector::new(vec![a, b, ratio, f64::from(c)]))
            };
            for (one, other, fixed, ratio, c) in probes {
                let (low, high) = if one < other { (one, other) } else { (other, one) };
                prop_assert!(margin(low, fixed, ratio, c) <= margin(high, fixed, ratio, c), "a: {low} {high}");
                prop_assert!(margin(f64::NAN, low, ratio, c) >= margin(f64::NAN, high, ratio, c), "b: {low} {high}");
            }
        }
    }
}

fn steady_rows() -> Vec<(f64, f64, u8)> {
    let noise = (0..=u8::MAX).cycle().step_by(101);
    (0..600_u32)
        .zip(noise)
        .map(|(i, noise)| (f64::from(i * 37 % 300) / 100.0, f64::from(i * 71 % 300) / 100.0, noise))
        .collect()
}

#[test]
fn a_missing_value_is_learnt_from_as_its_own_case() {
    let model = model_of(&train_text(MADE_UP, &made_up(&steady_rows())).expect("trains"));
    let margin = |a: f64| model.margin(&FeatureVector::new(vec![a, 1.5, f64::NAN, 0.0]));
    // Missing rows are riskier than known ones with a middling value.
    assert!(margin(f64::NAN) > margin(1.0), "{} {}", margin(f64::NAN), margin(1.0));
}

#[test]
fn a_test_category_that_training_never_saw_takes_the_prior_and_is_said() {
    let text = made_up(&steady_rows());
    let last = text.trim_end().rfind('\n').expect("lines") + 1;
    let changed = format!("{}{}", &text[..last], text[last..].replacen(",z,", ",new,", 1));
    assert_ne!(changed, text);
    let trained = train_text(MADE_UP, &changed).expect("trains");
    assert!(trained.summary.warnings.iter().any(|warning| warning.contains("`c`: 1 test rows")));
}

#[test]
fn what_cannot_be_trained_on_says_why_and_what_to_do() {
    let good = made_up(&steady_rows());
    let line = |index: usize, with: &str| {
        let mut lines: Vec<&str> = good.lines().collect();
        lines[index] = with;
        lines.join("\n")
    };
    let cases = [
        (String::new(), "is empty; a data file has a line of column names"),
        ("a,b,c,bad,when\n".to_owned(), "has column names but no rows"),
        ("a,b,c,bad,when\n1,1,,0,2020-01-01\n".to_owned(), "too few loans: 1 to use in "),
        (
            good.replace(",1,2020", ",0,2020").replace(",x,", ",,").replace(",y,", ",,").replace(",z,", ",,"),
            "0 bad and",
        ),
        (good.replacen("a,b,c", "a,x,c", 1), "has no column `b`; it has a, x, c, bad, when"),
        (good.replace('\n', ",9\n").replacen(",9\n", ",a\n", 1), "has two columns named `a`"),
        (good.replace(",1,2020", ",0,2020"), "0 bad and 500 good loans"),
        (good.replace(",1,2020", ",yes,2020"), "the column says \"yes\""),
        (line(4, "1.2,much,x,0,2020-01-01"), "line 5: column `b`: must be a number"),
        (line(4, "inf,1.0,x,0,2020-01-01"), "line 5: column `a`: must be a finite number"),
        (line(4, "1.0,1.0,x,,2020-01-01"), "line 5: column `bad` is empty, but every loan needs an outcome"),
        (line(4, "1.0,1.0,x,0,January"), "line 5: column `when`: must be a date such as"),
        (line(4, "1.0,1.0,x"), "line 5: has 3 cells"),
        (good.replace(",2020-", ",2019-"), "no row is left to test on"),
    ];
    for (text, expected) in cases {
        let message = train_text(MADE_UP, &text).expect_err(expected).to_string();
        assert!(message.contains(expected), "{message}\n should say: {expected}");
    }
}

#[test]
fn a_schema_that_the_data_does_not_fit_says_so() {
    let text = made_up(&steady_rows());
    let message = |schema: &str| train_text(schema, &text).expect_err("refused").to_string();
    let listed = MADE_UP.replace("kind = \"category\"", "kind = \"category\"\ncategories = [\"x\", \"y\"]");
    assert!(message(&listed).contains("column `c`: must be one of x, y"), "{}", message(&listed));
    let filtered = MADE_UP.replace("[training]", "filter = { c = [\"w\"] }\n[training]");
    assert!(message(&filtered).contains("passes the filter"), "{}", message(&filtered));
    let unmapped = MADE_UP.replace("reason = \"XX-A\"", "").replace("reason = \"XX-B\"", "");
    assert!(message(&unmapped).contains("`a`: has no `reason`") && message(&unmapped).contains("`b`: has no `reason`"));
    let deep = MADE_UP.replace("depth = 5", "depth = 9");
    assert_eq!(message(&deep), "[training] depth must be from 1 to 8");
    let late = MADE_UP.replace("[training]", "inner_from = \"2020-10-31\"\n[training]");
    assert!(message(&late).contains("the inner split leaves"), "{}", message(&late));
}

#[test]
fn a_column_that_says_nothing_is_kept_and_said() {
    let text: String = made_up(&steady_rows())
        .lines()
        .enumerate()
        .map(|(index, line)| line.to_owned() + if index == 0 { ",flat,void\n" } else { ",7,\n" })
        .collect();
    let feature = |name: &str| {
        format!(
            "[[feature]]\nname = \"{name}\"\ncolumn = \"{name}\"\nsource = \"/attributes/{name}\"\nreason = \"XX-F\"\n"
        )
    };
    let schema = MADE_UP.to_owned() + &feature("flat") + &feature("void");
    let trained = train_text(&schema, &text).expect("trains");
    let said = trained.summary.warnings.join("\n");
    assert!(said.contains("`flat` has one value") && said.contains("`void` is missing in every row"), "{said}");
    assert_eq!(model_of(&trained).schema().features.len(), 6);
}

#[test]
fn several_values_that_count_as_good_are_said_without_naming_them() {
    let text = made_up(&steady_rows()).replace(",0,2020-03", ",late,2020-03").replace(",0,2020-04", ",open,2020-04");
    let said = train_text(MADE_UP, &text).expect("trains").summary.warnings.join("\n");
    assert!(said.contains("column `bad` has 3 different values") && !said.contains("late"), "{said}");
    let said = train_text(MADE_UP, &made_up(&steady_rows())).expect("trains").summary.warnings.join("\n");
    assert!(!said.contains("different values"), "{said}");
}

#[test]
fn the_filter_leaves_rows_out_of_both_parts() {
    let schema = MADE_UP.replace("[training]", "filter = { c = [\"x\", \"y\"] }\n[training]");
    let trained = train_text(&schema, &made_up(&steady_rows())).expect("trains");
    assert_eq!(trained.summary.train_rows + trained.summary.metrics.rows, 400);
}
