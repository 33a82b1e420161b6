//! Backup and restore, as docs/operations.md has them: taken while applications come in, held against a checkpoint that
//! was kept elsewhere, repeated to the bit, and without those who were erased since.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use reqwest::Method;
use rstest::rstest;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    app::{Client, application, client::send},
    peer::Peer,
    store::{
        Backend,
        postgres::{Database, binaries, shared},
    },
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_underwright");
const ROUTE: &str = "/v1/applications";

/// Where the data of a lender is, before or after a disaster.
struct Place {
    folder: TempDir,
    database: Option<Database>,
}

impl Place {
    async fn new(backend: Backend) -> Self {
        let database = match backend {
            Backend::Sqlite => None,
            Backend::Postgres => Some(shared().database().await),
        };
        Self { folder: tempfile::tempdir().expect("a folder"), database }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn url(&self) -> String {
        let file = || format!("sqlite://{}", self.path("underwright.db").display());
        self.database.as_ref().map_or_else(file, Database::url)
    }

    fn serve(&self) -> Peer {
        Peer::start(Path::new(PROGRAM), self.folder.path(), &self.url(), &[]).expect("it starts")
    }

    fn client(&self, peer: &Peer, role: &str) -> Client {
        let token = run(Command::new(PROGRAM).args(["token", "--role", role, "--data-dir"]).arg(self.folder.path()), 0);
        let token = String::from_utf8(token.stdout).expect("text").trim().to_owned();
        Client::new(reqwest::Client::new(), peer.address, Some(token))
    }

    fn audit(&self, arguments: &[&str], code: i32) -> String {
        let mut command = Command::new(PROGRAM);
        command.arg("audit").args(arguments).args(["--database-url", &self.url(), "--data-dir"]);
        String::from_utf8(run(command.arg(self.folder.path()), code).stdout).expect("text")
    }

    /// Copies the database while it is written to.
    fn back_up(&self, to: &Path) {
        match &self.database {
            // A state of its own, whatever is committed meanwhile; `.backup` of the same program does as well.
            None => {
                let copy = format!("VACUUM INTO '{}'", to.display());
                run(Command::new("sqlite3").arg(self.path("underwright.db")).arg(copy), 0);
            }
            Some(database) => {
                let mut dump = Command::new(binaries().join("pg_dump"));
                run(dump.args(["--format=custom", "--file"]).arg(to).args(["--dbname", &database.url()]), 0);
            }
        }
    }

    /// Puts a copy where the database was, and beside it what lies outside: the keys and the erasure journal.
    fn restore(&self, copy: &Path, outside: &Place) {
        match &self.database {
            None => drop(fs::copy(copy, self.path("underwright.db")).expect("copied")),
            Some(database) => {
                let mut restore = Command::new(binaries().join("pg_restore"));
                run(restore.args(["--exit-on-error", "--dbname", &database.url()]).arg(copy), 0);
            }
        }
        let mut keys = Command::new("cp");
        keys.arg("-a").args(["keys", "development-key.pem", "erasures.jsonl"].map(|name| outside.path(name)));
        run(keys.arg(self.folder.path()), 0);
    }
}

#[track_caller]
fn run(command: &mut Command, code: i32) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(code), "{command:?}\n{said}{printed}");
    output
}

fn applicant(reference: &str) -> Value {
    let mut body = application();
    body["applicant"]["reference"] = reference.into();
    body
}

#[rstest]
#[case(Backend::Sqlite)]
#[case(Backend::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_taken_under_load_is_restored_verified_repeated_and_without_those_erased_since(
    #[case] backend: Backend,
) {
    let place = Place::new(backend).await;
    let peer = place.serve();
    let service = Arc::new(place.client(&peer, "service"));
    let forgotten = service.submit(&applicant("to-be-forgotten")).await["id"].as_str().expect("an id").to_owned();
    let kept = service.submit(&applicant("to-be-kept")).await["id"].as_str().expect("an id").to_owned();

    let stop = Arc::new(AtomicBool::new(false));
    let load = tokio::spawn({
        let (service, stop) = (Arc::clone(&service), Arc::clone(&stop));
        async move {
            while !stop.load(Ordering::Relaxed) {
                service.submit(&application()).await;
            }
        }
    });
    // What is kept elsewhere.
    let before = place.path("before.checkpoint");
    fs::write(&before, place.client(&peer, "auditor").get("/v1/audit/checkpoint").await.body).expect("written");
    let keys = place.path("published-keys.txt");
    fs::write(&keys, place.audit(&["keys"], 0)).expect("written");

    let copy = place.path("copy");
    tokio::task::block_in_place(|| place.back_up(&copy));
    stop.store(true, Ordering::Relaxed);
    load.await.expect("every application was decided");
    // After the backup.
    service.submit(&application()).await;
    let erase = place.client(&peer, "privacy");
    send(erase.request(Method::DELETE, "/v1/applicants/to-be-forgotten")).await.expect(200);
    tokio::task::block_in_place(|| peer.stop()).expect("it stops well");
    let after = place.path("after.checkpoint");
    fs::write(&after, place.audit(&["checkpoint"], 0)).expect("written");

    let restored = Place::new(backend).await;
    restored.restore(&copy, &place);
    let against = |checkpoint: &Path, code| {
        let checkpoint = checkpoint.display().to_string();
        restored.audit(&["verify", "--checkpoint", &checkpoint, "--key", &keys.display().to_string()], code)
    };
    against(&before, 0);
    // What came after the backup is lost, and the checkpoint from elsewhere tells.
    against(&after, 1);
    restored.audit(&["replay"], 0);

    let peer = restored.serve();
    let auditor = restored.client(&peer, "auditor");
    let shown = auditor.get(&format!("{ROUTE}/{forgotten}")).await.expect(200);
    assert!(shown["applicant"].is_null() && !shown["applicant_erased_at"].is_null(), "erased again: {shown}");
    let shown = auditor.get(&format!("{ROUTE}/{kept}")).await.expect(200);
    assert_eq!(shown["applicant"]["reference"], "to-be-kept");
    restored.client(&peer, "service").submit(&application()).await;
    tokio::task::block_in_place(|| peer.stop()).expect("it stops well");
    against(&before, 0);
}
