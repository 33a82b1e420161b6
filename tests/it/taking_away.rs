//! The log taken away by the command and by a slow reader: on a full disk, in memory that does not grow, and checked offline.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::{Command, Output, Stdio},
    time::Duration,
};

use futures_util::{StreamExt as _, stream};
use rstest::rstest;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

use crate::{
    app::{OPENING_ENTRIES, TestApp, application},
    peer::{Peer, memory_bytes},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_underwright");

fn run(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).output().expect("the program runs")
}

/// What a command said as JSON, when it ended as expected.
#[track_caller]
fn json(output: &Output, code: i32) -> Value {
    assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path that is text")
}

async fn filled(entries: usize) -> TestApp {
    let app = TestApp::spawn().await;
    for _ in 0..entries {
        app.officer().submit(&application()).await;
    }
    app
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_command_takes_away_holds_offline_and_every_decision_comes_out_again() {
    let (app, folder) = (filled(20).await, tempfile::tempdir().expect("a folder"));
    let (url, file) = (app.store.url(), folder.path().join("log.jsonl"));
    let export = ["audit", "export", "--format", "jsonl", "--output", text(&file), "--database-url", &url];
    assert!(run(&export).status.success());
    let verified = json(&run(&["audit", "verify", "--file", text(&file), "--json"]), 0);
    assert_eq!(verified["entries"], app.verified_entries().await + OPENING_ENTRIES, "{verified}");
    let replayed = json(&run(&["audit", "replay", "--json", "--database-url", &url]), 0);
    assert_eq!((&replayed["repeated"], &replayed["decisions"]), (&true.into(), &20.into()), "{replayed}");

    let mut bytes = fs::read(&file).expect("the export");
    let place = bytes.len() / 2;
    bytes[place] ^= 1;
    fs::write(&file, bytes).expect("changed");
    let refused = run(&["audit", "verify", "--file", text(&file), "--json"]);
    assert_eq!(refused.status.code(), Some(1), "{}", String::from_utf8_lossy(&refused.stderr));
    let missing = run(&["audit", "verify", "--file", text(&folder.path().join("none"))]);
    assert_eq!(missing.status.code(), Some(2));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_ends_an_export_in_one_line_and_leaves_no_file(#[values("jsonl", "csv", "parquet")] format: &str) {
    let (app, folder) = (filled(20).await, tempfile::tempdir().expect("a folder"));
    let file = folder.path().join("log");
    // Writing past 2 KiB fails, as on a full disk.
    let script = "trap '' XFSZ; ulimit -f 4; exec \"$0\" \"$@\"";
    let export = ["audit", "export", "--format", format, "--output", text(&file), "--database-url"];
    let output = Command::new("sh")
        .args(["-c", script, PROGRAM])
        .args(export)
        .arg(app.store.url())
        .output()
        .expect("a shell runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.lines().count() == 1 && said.contains("File too large"), "{said}");
    let left: Vec<_> = fs::read_dir(folder.path()).expect("a folder").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_that_was_changed_is_named_by_the_commands_and_they_exit_with_one() {
    let (app, folder) = (filled(3).await, tempfile::tempdir().expect("a folder"));
    let path = folder.path().join("underwright.db");
    let copy = format!("VACUUM INTO '{}'", path.display());
    let address = app.store.url();
    let mut connection = SqliteConnection::connect(&address).await.expect("connected");
    sqlx::raw_sql(AssertSqlSafe(copy)).execute(&mut connection).await.expect("copied");
    connection.close().await.expect("closed");

    let url = format!("sqlite://{}", path.display());
    let mut connection = SqliteConnection::connect(&url).await.expect("connected");
    let change = format!(
        "UPDATE audit_entries SET entry = replace(entry, '\"score\":', '\"score\":1') \
         WHERE sequence = {OPENING_ENTRIES}"
    );
    sqlx::raw_sql(AssertSqlSafe(change)).execute(&mut connection).await.expect("changed");
    connection.close().await.expect("closed");

    let replayed = json(&run(&["audit", "replay", "--json", "--database-url", &url]), 1);
    let finding = &replayed["findings"][0];
    assert_eq!((&replayed["differing"], &finding["sequence"]), (&1.into(), &OPENING_ENTRIES.into()), "{replayed}");
    let pointers: Vec<_> =
        finding["differences"].as_array().expect("a list").iter().map(|found| &found["pointer"]).collect();
    assert!(pointers.contains(&&Value::from("/decision/score")), "{replayed}");
    let verified = json(&run(&["audit", "verify", "--json", "--database-url", &url]), 1);
    assert_eq!(
        (&verified["finding"]["sequence"], &verified["finding"]["finding"]),
        (&OPENING_ENTRIES.into(), &"changed".into())
    );
}

/// More than an export, a verification or a replay takes for its buffers, in all their copies, and less than the log.
const BOUND_BYTES: u64 = 40 << 20;
/// Entries of about 4 KB.
const MANY: usize = 12_000;

#[tokio::test(flavor = "multi_thread")]
async fn neither_a_slow_reader_nor_the_command_holds_the_log_in_memory() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("underwright.db").display());
    let peer = Peer::start(Path::new(PROGRAM), folder.path(), &url, &[]).expect("it starts");
    let token = Peer::token(Path::new(PROGRAM), folder.path()).expect("a token");
    let (client, address) = (reqwest::Client::new(), format!("http://{}/v1/applications", peer.address));
    let submit = |_| async { client.post(&address).bearer_auth(&token).json(&application()).send().await };
    let answers: Vec<_> = stream::iter(0..MANY).map(submit).buffer_unordered(64).collect().await;
    assert!(answers.into_iter().all(|answer| answer.is_ok_and(|answer| answer.status().is_success())));

    let auditor = run(&["token", "--role", "auditor", "--data-dir", text(folder.path())]);
    let auditor = String::from_utf8(auditor.stdout).expect("a token");
    let before = peer.peak_memory_bytes().expect("Linux says it");
    let mut connection = TcpStream::connect(peer.address).expect("connected");
    let head = format!(
        "GET /v1/audit/export?format=jsonl HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {}\r\n\r\n",
        auditor.trim()
    );
    connection.write_all(head.as_bytes()).expect("sent");
    let mut some = vec![0; 64 << 10];
    connection.read_exact(&mut some).expect("the beginning");
    // The server has all the time it needs to read ahead, if it did.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let length = std::io::copy(&mut connection, &mut std::io::sink()).expect("the rest");
    assert!(length > BOUND_BYTES, "an export of {length} bytes");
    let grown = peer.peak_memory_bytes().expect("Linux says it").saturating_sub(before);
    assert!(grown < BOUND_BYTES, "the server grew by {grown} bytes for a slow reader of {length}");
    peer.stop().expect("it stops well");

    let file = folder.path().join("log");
    let nothing = peak_of(&["audit", "replay", "--from", "2999-01-01", "--database-url", &url]);
    for whole in [&["export", "--format", "jsonl", "--output", text(&file)][..], &["replay"], &["verify"]] {
        let grown = peak_of(&[&["audit"], whole, &["--database-url", &url]].concat()).saturating_sub(nothing);
        assert!(grown < BOUND_BYTES, "{whole:?} grew by {grown} bytes");
    }
}

/// The most memory that a command had, as last seen before it ended.
fn peak_of(arguments: &[&str]) -> u64 {
    let mut command = Command::new(PROGRAM);
    let mut process = command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
    let mut peak = 0;
    let status = loop {
        peak = peak.max(memory_bytes(process.id(), "VmHWM:").unwrap_or(0));
        if let Some(status) = process.try_wait().expect("it is asked") {
            break status;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    assert!(status.success() && peak > 0, "{arguments:?}: {status}");
    peak
}
