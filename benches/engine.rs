//! What one application costs on one core: reading, scoring, explaining, deciding; one alone, and one of a thousand.
//!
//! `cargo bench --bench engine`; the figures are kept in `docs/benchmarks.md`.
//!
//! The group `engine` is measured on a made-up forest of 300 trees of depth 6, or on a bundle and a file of rows that
//! `UNDERWRIGHT_BENCH_MODEL` and `UNDERWRIGHT_BENCH_ROWS` name: so `benches/peers/engine/explain.py` measures us on
//! the model and the rows of its peers.

use std::{collections::BTreeMap, env, hint::black_box, path::Path, sync::Arc, time::Duration};

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::json;
use underwright::{
    decide::pipeline::Decider,
    domain::{application::Application, canonical::canonical, id::DecisionId, intake, timestamp::Timestamp},
    features::{
        extract::{FeatureVector, UnseenCategory},
        schema::{Feature, Kind, Schema},
    },
    forest::Forest,
    forest::tree::{Split, SymmetricForest, SymmetricTree},
    http::api::document::example_application,
    model::{
        Model, Scratch, bundle,
        calibration::Calibration,
        file::{FORMAT, ModelFile, Provenance, TrainingRange},
        reasons,
    },
    policy::Policy,
    service::{models::LoadedModel, shipped},
};
use uuid::Uuid;

/// The rows of a batch.
const BATCH: usize = 1_000;

/// The shape of the made-up forest: every feature has as many thresholds, at even distances.
const TREES: usize = 300;
const DEPTH: usize = 6;
const FEATURES: usize = 24;
const THRESHOLDS: usize = 64;

fn model() -> Arc<Model> {
    shipped::model().expect("the shipped model loads").model
}

fn now() -> Timestamp {
    Timestamp::parse("2026-11-22T13:00:00Z").expect("a timestamp")
}

fn body(amount: i64, term_months: i64) -> Vec<u8> {
    let mut application = example_application();
    application["loan"]["amount"] = json!(amount);
    application["loan"]["term_months"] = json!(term_months);
    application.to_string().into_bytes()
}

fn application(body: &[u8]) -> Application {
    intake::parse(body, now().date()).expect("a sound application")
}

/// Numbers from 0 to 1 that look random and are the same in every run (`SplitMix64`).
struct Numbers(u64);

impl Numbers {
    #[expect(clippy::cast_precision_loss, reason = "53 bits of it are kept")]
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
    fn below(&mut self, end: usize) -> usize {
        (self.next() * end as f64) as usize
    }
}

/// A forest of which every tree asks at random: the worst case for a cache, since trained trees ask for some
/// thresholds again and again.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "small numbers")]
fn made_up_forest() -> SymmetricForest {
    let mut numbers = Numbers(7);
    let mut tree = || SymmetricTree {
        splits: (0..DEPTH)
            .map(|_| Split {
                feature: numbers.below(FEATURES) as u32,
                threshold: (numbers.below(THRESHOLDS) as f64 + 0.5) / THRESHOLDS as f64,
                missing_above: numbers.next() < 0.5,
            })
            .collect(),
        leaf_values: (0..1 << DEPTH).map(|_| numbers.next() - 0.5).collect(),
        leaf_covers: (0..1 << DEPTH).map(|_| 1.0 + numbers.below(500) as f64).collect(),
    };
    SymmetricForest { features: FEATURES, bias: -1.5, trees: (0..TREES).map(|_| tree()).collect() }
}

fn made_up_model() -> Model {
    let features: Vec<String> = (0..FEATURES)
        .map(|f| format!("[[feature]]\nname = \"f{f}\"\ncolumn = \"f{f}\"\nsource = \"/attributes/f{f}\"\nreason = \"UW-INCOME\"\n"))
        .collect();
    let schema: Schema = toml::from_str(&format!("name = \"made-up\"\n{}", features.concat())).expect("a schema");
    let range =
        |f| TrainingRange { feature: format!("f{f}"), range: Some([0.0, 1.0]), categories: Vec::new(), missing: true };
    let file = ModelFile {
        format: FORMAT,
        name: "made-up".to_owned(),
        version: "1".to_owned(),
        reasons: reasons::resolve(&schema, &BTreeMap::new()),
        schema,
        encodings: Vec::new(),
        forest: Forest::Symmetric(made_up_forest()),
        calibration: Calibration::IDENTITY,
        training_ranges: (0..FEATURES).map(range).collect(),
        provenance: Provenance::default(),
    };
    Model::without_parity(&bundle::model_json(&file)).expect("a sound model")
}

fn made_up_rows() -> Vec<FeatureVector> {
    let mut numbers = Numbers(11);
    let mut value = || if numbers.next() < 0.05 { f64::NAN } else { numbers.next() };
    (0..BATCH).map(|_| FeatureVector::new((0..FEATURES).map(|_| value()).collect::<Vec<f64>>())).collect()
}

/// The rows of a CSV file, as many as a batch has.
fn rows_of(model: &Model, file: &Path) -> Vec<FeatureVector> {
    let mut reader = csv::Reader::from_path(file).expect("a CSV file");
    let header = reader.headers().expect("column names").clone();
    let place = |column: &String| header.iter().position(|name| name == column).expect("every column of the model");
    let places: Vec<usize> = model.extractor().columns().iter().map(place).collect();
    let rows: Vec<FeatureVector> = reader
        .records()
        .take(BATCH)
        .map(|row| {
            let row = row.expect("a row");
            let cell = |column: usize| row.get(places[column]).unwrap_or_default();
            model.extractor().from_row(cell, UnseenCategory::Accept).expect("a sound row")
        })
        .collect();
    assert_eq!(rows.len(), BATCH, "{} has too few rows", file.display());
    rows
}

/// One row after another, so that no branch can be learnt by heart, and a thousand at once.
fn measure(criterion: &mut Criterion, name: &str, model: &Model, rows: &[FeatureVector]) {
    let mut group = criterion.benchmark_group(name);
    let mut scratch = Scratch::default();
    let mut turn = rows.iter().cycle();
    let mut next = || turn.next().expect("rows");
    group.bench_function(BenchmarkId::new("predict", 1), |bencher| {
        bencher.iter(|| model.margin_with(black_box(next()), &mut scratch));
    });
    group.bench_function(BenchmarkId::new("explain", 1), |bencher| {
        bencher.iter(|| model.assess_with(black_box(next()), &mut scratch));
    });
    group.throughput(Throughput::Elements(rows.len() as u64));
    group.bench_function(BenchmarkId::new("predict", rows.len()), |bencher| {
        bencher.iter(|| model.margins(black_box(rows)));
    });
    group.bench_function(BenchmarkId::new("explain", rows.len()), |bencher| {
        // Freeing the answers is the caller's.
        bencher.iter_batched(|| (), |()| model.assess_all(black_box(rows)), BatchSize::LargeInput);
    });
    group.finish();
}

fn engine(criterion: &mut Criterion) {
    match (env::var_os("UNDERWRIGHT_BENCH_MODEL"), env::var_os("UNDERWRIGHT_BENCH_ROWS")) {
        (Some(folder), Some(file)) => {
            let model = LoadedModel::from_directory(Path::new(&folder)).expect("a bundle").model;
            let rows = rows_of(&model, Path::new(&file));
            measure(criterion, "engine", &model, &rows);
        }
        (None, None) => measure(criterion, "engine", &made_up_model(), &made_up_rows()),
        _ => panic!("UNDERWRIGHT_BENCH_MODEL and UNDERWRIGHT_BENCH_ROWS go together"),
    }
}

/// Applicants like one, each with other numbers.
fn varied(model: &Model, features: &FeatureVector) -> Vec<FeatureVector> {
    let mut numbers = Numbers(13);
    let mut vary = |(feature, &value): (&Feature, &f64)| {
        if feature.kind == Kind::Number { value * (0.5 + numbers.next()) } else { value }
    };
    let mut row = || model.schema().features.iter().zip(features.values()).map(&mut vary).collect::<Vec<f64>>();
    (0..BATCH).map(|_| FeatureVector::new(row())).collect()
}

fn shipped_model(criterion: &mut Criterion) {
    let model = model();
    let application = application(&body(1_800_000, 60));
    let features = model.extractor().from_application(&application, now().date());
    measure(criterion, "shipped", &model, &varied(&model, &features));
    let mut group = criterion.benchmark_group("shipped");
    group.bench_function("extract", |bencher| {
        bencher.iter(|| model.extractor().from_application(black_box(&application), now().date()));
    });
    group.bench_function("load, with the tables and the parity check", |bencher| bencher.iter(shipped::model));
    group.finish();
}

fn decisions(criterion: &mut Criterion) {
    let policy = Policy::parse(shipped::POLICY).expect("the shipped policy");
    let decider = Decider::new(model(), Arc::new(policy)).expect("they fit");
    let id = DecisionId::new(Uuid::from_u128(1));
    let mut group = criterion.benchmark_group("decision");
    for (name, body) in [("approve", body(1_200_000, 36)), ("review", body(1_800_000, 60))] {
        let application = application(&body);
        group.bench_function(format!("intake of one that ends in {name}"), |bencher| {
            bencher.iter(|| intake::parse(black_box(&body), now().date()));
        });
        group.bench_function(format!("decide one that ends in {name}"), |bencher| {
            bencher.iter(|| decider.decide(black_box(&application), id, now()));
        });
        let record = decider.decide(&application, id, now()).expect("a decision").record;
        group.bench_function(format!("the record of one that ends in {name}, as canonical JSON"), |bencher| {
            bencher.iter(|| canonical(black_box(&record)));
        });
        group.bench_function(format!("decide without a record one that ends in {name}"), |bencher| {
            bencher.iter(|| decider.decide_unrecorded(black_box(&application), now().date()));
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    targets = engine, shipped_model, decisions
}
criterion_main!(benches);
