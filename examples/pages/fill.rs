//! Fills a SQLite store with four weeks of decisions like the one that is there: other scores, amounts and outcomes, one in a
//! hundred awaiting review. Its log does not verify, and need not.

use anyhow::{bail, ensure};
use sqlx::AssertSqlSafe;
use underwright::{
    audit::{SEGMENT_ENTRIES, tree::leaf_hash},
    clock::Clock,
    storage::{DatabaseUrl, Db, Tx, audit},
};

/// How many rows one transaction adds.
const STEP: u64 = 1 << 16;
/// How many milliseconds four weeks have.
const MONTH_MS: u64 = 28 * 86_400_000;

/// A row: its number, a spread-out number, its time in milliseconds since 1970, its outcome.
const ROWS: &str = "WITH RECURSIVE s (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {last}), \
    h AS (SELECT n, (n * 2654435761) % 4294967296 AS h, {begun} + n * {month} / {rows} AS ms FROM s), \
    r AS (SELECT n, h, ms, CASE WHEN h % 100 < 1 THEN 'review' WHEN h % 100 < 70 THEN 'approve' ELSE 'decline' END AS outcome, \
    'app_' || substr(printf('%012x', ms), 1, 8) || '-' || substr(printf('%012x', ms), 9) || '-7000-8000-' || printf('%012x', n) AS id, \
    strftime('%Y-%m-%dT%H:%M:%S', ms / 1000, 'unixepoch') || printf('.%03d000Z', ms % 1000) AS at FROM h)";

/// Fills the store until its log has `rows` entries: a power of two, so that its tree is one whole. A first decision must be
/// there.
pub(crate) async fn fill(url: &str, rows: u64) -> anyhow::Result<()> {
    ensure!(rows.is_power_of_two(), "a power of two, please");
    let db = Db::open(&DatabaseUrl::parse(url)?).await?;
    let mut tx = db.read().await?;
    let mut first = audit::head(&mut tx).await?.map_or(0, |head| head.size);
    drop(tx);
    let end = rows;
    // Once for all statements, which name the same identifiers.
    let begun_ms = Clock::system().now().instant().unix_timestamp() * 1_000 - i64::try_from(MONTH_MS)?;
    while first < end {
        let last = (first + STEP).min(end) - 1;
        let rows_text = ROWS
            .replace("{first}", &first.to_string())
            .replace("{last}", &last.to_string())
            .replace("{rows}", &end.to_string())
            .replace("{month}", &MONTH_MS.to_string())
            .replace("{begun}", &begun_ms.to_string());
        let mut tx = db.write().await?;
        for statement in statements(&rows_text) {
            execute(&mut tx, statement).await?;
        }
        tx.commit().await?;
        first = last + 1;
    }
    let mut tx = db.write().await?;
    let root = leaf_hash(b"the filling");
    execute(&mut tx, format!("UPDATE audit_head SET size = {end}, root_hash = x'{root}', frontier = x'{root}'"))
        .await?;
    tx.commit().await?;
    db.close().await;
    Ok(())
}

async fn execute(tx: &mut Tx, statement: String) -> anyhow::Result<()> {
    let Tx::Sqlite(tx) = tx else { bail!("SQLite alone") };
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut **tx).await?;
    Ok(())
}

fn statements(rows: &str) -> [String; 3] {
    let first = "(SELECT MIN(audit_sequence) FROM decisions)";
    [
        format!(
            "INSERT INTO audit_entries (sequence, leaf_hash, recorded_at, action, actor, request_id, subject, entry) {rows} \
             SELECT n, leaf_hash, at, action, actor, id, id, entry FROM r, \
             (SELECT leaf_hash, action, actor, entry FROM audit_entries WHERE sequence = {first}) t"
        ),
        format!(
            "INSERT INTO applications (id, external_reference, submitted_by, received_at, status, outcome, version, \
             amount_minor, currency, segment) {rows} \
             SELECT r.id, 'LOS-' || printf('%08d', n), submitted_by, at, \
             CASE r.outcome WHEN 'review' THEN 'awaiting_review' ELSE 'decided' END, r.outcome, 1, 100000 + h % 4900000, \
             currency, n / {SEGMENT_ENTRIES} FROM r, (SELECT submitted_by, currency FROM applications \
             WHERE id = (SELECT application_id FROM decisions WHERE audit_sequence = {first})) t"
        ),
        format!(
            "INSERT INTO decisions (audit_sequence, leaf_hash, application_id, number, id, decided_at, outcome, automatic, \
             score) {rows} \
             SELECT n, leaf_hash, r.id, 1, t.id, at, r.outcome, 1, 480 + h % 200 FROM r, \
             (SELECT leaf_hash, id FROM decisions WHERE audit_sequence = {first}) t"
        ),
    ]
}
