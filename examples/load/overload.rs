//! More than the server can do: first its capacity is measured, then several times as much is asked for, then little.

use std::{
    collections::BTreeMap,
    fmt,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use serde::Serialize;

use crate::{Arguments, payload::Payloads, peer::Peer, report::quantile_ms, send, send::Sent};

/// How many connections ask for too much, for each that measured the capacity.
pub(crate) const CONNECTIONS_TIMES: usize = 24;
/// How long it is looked at afterwards whether all is normal again.
const AFTERWARDS: Duration = Duration::from_secs(6);
/// How many connections ask for little then, and how often each.
const FEW: usize = 4;
const EVERY: Duration = Duration::from_millis(20);

/// How the server took it.
#[derive(Debug, Serialize)]
pub(crate) struct Overload {
    capacity_a_second: f64,
    /// What was sent in all while too much was asked for, each second.
    offered_a_second: f64,
    decided_a_second: f64,
    statuses: BTreeMap<u16, usize>,
    decided_p50_ms: f64,
    decided_p99_ms: f64,
    refused_p99_ms: f64,
    /// Resident memory after a third of that time, and at its end.
    memory_early_mb: f64,
    memory_late_mb: f64,
    /// When the last was refused, or took 100 ms, after the load had ended.
    normal_after_s: f64,
    afterwards_p99_ms: f64,
    pub(crate) acknowledged: u64,
}

pub(crate) async fn run(arguments: &Arguments, peers: Vec<Peer>, token: &str, times: f64) -> anyhow::Result<Overload> {
    let seconds = Duration::from_secs(arguments.seconds);
    let load = Load { peers: &peers, token };
    let warm = load.of(arguments.connections, 0, Duration::ZERO, Duration::from_secs(arguments.warm_up)).await?;
    let begun = Instant::now();
    let measured = load.of(arguments.connections, 1 << 20, Duration::ZERO, seconds).await?;
    let capacity = a_second(decided(&measured).count(), begun.elapsed());
    let many = arguments.connections * CONNECTIONS_TIMES;
    #[expect(clippy::cast_precision_loss, reason = "a few hundred connections")]
    let every = Duration::from_secs_f64(many as f64 / (capacity * times));
    let begun = Instant::now();
    // Once every connection is there, and the store's cache is full.
    let early = async {
        tokio::time::sleep(seconds / 3).await;
        memory_mb(&peers)
    };
    let (memory_early_mb, overloaded) = tokio::join!(early, load.of(many, 1 << 21, every, seconds));
    let (overloaded, took, memory_late_mb) = (overloaded?, begun.elapsed(), memory_mb(&peers)?);
    let begun = Instant::now();
    let afterwards = load.of(FEW, 1 << 23, EVERY, AFTERWARDS).await?;
    let disturbed = afterwards.iter().filter(|one| one.status != 201 || one.took > Duration::from_millis(100));
    let normal_after = disturbed.map(|one| one.answered_at - begun).max().unwrap_or_default();
    let mut statuses = BTreeMap::new();
    for one in &overloaded {
        *statuses.entry(one.status).or_default() += 1;
    }
    let all = [&warm, &measured, &overloaded, &afterwards];
    let report = Overload {
        capacity_a_second: capacity,
        offered_a_second: a_second(overloaded.len(), took),
        decided_a_second: a_second(decided(&overloaded).count(), took),
        statuses,
        decided_p50_ms: quantile_ms(decided(&overloaded), 0.5),
        decided_p99_ms: quantile_ms(decided(&overloaded), 0.99),
        refused_p99_ms: quantile_ms(overloaded.iter().filter(|one| one.status != 201), 0.99),
        memory_early_mb: memory_early_mb?,
        memory_late_mb,
        normal_after_s: normal_after.as_secs_f64(),
        afterwards_p99_ms: quantile_ms(decided(&afterwards), 0.99),
        acknowledged: all.into_iter().map(|sent| decided(sent).count() as u64).sum(),
    };
    for peer in peers {
        peer.stop()?;
    }
    Ok(report)
}

/// Where a load goes.
struct Load<'a> {
    peers: &'a [Peer],
    token: &'a str,
}

impl Load<'_> {
    /// Sends from so many connections, which are numbered from `first` on.
    async fn of(&self, connections: usize, first: usize, every: Duration, time: Duration) -> anyhow::Result<Vec<Sent>> {
        let address = |number: usize| self.peers[number % self.peers.len()].address;
        let payloads: Vec<Payloads> = (0..connections)
            .map(|number| Payloads::few(first + number, &address(number).to_string(), self.token))
            .collect();
        let until = Instant::now() + time;
        let mut senders = Vec::new();
        let apart = every / u32::try_from(connections)?;
        for (number, payloads) in payloads.into_iter().enumerate() {
            // One after another, as callers come who know nothing of each other.
            let pace = send::Pace { first: apart * u32::try_from(number)?, every };
            senders.push(tokio::spawn(send::send_every(address(number), payloads, pace, until)));
        }
        let mut sent = Vec::new();
        for sender in senders {
            sent.extend(sender.await?.context("a connection broke")?);
        }
        Ok(sent)
    }
}

fn decided(sent: &[Sent]) -> impl Iterator<Item = &Sent> {
    sent.iter().filter(|one| one.status == 201)
}

#[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
fn a_second(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
fn memory_mb(peers: &[Peer]) -> anyhow::Result<f64> {
    let each: Vec<u64> = peers.iter().map(Peer::resident_memory_bytes).collect::<anyhow::Result<_>>()?;
    Ok(each.into_iter().max().context("no server")? as f64 / 1e6)
}

impl fmt::Display for Overload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "capacity {:.0} a second; asked for {:.0}, decided {:.0} a second",
            self.capacity_a_second, self.offered_a_second, self.decided_a_second
        )?;
        writeln!(f, "answers by status: {:?}", self.statuses)?;
        writeln!(
            f,
            "decided: p50 {:.1} ms, p99 {:.1} ms; refused: p99 {:.1} ms",
            self.decided_p50_ms, self.decided_p99_ms, self.refused_p99_ms
        )?;
        writeln!(f, "memory: {:.1} MB after a third, {:.1} MB at the end", self.memory_early_mb, self.memory_late_mb)?;
        write!(
            f,
            "afterwards: normal after {:.2} s, p99 {:.1} ms; acknowledged in all {}",
            self.normal_after_s, self.afterwards_p99_ms, self.acknowledged
        )
    }
}
