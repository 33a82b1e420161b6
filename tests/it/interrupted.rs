//! Every command that writes, and a server from its first start to its stop, killed before and behind each of their
//! commits: the log verifies, and asking again ends what was begun.
//!
//! Between two statements of one transaction the database itself leaves nothing behind: what is killed before its commit
//! has made all of its statements. The recorder's are tried one by one in `crashes`.
#![cfg(any(debug_assertions, feature = "failpoints"))]

use std::{
    path::Path,
    process::{Command, Output},
};

use rstest::rstest;
use underwright::{
    crypto::{SecretKey, private_file::write_private},
    service::audit::verify,
    storage::{DatabaseUrl, Db, failpoint},
};

use crate::{
    app::{KEK, TestApp, application, application_for, model::POLICY},
    peer::Peer,
    store::{Backend, Store},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_underwright");

/// More transactions than anything here makes.
const MANY: u32 = 40;

/// Verifies the log, and gives how many entries it has.
async fn verified(url: &str, after: &str) -> u64 {
    let db = Db::open_read_only(&DatabaseUrl::parse(url).expect("a URL")).await.expect("the database opens");
    let report = verify(&db, |_, _| {}).await.expect("the log can be read");
    db.close().await;
    assert!(report.intact, "{after}: {:?}", report.message);
    report.entries
}

/// Runs a command beside the server; it is killed at a place when there is one.
fn run(app: &TestApp, arguments: &[&str], place: Option<&str>) -> Output {
    let mut command = Command::new(PROGRAM);
    command.current_dir(app.store.folder()).args(arguments).args(["--config", "uw.toml"]);
    if let Some(place) = place {
        command.env("UNDERWRIGHT_FAILPOINT", place);
    }
    command.output().expect("it runs")
}

/// Writes settings: two key-encryption keys, of which one is active, and a period after which declined applicants expire.
fn configure(app: &TestApp, active: &str) {
    let text = format!(
        "data_dir = \".\"\n[database]\nurl = \"{}\"\n[retention]\ndecline_days = 30\n[keys]\nactive = \"{active}\"\n\
         [[keys.encryption]]\nid = \"test\"\nfile = \"test.kek\"\n[[keys.encryption]]\nid = \"new\"\nfile = \"new.kek\"\n",
        app.store.url()
    );
    std::fs::write(app.store.folder().join("uw.toml"), text).expect("written");
}

/// Kills a command at each of its commits in turn, until it comes through; `prepare` gives what to run each time. After
/// each time the log verifies, and the same command, run again, ends well.
async fn interrupt(app: &TestApp, mut prepare: impl AsyncFnMut(u32) -> Vec<String>) {
    let mut turn = 0;
    for place in failpoint::TRANSACTION {
        let mut killed = 0;
        for nth in 1..=MANY {
            turn += 1;
            let arguments = prepare(turn).await;
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let place = format!("{place}@{nth}");
            let output = run(app, &arguments, Some(&place));
            let after = format!("{arguments:?} at {place}: {}", String::from_utf8_lossy(&output.stderr));
            verified(&app.store.url(), &after).await;
            let Some(code) = output.status.code() else {
                killed += 1;
                let again = run(app, &arguments, None);
                assert_eq!(again.status.code(), Some(0), "{after}: {}", String::from_utf8_lossy(&again.stderr));
                verified(&app.store.url(), &after).await;
                continue;
            };
            assert_eq!(code, 0, "{after}");
            break;
        }
        assert!((1..MANY).contains(&killed), "{place} was reached {killed} times");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_is_killed_at_any_of_its_commits_leaves_a_log_that_verifies_and_can_be_run_again(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::spawn_on(backend).await;
    let folder = app.store.folder();
    write_private(&folder.join("test.kek"), &hex::encode(KEK)).expect("written");
    write_private(&folder.join("new.kek"), &SecretKey::random().expect("randomness").to_hex()).expect("written");
    configure(&app, "test");
    let submit = async |reference: &str, purpose: &str| {
        let mut body = if purpose.is_empty() { application() } else { application_for(purpose) };
        body["applicant"]["reference"] = reference.into();
        app.service().submit(&body).await;
    };
    let owned = |arguments: &[&str]| arguments.iter().map(|argument| (*argument).to_owned()).collect::<Vec<_>>();

    interrupt(&app, async |turn| {
        let reference = format!("H-{turn}");
        submit(&reference, "").await;
        owned(&["applicants", "hold", "--reference", &reference])
    })
    .await;
    interrupt(&app, async |turn| {
        let reference = format!("L-{turn}");
        submit(&reference, "").await;
        assert_eq!(run(&app, &["applicants", "hold", "--reference", &reference], None).status.code(), Some(0));
        owned(&["applicants", "release", "--reference", &reference])
    })
    .await;
    interrupt(&app, async |turn| {
        let reference = format!("E-{turn}");
        submit(&reference, "").await;
        owned(&["applicants", "erase", "--reference", &reference])
    })
    .await;
    interrupt(&app, async |turn| {
        std::fs::write(folder.join("policy.toml"), POLICY.replacen("version = \"", &format!("version = \"{turn}."), 1))
            .expect("written");
        owned(&["policy", "publish", "policy.toml"])
    })
    .await;
    interrupt(&app, async |turn| {
        configure(&app, if turn % 2 == 1 { "new" } else { "test" });
        owned(&["keys", "rotate"])
    })
    .await;
    app.clock.advance(time::Duration::days(-3_650));
    interrupt(&app, async |turn| {
        submit(&format!("R-{turn}"), "vacation").await;
        owned(&["retention", "apply"])
    })
    .await;
    drop(app);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_at_any_commit_from_its_first_start_to_its_stop_leaves_a_log_that_verifies(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    for place in failpoint::TRANSACTION {
        let mut killed = 0;
        for nth in 1..=MANY {
            let (store, folder) = (Store::new(backend).await, tempfile::tempdir().expect("a folder"));
            let start = |settings: &[String]| Peer::start(Path::new(PROGRAM), folder.path(), &store.url(), settings);
            let place = format!("{place}@{nth}");
            let went_well = live(start(&[format!("UNDERWRIGHT_FAILPOINT={place}")]), folder.path()).await;
            verified(&store.url(), &place).await;
            let before = verified(&store.url(), &place).await;
            assert!(live(start(&[]), folder.path()).await, "{place}: it starts again, and stops well");
            assert!(verified(&store.url(), &place).await > before, "{place}: it goes on");
            if went_well {
                break;
            }
            killed += 1;
        }
        assert!((3..MANY).contains(&killed), "{place} was reached {killed} times");
    }
}

/// A server's life: it starts, decides an application and is asked to stop. Whether it came through.
async fn live(started: anyhow::Result<Peer>, folder: &Path) -> bool {
    let Ok(peer) = started else { return false };
    let token = Peer::token(Path::new(PROGRAM), folder).expect("a token");
    let url = format!("http://{}/v1/applications", peer.address);
    let sent = reqwest::Client::new().post(url).bearer_auth(token).json(&application()).send().await;
    let was_decided = sent.is_ok_and(|answer| answer.status() == reqwest::StatusCode::CREATED);
    peer.stop().is_ok() && was_decided
}
