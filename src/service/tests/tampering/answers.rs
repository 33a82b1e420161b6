//! The answers that are kept for repeated requests are those that were given.

use super::*;
use crate::config;

const FIRST: &str = "key = 'k-1'";

#[rstest]
#[tokio::test]
async fn a_changed_byte_of_a_kept_answer_is_found_and_its_entry_named(
    #[values("caller", "route", "key", "request_mac", "status", "response", "created_at")] column: &str,
    #[values(0.0, 0.5, 1.0)] place: f64,
) {
    let mut copy = Copy::new().await;
    copy.change_byte("idempotency_keys", column, FIRST, place).await;
    assert_eq!(copy.found().await, (Some(1), "answer_changed".to_owned()));
}

#[rstest]
#[case::to_no_application("application_id = application_id || '0'", None, "answer_inserted")]
#[case::to_no_version("version = 2", None, "answer_inserted")]
#[case::to_one_that_has_another(
    "application_id = (SELECT application_id FROM decisions WHERE audit_sequence = 2)",
    Some(2),
    "answer_changed"
)]
#[case::to_one_that_has_none(
    "application_id = (SELECT application_id FROM decisions WHERE audit_sequence = 9)",
    Some(9),
    "answer_inserted"
)]
#[tokio::test]
async fn a_kept_answer_that_was_given_to_another_decision_is_found(
    #[case] change: &str,
    #[case] sequence: Option<i64>,
    #[case] kind: &str,
) {
    let mut copy = Copy::new().await;
    copy.execute(&format!("UPDATE idempotency_keys SET {change} WHERE {FIRST}")).await;
    assert_eq!(copy.found().await, (sequence, kind.to_owned()));
}

#[rstest]
#[case::one("DELETE FROM idempotency_keys WHERE key = 'k-1'", 1, "answers_removed")]
#[case::the_other("DELETE FROM idempotency_keys WHERE key = 'k-2'", 2, "answers_removed")]
#[case::all("DELETE FROM idempotency_keys", 1, "answers_removed")]
#[case::one_that_is_kept_twice(
    "INSERT INTO idempotency_keys SELECT caller, route, 'k-0', request_mac, status, application_id, version, response, \
     created_at FROM idempotency_keys WHERE key = 'k-1'",
    1,
    "answer_changed"
)]
#[case::two_that_were_swapped(
    "UPDATE idempotency_keys SET response = (SELECT o.response FROM idempotency_keys o WHERE o.key <> idempotency_keys.key)",
    1,
    "answer_changed"
)]
#[tokio::test]
async fn kept_answers_are_neither_fewer_nor_more_than_the_log_names(
    #[case] change: &str,
    #[case] sequence: i64,
    #[case] kind: &str,
) {
    let mut copy = Copy::new().await;
    copy.execute(change).await;
    assert_eq!(copy.found().await, (Some(sequence), kind.to_owned()));
}

#[rstest]
#[tokio::test]
async fn an_answer_may_be_gone_once_its_day_is_over_and_not_before(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(24, 25)] hours: i64,
) {
    let bench = Bench::on(backend).await;
    bench.submit_under(&key("k-1"), &form("k-1", 24)).await.unwrap();
    bench.clock.advance(Duration::hours(hours));
    bench.submit_under(&key("k-2"), &form("k-2", 24)).await.unwrap();
    assert!(verify(bench.app.db(), |_, _| ()).await.unwrap().intact);
    bench.execute("DELETE FROM idempotency_keys WHERE key = 'k-1'").await;
    let report = verify(bench.app.db(), |_, _| ()).await.unwrap();
    assert_eq!(report.intact, hours == 25, "{:?}", report.message);
}

#[tokio::test]
async fn the_finding_says_how_many_are_gone() {
    let mut copy = Copy::new().await;
    copy.execute("DELETE FROM idempotency_keys").await;
    let report = copy.verify().await;
    let message = "answers were removed from idempotency_keys before their day was over, the first that of entry 1: the \
                   entries of the last day name 2 answers in idempotency_keys, and there are 0";
    assert_eq!(report.message.as_deref(), Some(message));
}

#[rstest]
#[tokio::test]
async fn a_database_with_one_reader_is_verified_like_one_with_more(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    bench.submit_under(&key("k-1"), &form("k-1", 24)).await.unwrap();
    let settings = config::Database { read_connections: 1, ..config::Database::default() };
    let db = Db::open_with(&bench.url(), &settings).await.unwrap();
    assert_eq!(verify(&db, |_, _| ()).await.unwrap(), verify(bench.app.db(), |_, _| ()).await.unwrap());
    bench.execute("DELETE FROM idempotency_keys").await;
    let report = verify(&db, |_, _| ()).await.unwrap();
    assert_eq!((report.intact, &report), (false, &verify(bench.app.db(), |_, _| ()).await.unwrap()));
    db.close().await;
}
