//! A log that ends earlier than it did.

use super::*;

/// Cuts the log off behind an entry, head and all, as if the later ones had never been.
async fn cut_off(copy: &mut Copy, size: u64) {
    let hashes = sqlx::query_scalar::<_, Vec<u8>>("SELECT leaf_hash FROM audit_entries ORDER BY sequence");
    let hashes = hashes.fetch_all(&mut copy.connection).await.unwrap();
    let mut frontier = tree::Frontier::default();
    for hash in hashes.iter().take(usize::try_from(size).unwrap()) {
        frontier.append(tree::Hash::from_slice(hash).unwrap(), |_| ());
    }
    let peaks: Vec<String> = frontier.peaks().iter().map(ToString::to_string).collect();
    copy.execute(&format!(
        "DELETE FROM audit_entries WHERE sequence >= {size}; \
         DELETE FROM audit_nodes WHERE (position + 1) * 256 > {size}; \
         UPDATE audit_head SET size = {size}, root_hash = x'{}', frontier = x'{}', \
         updated_at = (SELECT MAX(recorded_at) FROM audit_entries);",
        frontier.root(),
        peaks.concat(),
    ))
    .await;
}

#[tokio::test]
async fn a_log_that_was_cut_off_with_its_head_is_found_by_the_decisions_that_are_left() {
    let mut copy = Copy::new().await;
    cut_off(&mut copy, 200).await;
    assert_eq!(copy.found().await, (Some(200), "cut_off".to_owned()));
}

#[tokio::test]
async fn a_log_that_was_cut_off_with_everything_agrees_with_itself_and_the_report_says_what_it_could_not_check() {
    let mut copy = Copy::new().await;
    cut_off(&mut copy, 200).await;
    copy.execute(
        "DELETE FROM decisions WHERE audit_sequence >= 200; \
         DELETE FROM applications WHERE id NOT IN (SELECT application_id FROM decisions); \
         DELETE FROM data_keys WHERE application_id NOT IN (SELECT id FROM applications); \
         UPDATE applications SET version = 1, outcome = 'review', status = 'awaiting_review' WHERE version = 2;",
    )
    .await;
    let report = serde_json::to_value(copy.verify().await).unwrap();
    assert_eq!((&report["intact"], &report["entries"]), (&json!(true), &json!(200)));
    assert_eq!(report["unchecked"], json!(["no_outside_checkpoint", "data_keys", "indexes"]));
}
