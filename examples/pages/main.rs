//! How long the console's pages take over a million decisions, how much they weigh, and when they can be used on a slow phone.
//!
//! Starts a server on a fresh SQLite file, fills it, signs in as the role that each page is for, and asks for each page
//! again and again over one connection.
//!
//! ```sh
//! cargo build --release && cargo run --release --example pages
//! cargo run --release --example pages -- --phone --rows 65536    # in Chromium
//! ```

#[expect(dead_code, reason = "the tests ask for more of it")]
#[path = "../../tests/support/browser.rs"]
mod browser;
mod fill;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/support/peer.rs"]
mod peer;
mod phone;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/support/store.rs"]
mod store;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use clap::Parser;
use peer::Peer;
use reqwest::{Client, redirect::Policy};
use store::{Backend, Store};
use underwright::http::api::document::example_application;

/// Each page, and a role that may see it. `{id}` is an application. A page that the server lacks is left out.
const PAGES: [(&str, &str); 14] = [
    ("officer", "/"),
    ("officer", "/applications"),
    ("officer", "/applications?status=decided&outcome=decline"),
    ("officer", "/applications?amount_from=20000&score_from=600"),
    ("officer", "/applications?score_from=2000"),
    ("officer", "/applications?reference=nobody"),
    ("officer", "/waiting"),
    ("officer", "/applications/{id}"),
    ("officer", "/applications/new"),
    ("officer", "/sessions"),
    ("risk", "/models"),
    ("risk", "/policy"),
    ("auditor", "/audit"),
    ("auditor", "/applications.csv"),
];

#[derive(Debug, Parser)]
struct Arguments {
    /// How many entries the log has: a power of two
    #[arg(long, default_value_t = 1 << 20)]
    rows: u64,
    /// How often each page is asked for
    #[arg(long, default_value_t = 200)]
    requests: usize,
    /// Measure in a browser that is as slow as a slow phone, in place of the server's times
    #[arg(long)]
    phone: bool,
    /// How often each page is visited by the phone, each way
    #[arg(long, default_value_t = 9)]
    visits: usize,
    #[arg(long, default_value = "target/release/underwright")]
    server: PathBuf,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let store = Store::new(Backend::Sqlite).await;
    let peer = Peer::start(&arguments.server, store.folder(), &store.url(), &[])?;
    let http = Client::builder().redirect(Policy::none()).build()?;
    let base = format!("http://{}", peer.address);
    let id = submit(&http, &base, &Peer::token(&arguments.server, store.folder())?).await?;
    fill::fill(&store.url(), arguments.rows).await?;
    let cookies = sign_in(&http, &base, &["officer", "risk", "auditor"]).await?;
    counted(&http, &base, &cookies[0].1).await?;
    println!("{} decisions, {} MB of SQLite", arguments.rows, megabytes(store.folder())?);
    if arguments.phone {
        phone::measure(peer.address, &PAGES, &id, arguments.visits).await?;
        return peer.stop();
    }
    let assets = assets(&http, &base).await?;
    println!("style sheet, script and icon: {assets} bytes in gzip\n");
    println!("| page | median | 95 of 100 | with style and script |\n|---|---|---|---|");
    for (role, page) in PAGES {
        let cookie = cookies.iter().find(|(name, _)| *name == role).map_or("", |(_, cookie)| cookie);
        let address = format!("{base}{}", page.replace("{id}", &id));
        let Some((times, bytes)) = measure(&http, &address, cookie, arguments.requests).await? else {
            println!("| `{page}` | not there | | |");
            continue;
        };
        let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1_000.0;
        println!("| `{page}` | {:.1} ms | {:.1} ms | {:.1} kB |", at(50), at(95), kilobytes(bytes + assets));
    }
    peer.stop()
}

/// Submits the first application, and answers its id.
async fn submit(http: &Client, base: &str, token: &str) -> anyhow::Result<String> {
    let request = http.post(format!("{base}/v1/applications")).bearer_auth(token).json(&example_application());
    let answer: serde_json::Value = serde_json::from_slice(&request.send().await?.bytes().await?)?;
    Ok(answer["id"].as_str().context("an application")?.to_owned())
}

/// Signs in as each role; answers the cookies.
async fn sign_in(http: &Client, base: &str, roles: &[&'static str]) -> anyhow::Result<Vec<(&'static str, String)>> {
    let mut cookies = Vec::new();
    for role in roles {
        let request = http
            .post(format!("{base}/sign-in/development"))
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("role={role}"));
        let answer = request.send().await?;
        let cookie = answer.headers().get("set-cookie").context("a session")?.to_str()?;
        cookies.push((*role, cookie.split(';').next().unwrap_or_default().to_owned()));
    }
    Ok(cookies)
}

/// Waits until the server has counted what was filled in.
async fn counted(http: &Client, base: &str, cookie: &str) -> anyhow::Result<()> {
    let begun = Instant::now();
    loop {
        let request = http.get(base).header("accept", "text/html").header("cookie", cookie);
        if !request.send().await?.text().await?.contains("Still counting") {
            println!("counted within {:.0} s", begun.elapsed().as_secs_f64());
            return Ok(());
        }
        ensure!(begun.elapsed() < Duration::from_mins(10), "the decisions are not counted");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Asks for a page; answers how long each took, in order, and its bytes as sent. `None` when the server has no such page.
async fn measure(
    http: &Client,
    address: &str,
    cookie: &str,
    requests: usize,
) -> anyhow::Result<Option<(Vec<Duration>, usize)>> {
    let (mut times, mut bytes) = (Vec::new(), 0);
    // The first few warm the caches, and are not counted.
    for index in 0..requests + 5 {
        let request = http.get(address).header("accept", "text/html").header("accept-encoding", "gzip");
        let begun = Instant::now();
        let answer = request.header("cookie", cookie).send().await?;
        if answer.status() == 404 {
            return Ok(None);
        }
        ensure!(answer.status().is_success(), "{address}: {}", answer.status());
        bytes = answer.bytes().await?.len();
        if index >= 5 {
            times.push(begun.elapsed());
        }
    }
    times.sort();
    Ok(Some((times, bytes)))
}

/// The bytes of everything that the sign-in page loads, as sent.
async fn assets(http: &Client, base: &str) -> anyhow::Result<usize> {
    let page = http.get(format!("{base}/sign-in")).header("accept", "text/html").send().await?.text().await?;
    let mut bytes = 0;
    for address in page.split('"').filter(|part| part.starts_with("/assets/")) {
        let request = http.get(format!("{base}{address}")).header("accept-encoding", "gzip");
        bytes += request.send().await?.bytes().await?.len();
    }
    Ok(bytes)
}

#[expect(clippy::cast_precision_loss, reason = "pages are small")]
fn kilobytes(bytes: usize) -> f64 {
    bytes as f64 / 1_000.0
}

fn megabytes(folder: &Path) -> anyhow::Result<u64> {
    Ok(std::fs::metadata(folder.join("underwright.db"))?.len() / 1_000_000)
}
