mod postgres;

use std::path::Path;

use rstest::rstest;
use sqlx::{AssertSqlSafe, Connection, Executor, SqlSafeStr, SqliteConnection, sqlite::SqliteConnectOptions};

use super::*;
use crate::{
    domain::{decision::Outcome, timestamp::Timestamp},
    store::{Backend, Store},
};

fn url(path: &Path) -> DatabaseUrl {
    DatabaseUrl::Sqlite(path.to_owned())
}

async fn connect(path: &Path) -> SqliteConnection {
    SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(path).create_if_missing(true)).await.unwrap()
}

/// A store's address.
fn url_of(store: &Store) -> DatabaseUrl {
    DatabaseUrl::parse(&store.url()).unwrap()
}

/// Runs a statement as an operator would.
async fn operate(store: &Store, statement: &'static str) {
    match store {
        Store::Sqlite(folder) => execute(&folder.path().join("underwright.db"), statement).await,
        Store::Postgres(database, _) => database.execute(statement).await,
    }
}

async fn execute(path: &Path, statement: &'static str) {
    let mut connection = connect(path).await;
    sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[rstest]
#[tokio::test]
async fn every_query_prepares(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let store = Store::new(backend).await;
    let db = Db::open(&url_of(&store)).await.unwrap();
    let mut tx = db.read().await.unwrap();
    let mut count = 0;
    for text in queries::all().map(str::to_owned).chain(queries::of_one(&db)) {
        db::on_backend!(&mut tx, |connection| {
            let prepared = connection.prepare(AssertSqlSafe(text.clone()).into_sql_str()).await;
            assert!(prepared.is_ok(), "{:?}: {text}", prepared.err());
        });
        count += 1;
    }
    assert!(count > 30, "{count}");
}

/// The plan of a query: which indexes lead to its rows.
pub(super) async fn plan(connection: &mut SqliteConnection, text: &str) -> String {
    let explain = format!("EXPLAIN QUERY PLAN {text}");
    let steps: Vec<(i64, i64, i64, String)> =
        sqlx::query_as(sqlx::AssertSqlSafe(explain)).fetch_all(connection).await.unwrap();
    steps.into_iter().map(|(_, _, _, step)| step).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn no_query_of_a_use_case_reads_a_whole_table_or_sorts_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("underwright.db");
    Db::open(&url(&path)).await.unwrap();
    let mut connection = connect(&path).await;
    for text in queries::all().filter(|text| !text.contains("COUNT(*)")) {
        let plan = plan(&mut connection, text).await;
        if text.contains("WITH RECURSIVE s") {
            // Goes through the segments, and sorts the few rows that one applicant or one reference has.
            let indexes = ["SEARCH k USING INDEX data_keys_by", "SEARCH r USING COVERING INDEX applications_by"];
            assert!(indexes.iter().any(|index| plan.contains(index)), "{text}\n{plan}");
            continue;
        }
        if text.contains("FROM accounts ORDER BY name") {
            // The people of one lender, all of whom are asked for.
            continue;
        }
        if text.contains("FROM decisions d JOIN") && text.ends_with("ORDER BY d.audit_sequence DESC LIMIT $1") {
            // Goes down the primary key, which SQLite calls a scan without an index, and stops at its limit.
            assert_eq!(plan.lines().next(), Some("SCAN d"), "{text}\n{plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{text}\n{plan}");
            continue;
        }
        // A scan that follows an index stops at its limit; a constant row is none.
        let scans = plan.lines().filter(|step| step.starts_with("SCAN") && !step.contains("INDEX"));
        let scans: Vec<_> = scans.filter(|step| !step.contains("CONSTANT") && !step.contains("-ROW VALUES")).collect();
        assert!(scans.is_empty(), "{text}\n{plan}");
        assert!(!plan.contains("TEMP B-TREE FOR ORDER BY"), "{text}\n{plan}");
    }
}

#[rstest]
#[tokio::test]
async fn a_database_is_made_once_and_opened_again_as_it_is(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let store = Store::new(backend).await;
    let (_, first) = Db::migrate(&url_of(&store)).await.unwrap();
    assert!(!first.is_empty() && first.iter().all(|migration| migration.is_new));
    let (_, again) = Db::migrate(&url_of(&store)).await.unwrap();
    assert!(again.len() == first.len() && again.iter().all(|migration| !migration.is_new));
    Db::open_read_only(&url_of(&store)).await.unwrap();
}

#[tokio::test]
async fn a_commit_is_durable_before_it_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&url(&folder.path().join("underwright.db"))).await.unwrap();
    let Db::Sqlite { writer, .. } = &db else { panic!("{db:?}") };
    let writer = &writer.pool();
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(writer).await.unwrap();
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(writer).await.unwrap();
    let foreign_keys: i64 = sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(writer).await.unwrap();
    assert_eq!((journal.as_str(), synchronous, foreign_keys), ("wal", 2, 1));
}

#[rstest]
#[tokio::test]
async fn a_transaction_that_reads_cannot_write_and_a_read_only_database_refuses_every_write(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let store = Store::new(backend).await;
    let db = Db::open(&url_of(&store)).await.unwrap();
    let id = crate::clock::least_application_id(Timestamp::parse("2026-11-22T12:00:00Z").unwrap());
    let mut tx = db.read().await.unwrap();
    assert_eq!(applications::advance(&mut tx, id, 1, Outcome::Approve).await, Err(Error::ReadOnly));
    drop(tx);
    let read_only = Db::open_read_only(&url_of(&store)).await.unwrap();
    let mut refused = Ok(false);
    match read_only.write().await {
        Ok(mut tx) => refused = applications::advance(&mut tx, id, 1, Outcome::Approve).await,
        Err(error) => refused = refused.and(Err(error)),
    }
    assert_eq!(refused, Err(Error::ReadOnly));
}

#[rstest]
#[tokio::test]
async fn a_reader_sees_one_state_whatever_is_written_meanwhile(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let store = Store::new(backend).await;
    let db = Db::open(&url_of(&store)).await.unwrap();
    let mut reader = db.read().await.unwrap();
    let before = audit::head(&mut reader).await.unwrap();
    let mut writer = db.write().await.unwrap();
    let frontier = crate::audit::tree::Frontier::new(1, vec![crate::audit::tree::leaf_hash(b"")]).unwrap();
    audit::move_head(&mut writer.writing(), 0, &frontier, Timestamp::parse("2026-11-22T12:00:00Z").unwrap())
        .await
        .unwrap();
    writer.commit().await.unwrap();
    assert_eq!(audit::head(&mut reader).await.unwrap(), before);
    let mut later = db.read().await.unwrap();
    assert_eq!(audit::head(&mut later).await.unwrap().unwrap().size, 1);
}

#[rstest]
#[tokio::test]
async fn a_writer_that_goes_on_from_an_old_head_changes_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let store = Store::new(backend).await;
    let db = Db::open(&url_of(&store)).await.unwrap();
    let mut tx = db.write().await.unwrap();
    let frontier = crate::audit::tree::Frontier::new(1, vec![crate::audit::tree::leaf_hash(b"")]).unwrap();
    let now = Timestamp::parse("2026-11-22T12:00:00Z").unwrap();
    assert!(matches!(audit::move_head(&mut tx.writing(), 7, &frontier, now).await, Err(Error::Conflict(_))));
}

#[rstest]
#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_whichever_way_it_is_opened(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let store = Store::new(backend).await;
    Db::open(&url_of(&store)).await.unwrap();
    operate(&store, "INSERT INTO _sqlx_migrations SELECT 9999, 'later', installed_on, success, checksum, 0 FROM _sqlx_migrations WHERE version = 1").await;
    for opened in [Db::open(&url_of(&store)).await, Db::open_read_only(&url_of(&store)).await] {
        let error = opened.unwrap_err();
        assert!(matches!(error, Error::NewerSchema { found: 9999, .. }), "{error:?}");
        assert!(error.to_string().contains("newer version"), "{error}");
    }
}

#[rstest]
#[tokio::test]
async fn a_database_that_lacks_a_migration_is_not_read_as_if_it_had_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let store = Store::new(backend).await;
    Db::open(&url_of(&store)).await.unwrap();
    operate(&store, "DELETE FROM _sqlx_migrations").await;
    assert_eq!(Db::open_read_only(&url_of(&store)).await.unwrap_err(), Error::OlderSchema);
}

#[rstest]
#[tokio::test]
async fn a_migration_that_was_changed_since_it_was_applied_is_refused(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let store = Store::new(backend).await;
    Db::open(&url_of(&store)).await.unwrap();
    operate(&store, "UPDATE _sqlx_migrations SET checksum = '' WHERE version = 1").await;
    assert_eq!(Db::open(&url_of(&store)).await.unwrap_err(), Error::OtherSchema { version: 1 });
}

#[tokio::test]
async fn a_file_that_is_something_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "not a database, but long enough to have a header and more".repeat(40)).unwrap();
    let other = folder.path().join("other.db");
    execute(&other, "CREATE TABLE recipes (name TEXT)").await;
    let refusals =
        [(text.clone(), Error::DamagedFile { path: text }), (other.clone(), Error::NotADatabase { path: other })];
    for (path, expected) in refusals {
        let before = std::fs::read(&path).unwrap();
        for opened in [Db::open(&url(&path)).await, Db::open_read_only(&url(&path)).await] {
            assert_eq!(opened.unwrap_err(), expected);
        }
        assert!(std::fs::read(&path).unwrap() == before, "{}", path.display());
    }
}

#[tokio::test]
async fn what_is_not_there_is_named_and_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("underwright.db");
    let error = Db::open_read_only(&url(&missing)).await.unwrap_err();
    assert_eq!(error, Error::NoSuchDatabase { path: missing.clone() });
    assert!(!missing.exists());
    let nowhere = folder.path().join("no/such/underwright.db");
    let error = Db::open(&url(&nowhere)).await.unwrap_err();
    assert_eq!(error, Error::NoSuchDirectory { path: folder.path().join("no/such") });
    assert!(error.to_string().contains("--data-dir"), "{error}");
}

#[tokio::test]
async fn a_folder_in_the_place_of_a_database_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = Db::open(&url(folder.path())).await.unwrap_err();
    assert!(matches!(error, Error::CannotOpen { .. }), "{error:?}");
}

#[tokio::test]
async fn a_damaged_database_is_called_so_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("underwright.db");
    Db::open(&url(&path)).await.unwrap().close().await;
    let whole = std::fs::read(&path).unwrap();
    let cut = whole[..whole.len() / 2].to_vec();
    let without_header = [&[0_u8; 100][..], &whole[100..]].concat();
    for damaged in [cut, without_header] {
        std::fs::write(&path, &damaged).unwrap();
        for opened in [Db::open(&url(&path)).await, Db::open_read_only(&url(&path)).await] {
            let error = opened.unwrap_err();
            assert_eq!(error, Error::DamagedFile { path: path.clone() });
            assert!(error.to_string().contains("backup"), "{error}");
        }
        assert!(std::fs::read(&path).unwrap() == damaged);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_read_only_copy_in_a_read_only_folder_can_be_read() {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt};

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("underwright.db");
    Db::open(&url(&path)).await.unwrap().close().await;
    std::fs::set_permissions(&path, Permissions::from_mode(0o444)).unwrap();
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o555)).unwrap();
    let opened = Db::open_read_only(&url(&path)).await;
    let head = match &opened {
        Ok(db) => audit::head(&mut db.read().await.unwrap()).await,
        Err(error) => Err(error.clone()),
    };
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    assert_eq!(head.unwrap().unwrap().size, 0);
}
