//! Signed heads, proofs, and what they show of a log that was cut off or rewritten as a whole.

use std::{collections::BTreeSet, fs};

use sqlx::SqliteConnection;

use super::{
    super::audit::{
        NamedCheckpoint, Outside, checkpoints::CheckpointError, proof, record_what_is_in_force, verify_against,
    },
    *,
};
use crate::{
    audit::{checkpoint::SignedCheckpoint, note::VerifierKey, proof::Fault},
    crypto::signing::CheckpointSigner,
    storage,
};

const ORIGIN: &str = "bank.example/lending";

fn signer(seed: u8) -> CheckpointSigner {
    CheckpointSigner::from_seed(ORIGIN, &[seed; 32]).unwrap()
}

fn key_of(seed: u8) -> VerifierKey {
    signer(seed).verifier().clone()
}

impl Bench {
    /// A server that signs, whose log says what is in force.
    async fn signing(seed: u8) -> Self {
        Self::signing_on(Backend::Sqlite, seed).await
    }

    async fn signing_on(backend: Backend, seed: u8) -> Self {
        let store = Store::new(backend).await;
        let clock = Clock::manual(noon());
        let app = Self::start_signing(&store, &clock, signer(seed)).await;
        Self { app, clock, store }
    }

    async fn start_signing(store: &Store, clock: &Clock, signer: CheckpointSigner) -> App {
        let app = Self::start_as(store, clock, Settings::default(), (POLICY, Some(settings(signer)))).await;
        record_what_is_in_force(&app).await.unwrap();
        app
    }

    async fn checkpoint(&self) -> SignedCheckpoint {
        audit::checkpoint(&self.app).await.unwrap()
    }

    async fn verify_against(&self, checkpoint: &SignedCheckpoint, keys: Vec<VerifierKey>) -> Report {
        let db = Db::open_read_only(&self.url()).await.unwrap();
        let checkpoints = vec![NamedCheckpoint { name: "kept".to_owned(), checkpoint: checkpoint.clone() }];
        let report =
            verify_against(&db, &Outside { checkpoints, keys, ..Outside::default() }, |_, _| ()).await.unwrap();
        db.close().await;
        report
    }

    /// A connection that may change checkpoints too.
    async fn connection(&self) -> SqliteConnection {
        let mut connection = tampering::connect(self).await;
        for trigger in ["audit_checkpoints_are_not_changed", "audit_checkpoints_are_not_removed"] {
            execute(&mut connection, &format!("DROP TRIGGER IF EXISTS {trigger}")).await;
        }
        connection
    }
}

fn settings(signer: CheckpointSigner) -> audit::checkpoints::Settings {
    audit::checkpoints::Settings { signer, interval: std::time::Duration::from_hours(1), directory: None }
}

async fn execute(connection: &mut SqliteConnection, statement: &str) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(connection).await.unwrap();
}

async fn actions(app: &App) -> Vec<String> {
    let page = audit::entries(app, &audit::Filter::default(), None, audit_page()).await.unwrap();
    page.data.iter().map(|view| format!("{} {}", view.entry.action.as_str(), view.entry.subject)).collect()
}

fn audit_page() -> crate::service::view::PageLimit {
    crate::service::view::PageLimit::new(100).unwrap()
}

#[rstest]
#[tokio::test]
async fn what_is_in_force_is_recorded_when_it_changes_and_only_then(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::signing_on(backend, 1).await;
    let first = format!("signing_key.activated signing-key/{}", key_of(1).short_name());
    let opening = [first.as_str(), "model.activated model/example/1", "policy.activated policy/example/2"];
    assert_eq!(actions(&bench.app).await, opening);
    record_what_is_in_force(&bench.app).await.unwrap();
    bench.app.stop().await;
    let again = Bench::start_signing(&bench.store, &bench.clock, signer(1)).await;
    assert_eq!(actions(&again).await, opening);
    again.stop().await;
    let rotated = Bench::start_signing(&bench.store, &bench.clock, signer(2)).await;
    let second = format!("signing_key.activated signing-key/{}", key_of(2).short_name());
    assert_eq!(actions(&rotated).await[3..], [second]);
}

#[tokio::test]
async fn the_head_is_signed_once_for_each_size_and_kept_inside_and_outside() {
    let outside = tempfile::tempdir().unwrap();
    let (store, clock) = (Store::new(Backend::Sqlite).await, Clock::manual(noon()));
    let directory = Some(outside.path().to_owned());
    let settings = audit::checkpoints::Settings { directory, ..settings(signer(1)) };
    let app = Bench::start_as(&store, &clock, Settings::default(), (POLICY, Some(settings))).await;
    record_what_is_in_force(&app).await.unwrap();
    let bench = Bench { app, clock, store };
    let first = bench.checkpoint().await;
    assert_eq!((first.head().size, first.checkpoint().origin.as_str()), (3, ORIGIN));
    assert_eq!(first.verify(&[key_of(1)]), Ok(&key_of(1)));
    assert_eq!(bench.checkpoint().await, first);
    bench.submit("R-1", 24).await;
    // Signed when it stops, too.
    bench.app.stop().await;
    let report = bench.verify().await;
    assert_eq!((report.intact, report.checkpoints.stored), (true, 2), "{:?}", report.message);
    let read = |name: &str| SignedCheckpoint::parse(&fs::read_to_string(outside.path().join(name)).unwrap()).unwrap();
    assert_eq!(read("latest.checkpoint").head().size, 4);
    assert_eq!(read("2026-11-22/0000000000000003.checkpoint"), first);
}

#[tokio::test]
async fn checkpoints_of_a_key_that_was_replaced_stay_good() {
    let bench = Bench::signing(1).await;
    bench.submit("R-1", 24).await;
    let old = bench.checkpoint().await;
    bench.app.stop().await;
    bench.clock.advance(Duration::seconds(1));
    let rotated = Bench::start_signing(&bench.store, &bench.clock, signer(2)).await;
    let bench = Bench { app: rotated, ..bench };
    bench.submit("R-2", 24).await;
    let new = bench.checkpoint().await;
    assert_eq!((old.verify(&[key_of(1)]).is_ok(), new.verify(&[key_of(2)]).is_ok()), (true, true));
    for checkpoint in [&old, &new] {
        let report = bench.verify_against(checkpoint, vec![key_of(1), key_of(2)]).await;
        assert!(report.intact, "{:?}", report.message);
    }
    let report = bench.verify_against(&new, vec![key_of(1)]).await;
    assert!(report.message.unwrap().contains("not signed by a key that is trusted"));
    assert_eq!(proof(bench.app.db(), 3).await.unwrap().check(&[key_of(1)]).unwrap().key, key_of(1));
}

#[tokio::test]
async fn a_key_that_the_log_does_not_name_signs_nothing() {
    let bench = Bench::signing(1).await;
    bench.app.stop().await;
    let app =
        Bench::start_as(&bench.store, &bench.clock, Settings::default(), (POLICY, Some(settings(signer(2))))).await;
    assert!(matches!(app.checkpointer().unwrap().sign().await, Err(CheckpointError::NotActivated(_))));
}

#[tokio::test]
async fn a_log_that_was_rewritten_under_a_running_server_is_not_signed() {
    let bench = Bench::signing(1).await;
    bench.submit("R-1", 24).await;
    bench.submit("R-2", 24).await;
    let signed = bench.checkpoint().await;
    bench.submit("R-3", 24).await;
    let mut connection = bench.connection().await;
    execute(
        &mut connection,
        "UPDATE audit_entries SET leaf_hash = (SELECT leaf_hash FROM audit_entries WHERE sequence = 0) WHERE sequence = 4",
    )
    .await;
    let error = bench.app.checkpointer().unwrap().sign().await.unwrap_err();
    assert_eq!(error, CheckpointError::Inconsistent { signed: signed.head().size });
}

#[rstest]
#[tokio::test]
async fn every_entry_of_a_log_is_proved_and_every_change_of_a_proof_is_seen(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::signing_on(backend, 1).await;
    bench.submit_many(270).await;
    bench.checkpoint().await;
    for sequence in [0, 2, 3, 255, 256, 272] {
        let file = proof(bench.app.db(), sequence).await.unwrap();
        let proved = file.check(&[key_of(1)]).unwrap();
        assert_eq!((proved.entry.sequence, proved.checkpoint.head().size), (sequence, 273));
        assert_eq!(file, serde_json::from_str(&serde_json::to_string(&file).unwrap()).unwrap(), "it reads back");
    }
    let file = proof(bench.app.db(), 100).await.unwrap();
    let changed = |change: &dyn Fn(&mut crate::audit::proof::ProofFile)| {
        let mut changed = file.clone();
        change(&mut changed);
        changed.check(&[key_of(1)]).unwrap_err()
    };
    assert_eq!(changed(&|file| file.entry = file.entry.replace("los-1", "los-2")), Fault::LeafHash);
    assert_eq!(changed(&|file| file.sequence = 101), Fault::Sequence(100));
    assert_eq!(changed(&|file| file.tree_size = 272), Fault::Head);
    assert_eq!(changed(&|file| file.inclusion.swap(0, 1)), Fault::Inclusion);
    assert_eq!(changed(&|file| file.inclusion[0] = file.inclusion[0].to_uppercase()), Fault::Inclusion);
    assert!(matches!(changed(&|file| file.checkpoint = file.checkpoint.replace("273", "272")), Fault::Head));
    assert!(matches!(changed(&|file| file.format = "other".to_owned()), Fault::Format(_)));
    assert!(matches!(file.check(&[key_of(2)]).unwrap_err(), Fault::Unsigned(_)));
    assert!(file.check(&[]).is_ok(), "it agrees with itself");
}

#[tokio::test]
async fn an_entry_behind_the_last_checkpoint_is_proved_by_the_server_and_not_without_it() {
    let bench = Bench::signing(1).await;
    bench.checkpoint().await;
    bench.submit("R-1", 24).await;
    let error = proof(bench.app.db(), 3).await.unwrap_err();
    assert!(error.to_string().contains("no checkpoint covers entry 3"), "{error}");
    let file = audit::proof_from_server(&bench.app, 3).await.unwrap();
    assert_eq!(file.check(&[key_of(1)]).unwrap().entry.sequence, 3);
    let error = proof(bench.app.db(), 4).await.unwrap_err();
    assert!(error.to_string().contains("has 4 entries"), "{error}");
}

/// A log whose entries say something else, with all of its hashes, copies and signatures right.
async fn another_log(count: u32, first: &str) -> Bench {
    let bench = Bench::signing(1).await;
    bench.submit(first, 24).await;
    bench.submit_many(count).await;
    bench
}

#[tokio::test]
async fn a_history_that_was_rewritten_with_everything_shows_against_a_kept_checkpoint() {
    let (before, rewritten) = (another_log(20, "R-true").await, another_log(30, "R-false").await);
    let kept = before.checkpoint().await;
    assert!(rewritten.verify().await.intact, "it agrees with itself");
    let report = rewritten.verify_against(&kept, vec![key_of(1)]).await;
    assert_eq!(
        report.message.unwrap(),
        "the history was rewritten with all of its hashes: of the entries 0 to 23 one at least is not what the \
         checkpoint kept was signed over"
    );
    let report = before.verify_against(&kept, vec![key_of(1)]).await;
    assert_eq!((report.intact, report.checkpoints.outside), (true, 1));
    let unchecked = serde_json::to_value(report.unchecked).unwrap();
    assert_eq!(unchecked, json!(["data_keys", "indexes"]));
    let report = before.verify_against(&kept, vec![]).await;
    assert_eq!(serde_json::to_value(report.unchecked).unwrap()[0], "checkpoint_signatures");
}

#[tokio::test]
async fn a_log_that_was_cut_off_with_everything_shows_against_a_kept_checkpoint() {
    let bench = another_log(20, "R-true").await;
    bench.app.stop().await;
    let restored = Store::new(Backend::Sqlite).await;
    let file = |store: &Store| store.url().trim_start_matches("sqlite://").to_owned();
    fs::copy(file(&bench.store), file(&restored)).unwrap();
    let app = Bench::start_signing(&bench.store, &bench.clock, signer(1)).await;
    let bench = Bench { app, ..bench };
    bench.submit_many(3).await;
    let kept = bench.checkpoint().await;
    let app = Bench::start_signing(&restored, &bench.clock, signer(1)).await;
    let restored = Bench { app, clock: bench.clock.clone(), store: restored };
    assert!(restored.verify().await.intact, "it agrees with itself");
    let report = restored.verify_against(&kept, vec![key_of(1)]).await;
    assert_eq!(
        report.message.as_deref(),
        Some("the log was cut off at entry 24: the checkpoint kept was signed over 27 entries")
    );
}

#[tokio::test]
async fn a_checkpoint_of_another_log_or_by_nobody_who_is_trusted_shows_nothing() {
    let bench = another_log(3, "R-1").await;
    let kept = bench.checkpoint().await;
    let other = CheckpointSigner::from_seed("other.example/log", &[1; 32]).unwrap().sign(kept.head());
    let message = |report: Report| report.message.unwrap();
    assert!(message(bench.verify_against(&other, vec![]).await).contains("is of another log"));
    let forged = signer(9).sign(kept.head());
    let report = bench.verify_against(&forged, vec![key_of(1)]).await;
    assert!(message(report).contains("shows nothing: it is not signed by a key that is trusted"));
}

#[tokio::test]
async fn every_change_of_the_stored_checkpoints_is_found() {
    let bench = Bench::signing(1).await;
    for round in 0..4 {
        bench.submit(&format!("R-{round}"), 24).await;
        bench.checkpoint().await;
    }
    bench.app.stop().await;
    let mut connection = bench.connection().await;
    let mut found = BTreeSet::new();
    for (change, restore, expected) in [
        (
            "UPDATE audit_checkpoints SET size = 99 WHERE number = 4",
            "UPDATE audit_checkpoints SET size = 7 WHERE number = 4",
            "checkpoint 4",
        ),
        ("UPDATE audit_checkpoints SET note = replace(note, 'bank', 'tank') WHERE number = 2", "", "checkpoint 2"),
        ("DELETE FROM audit_checkpoints WHERE number = 2", "", "checkpoint 2 in audit_checkpoints was removed"),
        ("DELETE FROM audit_checkpoints WHERE number = 1", "", "checkpoints 1 to 2 in audit_checkpoints were removed"),
    ] {
        execute(&mut connection, change).await;
        let message = bench.verify().await.message.expect(change);
        assert!(message.contains(expected), "{message}");
        found.insert(message);
        if !restore.is_empty() {
            execute(&mut connection, restore).await;
        }
    }
    assert_eq!(found.len(), 4);
}

#[tokio::test]
async fn the_last_checkpoints_are_missed_by_the_head_until_that_is_changed_too() {
    let bench = Bench::signing(1).await;
    for number in 0..3 {
        bench.submit(&format!("R-{number}"), 24).await;
        bench.checkpoint().await;
    }
    let mut connection = bench.connection().await;
    execute(&mut connection, "DELETE FROM audit_checkpoints WHERE number > 1").await;
    let message = bench.verify().await.message.unwrap();
    assert_eq!(message, "checkpoints 2 to 3 in audit_checkpoints were removed");
    // Without one that was kept elsewhere, no more can be known.
    execute(&mut connection, "UPDATE audit_head SET checkpoints = 1").await;
    assert!(bench.verify().await.intact);
    execute(&mut connection, "UPDATE audit_head SET checkpoints = 0").await;
    assert!(bench.verify().await.message.unwrap().starts_with("checkpoint 1 in audit_checkpoints was changed"));
}

#[tokio::test]
async fn a_stored_checkpoint_is_neither_changed_nor_removed_by_sql() {
    let bench = Bench::signing(1).await;
    bench.checkpoint().await;
    let mut connection = tampering::connect(&bench).await;
    for statement in ["UPDATE audit_checkpoints SET size = 2", "DELETE FROM audit_checkpoints"] {
        let error = sqlx::query(statement).execute(&mut connection).await.unwrap_err();
        assert!(error.to_string().contains("a checkpoint is never"), "{error}");
    }
}

#[rstest]
#[tokio::test]
async fn two_replicas_sign_one_log_and_neither_twice(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let bench = Bench::signing_on(backend, 1).await;
    let replica = Bench::start_signing(&bench.store, &bench.clock, signer(1)).await;
    bench.submit("R-1", 24).await;
    let (one, two) = tokio::join!(audit::checkpoint(&bench.app), audit::checkpoint(&replica));
    assert_eq!(one.unwrap(), two.unwrap());
    let mut tx = bench.app.db().read().await.unwrap();
    assert_eq!(storage::audit::checkpoints::latest(&mut tx).await.unwrap().unwrap().number, 1);
}
