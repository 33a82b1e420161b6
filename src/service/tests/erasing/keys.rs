//! Data keys that were removed, put back or inserted behind the service's back.

use super::*;
use crate::service::audit::{Outside, Unchecked, verify_against};

/// What verifying finds, as a kind and a sentence.
async fn found(bench: &Bench) -> (String, String) {
    let report = bench.verify().await;
    let finding = serde_json::to_value(report.finding.expect("something is found")).unwrap();
    (finding["finding"].as_str().unwrap().to_owned(), report.message.unwrap())
}

/// Two applicants; the first is erased.
async fn with_one_erased(backend: Backend) -> (Bench, [ApplicationId; 2]) {
    let bench = Bench::on(backend).await;
    let ids = [bench.submit_of("C-1", 24).await, bench.submit_of("C-2", 24).await];
    bench.erase("C-1").await.unwrap();
    bench.intact_entries().await;
    (bench, ids)
}

#[rstest]
#[tokio::test]
async fn a_data_key_that_was_removed_without_an_erasure_is_found(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (bench, [_, second]) = with_one_erased(backend).await;
    bench.execute("DELETE FROM data_keys").await;
    let (kind, sentence) = found(&bench).await;
    assert_eq!(kind, "data_keys_missing");
    assert!(sentence.contains("1 data keys were removed") && sentence.contains(&second.to_string()), "{sentence}");
    // An archive without them proves every entry all the same, and says so.
    let db = Db::open_read_only(&bench.url()).await.unwrap();
    let archive = Outside { without_keys: true, ..Outside::default() };
    let report = verify_against(&db, &archive, |_, _| ()).await.unwrap();
    db.close().await;
    assert!(report.intact && report.unchecked.contains(&Unchecked::DataKeysLeftOut), "{report:?}");
}

#[rstest]
#[tokio::test]
async fn a_data_key_that_was_put_back_after_an_erasure_is_found(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (bench, [first, _]) = with_one_erased(backend).await;
    let put_back = "INSERT INTO data_keys SELECT (SELECT id FROM applications WHERE erased_at IS NOT NULL), \
                    applicant_index, national_id_index, kek, wrapped, segment FROM data_keys";
    bench.execute(put_back).await;
    let (kind, sentence) = found(&bench).await;
    assert_eq!(kind, "data_keys_left");
    assert!(sentence.contains(&first.to_string()), "{sentence}");
}

#[rstest]
#[case::made("UPDATE applications SET erased_at = received_at; DELETE FROM data_keys;", "erasures_differ")]
#[case::unmade("UPDATE applications SET erased_at = NULL;", "erasures_differ")]
#[case::at_another_time(
    "UPDATE applications SET erased_at = replace(erased_at, '2026', '2027') WHERE erased_at IS NOT NULL",
    "copy_changed"
)]
#[case::of_another_applicant(
    "UPDATE applications SET erased_at = '' WHERE erased_at IS NULL; \
     UPDATE applications SET erased_at = NULL WHERE erased_at <> ''; \
     UPDATE applications SET erased_at = (SELECT recorded_at FROM audit_entries WHERE action = 'applicant.erased') \
     WHERE erased_at = '';",
    "erasure_inserted"
)]
#[tokio::test]
async fn an_erasure_that_the_log_says_nothing_of_is_found(
    #[case] change: &'static str,
    #[case] kind: &str,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (bench, _) = with_one_erased(backend).await;
    bench.execute(change).await;
    assert_eq!(found(&bench).await.0, kind);
}

#[tokio::test]
async fn a_data_key_of_no_application_is_found() {
    let bench = Bench::new().await;
    bench.submit("R-1", 24).await;
    bench
        .execute("INSERT INTO data_keys SELECT 'app_x', applicant_index, NULL, kek, wrapped, segment FROM data_keys")
        .await;
    let (kind, sentence) = found(&bench).await;
    assert_eq!(kind, "data_keys_left");
    assert!(sentence.contains("app_x"), "{sentence}");
}
