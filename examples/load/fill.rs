//! Fills a store with rows like those that are there, so that a load meets tables of a size that takes years.
//!
//! The rows are copies of real ones under other keys, drawn so that the indexes are as spread out as in life. The log's
//! head is set to a tree of that many leaves, which goes on as any other; its entries do not verify, and need not.

use anyhow::{Context as _, ensure};
use sqlx::AssertSqlSafe;
use underwright::{
    audit::{SEGMENT_ENTRIES, tree::leaf_hash},
    storage::{DatabaseUrl, Db, Tx},
};

/// What the two backends call the same things.
struct Words {
    /// A table `s (n)` of the numbers from the first to the last.
    series: &'static str,
    hexadecimal: &'static str,
    random_text: &'static str,
    random_bytes: &'static str,
    blob: fn(&str) -> String,
}

const SQLITE: Words = Words {
    series: "WITH RECURSIVE s (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {last})",
    hexadecimal: "printf('%012x', n)",
    random_text: "hex(randomblob(8))",
    random_bytes: "randomblob(32)",
    blob: |hex| format!("x'{hex}'"),
};

const POSTGRES: Words = Words {
    series: "WITH s (n) AS (SELECT generate_series({first}, {last}))",
    hexadecimal: "lpad(to_hex(n), 12, '0')",
    random_text: "md5(random()::text)",
    random_bytes: "sha256(random()::text::bytea)",
    blob: |hex| format!("'\\x{hex}'"),
};

/// How many rows one transaction adds.
const STEP: u64 = 1 << 16;

/// Fills the store until its log has `size` entries: a power of two, so that the tree is one whole. A first decision must
/// be there.
pub(crate) async fn fill(url: &str, size: u64) -> anyhow::Result<()> {
    ensure!(size.is_power_of_two(), "a power of two, please");
    let db = Db::open(&DatabaseUrl::parse(url)?).await?;
    let mut tx = db.read().await?;
    let mut first = underwright::storage::audit::head(&mut tx).await?.context("no head")?.size;
    drop(tx);
    while first < size {
        let last = (first + STEP).min(size) - 1;
        let mut tx = db.write().await?;
        for statement in statements(&tx, first, last) {
            execute(&mut tx, statement).await?;
        }
        tx.commit().await?;
        first = last + 1;
    }
    let mut tx = db.write().await?;
    let root = words(&tx).blob;
    let root = root(&leaf_hash(b"the filling").to_string());
    execute(&mut tx, format!("UPDATE audit_head SET size = {size}, root_hash = {root}, frontier = {root}")).await?;
    tx.commit().await?;
    db.close().await;
    Ok(())
}

const fn words(tx: &Tx) -> &'static Words {
    match tx {
        Tx::Sqlite(_) => &SQLITE,
        Tx::Postgres(_) => &POSTGRES,
    }
}

async fn execute(tx: &mut Tx, statement: String) -> sqlx::Result<()> {
    match tx {
        Tx::Sqlite(tx) => sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut **tx).await.map(drop),
        Tx::Postgres(tx) => sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut **tx).await.map(drop),
    }
}

fn statements(tx: &Tx, first: u64, last: u64) -> [String; 4] {
    let Words { series, hexadecimal, random_text, random_bytes, .. } = words(tx);
    let series = series.replace("{first}", &first.to_string()).replace("{last}", &last.to_string());
    let id = format!("'app_00000000-0000-7000-8000-' || {hexadecimal}");
    let insert = |table: &str, columns: &str, values: String, from: &str| {
        // Where the standard has the common table before the statement, both backends take it after the columns.
        format!("INSERT INTO {table} ({columns}) {series} SELECT {values} FROM s, {from}")
    };
    // The first decision: before it stands what was put into force.
    let entry = "(SELECT * FROM audit_entries WHERE sequence = (SELECT MIN(audit_sequence) FROM decisions)) t";
    let application = "(SELECT * FROM applications ORDER BY id DESC LIMIT 1) t";
    let decision = "(SELECT * FROM decisions ORDER BY audit_sequence LIMIT 1) t";
    let key = "(SELECT * FROM data_keys LIMIT 1) t";
    [
        insert(
            "audit_entries",
            "sequence, leaf_hash, recorded_at, action, actor, request_id, subject, entry",
            format!("n, leaf_hash, recorded_at, action, actor, {id}, {id}, entry"),
            entry,
        ),
        insert(
            "applications",
            "id, external_reference, submitted_by, received_at, status, outcome, version, amount_minor, currency, \
             segment",
            format!(
                "{id}, {random_text}, submitted_by, received_at, status, outcome, version, amount_minor, currency, \
                 n / {SEGMENT_ENTRIES}"
            ),
            application,
        ),
        insert(
            "data_keys",
            "application_id, applicant_index, national_id_index, kek, wrapped, segment",
            format!("{id}, {random_bytes}, {random_bytes}, kek, wrapped, n / {SEGMENT_ENTRIES}"),
            key,
        ),
        insert(
            "decisions",
            "audit_sequence, leaf_hash, application_id, number, id, decided_at, outcome, automatic, score",
            format!("n, leaf_hash, {id}, 1, t.id, decided_at, outcome, automatic, score"),
            decision,
        ),
    ]
}
