//! What sealing adds to one application on one core.
//!
//! `cargo bench --bench sealing`; the figures are kept in `docs/benchmarks.md`.

use std::{hint::black_box, time::Duration};

use criterion::{Criterion, criterion_group, criterion_main};
use underwright::{
    audit::{entry::canonical, sealed::Sealed},
    crypto::{BlindIndex, DataKey, KeyEncryption, Place, SecretKey},
    domain::intake,
    http::api::document::example_application,
};

const ID: &str = "app_019aa9a5-0000-7000-8000-000000000001";
const PLACE: Place<'_> = Place { table: "applications", row: ID, column: "applicant", key: ID };

fn random() -> SecretKey {
    SecretKey::random().expect("randomness")
}

fn sealing(criterion: &mut Criterion) {
    let keys = KeyEncryption::single("2026-11", &random());
    let index = BlindIndex::new(&random());
    let today = time::macros::date!(2026 - 11 - 22);
    let application = intake::parse(example_application().to_string().as_bytes(), today).expect("a sound application");
    let applicant = canonical(&application.applicant).expect("canonical").into_bytes();
    let answer = vec![b'x'; 2_000];
    let key = DataKey::new(&random());
    let sealed = key.seal(&PLACE, &applicant).expect("sealed");
    let wrapped = keys.wrap("data_keys", ID, &random()).expect("wrapped");

    let mut group = criterion.benchmark_group("sealing");
    group.bench_function("make and wrap a data key", |bencher| {
        bencher.iter(|| keys.wrap("data_keys", black_box(ID), &random()));
    });
    group.bench_function("seal an applicant", |bencher| bencher.iter(|| key.seal(&PLACE, black_box(&applicant))));
    group.bench_function("make and wrap a data key, and seal an applicant under it", |bencher| {
        bencher.iter(|| {
            let secret = random();
            let wrapped = keys.wrap("data_keys", black_box(ID), &secret);
            (wrapped, DataKey::new(&secret).seal(&PLACE, black_box(&applicant)))
        });
    });
    group.bench_function("write it into the entry", |bencher| {
        bencher.iter(|| {
            let mut text = String::new();
            Sealed::canonical_into(&mut text, black_box(&sealed), ID);
            text
        });
    });
    group.bench_function("index reference and national id", |bencher| {
        bencher.iter(|| (index.reference(black_box("C-88121")), index.national_id(black_box("123-45-6789"))));
    });
    group.bench_function("seal an answer of 2,000 bytes", |bencher| {
        bencher.iter(|| key.seal(&PLACE, black_box(&answer)));
    });
    group.bench_function("unwrap a data key and open an applicant", |bencher| {
        bencher.iter(|| {
            let secret = keys.unwrap("data_keys", ID, black_box(&wrapped)).expect("unwrapped");
            DataKey::new(&secret).open(&PLACE, black_box(&sealed))
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    targets = sealing
}
criterion_main!(benches);
