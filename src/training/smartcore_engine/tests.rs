use std::path::Path;

use super::*;
use crate::{
    model::population::InnerPart,
    training::{
        dataset,
        evaluate::{RocCurve, measure},
        fit, inner,
        parameters::Wanted,
        schema_file::SchemaFile,
    },
};

/// German Credit with all directions taken away, which this engine cannot keep; all but a few rows are training rows.
fn german() -> (SchemaFile, dataset::Dataset) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let text = std::fs::read_to_string(fixtures.join("german_credit.toml")).expect("the fixture");
    let free: Vec<&str> = text.lines().filter(|line| !line.starts_with("monotone")).collect();
    let schema =
        SchemaFile::parse(&free.join("\n").replace("test_share = 0.2", "test_share = 0.01")).expect("a schema");
    let data = dataset::load(&schema, &[fixtures.join("german_credit.csv")]).expect("the fixture");
    (schema, data)
}

/// The form in which smartcore 0.7 writes a fitted tree, which nothing but this test and the pinned version holds.
#[test]
fn a_fitted_tree_is_written_in_the_form_that_is_read() {
    let x = DenseMatrix::new(4, 1, vec![0_u8, 1, 2, 3], true).expect("a matrix");
    let parameters =
        DecisionTreeRegressorParameters { max_depth: Some(2), ..DecisionTreeRegressorParameters::default() };
    let tree: ByteRegressor =
        DecisionTreeRegressor::fit_with_weights(&x, &vec![1.0, 2.0, 5.0, 6.0], &[1.0; 4], parameters).expect("fits");
    let written = serde_json::to_value(&tree).expect("JSON");
    let leaf = |output: f64| {
        serde_json::json!({
            "output": output, "split_feature": 0, "split_value": null, "split_score": null, "true_child": null,
            "false_child": null
        })
    };
    let nodes = &written["tree_regressor"]["nodes"];
    assert_eq!((&nodes[1], &nodes[2], nodes.as_array().expect("a list").len()), (&leaf(1.5), &leaf(5.5), 3));
    let root = &nodes[0];
    assert_eq!((&root["split_value"], &root["true_child"], &root["false_child"]), (&1.5.into(), &1.into(), &2.into()));
}

#[test]
fn trees_about_bytes_and_trees_about_values_reach_the_same_leaves() {
    let (schema, data) = german();
    let wanted = Wanted { trees: Some(12), depth: Some(4), seeds: Some(2), ..Wanted::default() };
    let parameters = wanted.complete(data.train.len()).expect("in range");
    let plan = Plan { schema: &data.schema, parameters: &parameters };
    // Some values are taken away, so that the way of missing ones is tried too.
    let mut rows = data.train.clone();
    for (number, column) in rows.columns.iter_mut().enumerate() {
        let is_kept = |row: usize| row < number || !(row - number).is_multiple_of(11);
        *column = column.iter().enumerate().map(|(row, value)| if is_kept(row) { value } else { f64::NAN }).collect();
    }
    let prepared = Prepared::new(plan, &rows);
    let scored = prepared.scored(&rows);
    let mut booster = Booster::new(&prepared, &parameters, 3);
    for _ in 0..12 {
        let tree = booster.grow().expect("fits");
        let general = tree.to_general(&prepared.table, &scored, 1.0);
        let mut added = vec![0.0; rows.len()];
        tree.add_to(&mut added, &scored);
        for (row, added) in added.into_iter().enumerate() {
            let values: Vec<f64> = prepared
                .rates
                .iter()
                .zip(&rows.columns)
                .map(|(rates, column)| {
                    rates.as_ref().map_or(column.at(row), |rates| rates.encode(&[column.at(row)])[0])
                })
                .collect();
            let value = general.leaf_values[general.leaf_index(&values)];
            assert!((value - added).abs() < 1e-6, "row {row}: {value} is not {added}");
        }
        assert_eq!(general.leaf_covers.iter().sum::<f64>(), count(rows.len()));
    }
    assert_eq!(GeneralForest { features: 13, bias: 0.0, trees: vec![] }.faults(), Vec::<String>::new());
    assert_eq!(schema.training, Wanted::default());
}

#[test]
fn it_ranks_german_credit_as_well_as_our_own_engine_on_the_same_five_folds() {
    let (_, data) = german();
    // As many trees as both need; early stopping would save less than it tells.
    let wanted = Wanted { trees: Some(200), seeds: Some(1), early_stopping: Some(30), ..Wanted::default() };
    let parameters = wanted.complete(data.train.len()).expect("in range");
    let plan = Plan { schema: &data.schema, parameters: &parameters };
    let (folds, _) = inner::split(&InnerPart::Folds(5), &data.train, 1).expect("both outcomes");
    let auc = |fit: &InnerFit| {
        RocCurve::new(Outcomes { margins: &fit.margins, is_bad: &fit.is_bad }).auc().expect("both outcomes")
    };
    let ours = auc(&fit::fit_inner(plan, &data.train, &folds, |_| ()));
    let theirs = auc(&fit_inner(plan, &data.train, &folds, |_| ()).expect("fits"));
    assert!((ours - theirs).abs() < 0.005, "ours {ours:.4}, smartcore's {theirs:.4}");
}

#[test]
fn the_same_seed_gives_the_same_forest_on_any_number_of_threads() {
    let (_, data) = german();
    let wanted = Wanted { trees: Some(8), seeds: Some(3), ..Wanted::default() };
    let parameters = wanted.complete(data.train.len()).expect("in range");
    let plan = Plan { schema: &data.schema, parameters: &parameters };
    let forest = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| fit_final(plan, &data.train, 8, |_| ()).expect("fits"))
    };
    let one = forest(1);
    assert_eq!(one, forest(4));
    assert_eq!(one.forest.faults(), Vec::<String>::new());
    let margins: Vec<f64> = (0..data.train.len())
        .map(|row| {
            let values = one.rates.iter().zip(&data.train.columns);
            let values =
                values.map(|(rates, column)| rates.as_ref().map_or(column.at(row), |r| r.encode(&[column.at(row)])[0]));
            one.forest.margin(&values.collect::<Vec<f64>>())
        })
        .collect();
    assert!(measure(Outcomes { margins: &margins, is_bad: &data.train.is_bad }).auc.expect("both outcomes") > 0.75);
}
