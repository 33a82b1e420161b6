//! What was done behind the service's back in PostgreSQL is found as it is in a file.

use super::*;
use crate::store::postgres::Database;

const ENTRIES: u32 = 40;

/// A log of 40 entries, the last of which is a review; made once, copied for each test.
async fn log() -> &'static Database {
    static LOG: OnceCell<Database> = OnceCell::const_new();
    let log = LOG.get_or_init(|| async {
        let bench = Bench::on(Backend::Postgres).await;
        let (reviewed, _) = bench.submit("R-first", 24).await;
        bench.clock.advance(Duration::seconds(1));
        bench.submit_under(&key("k-1"), &form("k-1", 24)).await.unwrap();
        bench.submit_many(ENTRIES - 3).await;
        let who = principal(Role::Officer, "ada");
        decide(&bench.app, bench.call(&who, None), reviewed, 1, br#"{"outcome": "approve"}"#).await.unwrap();
        bench.app.stop().await;
        let Store::Postgres(database, _) = bench.store else { panic!("asked for a server") };
        database
    });
    log.await
}

async fn verified_after(change: &str) -> Report {
    let copy = log().await.copy().await;
    copy.execute(change).await;
    let db = Db::open_read_only(&DatabaseUrl::parse(&copy.url()).unwrap()).await.unwrap();
    let report = verify(&db, |_, _| ()).await.unwrap();
    db.close().await;
    report
}

#[tokio::test]
async fn the_log_is_intact_before_anything_is_done_to_it() {
    let report = verified_after("SELECT 1").await;
    assert_eq!((report.intact, report.entries), (true, u64::from(ENTRIES)), "{:?}", report.message);
}

#[rstest]
#[case::an_entry(
    "UPDATE audit_entries SET entry = replace(entry, 'los-1', 'los-2') WHERE sequence = 7",
    Some(7),
    "changed"
)]
#[case::an_entry_that_is_no_json("UPDATE audit_entries SET entry = '' WHERE sequence = 7", Some(7), "changed")]
#[case::a_hash("UPDATE audit_entries SET leaf_hash = sha256('') WHERE sequence = 7", Some(7), "leaf_hash_changed")]
#[case::a_hash_of_another_length(
    "UPDATE audit_entries SET leaf_hash = '' WHERE sequence = 7",
    Some(7),
    "leaf_hash_changed"
)]
#[case::a_time("UPDATE audit_entries SET recorded_at = '2027' WHERE sequence = 7", Some(7), "column_changed")]
#[case::a_removed_entry("DELETE FROM audit_entries WHERE sequence = 7", Some(7), "removed")]
#[case::a_kept_answer("UPDATE idempotency_keys SET response = sha256(response)", Some(1), "answer_changed")]
#[case::a_kept_answer_that_is_gone("DELETE FROM idempotency_keys", Some(1), "answers_removed")]
#[case::an_entry_too_many(
    "INSERT INTO audit_entries SELECT 40, leaf_hash, recorded_at, action, actor, request_id, subject, entry FROM audit_entries \
     WHERE sequence = 39",
    Some(40),
    "inserted"
)]
#[case::a_decision("UPDATE decisions SET outcome = 'decline' WHERE audit_sequence = 0", Some(0), "copy_changed")]
#[case::a_removed_decision("DELETE FROM decisions WHERE audit_sequence = 7", Some(7), "copy_missing")]
#[case::an_application("UPDATE applications SET amount_minor = 1 WHERE version = 2", Some(0), "copy_changed")]
#[case::the_heads_size("UPDATE audit_head SET size = 39", None, "head_changed")]
#[case::the_heads_root("UPDATE audit_head SET root_hash = sha256('')", None, "head_changed")]
#[case::the_head("DELETE FROM audit_head", None, "head_missing")]
#[case::a_node_too_many("INSERT INTO audit_nodes VALUES (1, 1, sha256(''))", None, "rows_differ")]
#[tokio::test]
async fn every_kind_of_change_is_found_and_the_right_entry_named(
    #[case] change: &str,
    #[case] sequence: Option<i64>,
    #[case] kind: &str,
) {
    let finding = verified_after(change).await.finding.expect("something is found");
    let found = serde_json::to_value(&finding).unwrap();
    assert_eq!((finding.sequence, found["finding"].as_str()), (sequence, Some(kind)));
}
