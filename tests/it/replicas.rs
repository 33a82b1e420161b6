//! Servers in processes of their own that share one PostgreSQL database, some of which do not survive.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::join_all;
use reqwest::StatusCode;
use rstest::rstest;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    app::{OPENING_ENTRIES, application, client::send},
    peer::Peer,
    store::postgres::{Database, Server, shared},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_underwright");

/// Two servers, which keep nothing that the other needs.
struct Cluster {
    database: Database,
    /// The development key, which both trust.
    folder: TempDir,
    peers: Mutex<Vec<Option<Peer>>>,
    http: reqwest::Client,
    token: String,
}

/// Starts a server that refuses nobody because commits are slow, as they are while tests run side by side.
fn start(folder: &Path, url: &str) -> Peer {
    let patient = ["UNDERWRIGHT__LIMITS__RECORD_WITHIN_MS=0".to_owned()];
    Peer::start(Path::new(PROGRAM), folder, url, &patient).expect("it starts")
}

/// What was answered under a key.
type Journal = BTreeMap<String, Vec<u8>>;

impl Cluster {
    async fn start(server: &Arc<Server>) -> Self {
        let database = server.database().await;
        let folder = tempfile::tempdir().expect("a folder");
        let start = || start(folder.path(), &database.url());
        // The key is made by the first; the tables by whichever comes first.
        let one = start();
        let token = Peer::token(Path::new(PROGRAM), folder.path()).expect("a token");
        let peers = Mutex::new(vec![Some(one), Some(start())]);
        let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).build().expect("a client");
        Self { database, folder, peers, http, token }
    }

    fn address(&self, index: usize) -> Option<std::net::SocketAddr> {
        self.peers.lock().expect("whole")[index].as_ref().map(|peer| peer.address)
    }

    /// Ends a server in the middle of its work and starts another in its place.
    fn kill(&self, index: usize) {
        let peer = self.peers.lock().expect("whole")[index].take();
        peer.expect("it runs").kill().expect("it is gone");
        let peer = start(self.folder.path(), &self.database.url());
        self.peers.lock().expect("whole")[index] = Some(peer);
    }

    /// One attempt at one server; `None` when there was no answer.
    async fn submit(&self, index: usize, key: &str, body: &Value) -> Option<(StatusCode, bool, Vec<u8>)> {
        let url = format!("http://{}/v1/applications", self.address(index)?);
        let request = self.http.post(url).bearer_auth(&self.token).header("idempotency-key", key).json(body);
        let response = request.send().await.ok()?;
        let (status, replayed) = (response.status(), response.headers().contains_key("idempotent-replayed"));
        Some((status, replayed, response.bytes().await.ok()?.to_vec()))
    }

    /// Asks again, here and there, until it is decided: what a core-banking system does.
    async fn insist(&self, first: usize, key: &str, body: &Value) -> Vec<u8> {
        for attempt in first.. {
            match self.submit(attempt % 2, key, body).await {
                Some((StatusCode::CREATED, _, answer)) => return answer,
                None | Some((StatusCode::CONFLICT | StatusCode::SERVICE_UNAVAILABLE, ..)) => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Some((status, _, answer)) => panic!("{status}: {}", String::from_utf8_lossy(&answer)),
            }
        }
        unreachable!("attempts do not end")
    }

    /// Everything that was acknowledged is there, once, and is answered again to the byte by both; the log verifies.
    async fn hold(&self, journal: &Journal) {
        for (key, answer) in journal {
            for index in 0..2 {
                let body = numbered(key);
                let (status, replayed, again) = self.submit(index, key, &body).await.expect("it answers");
                assert_eq!((status, replayed), (StatusCode::CREATED, true), "{key} at {index}");
                assert!(again == *answer, "{key} at {index} is answered otherwise");
            }
        }
        let mut places: Vec<u64> = journal.values().map(|answer| place(answer)).collect();
        places.sort_unstable();
        let end = OPENING_ENTRIES + journal.len() as u64;
        let expected: Vec<u64> = (OPENING_ENTRIES..end).collect();
        assert_eq!(places, expected, "one sequence without gaps, and no decision that nobody was told of");
        let verified = Command::new(PROGRAM)
            .args(["audit", "verify", "--json", "--database-url", &self.database.url()])
            .output()
            .expect("it runs");
        let report: Value = serde_json::from_slice(&verified.stdout).expect("JSON");
        assert_eq!((verified.status.code(), &report["entries"]), (Some(0), &end.into()), "{report}");
    }
}

fn numbered(key: &str) -> Value {
    let mut body = application();
    body["external_reference"] = key.into();
    body
}

fn place(answer: &[u8]) -> u64 {
    let answer: Value = serde_json::from_slice(answer).expect("JSON");
    answer["decision"]["audit"]["sequence"].as_u64().expect("a place in the log")
}

/// What ends while applications come in.
#[derive(Debug, Clone, Copy)]
enum Casualty {
    Replicas,
    Database,
}

#[rstest]
#[case::of_a_replica(Casualty::Replicas)]
#[case::of_the_database(Casualty::Database)]
#[tokio::test(flavor = "multi_thread")]
async fn the_sudden_end_under_load_loses_nothing_that_was_acknowledged_and_repeats_nothing(#[case] casualty: Casualty) {
    // A server of its own, because it is to be killed.
    let server = match casualty {
        Casualty::Replicas => shared(),
        Casualty::Database => Arc::new(Server::start(&[])),
    };
    let cluster = Arc::new(Cluster::start(&server).await);
    let journal = Arc::new(Mutex::new(Journal::new()));
    let senders: Vec<_> = (0..12)
        .map(|sender| {
            let (cluster, journal) = (Arc::clone(&cluster), Arc::clone(&journal));
            tokio::spawn(async move {
                for number in 0..40 {
                    let key = format!("k-{sender}-{number}");
                    let answer = cluster.insist(sender + number, &key, &numbered(&key)).await;
                    journal.lock().expect("whole").insert(key, answer);
                }
            })
        })
        .collect();
    let killer = tokio::task::spawn_blocking({
        let (cluster, journal) = (Arc::clone(&cluster), Arc::clone(&journal));
        move || {
            for round in 1..=4 {
                // Each in the middle: after so many more were acknowledged.
                while journal.lock().expect("whole").len() < round * 80 {
                    std::thread::sleep(Duration::from_millis(2));
                }
                match casualty {
                    Casualty::Replicas => cluster.kill(round % 2),
                    Casualty::Database => {
                        server.tell("kill");
                        server.tell("start");
                    }
                }
            }
        }
    });
    for sender in senders {
        sender.await.expect("every application is decided in the end");
    }
    killer.await.expect("all rounds were done");
    let journal = journal.lock().expect("whole").clone();
    assert_eq!(journal.len(), 480);
    cluster.hold(&journal).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicates_at_two_replicas_at_once_make_one_decision_each() {
    let cluster = Cluster::start(&shared()).await;
    let mut journal = Journal::new();
    for number in 0..10 {
        let key = format!("k-{number}");
        let body = numbered(&key);
        let answers = join_all((0..24).map(|attempt| cluster.submit(attempt % 2, &key, &body))).await;
        let mut decided = Vec::new();
        for (status, _, answer) in answers.into_iter().map(|answer| answer.expect("an answer")) {
            match status {
                StatusCode::CREATED => decided.push(answer),
                status => assert_eq!(status, StatusCode::CONFLICT),
            }
        }
        decided.dedup();
        assert_eq!(decided.len(), 1, "{key}: all that is answered is the same");
        journal.insert(key, decided.remove(0));
    }
    cluster.hold(&journal).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn four_servers_that_start_on_an_empty_database_at_once_all_start() {
    let database = shared().database().await;
    let folder = tempfile::tempdir().expect("a folder");
    // The development keys, which replicas share, are made beforehand, by a server on another store.
    let elsewhere = format!("sqlite://{}/other.db", folder.path().display());
    Peer::start(Path::new(PROGRAM), folder.path(), &elsewhere, &[]).and_then(Peer::stop).expect("it starts and stops");
    let starts = (0..4).map(|_| {
        let (folder, url): (PathBuf, _) = (folder.path().to_owned(), database.url());
        tokio::task::spawn_blocking(move || Peer::start(Path::new(PROGRAM), &folder, &url, &[]))
    });
    for started in join_all(starts.collect::<Vec<_>>()).await {
        let peer = started.expect("no panic").expect("it starts");
        let ready = send(reqwest::Client::new().get(format!("http://{}/readyz", peer.address))).await;
        assert_eq!(ready.status, StatusCode::OK);
        peer.stop().expect("it stops well");
    }
}
