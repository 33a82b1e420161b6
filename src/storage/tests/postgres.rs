//! What only PostgreSQL has: a server that may be away, other processes, and its own ideas of text.

use std::sync::Arc;

use super::*;
use crate::store::postgres::{self, Server};

async fn empty() -> (Store, DatabaseUrl) {
    let store = Store::new(Backend::Postgres).await;
    let url = url_of(&store);
    (store, url)
}

#[tokio::test]
async fn processes_that_start_together_migrate_once() {
    let (_store, url) = empty().await;
    let mut firsts = 0;
    for started in futures_util::future::join_all((0..8).map(|_| Db::migrate(&url))).await {
        let (_, applied) = started.unwrap();
        firsts += usize::from(applied.iter().all(|migration| migration.is_new));
    }
    // All that looked before the first was done saw nothing applied; what counts is that none failed.
    assert!(firsts >= 1);
    let db = Db::open_read_only(&url).await.unwrap();
    assert_eq!(audit::head(&mut db.read().await.unwrap()).await.unwrap().unwrap().size, 0);
}

#[tokio::test]
async fn both_backends_have_the_same_migrations_tables_and_columns() {
    let names = |folder: &str| {
        let folder = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder)).unwrap();
        let mut names: Vec<_> = folder.map(|file| file.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
    let sqlite = Store::new(Backend::Sqlite).await;
    let (postgres, url) = empty().await;
    let mut columns = Vec::new();
    Db::open(&url_of(&sqlite)).await.unwrap();
    Db::open(&url).await.unwrap();
    let Store::Sqlite(folder) = &sqlite else { panic!("asked for a file") };
    let text = "SELECT m.name || '.' || p.name || CASE p.\"notnull\" WHEN 1 THEN ' NOT NULL' ELSE '' END \
                FROM sqlite_master m, pragma_table_info(m.name) p \
                WHERE m.type = 'table' AND m.name <> '_sqlx_migrations' AND m.name NOT LIKE 'sqlite%'";
    let mut connection = connect(&folder.path().join("underwright.db")).await;
    columns.push(sqlx::query_scalar::<_, String>(text).fetch_all(&mut connection).await.unwrap());
    let text = "SELECT table_name || '.' || column_name || CASE is_nullable WHEN 'NO' THEN ' NOT NULL' ELSE '' END \
                FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations' ";
    let Store::Postgres(database, _) = &postgres else { panic!("asked for a server") };
    columns.push(sqlx::query_scalar::<_, String>(text).fetch_all(&mut database.connect().await).await.unwrap());
    for columns in &mut columns {
        columns.sort();
    }
    assert_eq!(columns[0], columns[1]);
}

#[tokio::test]
async fn every_text_column_is_compared_by_its_bytes() {
    let (store, url) = empty().await;
    Db::open(&url).await.unwrap();
    let Store::Postgres(database, _) = &store else { panic!("asked for a server") };
    let others: Vec<String> = sqlx::query_scalar(
        "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public' \
         AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C' AND table_name <> '_sqlx_migrations'",
    )
    .fetch_all(&mut database.connect().await)
    .await
    .unwrap();
    assert!(others.is_empty(), "{others:?} without COLLATE \"C\"");
}

#[tokio::test]
async fn a_database_of_something_else_is_left_alone() {
    let (store, url) = empty().await;
    operate(&store, "CREATE TABLE recipes (name TEXT)").await;
    for opened in [Db::open(&url).await, Db::open_read_only(&url).await] {
        assert!(matches!(opened, Err(Error::NotOurs { .. })), "{opened:?}");
    }
}

#[tokio::test]
async fn who_cannot_connect_is_told_where_to_and_why_without_the_password() {
    let server = postgres::shared();
    let missing = DatabaseUrl::parse(&server.url("nowhere")).unwrap();
    for opened in [Db::open(&missing).await, Db::open_read_only(&missing).await] {
        let said = opened.unwrap_err().to_string();
        assert!(said.contains("postgres://underwright@") && said.contains("\"nowhere\" does not exist"), "{said}");
    }
    // Port 1 is nobody's.
    let silent = DatabaseUrl::parse("postgres://uw:hunter2@127.0.0.1:1/loans").unwrap();
    let error = Db::open(&silent).await.unwrap_err();
    let said = format!("{error} {error:?} {silent} {silent:?}");
    assert!(said.contains("postgres://uw@127.0.0.1:1/loans") && !said.contains("hunter2"), "{said}");
}

#[tokio::test]
async fn a_server_that_may_lose_what_it_acknowledged_is_refused() {
    let (store, url) = empty().await;
    operate(
        &store,
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$",
    )
    .await;
    assert_eq!(Db::open(&url).await.unwrap_err(), Error::NotDurable { setting: "synchronous_commit" });
}

#[tokio::test]
async fn a_database_that_cannot_be_written_is_refused_when_it_is_opened() {
    let (store, url) = empty().await;
    Db::open(&url).await.unwrap().close().await;
    operate(
        &store,
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$",
    )
    .await;
    assert_eq!(Db::open(&url).await.unwrap_err(), Error::ReadOnly);
    Db::open_read_only(&url).await.unwrap();
}

#[tokio::test]
async fn a_row_that_contradicts_another_is_a_conflict_that_repeats_no_value() {
    let (_store, url) = empty().await;
    let db = Db::open(&url).await.unwrap();
    let mut tx = db.write().await.unwrap();
    let new = |id: &str, reference: &str| applications::NewApplication {
        id: id.parse().unwrap(),
        external_reference: Some(reference.to_owned()),
        submitted_by: "service:los-1".into(),
        received_at: Timestamp::parse("2026-11-22T12:00:00Z").unwrap(),
        outcome: Outcome::Approve,
        amount_minor: 1,
        currency: "USD".into(),
    };
    let id = crate::clock::least_application_id(Timestamp::parse("2026-11-22T12:00:00Z").unwrap()).to_string();
    applications::insert(&mut tx.writing(), &mut [(0, new(&id, "R-1"))]).await.unwrap();
    let error = applications::insert(&mut tx.writing(), &mut [(0, new(&id, "canary"))]).await.unwrap_err();
    assert!(matches!(&error, Error::Conflict(said) if !said.contains("canary") && !said.contains(&id)), "{error:?}");
    drop(tx);
    // PostgreSQL's text holds no NUL. Nothing that passes intake has one.
    let mut tx = db.write().await.unwrap();
    let error = applications::insert(&mut tx.writing(), &mut [(0, new(&id, "R\0secret"))]).await.unwrap_err();
    assert!(matches!(&error, Error::Conflict(said) if !said.contains("secret")), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_writer_waits_for_the_first_whichever_process_it_is_in() {
    let (_store, url) = empty().await;
    let (one, two) = (Db::open(&url).await.unwrap(), Db::open(&url).await.unwrap());
    let frontier = crate::audit::tree::Frontier::new(1, vec![crate::audit::tree::leaf_hash(b"")]).unwrap();
    let mut first = one.write().await.unwrap();
    let second = tokio::spawn(async move {
        let mut tx = two.write().await.unwrap();
        audit::head(&mut tx).await.unwrap().unwrap().size
    });
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert!(!second.is_finished(), "it did not wait");
    audit::move_head(&mut first.writing(), 0, &frontier, Timestamp::parse("2026-11-22T12:00:00Z").unwrap())
        .await
        .unwrap();
    first.commit().await.unwrap();
    assert_eq!(second.await.unwrap(), 1, "it goes on from where the first left the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_restarted_is_used_again_at_once() {
    let server = Arc::new(Server::start(&[]));
    let database = server.database().await;
    let db = Db::open(&DatabaseUrl::parse(&database.url()).unwrap()).await.unwrap();
    for word in ["stop", "kill"] {
        db.write().await.unwrap().commit().await.unwrap();
        audit::head(&mut db.read().await.unwrap()).await.unwrap();
        server.tell(word);
        server.tell("start");
        assert!(db.write().await.is_ok(), "after {word}");
        assert!(audit::head(&mut db.read().await.unwrap()).await.is_ok(), "after {word}");
    }
}

#[tokio::test]
async fn over_the_network_a_server_must_prove_who_it_is() {
    let server = Server::start_with_tls();
    let authority = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tls/authority.pem");
    let trusted = format!("sslrootcert={}", authority.display());
    let open = async |host: &str, options: String| {
        let url = DatabaseUrl::parse(&server.network_url(host, "postgres", &options)).unwrap();
        Db::open(&url).await
    };
    let db = open("localhost", format!("sslmode=verify-full&{trusted}")).await.unwrap();
    let mut tx = db.read().await.unwrap();
    let Tx::Postgres(connection) = &mut tx else { panic!("asked for a server") };
    let encrypted: bool = sqlx::query_scalar("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        .fetch_one(&mut **connection)
        .await
        .unwrap();
    assert!(encrypted);
    // An authority that nobody named, and a name that the certificate does not have.
    for (host, options) in
        [("localhost", "sslmode=verify-full".to_owned()), ("127.0.0.1", format!("sslmode=verify-full&{trusted}"))]
    {
        let refused = open(host, options).await;
        assert!(matches!(&refused, Err(Error::CannotConnect { .. })), "{refused:?}");
    }
    open("127.0.0.1", format!("sslmode=verify-ca&{trusted}")).await.unwrap();
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_tls_is_asked_for() {
    let url = format!("{}&sslmode=require", postgres::shared().url("postgres"));
    let refused = Db::open(&DatabaseUrl::parse(&url).unwrap()).await;
    assert!(matches!(&refused, Err(Error::CannotConnect { reason, .. }) if reason.contains("TLS")), "{refused:?}");
}
