//! A crash between any two statements of a transaction, and several writers on one log.

use std::path::Path;

use futures_util::future::join_all;
use reqwest::StatusCode;
use rstest::rstest;
use serde_json::Value;
use underwright::{service::audit::verify, storage::DatabaseUrl, storage::Db, storage::failpoint};

use crate::{
    app::{OPENING_ENTRIES, application},
    crash::Harness,
    peer::Peer,
    store::{Backend, Store},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_underwright");

/// How many entries an intact log has.
async fn entries(url: &str) -> u64 {
    let db = Db::open_read_only(&DatabaseUrl::parse(url).expect("a URL")).await.expect("the database opens");
    let report = verify(&db, |_, _| {}).await.expect("the log can be read");
    db.close().await;
    assert!(report.intact, "{:?}", report.message);
    report.entries
}

/// Submits under a key; `None` when the server is gone before it answers.
async fn submit(peer: &Peer, token: &str, key: &str) -> Option<(StatusCode, Value)> {
    let url = format!("http://{}/v1/applications", peer.address);
    let request = reqwest::Client::new().post(url).bearer_auth(token).header("idempotency-key", key);
    let answer = request.json(&application()).send().await.ok()?;
    Some((answer.status(), answer.json().await.ok()?))
}

#[cfg(any(debug_assertions, feature = "failpoints"))]
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_behind_any_statement_leaves_a_log_that_verifies_and_the_request_can_be_sent_again(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (store, folder) = (Store::new(backend).await, tempfile::tempdir().expect("a folder"));
    let start = |settings: &[String]| {
        Peer::start(Path::new(PROGRAM), folder.path(), &store.url(), settings).expect("it starts")
    };
    start(&[]).stop().expect("it stops well");
    let token = Peer::token(Path::new(PROGRAM), folder.path()).expect("a token");
    for (place, before) in failpoint::RECORDER.into_iter().zip(OPENING_ENTRIES..) {
        let peer = start(&[format!("UNDERWRIGHT_FAILPOINT={place}")]);
        assert!(submit(&peer, &token, place).await.is_none(), "{place} is reached, and the server is gone");
        drop(peer);
        let is_committed = place == "recorder.after_commit";
        assert_eq!(entries(&store.url()).await, before + u64::from(is_committed), "{place}");
        let peer = start(&[]);
        let (status, answer) = submit(&peer, &token, place).await.expect("an answer");
        assert_eq!(
            (status, &answer["decision"]["audit"]["sequence"]),
            (StatusCode::CREATED, &before.into()),
            "{place}"
        );
        peer.stop().expect("it stops well");
        assert_eq!(entries(&store.url()).await, before + 1, "{place}: once");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_that_write_at_once_make_one_log(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (store, folder) = (Store::new(backend).await, tempfile::tempdir().expect("a folder"));
    let start = || Peer::start(Path::new(PROGRAM), folder.path(), &store.url(), &[]).expect("it starts");
    let peers = [start(), start()];
    let token = Peer::token(Path::new(PROGRAM), folder.path()).expect("a token");
    let keys: Vec<String> = (0..60).map(|number| format!("k-{number}")).collect();
    let answers = join_all(keys.iter().enumerate().map(|(number, key)| submit(&peers[number % 2], &token, key))).await;
    let mut places: Vec<u64> = answers
        .into_iter()
        .map(|answer| {
            let (status, answer) = answer.expect("an answer");
            assert_eq!(status, StatusCode::CREATED, "{answer}");
            answer["decision"]["audit"]["sequence"].as_u64().expect("a place")
        })
        .collect();
    places.sort_unstable();
    assert_eq!(places, (OPENING_ENTRIES..OPENING_ENTRIES + 60).collect::<Vec<_>>());
    for peer in peers {
        peer.stop().expect("it stops well");
    }
    assert_eq!(entries(&store.url()).await, OPENING_ENTRIES + 60);
}

// `cargo run --release --features failpoints --example crash -- --cycles 200` is the long run.
#[rstest]
#[case(Backend::Sqlite)]
#[case(Backend::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn after_one_crash_and_another_everything_acknowledged_is_there_once_and_verifies(#[case] backend: Backend) {
    let mut harness = Harness::new(Path::new(PROGRAM), backend, 7).await.expect("it starts");
    for _ in 0..4 {
        harness.cycle().await.unwrap_or_else(|error| panic!("{error:#}"));
    }
    let outcome = harness.finish().await.unwrap_or_else(|error| panic!("{error:#}"));
    assert!(outcome.acknowledged > 0, "{outcome}");
}
