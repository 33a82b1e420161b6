//! Retention, rotation, and backups that bring erased applicants back.

use super::{
    super::super::{
        retention::{self, Periods},
        rotation,
    },
    *,
};
use crate::{
    config::Retention,
    domain::decision::Outcome,
    storage::{self, erasure_journal::ErasureJournal},
};

const APPROVE: u32 = 6;
const DECLINE: u32 = 70;

fn periods() -> Periods {
    let settings = Retention { approve_days: Some(100), decline_days: Some(30), ..Retention::default() };
    Periods::from(&settings)
}

impl Bench {
    async fn due(&self) -> Vec<(Outcome, ApplicationId)> {
        let mut found = Vec::new();
        let each = |outcome, ids: &[_]| found.extend(ids.iter().map(|id| (outcome, *id)));
        retention::due(self.app.custody(), periods(), each).await.unwrap();
        found
    }

    async fn apply_retention(&self) -> usize {
        let (who, custody) = (principal(Role::Privacy, "retention"), self.app.custody());
        retention::apply(custody, Caller { who: &who, request_id: custody.request_id() }, periods()).await.unwrap()
    }

    /// The care of the same database under other keys.
    async fn custody_under(&self, keys: KeyEncryption) -> Result<Custody, storage::Error> {
        let journal = ErasureJournal::open(self.store.folder().join("erasures.jsonl")).unwrap();
        let db = Db::open(&self.url()).await.unwrap();
        Custody::open(db, keys, journal, (self.clock.clone(), Ids::seeded(9))).await
    }
}

#[rstest]
#[tokio::test]
async fn an_applicant_is_kept_until_the_period_of_its_outcome_has_ended(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    let declined = bench.submit_of("C-1", DECLINE).await;
    let approved = bench.submit_of("C-1", APPROVE).await;
    let reviewed = bench.submit_of("C-2", 24).await;
    bench.clock.advance(Duration::days(30));
    assert_eq!(bench.due().await, [], "on its last day it is kept");
    let later = bench.submit_of("C-1", DECLINE).await;
    bench.clock.advance(Duration::seconds(1));
    assert_eq!(bench.due().await, [(Outcome::Decline, declined)]);
    assert!(bench.shown(declined).await.view.applicant.is_some(), "looking changes nothing");
    assert_eq!(bench.apply_retention().await, 1);
    assert_eq!(bench.apply_retention().await, 0);
    assert!(bench.shown(declined).await.view.applicant_erased_at.is_some());
    bench.clock.advance(Duration::days(71));
    assert_eq!(bench.due().await, [(Outcome::Approve, approved), (Outcome::Decline, later)]);
    assert_eq!(bench.apply_retention().await, 2);
    assert!(bench.shown(reviewed).await.view.applicant.is_some(), "no period is set for what awaits review");
    assert_eq!(bench.intact_entries().await, 4 + 3);
}

#[rstest]
#[tokio::test]
async fn what_is_held_outlasts_its_period(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let bench = Bench::on(backend).await;
    let held = bench.submit_of("C-1", DECLINE).await;
    let free = bench.submit_of("C-2", DECLINE).await;
    bench.set_hold("C-1", true).await.unwrap();
    bench.clock.advance(Duration::days(365));
    assert_eq!(bench.due().await, [(Outcome::Decline, free)]);
    assert_eq!(bench.apply_retention().await, 1);
    assert!(bench.shown(held).await.view.applicant.is_some());
    bench.set_hold("C-1", false).await.unwrap();
    assert_eq!(bench.apply_retention().await, 1);
    assert!(bench.shown(held).await.view.applicant.is_none());
    bench.intact_entries().await;
}

#[rstest]
#[tokio::test]
async fn after_a_rotation_the_new_key_opens_everything_and_the_old_one_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    for i in 0..40 {
        bench.submit_of(&format!("C-{i}"), 24).await;
    }
    bench.erase("C-7").await.unwrap();
    let new = SecretKey::random().unwrap();
    let both = KeyEncryption::single("test", &kek()).with_active("new", &new);
    let custody = bench.custody_under(both).await.unwrap();
    let who = principal(Role::Privacy, "dpo");
    let caller = Caller { who: &who, request_id: custody.request_id() };
    let rotation = rotation::rotate(&custody, caller, |_| ()).await.unwrap();
    // 39 data keys and the secret of the blind index.
    assert_eq!((rotation.to.as_str(), rotation.rewrapped, rotation.left.len()), ("new", 40, 0));
    let again = rotation::rotate(&custody, caller, |_| ()).await.unwrap();
    assert_eq!((again.rewrapped, again.audit), (0, None));
    custody.close().await;

    let custody = bench.custody_under(KeyEncryption::single("new", &new)).await.unwrap();
    let found = privacy::search(&custody, br#"{"reference": "C-3"}"#).await.unwrap();
    assert_eq!(found.data[0].applicant_reference, "C-3");
    assert_eq!(privacy::search(&custody, br#"{"reference": "C-7"}"#).await.unwrap().data, []);
    custody.close().await;

    let error = bench.custody_under(KeyEncryption::single("test", &kek())).await.unwrap_err();
    assert_eq!(error, storage::Error::KeyNotAtHand { kek: "new".into() });
    assert!(error.to_string().contains("keys.encryption"), "{error}");
    bench.intact_entries().await;
}

#[rstest]
#[tokio::test]
async fn a_rotation_says_what_a_server_with_the_old_key_has_added_meanwhile(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    bench.submit_of("C-1", 24).await;
    let both = KeyEncryption::single("test", &kek()).with_active("new", &SecretKey::random().unwrap());
    let custody = bench.custody_under(both).await.unwrap();
    let who = principal(Role::Privacy, "dpo");
    let caller = Caller { who: &who, request_id: custody.request_id() };
    rotation::rotate(&custody, caller, |_| ()).await.unwrap();
    bench.submit_of("C-2", 24).await;
    let mut tx = bench.app.db().read().await.unwrap();
    let counts: Vec<_> = data_keys::count_by_kek(&mut tx).await.unwrap().into_iter().collect();
    assert_eq!(counts, [("new".to_owned(), 1), ("test".to_owned(), 1)]);
    drop(tx);
    assert_eq!(rotation::rotate(&custody, caller, |_| ()).await.unwrap().rewrapped, 1);
}

#[rstest]
#[tokio::test]
async fn a_key_that_is_not_that_of_the_database_is_refused_at_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    let error = bench.custody_under(KeyEncryption::single("test", &SecretKey::random().unwrap())).await.unwrap_err();
    assert!(matches!(error, storage::Error::Corrupt { table: "wrapped_keys", .. }), "{error:?}");
}

#[tokio::test]
async fn a_restored_backup_does_not_bring_an_erased_applicant_back() {
    let bench = Bench::new().await;
    let (erased, other) = (bench.submit_of("C-1", 24).await, bench.submit_of("C-2", 24).await);
    bench.app.stop().await;
    let DatabaseUrl::Sqlite(path) = bench.url() else { panic!("asked for a file") };
    let backup = std::fs::read(&path).unwrap();
    let app = Bench::start(&bench.store, &bench.clock, Settings::default()).await;
    let bench = Bench { app, ..bench };
    bench.erase("C-1").await.unwrap();
    bench.app.stop().await;

    std::fs::write(&path, &backup).unwrap();
    let app = Bench::start(&bench.store, &bench.clock, Settings::default()).await;
    let bench = Bench { app, ..bench };
    assert!(bench.shown(erased).await.view.applicant.is_some(), "the backup has brought the key back");
    let (who, custody) = (principal(Role::Privacy, "server"), bench.app.custody());
    let caller = Caller { who: &who, request_id: custody.request_id() };
    assert_eq!(privacy::reapply(custody, caller).await.unwrap(), 1);
    assert_eq!(privacy::reapply(custody, caller).await.unwrap(), 0);
    assert!(bench.shown(erased).await.view.applicant.is_none());
    assert!(bench.shown(other).await.view.applicant.is_some());
    assert_eq!(bench.intact_entries().await, 3);
}

#[rstest]
#[tokio::test]
async fn an_erasure_that_a_crash_cut_off_behind_the_journal_is_ended_by_the_next_start(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    let id = bench.submit_of("C-1", 24).await;
    bench.app.custody().journal.append(&[id], noon()).await.unwrap();
    assert!(bench.shown(id).await.view.applicant.is_some());
    let (who, custody) = (principal(Role::Privacy, "server"), bench.app.custody());
    let caller = Caller { who: &who, request_id: custody.request_id() };
    assert_eq!(privacy::reapply(custody, caller).await.unwrap(), 1);
    assert!(bench.shown(id).await.view.applicant.is_none());
}
