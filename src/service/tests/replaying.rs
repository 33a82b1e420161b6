//! Every stored application is decided again, by what decided it, and what does not come out the same is named.

use rstest::rstest;

use super::{super::review::decide, tampering::connect, *};
use crate::{
    service::replay::{Finding, Period, Report, What, replay},
    storage,
};

/// Decides everything again, as the command does.
async fn replay_all(bench: &Bench, period: Period) -> Report {
    let db = Db::open_read_only(&bench.url()).await.unwrap();
    let report = replay(&db, period, |_, _| ()).await.unwrap();
    db.close().await;
    report
}

fn pointers(finding: &Finding) -> Vec<&str> {
    match &finding.what {
        What::Differences(differences) => differences.iter().map(|d| d.pointer.as_str()).collect(),
        What::NotRepeatable(why) => panic!("{why}"),
    }
}

fn why(finding: &Finding) -> &str {
    match &finding.what {
        What::NotRepeatable(why) => why,
        What::Differences(differences) => panic!("{differences:?}"),
    }
}

#[rstest]
#[tokio::test]
async fn every_decision_comes_out_the_same_to_the_bit_and_those_of_people_are_only_counted(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    let (reviewed, _) = bench.submit("R-first", 24).await;
    bench.submit_many(150).await;
    let who = principal(Role::Officer, "ada");
    decide(&bench.app, bench.call(&who, None), reviewed, 1, br#"{"outcome": "approve"}"#).await.unwrap();
    let report = replay_all(&bench, Period::default()).await;
    assert!(report.repeated, "{:?}", report.findings);
    assert_eq!((report.decisions, report.other_entries), (151, 1));
    assert_eq!((report.differing, report.not_repeatable), (0, 0));
}

#[tokio::test]
async fn whatever_was_changed_of_a_decision_is_named_with_both_values() {
    for (old, new, pointer) in [
        (r#""margin":-"#, r#""margin":-1"#, "/margin"),
        (r#""baseline":-"#, r#""baseline":"#, "/baseline"),
        (r#""probability_of_default":0."#, r#""probability_of_default":0.9"#, "/decision/probability_of_default"),
        (r#""outcome":"review","policy""#, r#""outcome":"approve","policy""#, "/decision/outcome"),
        (r#""score":"#, r#""score":1"#, "/decision/score"),
        (r#""contribution":0."#, r#""contribution":0.0"#, "/decision/reasons/0/contribution"),
        (r#""rules":[]"#, r#""rules":[{"id":"x","outcome":"review"}]"#, "/decision/rules/0"),
        (r#""feature":"phone","reason":"EX-PHONE""#, r#""feature":"phone","reason":"EX-OTHER""#, "/features/2/reason"),
        (r#""reason_map_sha256":""#, r#""reason_map_sha256":"0"#, "/reason_map_sha256"),
    ] {
        let bench = Bench::new().await;
        bench.submit("R-0", 24).await;
        bench.submit("R-1", 24).await;
        let mut connection = connect(&bench).await;
        let changed = sqlx::query("UPDATE audit_entries SET entry = replace(entry, $1, $2) WHERE sequence = 1")
            .bind(old)
            .bind(new)
            .execute(&mut connection)
            .await
            .unwrap();
        assert_eq!(changed.rows_affected(), 1);
        let report = replay_all(&bench, Period::default()).await;
        assert_eq!((report.decisions, report.differing, report.repeated), (2, 1, false), "{old}");
        assert_eq!(report.findings[0].sequence, 1);
        assert!(report.findings[0].application.starts_with("app_"));
        assert!(pointers(&report.findings[0]).contains(&pointer), "{pointer}: {:?}", report.findings);
    }
}

#[tokio::test]
async fn a_changed_input_gives_other_features_and_is_named() {
    let bench = Bench::new().await;
    bench.submit("R-0", 24).await;
    bench.execute(r#"UPDATE audit_entries SET entry = replace(entry, '"duration":24', '"duration":6')"#).await;
    let report = replay_all(&bench, Period::default()).await;
    let What::Differences(differences) = &report.findings[0].what else { panic!("{report:?}") };
    let value = differences.iter().find(|difference| difference.pointer == "/features/0/value").unwrap();
    assert_eq!((&value.expected, &value.got), (&json!(24), &json!(6)));
    // The application itself is what was repeated from, so it cannot differ from itself.
    assert!(pointers(&report.findings[0]).iter().all(|pointer| !pointer.starts_with("/application")));
}

#[rstest]
#[tokio::test]
async fn a_decision_is_repeated_by_its_own_model_and_policy_whatever_decides_now(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let mut bench = Bench::on(backend).await;
    bench.submit("R-0", 24).await;
    bench.app.stop().await;
    bench.clock.advance(Duration::seconds(1));
    let stricter = POLICY.replace("approve_below = 0.3", "approve_below = 0.01").replace("\"2\"", "\"3\"");
    bench.app = Bench::start_with(&bench.store, &bench.clock, Settings::default(), &stricter).await;
    bench.submit("R-1", 24).await;
    let report = replay_all(&bench, Period::default()).await;
    assert!(report.repeated && report.decisions == 2, "{:?}", report.findings);

    bench.execute("DELETE FROM kept_policies WHERE version = '3'").await;
    let report = replay_all(&bench, Period::default()).await;
    assert_eq!((report.decisions, report.not_repeatable, report.repeated), (1, 1, false));
    assert_eq!(report.findings[0].sequence, 1);
    assert!(why(&report.findings[0]).contains("is not kept"), "{:?}", report.findings);
}

#[tokio::test]
async fn a_file_that_was_put_in_a_kept_ones_place_repeats_nothing() {
    let bench = Bench::new().await;
    bench.submit("R-0", 24).await;
    bench.execute("UPDATE kept_policies SET policy_toml = x'00'").await;
    let report = replay_all(&bench, Period::default()).await;
    assert!(why(&report.findings[0]).contains("is not it"), "{:?}", report.findings);

    let bench = Bench::new().await;
    bench.submit("R-0", 24).await;
    let mut tx = bench.app.db().write().await.unwrap();
    let other = LoadedPolicy::parse(&POLICY.replace("approve_below = 0.3", "approve_below = 0.2")).unwrap();
    let mut kept = other.kept.as_ref().clone();
    kept.identity = LoadedPolicy::parse(POLICY).unwrap().kept.identity.clone();
    storage::registry::keep_policy(&mut tx, &kept, noon()).await.unwrap();
    tx.commit().await.unwrap();
    // The first file that is kept under a hash stays.
    assert!(replay_all(&bench, Period::default()).await.repeated);
    bench.execute("DELETE FROM kept_policies").await;
    let mut tx = bench.app.db().write().await.unwrap();
    storage::registry::keep_policy(&mut tx, &kept, noon()).await.unwrap();
    tx.commit().await.unwrap();
    let report = replay_all(&bench, Period::default()).await;
    assert!(why(&report.findings[0]).contains("its hash is"), "{:?}", report.findings);
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_is_a_finding_and_not_left_out() {
    let bench = Bench::new().await;
    bench.submit("R-0", 24).await;
    bench.submit("R-1", 24).await;
    bench.execute("UPDATE audit_entries SET entry = '{}' WHERE sequence = 0").await;
    bench.submit("R-2", 24).await;
    let twisted = r#"UPDATE audit_entries SET entry = '{"action":"application.decided",,"request_id":0,"payload":{' WHERE sequence = 2"#;
    bench.execute(twisted).await;
    bench.execute(
        r#"UPDATE audit_entries SET entry = replace(entry, '"decided_at":"2026', '"decided_at":"a') WHERE sequence = 1"#,
    )
    .await;
    let report = replay_all(&bench, Period::default()).await;
    assert_eq!((report.decisions, report.not_repeatable), (0, 3));
    assert_eq!(why(&report.findings[0]), "the entry cannot be read");
    assert!(report.findings[1].application.starts_with("app_"));
}

#[tokio::test]
async fn a_period_leaves_out_what_was_recorded_before_and_after() {
    let bench = Bench::new().await;
    for reference in ["R-0", "R-1", "R-2", "R-3"] {
        bench.submit(reference, 24).await;
        bench.clock.advance(Duration::seconds(10));
    }
    let at = |seconds| noon().checked_add(Duration::seconds(seconds));
    for (from, to, decisions) in [
        (None, None, 4),
        (at(10), None, 3),
        (at(11), None, 2),
        (None, at(10), 1),
        (at(10), at(30), 2),
        (at(30), at(10), 0),
        (at(31), None, 0),
        (None, at(0), 0),
    ] {
        let report = replay_all(&bench, Period { from, to }).await;
        assert_eq!((report.decisions, report.repeated), (decisions, true), "{from:?} {to:?}");
    }
}
