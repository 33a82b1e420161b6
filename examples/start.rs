//! How long a server takes from its start to its first decision, and how much memory it has when nobody asks.
//!
//! `cargo run --release --example start -- --times 20`

#[expect(dead_code, reason = "the tests and the load use more of it")]
#[path = "../tests/support/peer.rs"]
mod peer;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::ensure;
use clap::Parser;
use peer::Peer;
use underwright::http::api::document::example_application;

/// Start a server again and again: on an empty folder, and on one that is there already.
#[derive(Debug, Parser)]
struct Arguments {
    #[arg(long, default_value_t = 10)]
    times: usize,
    /// How long nobody asks before the memory is looked at
    #[arg(long, default_value_t = 2)]
    idle_seconds: u64,
    /// The program to start
    #[arg(long, default_value = "target/release/underwright")]
    server: PathBuf,
}

/// One start.
#[derive(Debug, Clone, Copy)]
struct Start {
    serving_ms: f64,
    decided_ms: f64,
    idle_mb: f64,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut empty, mut again) = (Vec::new(), Vec::new());
    for _ in 0..arguments.times {
        let folder = tempfile::tempdir()?;
        // The key that the token is signed with; everything else is made by the server.
        let token = Peer::token(&arguments.server, folder.path())?;
        for starts in [&mut empty, &mut again] {
            starts.push(runtime.block_on(start(&arguments, folder.path(), &token))?);
        }
    }
    println!("least, median and most of {} starts:", arguments.times);
    show("on an empty folder", &empty);
    show("on a store that is there", &again);
    Ok(())
}

async fn start(arguments: &Arguments, folder: &Path, token: &str) -> anyhow::Result<Start> {
    let url = format!("sqlite://{}", folder.join("underwright.db").display());
    let client = reqwest::Client::new();
    let begun = Instant::now();
    let peer = Peer::start(&arguments.server, folder, &url, &[])?;
    let serving = begun.elapsed();
    let request = client.post(format!("http://{}/v1/applications", peer.address)).bearer_auth(token);
    let answer = request.json(&example_application()).send().await?;
    let decided = begun.elapsed();
    ensure!(answer.status() == 201, "{}", answer.text().await?);
    tokio::time::sleep(Duration::from_secs(arguments.idle_seconds)).await;
    #[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
    let idle_mb = peer.resident_memory_bytes()? as f64 / 1e6;
    peer.stop()?;
    Ok(Start { serving_ms: millis(serving), decided_ms: millis(decided), idle_mb })
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn show(what: &str, starts: &[Start]) {
    let spread = |of: fn(&Start) -> f64| {
        let mut values: Vec<f64> = starts.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        format!("{:.1}, {:.1}, {:.1}", values[0], values[values.len() / 2], values[values.len() - 1])
    };
    println!(
        "{what}: serving after {} ms, first decision after {} ms, idle memory {} MB",
        spread(|start| start.serving_ms),
        spread(|start| start.decided_ms),
        spread(|start| start.idle_mb)
    );
}
