//! Erasure and holds; in `keeping`, retention, rotation and restored backups; in `keys`, what verifying says of keys.

mod keeping;
mod keys;

use std::path::Path;

use rstest::rstest;

use super::{
    super::{
        applications::{Filter, explanation, list, show},
        custody::{Caller, Custody},
        privacy::{self, ApplicantSearch, Erasure, HoldState, PrivacyError},
        recorder::RecordError,
        review::{ReviewError, decide},
        view::{ApplicationDetail, PageLimit},
    },
    *,
};
use crate::{
    domain::fault::{FaultCode, Refusal},
    storage::{applications, data_keys},
};

/// A form of an applicant with this reference, which is also the digits of its national id.
fn form_of(applicant: &str, duration: u32) -> Vec<u8> {
    let mut application: Value = serde_json::from_slice(&form("R-1", duration)).unwrap();
    application["applicant"]["reference"] = json!(applicant);
    application["applicant"]["national_id"] = json!(format!("{applicant}-99"));
    serde_json::to_vec(&application).unwrap()
}

impl Bench {
    async fn submit_of(&self, applicant: &str, duration: u32) -> ApplicationId {
        let who = principal(Role::Service, "los-1");
        submit(&self.app, self.call(&who, None), &form_of(applicant, duration)).await.unwrap().application_id
    }

    async fn shown(&self, id: ApplicationId) -> ApplicationDetail {
        show(&self.app, &principal(Role::Officer, "ada"), id).await.unwrap()
    }

    async fn erase(&self, applicant: &str) -> Result<Erasure, PrivacyError> {
        let (who, custody) = (principal(Role::Privacy, "dpo"), self.app.custody());
        privacy::erase(custody, Caller { who: &who, request_id: custody.request_id() }, applicant).await
    }

    async fn set_hold(&self, applicant: &str, hold: bool) -> Result<HoldState, PrivacyError> {
        let (who, custody) = (principal(Role::Privacy, "dpo"), self.app.custody());
        let caller = Caller { who: &who, request_id: custody.request_id() };
        if hold {
            privacy::hold(custody, caller, applicant).await
        } else {
            privacy::release(custody, caller, applicant).await
        }
    }

    async fn search(&self, by: Value) -> Result<ApplicantSearch, PrivacyError> {
        privacy::search(self.app.custody(), by.to_string().as_bytes()).await
    }

    async fn intact_entries(&self) -> u64 {
        let report = self.verify().await;
        assert!(report.intact, "{:?}", report.message);
        report.entries
    }
}

#[rstest]
#[tokio::test]
async fn an_erased_applicant_cannot_be_read_and_everything_else_stays(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    let (one, two) = (bench.submit_of("C-1", 24).await, bench.submit_of("C-1", 6).await);
    let other = bench.submit_of("C-2", 24).await;
    let who = principal(Role::Officer, "ada");
    let note = br#"{"outcome": "approve", "note": "Zaphira called."}"#;
    decide(&bench.app, bench.call(&who, None), one, 1, note).await.unwrap();
    let before = bench.shown(one).await;
    assert_eq!(before.view.applicant.as_ref().unwrap().given_name, "Zaphira");
    assert_eq!(before.history[1].note.as_deref(), Some("Zaphira called."));
    let explained = explanation(&bench.app, &who, one).await.unwrap();

    bench.clock.advance(Duration::hours(1));
    let erasure = bench.erase("C-1").await.unwrap();
    assert_eq!((erasure.applications, erasure.audit.sequence), (2, 4));

    let after = bench.shown(one).await;
    assert_eq!((&after.view.applicant, after.view.applicant_erased_at), (&None, Some(erasure.erased_at)));
    assert_eq!(after.history[1].note, None);
    assert_eq!((&after.view.decision, &after.view.application), (&before.view.decision, &before.view.application));
    assert_eq!(explanation(&bench.app, &who, one).await.unwrap(), explained);
    assert_eq!(bench.shown(two).await.view.applicant, None);
    assert!(bench.shown(other).await.view.applicant.is_some());
    let listed = list(&bench.app, &who, &Filter::default(), None, PageLimit::default()).await.unwrap();
    assert_eq!(listed.data.iter().filter(|view| view.applicant.is_some()).count(), 1);
    assert_eq!(bench.intact_entries().await, 5);
}

#[rstest]
#[tokio::test]
async fn an_erasure_is_an_entry_that_names_applications_and_nobody(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    let id = bench.submit_of("C-1", 24).await;
    let erasure = bench.erase("C-1").await.unwrap();
    let mut tx = bench.app.db().read().await.unwrap();
    let stored = crate::storage::audit::entry_at(&mut tx, erasure.audit.sequence).await.unwrap().unwrap();
    let entry: Value = serde_json::from_str(&stored).unwrap();
    assert_eq!(entry["action"], "applicant.erased");
    assert_eq!(entry["actor"], json!({"subject": "dpo", "role": "privacy"}));
    assert_eq!(entry["payload"], json!({"applications": [id.to_string()], "cause": "request"}));
    assert_eq!(entry["subject"], bench.app.vault().index().subject("C-1"));
    assert!(!stored.contains("C-1"), "{stored}");
}

#[rstest]
#[tokio::test]
async fn an_erasure_asked_for_again_does_nothing_and_answers_with_the_first(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    bench.submit_of("C-1", 24).await;
    let first = bench.erase("C-1").await.unwrap();
    bench.clock.advance(Duration::hours(1));
    assert_eq!(bench.erase(" C-1 ").await.unwrap(), Erasure { applications: 0, ..first });
    assert!(matches!(bench.erase("C-2").await, Err(PrivacyError::NotFound)));
    assert_eq!(bench.intact_entries().await, 2);
    let later = bench.submit_of("C-1", 24).await;
    assert!(bench.shown(later).await.view.applicant.is_some(), "who comes again is a new applicant");
}

#[rstest]
#[tokio::test]
async fn a_hold_stands_against_erasure_until_it_is_released(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    let id = bench.submit_of("C-1", 24).await;
    assert!(matches!(bench.set_hold("C-2", true).await, Err(PrivacyError::NotFound)));
    let placed = bench.set_hold("C-1", true).await.unwrap();
    assert_eq!((placed.held, placed.audit.unwrap().sequence), (true, 1));
    assert_eq!(bench.set_hold("C-1", true).await.unwrap(), HoldState { held: true, audit: None });
    assert!(matches!(bench.erase("C-1").await, Err(PrivacyError::OnHold)));
    assert!(bench.shown(id).await.view.applicant.is_some());
    let released = bench.set_hold("C-1", false).await.unwrap();
    assert_eq!((released.held, released.audit.unwrap().sequence), (false, 2));
    assert_eq!(bench.set_hold("C-1", false).await.unwrap(), HoldState { held: false, audit: None });
    bench.erase("C-1").await.unwrap();
    assert_eq!(bench.intact_entries().await, 4);
}

#[rstest]
#[tokio::test]
async fn what_needs_an_erased_applicant_says_so(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let bench = Bench::on(backend).await;
    let (who, key) = (principal(Role::Service, "los-1"), key("k-1"));
    let body = form_of("C-1", 24);
    let answer = submit(&bench.app, bench.call(&who, Some(&key)), &body).await.unwrap();
    let replayed = submit(&bench.app, bench.call(&who, Some(&key)), &body).await.unwrap();
    assert_eq!((replayed.replayed, &replayed.body), (true, &answer.body));
    bench.erase("C-1").await.unwrap();
    let again = submit(&bench.app, bench.call(&who, Some(&key)), &body).await;
    assert!(matches!(again, Err(SubmitError::Record(RecordError::Erased))), "{again:?}");
    let officer = principal(Role::Officer, "ada");
    let reviewed =
        decide(&bench.app, bench.call(&officer, None), answer.application_id, 1, br#"{"outcome": "approve"}"#).await;
    assert!(matches!(reviewed, Err(ReviewError::Erased)), "{reviewed:?}");
    assert_eq!(bench.intact_entries().await, 2);
}

#[rstest]
#[tokio::test]
async fn an_applicant_is_found_by_reference_and_by_national_id_until_it_is_erased(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    let (first, second) = (bench.submit_of("C-1", 24).await, bench.submit_of("C-1", 6).await);
    bench.submit_of("C-2", 24).await;
    bench.set_hold("C-1", true).await.unwrap();
    for by in [json!({"reference": "C-1"}), json!({"national_id": "c 1 99"})] {
        let found = bench.search(by).await.unwrap();
        let mut ids: Vec<_> = found.data.iter().map(|found| found.application_id).collect();
        ids.sort_unstable();
        let mut expected = [first, second];
        expected.sort_unstable();
        assert_eq!((ids.as_slice(), found.has_more), (expected.as_slice(), false));
        assert!(found.data.iter().all(|found| found.held && found.applicant_reference == "C-1"));
    }
    let refused = bench.search(json!({})).await.unwrap_err();
    assert!(
        matches!(&refused, PrivacyError::Refused(Refusal::Faults(faults)) if faults[0].code == FaultCode::Required),
        "{refused:?}"
    );
    bench.set_hold("C-1", false).await.unwrap();
    bench.erase("C-1").await.unwrap();
    assert_eq!(bench.search(json!({"national_id": "C199"})).await.unwrap().data, []);
}

/// The bytes of every file in a folder.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| (path.display().to_string(), std::fs::read(&path).unwrap()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_byte_of_a_destroyed_key_stays_in_any_file() {
    let bench = Bench::new().await;
    for round in 0..6 {
        let submissions = (0..60).map(|i| bench.submit_of_owned(format!("C-{}", (i * 7 + round) % 30)));
        futures_util::future::join_all(submissions).await;
    }
    let mut connection = tampering::connect(&bench).await;
    let mut destroyed = Vec::new();
    for i in 0..20 {
        let applicant = format!("C-{i}");
        let tag = bench.app.vault().index().reference(&applicant).as_bytes().to_vec();
        let keys =
            sqlx::query_scalar::<_, Vec<u8>>("SELECT wrapped FROM data_keys WHERE applicant_index = $1").bind(tag);
        destroyed.extend(keys.fetch_all(&mut connection).await.unwrap());
        bench.erase(&applicant).await.unwrap();
    }
    assert_eq!(destroyed.len(), 240);
    sqlx::Connection::close(connection).await.unwrap();
    bench.app.stop().await;
    // A part of a key would narrow it down as well: every 8 bytes are looked for by themselves.
    let parts: std::collections::HashSet<&[u8]> = destroyed.iter().flat_map(|key| key.chunks(8)).collect();
    for (file, bytes) in files(bench.store.folder()) {
        assert!(!bytes.windows(8).any(|window| parts.contains(window)), "{file}");
    }
    assert_eq!(bench.intact_entries().await, 380);
}

impl Bench {
    async fn submit_of_owned(&self, applicant: String) -> ApplicationId {
        self.submit_of(&applicant, 24).await
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn whatever_comes_in_while_its_applicant_is_erased_is_whole_or_erased(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Arc::new(Bench::on(backend).await);
    bench.submit_of("C-1", 24).await;
    let mut tasks = Vec::new();
    for i in 0..60 {
        let bench = Arc::clone(&bench);
        tasks.push(tokio::spawn(async move {
            if i % 10 == 5 {
                // Between two erasures there may be nothing to erase.
                bench.erase("C-1").await.unwrap();
            } else {
                bench.submit_of("C-1", 24).await;
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let officer = principal(Role::Officer, "ada");
    let all = list(&bench.app, &officer, &Filter::default(), None, PageLimit::new(100).unwrap()).await.unwrap();
    assert_eq!(all.data.len(), 55);
    for view in &all.data {
        assert_eq!(view.applicant.is_some(), view.applicant_erased_at.is_none(), "{}", view.id);
    }
    bench.erase("C-1").await.unwrap();
    let mut tx = bench.app.db().read().await.unwrap();
    assert_eq!(data_keys::count_by_kek(&mut tx).await.unwrap().len(), 0);
    bench.intact_entries().await;
}

#[rstest]
#[tokio::test]
async fn an_erasure_that_is_broken_off_before_its_commit_leaves_everything(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    let id = bench.submit_of("C-1", 24).await;
    let mut change = bench.app.custody().begin().await.unwrap();
    data_keys::destroy(change.tx(), id).await.unwrap();
    drop(change);
    let mut change = bench.app.custody().begin().await.unwrap();
    let now = change.now();
    privacy::destroy(change.tx(), &[id], now).await.unwrap();
    drop(change);
    assert!(bench.shown(id).await.view.applicant.is_some());
    let mut tx = bench.app.db().read().await.unwrap();
    assert_eq!(applications::find(&mut tx, id).await.unwrap().unwrap().erased_at, None);
    drop(tx);
    assert_eq!(bench.intact_entries().await, 1);
}
