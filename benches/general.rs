//! What trees of any shape cost on one core: 300 perfect trees of depth 6, made up from a fixed seed.
//!
//! `cargo bench --bench general`; the figures are kept in `docs/benchmarks.md`.

use std::{hint::black_box, time::Duration};

use criterion::{Criterion, criterion_group, criterion_main};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use underwright::forest::general::{Child, Explainer, GeneralForest, GeneralTree, Node, Places, Scorer, Scratch, Test};

const TREES: usize = 300;
const DEPTH: u32 = 6;
const ROWS: usize = 256;

fn unit(random: &mut ChaCha8Rng) -> f64 {
    f64::from(random.next_u32()) / f64::from(u32::MAX)
}

/// A tree whose 63 nodes ask about any features, with as many rows as pass each.
fn tree(random: &mut ChaCha8Rng, features: u32) -> GeneralTree {
    let (nodes, leaves) = ((1 << DEPTH) - 1, 1 << DEPTH);
    let child = |index: u32| if index < nodes { Child::Node(index) } else { Child::Leaf(index - nodes) };
    let node = |index: u32, random: &mut ChaCha8Rng| Node {
        feature: random.next_u32() % features,
        // One of 200 thresholds, as libraries that put values into bins have.
        test: Test::Above { threshold: (unit(random) * 200.0).floor() / 200.0, zero_is_missing: false },
        missing: random.next_u32() & 1 == 1,
        no: child(2 * index + 1),
        yes: child(2 * index + 2),
    };
    GeneralTree {
        nodes: (0..nodes).map(|index| node(index, random)).collect(),
        leaf_values: (0..leaves).map(|_| unit(random) / 10.0 - 0.05).collect(),
        leaf_covers: (0..leaves).map(|_| (unit(random) * 100.0).ceil()).collect(),
    }
}

fn general(criterion: &mut Criterion) {
    for features in [12, 30] {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let trees = (0..TREES).map(|_| tree(&mut random, features)).collect();
        let forest = GeneralForest { features: features as usize, bias: 0.0, trees };
        assert_eq!(forest.faults(), Vec::<String>::new());
        let value =
            |random: &mut ChaCha8Rng| if random.next_u32().is_multiple_of(20) { f64::NAN } else { unit(random) };
        let rows: Vec<Vec<f64>> = (0..ROWS).map(|_| (0..features).map(|_| value(&mut random)).collect()).collect();
        let (scorer, explainer) = (Scorer::compile(&forest), Explainer::build(&forest));
        let (mut places, mut scratch) = (Places::default(), Scratch::default());
        let mut contributions = vec![0.0; features as usize];
        let mut group = criterion.benchmark_group(format!("300 trees of depth 6 over {features} features"));
        // Another row each time, or the processor learns the answers by heart.
        let mut next = rows.iter().cycle();
        group.bench_function("score", |bencher| {
            bencher.iter(|| scorer.score(black_box(next.next().expect("a cycle")), &mut places));
        });
        group.bench_function("score and explain", |bencher| {
            bencher.iter(|| {
                contributions.fill(0.0);
                let margin = scorer.score(black_box(next.next().expect("a cycle")), &mut places);
                explainer.explain(&places, &mut scratch, &mut contributions);
                margin
            });
        });
        group.bench_function("prepare", |bencher| bencher.iter(|| Explainer::build(black_box(&forest))));
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    targets = general
}
criterion_main!(benches);
