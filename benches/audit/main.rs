//! What the audit log costs: to verify, to prove from, and to write.
//!
//! `cargo bench --bench audit -- --entries 1000000 [--folder DIR] [--keys]`; the figures are kept in `docs/benchmarks.md`. A
//! folder that is named is kept, and its log is measured as it stands when it is long enough. With `--keys` every
//! application is submitted under an `Idempotency-Key`, so that as many answers are kept and verified.

mod bare;
mod log;

use std::{
    env,
    path::PathBuf,
    time::{Duration, Instant},
};

use underwright::{
    service::audit::{proof, verify},
    storage::{DatabaseUrl, Db},
};

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let value = |name: &str| {
        let place = arguments.iter().position(|argument| argument == name)?;
        arguments.get(place + 1).cloned()
    };
    // `cargo test --benches` runs it too, to see that it runs.
    let is_test = !arguments.iter().any(|argument| argument == "--bench");
    let entries =
        value("--entries").map_or(if is_test { 600 } else { 100_000 }, |text| text.parse().expect("a number"));
    let scratch = tempfile::tempdir().expect("a folder");
    let folder = value("--folder").map_or_else(|| scratch.path().to_owned(), PathBuf::from);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
    let is_keyed = arguments.iter().any(|argument| argument == "--keys");
    runtime.block_on(measure(folder, entries, is_keyed));
}

async fn measure(folder: PathBuf, entries: u64, is_keyed: bool) {
    let (app, db) = log::open(&folder).await;
    let there = size(&db).await;
    let begun = Instant::now();
    log::fill(&app, there..entries, is_keyed).await;
    if there < entries {
        rate("recorded with tree, seals and signatures", entries - there, begun.elapsed());
    }
    app.stop().await;

    let url = DatabaseUrl::resolve(None, &folder).expect("a path");
    let db = Db::open_read_only(&url).await.expect("the database opens");
    for _ in 0..2 {
        let begun = Instant::now();
        let report = verify(&db, |_, _| ()).await.expect("it can be read");
        assert!(report.intact, "{:?}", report.message);
        rate("verified", report.entries, begun.elapsed());
    }
    let size = size(&db).await;
    let begun = Instant::now();
    for place in 0..100 {
        proof(&db, size / 100 * place).await.expect("a proof").check(&[]).expect("it holds");
    }
    println!("one proof, made and checked: {:.2} ms", begun.elapsed().as_secs_f64() * 10.0);
    bare::compare(&db, entries.min(20_000)).await;
}

async fn size(db: &Db) -> u64 {
    let mut tx = db.read().await.expect("a transaction");
    underwright::storage::audit::head(&mut tx).await.expect("read").map_or(0, |head| head.size)
}

/// Says how many of something were done in a time.
#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn rate(what: &str, count: u64, took: Duration) -> f64 {
    let rate = count as f64 / took.as_secs_f64();
    println!("{what}: {count} in {:.2} s, {rate:.0} a second", took.as_secs_f64());
    rate
}
