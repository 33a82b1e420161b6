//! A load of invented applications over keep-alive connections, and what became of it.
//!
//! Starts a server of its own on a fresh store (a file, or a PostgreSQL server of its own with `fsync = on`), sends as
//! fast as the connections allow, stops the server, and holds what was acknowledged against the rows that are there.
//!
//! `cargo run --release --example load -- --store postgres --seconds 20`
//!
//! `--overload 5` asks for five times as much as the server can do, and looks how it takes that; `--idle` and `--slow`
//! open connections beside that say nothing or dawdle.

mod bystanders;
mod fastapi;
mod fill;
mod overload;
mod payload;
#[expect(dead_code, reason = "the tests use more of it than a load does")]
#[path = "../../tests/support/peer.rs"]
mod peer;
mod report;
mod send;
#[expect(dead_code, reason = "the tests use more of it than a load does")]
#[path = "../../tests/support/store.rs"]
mod store;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use clap::Parser;
use underwright::storage::{DatabaseUrl, Db, audit};

use payload::Payloads;
use peer::Peer;
use report::Report;
use store::{Backend, Store};

/// Send invented applications, and say how many were durably decided a second.
#[derive(Debug, Parser)]
struct Arguments {
    /// What the server keeps its data in
    #[arg(long, value_enum, default_value = "sqlite")]
    store: Backend,
    /// How many connections send, each one request after another
    #[arg(long, default_value_t = 64)]
    connections: usize,
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Seconds before the counting begins
    #[arg(long, default_value_t = 2)]
    warm_up: u64,
    /// Fill the store before, until its log has so many entries: a power of two
    #[arg(long)]
    rows: Option<u64>,
    /// Send an Idempotency-Key with each request
    #[arg(long)]
    keys: bool,
    /// How many servers share the store (PostgreSQL alone)
    #[arg(long, default_value_t = 1)]
    replicas: usize,
    /// The program to start
    #[arg(long, default_value = "target/release/underwright")]
    server: PathBuf,
    /// A setting of the server, such as `UNDERWRIGHT__SERVER__WORKERS=1`; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Ask for so many times what the server can do, as measured before
    #[arg(long, value_name = "TIMES")]
    overload: Option<f64>,
    /// Beside the load, so many connections that made one request and then say nothing
    #[arg(long, default_value_t = 0)]
    idle: usize,
    /// Beside the load, so many connections that send their heads a byte at a time, and as many with their bodies
    #[arg(long, default_value_t = 0)]
    slow: usize,
    /// Send to the peer in benches/peers/fastapi instead, run by this Python (`benches/compare` installs it)
    #[arg(long, value_name = "PYTHON")]
    fastapi: Option<PathBuf>,
    /// Milliseconds between two requests of a connection; 0: one after another
    #[arg(long, default_value_t = 0)]
    every_ms: u64,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let many = arguments.overload.map_or(0, |_| arguments.connections * overload::CONNECTIONS_TIMES);
    bystanders::make_room(arguments.idle + 2 * arguments.slow + many)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let Some(report) = runtime.block_on(run(&arguments))? else { return Ok(()) };
    println!("{}", if arguments.json { serde_json::to_string(&report)? } else { report.to_string() });
    ensure!(report.rows == report.acknowledged_in_all, "what was acknowledged is not what is stored");
    Ok(())
}

async fn run(arguments: &Arguments) -> anyhow::Result<Option<Report>> {
    let backend = arguments.store;
    if let Some(python) = &arguments.fastapi {
        return Ok(Some(fastapi::run(arguments, python, backend).await?));
    }
    ensure!(arguments.replicas == 1 || backend == Backend::Postgres, "a file has one server");
    let store = Store::new(backend).await;
    let folder = tempfile::tempdir()?;
    let mut peers = Vec::new();
    for _ in 0..arguments.replicas {
        peers.push(Peer::start(&arguments.server, folder.path(), &store.url(), &arguments.set)?);
    }
    let token = Peer::token(&arguments.server, folder.path())?;
    if let Some(times) = arguments.overload {
        let report = overload::run(arguments, peers, &token, times).await?;
        println!("{}", if arguments.json { serde_json::to_string(&report)? } else { report.to_string() });
        ensure!(count(&store).await? == report.acknowledged, "what was acknowledged is not what is stored");
        return Ok(None);
    }
    let filled = prepare(arguments, &peers[0], &token, &store).await?;
    let beside = bystanders::open(arguments, peers[0].address, &token).await?;
    let begun = Instant::now() + Duration::from_secs(arguments.warm_up);
    let until = begun + Duration::from_secs(arguments.seconds);
    let mut senders = Vec::new();
    for number in 0..arguments.connections {
        let address = peers[number % peers.len()].address;
        let payloads = Payloads::new(number, &address.to_string(), &token, arguments.keys);
        let pace = send::Pace { every: Duration::from_millis(arguments.every_ms), ..send::Pace::default() };
        senders.push(tokio::spawn(send::send_every(address, payloads, pace, until)));
    }
    tokio::time::sleep_until(begun.into()).await;
    let (server_before, own_before) = (cpu_of(&peers)?, peer::cpu_time("self")?);
    tokio::time::sleep_until(until.into()).await;
    let server = cpu_of(&peers)?.saturating_sub(server_before);
    let own = peer::cpu_time("self")?.saturating_sub(own_before);
    let memory: Vec<u64> = peers.iter().map(Peer::peak_memory_bytes).collect::<anyhow::Result<_>>()?;
    let mut sent = Vec::new();
    for sender in senders {
        sent.extend(sender.await?.context("a connection broke")?);
    }
    let (asked, open) = (beside.asked(), beside.open());
    if asked > 0 {
        eprintln!("{asked} connections beside, {open} of them still open at the end");
    }
    drop(beside);
    for peer in peers {
        peer.stop()?;
    }
    let rows = count(&store).await? - filled;
    let peak_memory_bytes = memory.into_iter().max().context("no server")?;
    Ok(Some(Report::new(&sent, begun, until, report::Costs { server, own, peak_memory_bytes, rows })))
}

/// Fills the store when that is asked for, and says with how many decisions.
async fn prepare(arguments: &Arguments, peer: &Peer, token: &str, store: &Store) -> anyhow::Result<u64> {
    let Some(rows) = arguments.rows else { return Ok(0) };
    let payloads = Payloads::new(usize::MAX, &peer.address.to_string(), token, false);
    send::send(peer.address, payloads, Instant::now() + Duration::from_millis(500)).await?;
    fill::fill(&store.url(), rows).await?;
    count(store).await
}

fn cpu_of(peers: &[Peer]) -> anyhow::Result<Duration> {
    peers.iter().map(Peer::cpu_time).sum()
}

/// How many decisions stand in the store; its log has an entry for each, and a few more.
async fn count(store: &Store) -> anyhow::Result<u64> {
    let db = Db::open_read_only(&DatabaseUrl::parse(&store.url())?).await?;
    let mut tx = db.read().await?;
    let counts = audit::counts(&mut tx).await?;
    let head = audit::head(&mut tx).await?.context("the log has no head")?;
    drop(tx);
    db.close().await;
    // What was put into force stands in the log too.
    ensure!(head.size >= counts.decisions, "{} entries for {} decisions", head.size, counts.decisions);
    Ok(counts.decisions)
}
