//! What one application costs on one core: reading, scoring, explaining, deciding.
//!
//! `cargo bench --bench engine`; the figures are kept in `docs/benchmarks.md`.

use std::{hint::black_box, sync::Arc, time::Duration};

use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::json;
use underwright::{
    decide::pipeline::Decider,
    domain::{application::Application, id::DecisionId, intake, timestamp::Timestamp},
    http::api::document::example_application,
    model::{Model, Scratch},
    policy::Policy,
    service::shipped,
};
use uuid::Uuid;

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

fn kernels(criterion: &mut Criterion) {
    let model = model();
    let application = application(&body(1_800_000, 60));
    let features = model.extractor().from_application(&application, now().date());
    let mut scratch = Scratch::default();
    let mut group = criterion.benchmark_group("shipped model");
    group.bench_function("extract", |bencher| {
        bencher.iter(|| model.extractor().from_application(black_box(&application), now().date()));
    });
    group.bench_function("score", |bencher| bencher.iter(|| model.margin_with(black_box(&features), &mut scratch)));
    group.bench_function("score and explain", |bencher| {
        bencher.iter(|| model.assess_with(black_box(&features), &mut scratch));
    });
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
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    targets = kernels, decisions
}
criterion_main!(benches);
