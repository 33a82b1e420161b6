//! The same load on the peer in `benches/peers/fastapi`: what a team would build instead.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::json;
use sqlx::{Connection as _, PgConnection, SqliteConnection};
use tokio::net::TcpStream;

use crate::{
    Arguments,
    payload::Payloads,
    peer,
    report::{Costs, Report},
    send,
    store::{Backend, Store},
};

const SECRET: &str = "an invented secret of 32 bytes!!";
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/fastapi");
/// As many as there are cores on the machine that it is compared on.
const WORKERS: &str = "2";

/// Starts the peer on a fresh store, sends, stops it, and counts the rows.
pub(crate) async fn run(arguments: &Arguments, python: &Path, backend: Backend) -> anyhow::Result<Report> {
    let store = Store::new(backend).await;
    let url = match backend {
        Backend::Sqlite => format!("sqlite://{}", store.folder().join("peer.db").display()),
        Backend::Postgres => store.url(),
    };
    let server = Uvicorn::start(python, &url).await?;
    let token = token()?;
    let begun = Instant::now() + Duration::from_secs(arguments.warm_up);
    let until = begun + Duration::from_secs(arguments.seconds);
    let mut senders = Vec::new();
    for number in 0..arguments.connections {
        let payloads = Payloads::new(number, &server.address.to_string(), &token, false);
        senders.push(tokio::spawn(send::send(server.address, payloads, until)));
    }
    tokio::time::sleep_until(begun.into()).await;
    let (server_before, own_before) = (server.cpu_time()?, peer::cpu_time("self")?);
    tokio::time::sleep_until(until.into()).await;
    let own = peer::cpu_time("self")?.saturating_sub(own_before);
    let cpu = server.cpu_time()?.saturating_sub(server_before);
    let mut sent = Vec::new();
    for sender in senders {
        sent.extend(sender.await?.context("a connection broke")?);
    }
    let peak_memory_bytes = server.peak_memory_bytes()?;
    server.stop()?;
    let rows = count(&url).await?;
    Ok(Report::new(&sent, begun, until, Costs { server: cpu, own, peak_memory_bytes, rows }))
}

/// What the peer takes: the claims that Underwright asks for too.
fn token() -> anyhow::Result<String> {
    let claims =
        json!({"iss": "peer", "aud": "underwright", "sub": "load", "role": "service", "exp": 4_102_444_800_u64});
    Ok(jsonwebtoken::encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET.as_bytes()))?)
}

async fn count(url: &str) -> anyhow::Result<u64> {
    const COUNT: &str = "SELECT COUNT(*) FROM decisions";
    let rows: i64 = if url.starts_with("sqlite") {
        sqlx::query_scalar(COUNT).fetch_one(&mut SqliteConnection::connect(url).await?).await?
    } else {
        sqlx::query_scalar(COUNT).fetch_one(&mut PgConnection::connect(url).await?).await?
    };
    Ok(u64::try_from(rows)?)
}

/// Uvicorn with its workers.
struct Uvicorn {
    address: SocketAddr,
    process: Child,
}

impl Uvicorn {
    async fn start(python: &Path, url: &str) -> anyhow::Result<Self> {
        let python: PathBuf = std::path::absolute(python)?;
        if !Path::new(FOLDER).join("model.txt").exists() {
            ensure!(Command::new(&python).arg("model.py").current_dir(FOLDER).status()?.success(), "model.py failed");
        }
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = Command::new(&python);
        command.args(["-m", "uvicorn", "app:app", "--host", "127.0.0.1", "--port", &address.port().to_string()]);
        command.args(["--workers", WORKERS, "--loop", "uvloop", "--http", "httptools"]);
        command.args(["--no-access-log", "--log-level", "warning"]).current_dir(FOLDER);
        command.env("DATABASE_URL", url).env("JWT_SECRET", SECRET).stdout(Stdio::null());
        let process = command.spawn().context("cannot start the peer's Python")?;
        let mut server = Self { address, process };
        while TcpStream::connect(address).await.is_err() || server.workers().len() < 2 {
            ensure!(server.process.try_wait()?.is_none(), "the peer did not start");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        // The workers load the model once they listen.
        tokio::time::sleep(Duration::from_secs(2)).await;
        Ok(server)
    }

    /// The processes that it has started, and those that they have.
    fn workers(&self) -> Vec<u32> {
        let mut found = vec![self.process.id()];
        let mut next = 0;
        while let Some(&id) = found.get(next) {
            let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
            found.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
            next += 1;
        }
        found.remove(0);
        found
    }

    fn cpu_time(&self) -> anyhow::Result<Duration> {
        self.workers().iter().map(|worker| peer::cpu_time(&worker.to_string())).sum()
    }

    /// The sum of what each worker had at most.
    fn peak_memory_bytes(&self) -> anyhow::Result<u64> {
        self.workers().into_iter().map(|worker| peer::memory_bytes(worker, "VmHWM:")).sum()
    }

    fn stop(mut self) -> anyhow::Result<()> {
        let asked = Command::new("kill").arg(self.process.id().to_string()).status()?;
        ensure!(asked.success(), "the peer cannot be stopped");
        self.process.wait()?;
        Ok(())
    }
}

impl Drop for Uvicorn {
    fn drop(&mut self) {
        // Workers end with the process that started them, which a signal must reach first.
        for worker in self.workers() {
            let _ = Command::new("kill").arg(worker.to_string()).status();
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
