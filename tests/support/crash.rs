//! Crashes, one after another, and what must hold after each.
//!
//! Clients send applications under keys of their own and note every 201 with its identifier, place and leaf hash, while
//! the server, or PostgreSQL under it, is ended with SIGKILL at a random moment or ends itself at a named failpoint. When
//! it runs again every noted decision is there, once and as it was answered, and there is no decision that nobody asked
//! for; the log verifies; a repeat under its key is answered with the same bytes.

mod journal;

use std::{
    fmt,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use reqwest::StatusCode;
use tempfile::TempDir;
use underwright::{http::api::document::example_application, storage::failpoint};

use self::journal::Journal;
use crate::{
    peer::Peer,
    store::{
        Backend,
        postgres::{Database, Server},
    },
};

/// How many clients send at once.
const CLIENTS: usize = 8;
/// How many decisions are asked for again after each crash.
const REPEATED: usize = 16;
/// How often the whole log is verified, in cycles.
const VERIFY_EVERY: u64 = 10;

/// How a cycle ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The server is killed.
    Killed,
    /// The server ends itself between two statements of a transaction.
    Failpoint(&'static str),
    /// PostgreSQL is killed and started again under the server.
    DatabaseKilled,
    /// PostgreSQL is killed, then the server.
    BothKilled,
}

/// A store, the server on it, and what is known of it.
pub(crate) struct Harness {
    program: PathBuf,
    store: Kept,
    url: String,
    folder: TempDir,
    random: ChaCha8Rng,
    http: reqwest::Client,
    token: String,
    journal: Arc<Mutex<Journal>>,
    cycles: u64,
}

/// Where the data is.
enum Kept {
    File,
    Postgres(Arc<Server>, #[expect(dead_code, reason = "dropped, it is gone")] Database),
}

/// What a run came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
    pub(crate) cycles: u64,
    pub(crate) acknowledged: usize,
    pub(crate) entries: u64,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} crashes: {} decisions acknowledged, each there once and answered again with the same bytes; the log of {} \
             entries verifies, and every decision was repeated to the bit",
            self.cycles, self.acknowledged, self.entries
        )
    }
}

impl Harness {
    /// Makes a store. The program must look at failpoints: a debug build, or one with the feature `failpoints`.
    pub(crate) async fn new(program: &Path, backend: Backend, seed: u64) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let (store, url) = match backend {
            Backend::Sqlite => (Kept::File, format!("sqlite://{}/underwright.db", folder.path().display())),
            Backend::Postgres => {
                let server = Arc::new(Server::start(&[]));
                let database = server.database().await;
                let url = database.url();
                (Kept::Postgres(server, database), url)
            }
        };
        let program = program.to_owned();
        // The keys and the tables are made, and what is in force is recorded, before anything is to fail.
        Peer::start(&program, folder.path(), &url, &[])?.stop()?;
        let token = Peer::token(&program, folder.path())?;
        let http = reqwest::Client::builder().pool_max_idle_per_host(CLIENTS).build()?;
        let random = ChaCha8Rng::seed_from_u64(seed);
        Ok(Self { program, store, url, folder, random, http, token, journal: Arc::default(), cycles: 0 })
    }

    /// Starts the server, holds the store against the journal, lets clients send, and brings about the end.
    pub(crate) async fn cycle(&mut self) -> anyhow::Result<End> {
        let end = self.draw_end();
        let settings = match end {
            End::Failpoint(place) => {
                let time = self.random.random_range(1..=12);
                vec![format!("UNDERWRIGHT_FAILPOINT={place}@{time}")]
            }
            _ => Vec::new(),
        };
        let peer = Peer::start(&self.program, self.folder.path(), &self.url, &settings)?;
        self.hold(&peer, end).await.with_context(|| format!("after crash {}", self.cycles))?;
        let clients: Vec<_> = (0..CLIENTS).map(|_| tokio::spawn(self.client(&peer).send())).collect();
        let alive = Duration::from_millis(self.random.random_range(5..400));
        self.bring_about(end, peer, alive).await?;
        for client in clients {
            client.await??;
        }
        self.cycles += 1;
        Ok(end)
    }

    /// Starts the server for the last time, has everything answered that is still open, and looks at all of it.
    pub(crate) async fn finish(mut self) -> anyhow::Result<Outcome> {
        let peer = Peer::start(&self.program, self.folder.path(), &self.url, &[])?;
        let open = self.journal().open().cloned().collect::<Vec<_>>();
        let client = self.client(&peer);
        for key in open {
            ensure!(client.ask(&key).await?, "the server is gone, and nobody has killed it");
        }
        self.hold(&peer, End::Killed).await?;
        peer.stop()?;
        let entries = self.verify().await?;
        let mut replay = Command::new(&self.program);
        replay.args(["audit", "replay", "--database-url", &self.url, "--data-dir"]).arg(self.folder.path());
        let replayed = replay.output()?;
        ensure!(replayed.status.success(), "{}", String::from_utf8_lossy(&replayed.stderr));
        let acknowledged = self.journal().acknowledged();
        Ok(Outcome { cycles: self.cycles, acknowledged, entries })
    }

    fn draw_end(&mut self) -> End {
        // Every kind in turn, so that a short run has them all.
        let kinds = if matches!(self.store, Kept::File) { 2 } else { 4 };
        match self.cycles % kinds {
            0 => End::Killed,
            1 => End::Failpoint(failpoint::RECORDER[self.random.random_range(0..failpoint::RECORDER.len())]),
            2 => End::DatabaseKilled,
            _ => End::BothKilled,
        }
    }

    async fn bring_about(&self, end: End, mut peer: Peer, alive: Duration) -> anyhow::Result<()> {
        if let End::Failpoint(_) = end {
            // The clients go on until it is reached.
            return tokio::task::block_in_place(|| peer.wait());
        }
        tokio::time::sleep(alive).await;
        if let (Kept::Postgres(server, _), End::DatabaseKilled | End::BothKilled) = (&self.store, end) {
            tokio::task::block_in_place(|| server.tell("kill"));
            if end == End::BothKilled {
                peer.kill()?;
                tokio::task::block_in_place(|| server.tell("start"));
                return Ok(());
            }
            tokio::task::block_in_place(|| server.tell("start"));
            tokio::time::sleep(alive).await;
        }
        peer.kill()
    }

    /// Holds the store, and what the server answers, against the journal.
    async fn hold(&mut self, peer: &Peer, end: End) -> anyhow::Result<()> {
        let rows = journal::rows(&self.url).await?;
        self.journal().hold(&rows)?;
        if self.cycles.is_multiple_of(VERIFY_EVERY) {
            self.verify().await?;
        }
        let sample = {
            let journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
            journal.sample(&mut self.random, REPEATED)
        };
        let client = self.client(peer);
        for key in sample {
            let answered = client.ask(&key).await?;
            // A failpoint may be reached here as well.
            ensure!(answered || matches!(end, End::Failpoint(_)), "the server is gone, and nobody has killed it");
        }
        Ok(())
    }

    async fn verify(&self) -> anyhow::Result<u64> {
        let db = journal::open(&self.url).await?;
        let report = underwright::service::audit::verify(&db, |_, _| {}).await?;
        db.close().await;
        ensure!(report.intact, "the log does not verify: {:?}", report.message);
        Ok(report.entries)
    }

    fn client(&self, peer: &Peer) -> Client {
        Client {
            address: format!("http://{}/v1/applications", peer.address),
            http: self.http.clone(),
            token: self.token.clone(),
            journal: Arc::clone(&self.journal),
        }
    }

    fn journal(&self) -> std::sync::MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends applications, and notes what is answered.
struct Client {
    address: String,
    http: reqwest::Client,
    token: String,
    journal: Arc<Mutex<Journal>>,
}

impl Client {
    /// Sends one application after another until the server is gone.
    async fn send(self) -> anyhow::Result<()> {
        loop {
            let key = self.journal.lock().unwrap_or_else(PoisonError::into_inner).next_key();
            if !self.ask(&key).await? {
                return Ok(());
            }
        }
    }

    /// Sends the application of a key until it is decided, and notes the answer; says whether there was one.
    async fn ask(&self, key: &str) -> anyhow::Result<bool> {
        let mut application = example_application();
        application["external_reference"] = key.into();
        loop {
            let request = self.http.post(&self.address).bearer_auth(&self.token).header("idempotency-key", key);
            let Ok(response) = request.json(&application).send().await else { return Ok(false) };
            let status = response.status();
            let Ok(answer) = response.bytes().await else { return Ok(false) };
            match status {
                StatusCode::CREATED => {
                    self.journal.lock().unwrap_or_else(PoisonError::into_inner).note(key, &answer)?;
                    return Ok(true);
                }
                StatusCode::CONFLICT | StatusCode::SERVICE_UNAVAILABLE => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                status => anyhow::bail!("{status}: {}", String::from_utf8_lossy(&answer)),
            }
        }
    }
}
