//! Every kind of tampering, done in the database file itself, is found and the right entry named.

mod answers;
mod any;
mod beside;
mod cut_off;
mod on_postgres;
mod together;

use std::path::{Path, PathBuf};

use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::{super::review::decide, *};
use crate::audit::tree;

const ENTRIES: u32 = 300;

/// A connection that no rule of the database binds.
pub(super) async fn connect(bench: &Bench) -> SqliteConnection {
    connect_to(&file(bench)).await
}

/// The file of a store that is one.
fn file(bench: &Bench) -> PathBuf {
    match bench.url() {
        DatabaseUrl::Sqlite(path) => path,
        DatabaseUrl::Postgres(url) => panic!("{url} is no file"),
    }
}

async fn connect_to(path: &Path) -> SqliteConnection {
    let options =
        SqliteConnectOptions::new().filename(path).foreign_keys(false).pragma("ignore_check_constraints", "ON");
    SqliteConnection::connect_with(&options).await.unwrap()
}

/// In how many rows of a table any column holds any of these texts.
pub(super) async fn rows_with(connection: &mut SqliteConnection, table: &str, texts: &[&str]) -> i64 {
    let columns: Vec<String> = sqlx::query_scalar("SELECT name FROM pragma_table_info($1)")
        .bind(table)
        .fetch_all(&mut *connection)
        .await
        .unwrap();
    let mut found = 0;
    for column in columns {
        for text in texts {
            let query =
                format!("SELECT COUNT(*) FROM {table} WHERE instr(CAST({column} AS BLOB), CAST($1 AS BLOB)) > 0");
            let query = sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(query)).bind(*text);
            found += query.fetch_one(&mut *connection).await.unwrap();
        }
    }
    found
}

/// The bytes of a log of 300 entries, the last of which is a review, and of which the second and third have an answer under
/// an `Idempotency-Key`; made once for all tests.
async fn log() -> &'static [u8] {
    static LOG: OnceCell<Vec<u8>> = OnceCell::const_new();
    let log = LOG.get_or_init(|| async {
        let bench = Bench::new().await;
        let (reviewed, _) = bench.submit("R-first", 24).await;
        bench.clock.advance(Duration::seconds(1));
        for name in ["k-1", "k-2"] {
            bench.submit_under(&key(name), &form(name, 24)).await.unwrap();
        }
        bench.submit_many(148).await;
        bench.submit_many(ENTRIES - 152).await;
        let who = principal(Role::Officer, "ada");
        decide(&bench.app, bench.call(&who, None), reviewed, 1, br#"{"outcome": "approve"}"#).await.unwrap();
        bench.app.stop().await;
        std::fs::read(file(&bench)).unwrap()
    });
    log.await
}

/// A copy of the log to tamper with.
struct Copy {
    folder: TempDir,
    connection: SqliteConnection,
}

impl Copy {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("underwright.db");
        std::fs::write(&path, log().await).unwrap();
        Self { folder, connection: connect_to(&path).await }
    }

    async fn execute(&mut self, statement: &str) {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut self.connection).await.unwrap();
    }

    /// Changes the byte at `place` (from 0 to 1, of its length) of a value in the `row` that a condition names.
    async fn change_byte(&mut self, table: &str, column: &str, row: &str, place: f64) {
        let read = format!("SELECT CAST({column} AS BLOB) FROM {table} WHERE {row}");
        let read = sqlx::query_scalar::<_, Vec<u8>>(sqlx::AssertSqlSafe(read));
        let mut bytes = read.fetch_one(&mut self.connection).await.unwrap();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a place within a short text"
        )]
        let index = ((bytes.len() - 1) as f64 * place).round() as usize;
        bytes[index] ^= 1;
        let write = format!(
            "UPDATE {table} SET {column} = CASE typeof({column}) WHEN 'text' THEN CAST($1 AS TEXT) \
             WHEN 'integer' THEN CAST(CAST($1 AS TEXT) AS INTEGER) ELSE $1 END WHERE {row}"
        );
        sqlx::query(sqlx::AssertSqlSafe(write)).bind(bytes).execute(&mut self.connection).await.unwrap();
    }

    async fn verify(self) -> Report {
        self.connection.close().await.unwrap();
        let path = self.folder.path().join("underwright.db");
        let db = Db::open_read_only(&DatabaseUrl::Sqlite(path)).await.unwrap();
        let report = verify(&db, |_, _| ()).await.unwrap();
        db.close().await;
        report
    }

    /// Verifies, and gives the entry and the kind of what was found.
    async fn found(self) -> (Option<i64>, String) {
        let report = self.verify().await;
        assert!(!report.intact, "nothing was found");
        let finding = report.finding.unwrap();
        let kind = serde_json::to_value(&finding).unwrap()["finding"].as_str().unwrap().to_owned();
        let sentence = report.message.unwrap();
        if let Some(sequence) = finding.sequence {
            assert!(sentence.contains(&sequence.to_string()), "{sentence}");
        }
        (finding.sequence, kind)
    }
}

#[tokio::test]
async fn the_log_is_intact_before_anything_is_done_to_it() {
    let report = Copy::new().await.verify().await;
    assert_eq!((report.intact, report.entries), (true, u64::from(ENTRIES)), "{:?}", report.message);
    assert_eq!(report.log.unwrap().size, u64::from(ENTRIES));
}

#[rstest]
#[tokio::test]
async fn a_changed_byte_of_an_entry_is_found_and_named(#[values(0, 1, 150, 255, 256, 299)] sequence: i64) {
    for step in 0..=12 {
        let mut copy = Copy::new().await;
        copy.change_byte("audit_entries", "entry", &format!("sequence = {sequence}"), f64::from(step) / 12.0).await;
        assert_eq!(copy.found().await.0, Some(sequence), "at {step}/12");
    }
}

#[rstest]
#[case("audit_entries", "leaf_hash", "leaf_hash_changed")]
#[case("audit_entries", "recorded_at", "column_changed")]
#[case("audit_entries", "action", "column_changed")]
#[case("audit_entries", "subject", "column_changed")]
#[case("decisions", "leaf_hash", "rewritten")]
#[case("decisions", "id", "copy_changed")]
#[case("decisions", "decided_at", "copy_changed")]
#[case("decisions", "outcome", "copy_changed")]
#[case("decisions", "automatic", "copy_changed")]
#[case("decisions", "score", "copy_changed")]
#[case("decisions", "number", "copy_changed")]
#[tokio::test]
async fn a_changed_byte_beside_an_entry_is_found_and_named(
    #[case] table: &str,
    #[case] column: &str,
    #[case] kind: &str,
    #[values(0, 7, 298)] sequence: i64,
    #[values(0.0, 0.5, 1.0)] place: f64,
) {
    let mut copy = Copy::new().await;
    // Both tables are numbered by it.
    copy.change_byte(table, column, &format!("rowid = {sequence}"), place).await;
    assert_eq!(copy.found().await, (Some(sequence), kind.to_owned()));
}

#[rstest]
#[case("external_reference")]
#[case("submitted_by")]
#[case("received_at")]
#[case("amount_minor")]
#[case("segment")]
#[case("currency")]
#[case("outcome")]
#[case("status")]
#[tokio::test]
async fn a_changed_byte_of_an_application_is_found_and_its_entry_named(
    #[case] column: &str,
    #[values(0.0, 1.0)] place: f64,
) {
    let mut copy = Copy::new().await;
    let of_entry_1 = "id = (SELECT application_id FROM decisions WHERE audit_sequence = 1)";
    copy.change_byte("applications", column, of_entry_1, place).await;
    assert_eq!(copy.found().await, (Some(1), "copy_changed".to_owned()));
}

#[rstest]
#[case::the_first(0)]
#[case::one_in_the_middle(150)]
#[case::the_last(299)]
#[tokio::test]
async fn a_removed_entry_is_found_and_named(#[case] sequence: i64) {
    let mut copy = Copy::new().await;
    copy.execute(&format!("DELETE FROM audit_entries WHERE sequence = {sequence}")).await;
    assert_eq!(copy.found().await, (Some(sequence), "removed".to_owned()));
}

#[tokio::test]
async fn removed_entries_are_named_from_the_first_to_the_last() {
    let mut copy = Copy::new().await;
    copy.execute("DELETE FROM audit_entries WHERE sequence BETWEEN 10 AND 19").await;
    let report = copy.verify().await;
    assert_eq!(report.message.as_deref(), Some("entries 10 to 19 were removed"));
    assert_eq!(report.entries, 10);
}

#[tokio::test]
async fn an_entry_that_was_removed_with_the_gap_closed_is_found_and_named() {
    let mut copy = Copy::new().await;
    copy.execute(
        "DELETE FROM audit_entries WHERE sequence = 20; \
         UPDATE audit_entries SET sequence = -sequence WHERE sequence > 20; \
         UPDATE audit_entries SET sequence = -sequence - 1 WHERE sequence < 0;",
    )
    .await;
    let report = copy.verify().await;
    assert_eq!(
        report.message.as_deref(),
        Some("entry 20 was removed and later ones were moved up: the entry in its place says it is entry 21")
    );
}

const SWAP: &str = "CREATE TEMP TABLE two AS SELECT * FROM audit_entries WHERE sequence IN (5, 90); \
                    UPDATE audit_entries SET (leaf_hash, recorded_at, action, actor, request_id, subject, entry) = \
                    (SELECT leaf_hash, recorded_at, action, actor, request_id, subject, entry FROM two \
                     WHERE two.sequence = 95 - audit_entries.sequence) WHERE sequence IN (5, 90);";

#[tokio::test]
async fn swapped_entries_are_found_and_named() {
    let mut copy = Copy::new().await;
    copy.execute(SWAP).await;
    assert_eq!(copy.verify().await.message.as_deref(), Some("entries 5 and 90 were swapped"));
}

#[tokio::test]
async fn an_entry_inserted_behind_the_last_is_found_and_named() {
    let mut copy = Copy::new().await;
    copy.execute(
        "INSERT INTO audit_entries SELECT 300, leaf_hash, recorded_at, action, actor, request_id, subject, entry \
         FROM audit_entries WHERE sequence = 299",
    )
    .await;
    assert_eq!(copy.found().await, (Some(300), "inserted".to_owned()));
}

#[tokio::test]
async fn an_entry_inserted_before_the_first_is_found_and_named() {
    let mut copy = Copy::new().await;
    copy.execute(
        "INSERT INTO audit_entries SELECT -1, leaf_hash, recorded_at, action, actor, request_id, subject, entry \
         FROM audit_entries WHERE sequence = 0",
    )
    .await;
    assert_eq!(copy.found().await, (Some(-1), "inserted".to_owned()));
}

#[tokio::test]
async fn an_entry_inserted_in_the_middle_is_found_and_named() {
    let mut copy = Copy::new().await;
    copy.execute(
        "UPDATE audit_entries SET sequence = -sequence WHERE sequence >= 20; \
         UPDATE audit_entries SET sequence = -sequence + 1 WHERE sequence < 0; \
         INSERT INTO audit_entries SELECT 20, leaf_hash, recorded_at, action, actor, request_id, subject, entry \
         FROM audit_entries WHERE sequence = 19; \
         UPDATE audit_head SET size = 301;",
    )
    .await;
    assert_eq!(copy.found().await, (Some(20), "misplaced".to_owned()));
}

#[tokio::test]
async fn a_forged_entry_with_its_own_hash_is_found_by_the_hash_that_was_answered() {
    let mut copy = Copy::new().await;
    forge(&mut copy, 42, "decisions").await;
    assert_eq!(copy.found().await, (Some(42), "rewritten".to_owned()));
}

/// Changes an entry together with the hash beside it, and the hash in another table when asked to.
async fn forge(copy: &mut Copy, sequence: i64, but_not: &str) {
    let read = sqlx::query_scalar::<_, String>("SELECT entry FROM audit_entries WHERE sequence = $1").bind(sequence);
    let entry = read.fetch_one(&mut copy.connection).await.unwrap();
    let forged = entry.replacen("\"los-1\"", "\"los-9\"", 1);
    let hash = tree::leaf_hash(forged.as_bytes()).as_bytes().to_vec();
    sqlx::query("UPDATE audit_entries SET entry = $1, leaf_hash = $2, actor = 'service:los-9' WHERE sequence = $3")
        .bind(forged)
        .bind(hash.clone())
        .bind(sequence)
        .execute(&mut copy.connection)
        .await
        .unwrap();
    if but_not != "decisions" {
        copy.execute(&format!(
            "UPDATE decisions SET leaf_hash = x'{}' WHERE audit_sequence = {sequence}; \
             UPDATE applications SET submitted_by = 'service:los-9' WHERE id = \
             (SELECT application_id FROM decisions WHERE audit_sequence = {sequence})",
            hex::encode(hash)
        ))
        .await;
    }
}

#[rstest]
#[case::in_a_part_with_a_stored_node(42, 0, 255)]
#[case::behind_the_last_stored_node(280, 256, 287)]
#[tokio::test]
async fn an_entry_forged_with_all_its_hashes_is_narrowed_down_by_the_tree(
    #[case] sequence: i64,
    #[case] first: i64,
    #[case] last: i64,
) {
    let mut copy = Copy::new().await;
    forge(&mut copy, sequence, "nothing").await;
    let finding = copy.verify().await.finding.unwrap();
    let expected = crate::audit::verify::What::RewrittenWithin { last };
    assert_eq!((finding.sequence, finding.what), (Some(first), expected));
}

#[rstest]
#[case::its_size("UPDATE audit_head SET size = 299", None, "head_changed")]
#[case::its_root("UPDATE audit_head SET root_hash = zeroblob(32)", None, "head_changed")]
#[case::its_frontier("UPDATE audit_head SET frontier = zeroblob(length(frontier))", None, "head_changed")]
#[case::a_frontier_that_is_none("UPDATE audit_head SET frontier = zeroblob(31)", None, "head_changed")]
#[case::its_time("UPDATE audit_head SET updated_at = '2027-01-01T00:00:00.000000Z'", None, "head_changed")]
#[case::all_of_it("DELETE FROM audit_head", None, "head_missing")]
#[case::a_node("UPDATE audit_nodes SET hash = zeroblob(32)", Some(0), "rewritten_within")]
#[case::a_missing_node("DELETE FROM audit_nodes", Some(0), "rewritten_within")]
#[case::a_node_too_many("INSERT INTO audit_nodes VALUES (1, 1, zeroblob(32))", None, "rows_differ")]
#[case::an_application_without_a_decision(
    "INSERT INTO applications SELECT 'app_x', external_reference, submitted_by, received_at, status, outcome, version, \
     amount_minor, currency, segment, erased_at FROM applications LIMIT 1",
    None,
    "rows_differ"
)]
#[case::a_missing_decision("DELETE FROM decisions WHERE audit_sequence = 30", Some(30), "copy_missing")]
#[case::a_missing_application(
    "DELETE FROM applications WHERE id = (SELECT application_id FROM decisions WHERE audit_sequence = 30)",
    Some(30),
    "copy_missing"
)]
#[case::a_version(
    "UPDATE applications SET version = 2 WHERE id = (SELECT application_id FROM decisions WHERE audit_sequence = 30)",
    Some(30),
    "copy_changed"
)]
#[tokio::test]
async fn what_is_kept_beside_the_entries_is_held_against_them(
    #[case] change: &str,
    #[case] sequence: Option<i64>,
    #[case] kind: &str,
) {
    let mut copy = Copy::new().await;
    copy.execute(change).await;
    assert_eq!(copy.found().await, (sequence, kind.to_owned()));
}
