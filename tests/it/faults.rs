//! What fails around a server: its disk, its database, its clock. Nothing is acknowledged that is not durable, nothing
//! hangs, and when the fault is over the server works on as it is.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use futures_util::future::select;
use reqwest::StatusCode;
use rstest::rstest;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    app::{Client, OPENING_ENTRIES, Received, TestApp, application},
    peer::Peer,
    store::{
        Backend,
        postgres::{Database, Server, shared},
    },
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_underwright");
const ROUTE: &str = "/v1/applications";

/// A server in a process of its own, and all that it acknowledged.
struct Served {
    peer: Peer,
    folder: TempDir,
    url: String,
    client: Client,
    acknowledged: u64,
}

impl Served {
    fn start(program: &Path, folder: TempDir, url: String, settings: &[&str]) -> Self {
        let settings: Vec<String> = settings.iter().map(|&setting| setting.to_owned()).collect();
        let peer = Peer::start(program, folder.path(), &url, &settings).expect("it starts");
        let token = Peer::token(Path::new(PROGRAM), folder.path()).expect("a token");
        // No time-out of the client's: that the server answers is what is tested.
        let client = Client::new(reqwest::Client::new(), peer.address, Some(token));
        Self { peer, folder, url, client, acknowledged: 0 }
    }

    fn on_postgres(database: &Database, settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self::start(Path::new(PROGRAM), folder, database.url(), settings)
    }

    async fn submit(&mut self) -> Received {
        let answer = self.client.post(ROUTE, &application()).await;
        self.acknowledged += u64::from(answer.status == StatusCode::CREATED);
        answer
    }

    /// Submits until an answer has this status. What comes before must be a decision or a refusal for now.
    async fn submit_until(&mut self, status: u16) -> Received {
        loop {
            let answer = self.submit().await;
            if answer.status == status {
                return answer;
            }
            match answer.status.as_u16() {
                201 => {}
                503 => assert!(answer.header("retry-after").is_some(), "{answer:?}"),
                _ => panic!("{answer:?}"),
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn is_ready(&self) -> bool {
        self.client.get("/readyz").await.status == StatusCode::OK
    }

    /// Stops it, and holds the log against what was acknowledged: a decision whose commit took place while its answer
    /// was lost may be there beside.
    fn finish(self, answers_were_lost: bool) {
        self.peer.stop().expect("it stops well");
        let mut verify = Command::new(PROGRAM);
        verify.args(["audit", "verify", "--json", "--database-url", &self.url, "--data-dir"]).arg(self.folder.path());
        let verified = verify.output().expect("it runs");
        let report: Value = serde_json::from_slice(&verified.stdout).expect("JSON");
        assert_eq!(verified.status.code(), Some(0), "{report}");
        let decisions = report["entries"].as_u64().expect("a number") - OPENING_ENTRIES;
        if answers_were_lost {
            assert!(decisions >= self.acknowledged, "{decisions} of {}", self.acknowledged);
        } else {
            assert_eq!(decisions, self.acknowledged);
        }
    }
}

/// The program, held to files of 2 MiB each until [`lift`] is called: what a full disk does to it.
fn confined(folder: &Path) -> PathBuf {
    let script = folder.join("confined");
    // In blocks of 512 bytes, and soft, so that it can be lifted. The signal would end the process; without it writing
    // fails, as on a full disk.
    let text = format!("#!/bin/sh\ntrap '' XFSZ\nulimit -S -f 4096\nexec {PROGRAM} \"$@\"\n");
    fs::write(&script, text).expect("written");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).expect("executable");
    script
}

fn lift(peer: &Peer) {
    let mut prlimit = Command::new("prlimit");
    prlimit.args(["--fsize=unlimited:", "--pid", &peer.id().to_string()]);
    assert!(prlimit.status().expect("prlimit (util-linux) runs").success());
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_nothing_is_acknowledged_and_with_room_again_all_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}/underwright.db", folder.path().display());
    let mut served = Served::start(&confined(folder.path()), folder, url, &[]);
    served.submit().await.expect(201);
    served.submit_until(503).await.expect_problem(503, "unavailable");
    lift(&served.peer);
    served.submit_until(201).await;
    assert!(served.is_ready().await);
    for _ in 0..20 {
        served.submit().await.expect(201);
    }
    served.finish(false);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_disk_under_postgresql_is_full_nothing_is_acknowledged_and_with_room_again_all_goes_on() {
    let server = Arc::new(Server::start(&["--wal-segsize=1"]));
    let database = server.database().await;
    let mut served = Served::on_postgres(&database, &[]);
    served.submit().await.expect(201);
    tokio::task::block_in_place(|| server.tell("fill"));
    served.submit_until(503).await.expect_problem(503, "unavailable");
    // What only reads goes on.
    served.client.get(ROUTE).await.expect(200);
    tokio::task::block_in_place(|| server.tell("empty"));
    served.submit_until(201).await;
    assert!(served.is_ready().await);
    for _ in 0..20 {
        served.submit().await.expect(201);
    }
    served.finish(false);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_database_that_became_read_only_nothing_is_acknowledged_until_it_may_be_written_again() {
    let database = shared().database().await;
    let mut served = Served::on_postgres(&database, &[]);
    served.submit().await.expect(201);
    set_read_only(&database, "on").await;
    // As a failover leaves it: the sessions to the server that may be written end.
    end_sessions(&database).await;
    served.submit_until(503).await.expect_problem(503, "unavailable");
    assert!(!served.is_ready().await, "it says so");
    // What only reads goes on.
    served.client.get(ROUTE).await.expect(200);
    // A session that began while nothing could be written does not see that it may again.
    set_read_only(&database, "off").await;
    served.submit_until(201).await;
    assert!(served.is_ready().await);
    served.finish(false);
}

/// Says whether sessions may write that begin from now on.
async fn set_read_only(database: &Database, to: &str) {
    let name = database.url().split(['/', '?']).nth(3).expect("a name").to_owned();
    let setting = format!("ALTER DATABASE {name} SET default_transaction_read_only = {to}");
    database.execute(&format!("BEGIN READ WRITE; {setting}; COMMIT")).await;
}

async fn end_sessions(database: &Database) {
    let others = "datname = current_database() AND pid <> pg_backend_pid()";
    database.execute(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_fell_silent_holds_nobody_up_and_is_taken_up_again_when_it_answers() {
    let server = Arc::new(Server::start(&[]));
    let database = server.database().await;
    let mut served = Served::on_postgres(
        &database,
        &[
            "UNDERWRIGHT__DATABASE__ACQUIRE_TIMEOUT_MS=500",
            "UNDERWRIGHT__DATABASE__STATEMENT_TIMEOUT_MS=1000",
            "UNDERWRIGHT__DATABASE__WRITE_TIMEOUT_MS=1500",
            "UNDERWRIGHT__LIMITS__ANSWER_WITHIN_MS=4000",
        ],
    );
    served.submit().await.expect(201);
    served.client.get(ROUTE).await.expect(200);
    tokio::task::block_in_place(|| server.tell("freeze"));
    for _ in 0..3 {
        let refused = served.submit().await;
        assert_eq!(refused.status, 503, "{refused:?}");
        assert!(refused.header("retry-after").is_some());
    }
    // More than there are connections to read with.
    let reads = futures_util::future::join_all((0..8).map(|_| served.client.get(ROUTE))).await;
    assert!(reads.iter().all(|answer| answer.status == 503), "{reads:?}");
    assert!(!served.is_ready().await, "it says so");
    served.client.get("/healthz").await.expect(200);
    tokio::task::block_in_place(|| server.tell("thaw"));
    served.submit_until(201).await;
    served.client.get(ROUTE).await.expect(200);
    assert!(served.is_ready().await);
    // Whether the first commit took place was not known when it was given up.
    served.finish(true);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_all_connections_are_taken_further_readers_are_told_so_and_writers_are_not_held_up() {
    let database = shared().database().await;
    let settings = [
        "UNDERWRIGHT__DATABASE__READ_CONNECTIONS=1",
        "UNDERWRIGHT__DATABASE__ACQUIRE_TIMEOUT_MS=200",
        "UNDERWRIGHT__DATABASE__STATEMENT_TIMEOUT_MS=0",
    ];
    let mut served = Served::on_postgres(&database, &settings);
    served.submit().await.expect(201);
    let mut other = database.connect().await;
    // Lists read this table, and no submission does.
    sqlx::raw_sql("BEGIN; LOCK TABLE data_keys IN ACCESS EXCLUSIVE MODE").execute(&mut other).await.expect("locked");
    // One has the connection and waits for the table; the other waits in vain for a connection.
    let list = || Box::pin(served.client.get(ROUTE));
    let (refused, waiting) = select(list(), list()).await.factor_first();
    refused.expect_problem(503, "unavailable");
    sqlx::raw_sql("COMMIT").execute(&mut other).await.expect("free again");
    waiting.await.expect(200);
    served.submit().await.expect(201);
    served.finish(false);
}

#[rstest]
#[case(Backend::Sqlite)]
#[case(Backend::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_back_by_an_hour_moves_neither_the_log_nor_a_list_and_decides_on(#[case] backend: Backend) {
    let app = TestApp::spawn_on(backend).await;
    let service = app.service();
    let mut ids = Vec::new();
    let mut times = Vec::new();
    for hours in [0, 1, -1] {
        app.clock.advance(time::Duration::hours(hours));
        for _ in 0..3 {
            ids.push(service.submit(&application()).await["id"].as_str().expect("an id").to_owned());
        }
    }
    let key = [("idempotency-key", "the same")];
    let first = service.post_with(ROUTE, &key, &application()).await;
    app.clock.advance(time::Duration::hours(-1));
    let again = service.post_with(ROUTE, &key, &application()).await;
    assert_eq!((again.status.as_u16(), again.body), (201, first.body), "a key is known whatever the clock says");
    // Every page by page, nothing twice.
    let mut listed = Vec::new();
    let mut after = String::new();
    loop {
        let page = service.get(&format!("{ROUTE}?limit=4{after}")).await.expect(200);
        let data = page["data"].as_array().expect("a list").clone();
        listed.extend(data.into_iter().map(|one| one["id"].as_str().expect("an id").to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    let distinct: std::collections::BTreeSet<_> = listed.iter().collect();
    assert_eq!((listed.len(), distinct.len()), (10, 10));
    assert!(ids.iter().all(|id| listed.contains(id)));
    let entries = app.auditor().get("/v1/audit/entries?limit=100").await.expect(200);
    for entry in entries["data"].as_array().expect("a list") {
        times.push((entry["sequence"].as_u64().expect("a number"), entry["time"].as_str().expect("a time").to_owned()));
    }
    times.sort();
    assert!(times.is_sorted_by(|one, next| one.1 <= next.1), "{times:?}");
    assert_eq!(app.finish().await, 10);
}
