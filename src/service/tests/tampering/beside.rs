//! An application that was set back, and a file that is damaged.

use std::io::{Seek, SeekFrom, Write};

use super::*;

#[rstest]
#[case::to_its_first_decision("version = 1, outcome = 'review', status = 'awaiting_review'")]
#[case::to_another_outcome_too("version = 1, outcome = 'decline', status = 'decided'")]
#[case::in_its_version_alone("version = 1")]
#[case::ahead_of_its_decisions("version = 3")]
#[tokio::test]
async fn an_application_that_does_not_stand_at_its_latest_decision_is_found_at_that_entry(#[case] change: &str) {
    let mut copy = Copy::new().await;
    copy.execute(&format!("UPDATE applications SET {change} WHERE version = 2")).await;
    let report = copy.verify().await;
    assert_eq!(report.message.as_deref(), Some("version in applications was changed: it is not what entry 299 says"));
}

#[tokio::test]
async fn the_removed_row_of_a_review_is_found_at_its_own_entry() {
    let mut copy = Copy::new().await;
    copy.execute("DELETE FROM decisions WHERE audit_sequence = 299").await;
    assert_eq!(copy.found().await, (Some(299), "copy_missing".to_owned()));
}

#[tokio::test]
async fn pages_that_were_overwritten_are_a_finding_and_no_failure() {
    let mut copy = Copy::new().await;
    let root = "SELECT rootpage FROM sqlite_master WHERE name = 'idempotency_keys_by_age'";
    let page: i64 = sqlx::query_scalar(root).fetch_one(&mut copy.connection).await.unwrap();
    let size: i64 = sqlx::query_scalar("PRAGMA page_size").fetch_one(&mut copy.connection).await.unwrap();
    copy.connection.close().await.unwrap();
    let path = copy.folder.path().join("underwright.db");
    let mut file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(u64::try_from((page - 1) * size).unwrap())).unwrap();
    file.write_all(&[0xff; 64]).unwrap();
    drop(file);
    copy.connection = connect_to(&path).await;
    assert_eq!(copy.found().await, (None, "file_damaged".to_owned()));
}
