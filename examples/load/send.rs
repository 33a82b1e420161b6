//! A connection that sends one request after another.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::payload::Payloads;

/// What became of one request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    pub(crate) answered_at: Instant,
    pub(crate) took: Duration,
    pub(crate) status: u16,
}

/// Sends one request after another, each when the last was answered.
pub(crate) async fn send(address: SocketAddr, payloads: Payloads, until: Instant) -> anyhow::Result<Vec<Sent>> {
    send_every(address, payloads, Pace::default(), until).await
}

/// When a connection sends.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pace {
    /// How long it waits at first.
    pub(crate) first: Duration,
    /// From one request to the next; zero: as soon as the last was answered.
    pub(crate) every: Duration,
}

/// Sends at a pace. What is late, because the last was not answered yet, is sent at once.
pub(crate) async fn send_every(
    address: SocketAddr,
    mut payloads: Payloads,
    pace: Pace,
    until: Instant,
) -> anyhow::Result<Vec<Sent>> {
    let mut due = Instant::now() + pace.first;
    let mut connection = TcpStream::connect(address).await?;
    connection.set_nodelay(true)?;
    let (mut sent, mut buffer) = (Vec::with_capacity(1 << 14), Vec::with_capacity(1 << 14));
    loop {
        if !pace.every.is_zero() {
            tokio::time::sleep_until(due.into()).await;
            due += pace.every;
        }
        let begun = Instant::now();
        if begun >= until {
            return Ok(sent);
        }
        connection.write_all(payloads.next()).await?;
        let status = receive(&mut connection, &mut buffer).await?;
        let answered_at = Instant::now();
        sent.push(Sent { answered_at, took: answered_at - begun, status });
    }
}

/// Reads one answer whole, and gives its status.
async fn receive(connection: &mut TcpStream, buffer: &mut Vec<u8>) -> anyhow::Result<u16> {
    buffer.clear();
    let mut whole = usize::MAX;
    while buffer.len() < whole {
        ensure!(connection.read_buf(buffer).await? > 0, "the server closed the connection");
        if whole == usize::MAX
            && let Some(head_end) = buffer.windows(4).position(|window| window == b"\r\n\r\n")
        {
            whole = head_end + 4 + content_length(&buffer[..head_end]).context("an answer without its length")?;
        }
    }
    let status = buffer.get(9..12).and_then(|status| std::str::from_utf8(status).ok());
    Ok(status.context("no HTTP")?.parse()?)
}

fn content_length(head: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"content-length:";
    let line = head
        .split(|&byte| byte == b'\n')
        .find(|line| line.len() > NAME.len() && line[..NAME.len()].eq_ignore_ascii_case(NAME))?;
    std::str::from_utf8(&line[NAME.len()..]).ok()?.trim().parse().ok()
}
