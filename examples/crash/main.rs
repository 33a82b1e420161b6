//! Crashes: the server, and PostgreSQL under it, are killed under load again and again, and nothing that was
//! acknowledged is lost, doubled or changed.
//!
//! `cargo run --release --features failpoints --example crash -- --cycles 200 --db sqlite`
//!
//! The same seed gives the same kinds of crash at the same times after the start; what the machine makes of it differs.

#[path = "../../tests/support/crash.rs"]
mod crash;
#[expect(dead_code, reason = "the tests and the load use more of it")]
#[path = "../../tests/support/peer.rs"]
mod peer;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/support/store.rs"]
mod store;

use std::{collections::BTreeMap, path::PathBuf, time::Instant};

use clap::Parser;
use indicatif::ProgressBar;

use crash::{End, Harness};
use store::Backend;

/// Crash the server under load, and hold what it acknowledged against what is there.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many crashes
    #[arg(long, default_value_t = 20)]
    cycles: u64,
    /// What the server keeps its data in
    #[arg(long, value_enum, default_value = "sqlite")]
    db: Backend,
    /// What the moments and places are drawn from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The program to start: one that looks at failpoints
    #[arg(long, default_value = "target/release/underwright")]
    server: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(&arguments))
}

async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let backend = arguments.db;
    let begun = Instant::now();
    let mut harness = Harness::new(&arguments.server, backend, arguments.seed).await?;
    let bar = ProgressBar::new(arguments.cycles);
    let mut ends: BTreeMap<&str, u64> = BTreeMap::new();
    for _ in 0..arguments.cycles {
        let name = match harness.cycle().await? {
            End::Killed => "the server killed",
            End::Failpoint(place) => place,
            End::DatabaseKilled => "PostgreSQL killed",
            End::BothKilled => "PostgreSQL and the server killed",
        };
        *ends.entry(name).or_default() += 1;
        bar.inc(1);
    }
    let outcome = harness.finish().await?;
    bar.finish_and_clear();
    println!("{outcome}; {:.0} s", begun.elapsed().as_secs_f64());
    for (end, times) in ends {
        println!("{times:>5}  {end}");
    }
    Ok(())
}
