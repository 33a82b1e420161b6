//! A canary in everything that is personal, searched for everywhere: in every file's bytes, in every answer to a role that may
//! not read applications, in every problem; and after the erasure in every answer to anybody.

use std::{path::Path, process::Command};

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use underwright::domain::principal::{Permission, Role};

use crate::{
    app::{
        TestApp, application_for,
        client::{Received, send},
    },
    console::browser::Browser,
    store::{Backend, Store, postgres::Database},
};

/// What only the canary's data says.
const CANARIES: [&str; 5] = ["Kanarie4821", "5550148215", "1979-08-21", "48215-7", "4821 Perch"];

fn canary_application(purpose: &str) -> Value {
    let mut application = application_for(purpose);
    application["applicant"] = json!({
        "reference": "Kanarie4821-C", "given_name": "Kanarie4821", "family_name": "von Kanarie4821",
        "date_of_birth": "1979-08-21", "national_id": "48215-7", "email": "Kanarie4821@example.com",
        "phone": "+15550148215",
        "address": {"lines": ["4821 Perch Lane", "c/o Kanarie4821"], "city": "Kanarie4821", "region": "Kanarie4821",
                    "postal_code": "48215-7", "country": "US"}
    });
    application
}

/// The first canary in some bytes.
fn canary_in(bytes: &[u8]) -> Option<&'static str> {
    CANARIES.into_iter().find(|canary| {
        let canary = canary.as_bytes();
        bytes.windows(canary.len()).any(|window| window.eq_ignore_ascii_case(canary))
    })
}

#[track_caller]
fn expect_none(bytes: &[u8], place: &str) {
    if let Some(canary) = canary_in(bytes) {
        panic!("{canary} in {place}: {}", String::from_utf8_lossy(bytes));
    }
}

/// Searches every file below a folder, and says how many there were.
fn search_files(folder: &Path) -> usize {
    let mut searched = 0;
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            searched += search_files(&path);
            continue;
        }
        let bytes = std::fs::read(&path).expect("a file");
        assert_eq!(canary_in(&bytes), None, "{}", path.display());
        searched += 1;
    }
    searched
}

/// Searches the files of a database in PostgreSQL's data directory, what was written ahead, and the server's own log.
async fn search_data_directory(database: &Database) {
    let mut connection = PgConnection::connect(&database.url()).await.expect("connected");
    sqlx::raw_sql("CHECKPOINT").execute(&mut connection).await.expect("everything is written to its file");
    let files = "SELECT 'base/' || oid::text FROM pg_database WHERE datname = current_database()";
    let files: String = sqlx::query_scalar(files).fetch_one(&mut connection).await.expect("a folder");
    let data: String = sqlx::query_scalar("SHOW data_directory").fetch_one(&mut connection).await.expect("a folder");
    let files_with = |texts: &[&str]| {
        let mut grep = Command::new("grep");
        grep.args(["-r", "-l", "-a", "-i", "-F", "-s"]).current_dir(&data).env("LC_ALL", "C");
        for text in texts {
            grep.args(["-e", text]);
        }
        let output = grep.args([files.as_str(), "pg_wal", "../log"]).output().expect("grep runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert_eq!(files_with(&CANARIES), "", "a canary in PostgreSQL's files");
    // The search finds what is there.
    let found = files_with(&["awaiting_review", "application.decided"]);
    assert!(found.contains(&files) && found.contains("pg_wal"), "{found}");
}

/// Searches everything that is stored: the bytes of SQLite's files, or every row of every table of PostgreSQL.
async fn search_store(app: &TestApp) {
    let folder = app.store.folder();
    let files = search_files(folder);
    let Store::Postgres(database, _) = &app.store else {
        assert!(files >= 2, "the database and the journal of erasures");
        return;
    };
    search_data_directory(database).await;
    let mut connection = PgConnection::connect(&database.url()).await.expect("connected");
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()")
            .fetch_all(&mut connection)
            .await
            .expect("tables");
    assert!(tables.len() > 6, "{tables:?}");
    for table in tables {
        // Bytes are shown as hexadecimal digits, in which a canary would stand as its own digits.
        let rows = format!("SELECT string_agg(t::text, ' ') FROM {table} t");
        let rows: Option<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(rows)).fetch_one(&mut connection).await.expect("rows");
        let rows = rows.unwrap_or_default();
        assert_eq!(canary_in(rows.as_bytes()), None, "{table}");
        for canary in CANARIES {
            assert!(!rows.contains(&hex::encode(canary)), "{canary} in {table}");
        }
    }
}

/// Every address of the API that is read without naming anything, and those of these applications.
fn addresses(ids: &[String]) -> Vec<String> {
    let document: Value =
        serde_json::from_str(&underwright::http::api::document::json_text().expect("a document")).expect("JSON");
    let mut addresses = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        if item.get("get").is_none() || path.contains("{name}") {
            continue;
        }
        for id in ids {
            addresses.push(path.replace("{id}", id).replace("{sequence}", "0"));
            for format in ["jsonl", "csv", "parquet"] {
                if path.ends_with("/export") {
                    addresses.push(format!("{path}?format={format}"));
                }
            }
        }
    }
    addresses.sort();
    addresses.dedup();
    addresses
}

async fn ask(app: &TestApp, role: Role, address: &str) -> Received {
    app.client(role).get(address).await
}

/// Submits the canary, has it reviewed with a note, and gives the applications' ids.
async fn submit_canaries(app: &TestApp) -> Vec<String> {
    let mut ids = Vec::new();
    for (number, purpose) in ["medical", "vacation", "car"].into_iter().enumerate() {
        let key = [("idempotency-key", if number == 0 { "k-0" } else { "k-1" })];
        let key = if number == 2 { &[][..] } else { &key[..] };
        let answer = app.service().post_with("/v1/applications", key, &canary_application(purpose)).await.expect(201);
        assert_eq!(answer["applicant"]["given_name"], "Kanarie4821", "whoever submits sees what was submitted");
        ids.push(answer["id"].as_str().expect("an id").to_owned());
    }
    let note = json!({"outcome": "approve", "note": "Kanarie4821 called from +15550148215."});
    let headers = [("if-match", "\"1\""), ("idempotency-key", "k-review")];
    app.officer().post_with(&format!("/v1/applications/{}/review", ids[0]), &headers, &note).await.expect(200);
    for language in ["en", "zh-Hans"] {
        let order = json!({"language": language});
        let answer = app.service().post(&format!("/v1/applications/{}/notices", ids[1]), &order).await.expect(201);
        assert_eq!(answer["letter"]["addressee"][0], "Kanarie4821 von Kanarie4821");
    }
    let officer = Browser::signed_in(app, Role::Officer).await;
    let page = format!("/applications/{}", ids[1]);
    let looked = officer.submit(&page, &format!("{page}/applicant"), &[("reason", "identity")]).await;
    assert!(canary_in(&looked.body).is_some(), "whoever looks sees it");
    expect_none(&officer.get(&page).await.body, "the page of an application");
    ids
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_personal_is_read_by_those_who_may_and_found_nowhere_else(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let mut app = TestApp::spawn_on(backend).await;
    let ids = submit_canaries(&app).await;
    if let Store::Sqlite(folder) = &app.store {
        // What was written ahead stands in files of its own while the server runs.
        for beside in ["underwright.db-wal", "underwright.db-shm"] {
            assert!(folder.path().join(beside).metadata().is_ok_and(|file| file.len() > 0), "{beside} is searched too");
        }
    }
    search_store(&app).await;

    for address in addresses(&ids) {
        for role in Role::ALL {
            let answer = ask(&app, role, &address).await;
            let may_read = role.may(Permission::ReadApplication) && address.starts_with("/v1/applications");
            if !may_read {
                expect_none(&answer.body, &format!("{role} {address}"));
            }
        }
        let answer = app.anonymous().get(&address).await;
        expect_none(&answer.body, &format!("nobody {address}"));
    }
    let shown = app.officer().get(&format!("/v1/applications/{}", ids[0])).await.expect(200);
    assert_eq!(shown["applicant"], canary_application("medical")["applicant"]);
    assert_eq!(shown["history"][1]["note"], "Kanarie4821 called from +15550148215.");
    faulty_values_are_not_repeated(&app).await;

    let erased = send(app.privacy().request(Method::DELETE, "/v1/applicants/Kanarie4821-C")).await;
    assert_eq!(erased.expect(200)["applications"], 3);
    expect_none(&erased.body, "the answer to an erasure");
    for address in addresses(&ids) {
        for role in Role::ALL {
            let answer = ask(&app, role, &address).await;
            expect_none(&answer.body, &format!("{role} {address}, erased"));
        }
    }
    nothing_is_replayed(&app, &ids[0]).await;
    let shown = app.officer().get(&format!("/v1/applications/{}", ids[0])).await.expect(200);
    assert!(shown["applicant"].is_null() && shown["applicant_erased_at"].is_string(), "{shown}");
    assert_eq!((&shown["status"], &shown["history"][1]["note"]), (&json!("decided"), &Value::Null));
    app.stop().await;
    search_store(&app).await;
    // Beside the four that there were before: two letters, a session, a look.
    assert_eq!(app.verified_entries().await, 9);
}

/// Every field of the applicant in turn is wrong, and the problem says where, and not what.
async fn faulty_values_are_not_repeated(app: &TestApp) {
    let long = "Kanarie4821 ".repeat(40);
    let fields = canary_application("car")["applicant"].as_object().expect("an object").clone();
    for field in fields.keys().filter(|field| *field != "address") {
        for wrong in [json!(long), json!({"Name": "Kanarie4821"}), json!(["Kanarie4821"]), json!("Kanarie4821\u{7}")] {
            let mut application = canary_application("car");
            application["applicant"][field] = wrong;
            let refused = app.service().post("/v1/applications", &application).await;
            refused.expect_problem(422, "invalid_values");
            expect_none(&refused.body, field);
            let refused = app.officer().post("/v1/simulations", &application).await;
            refused.expect_problem(422, "invalid_values");
            expect_none(&refused.body, field);
        }
    }
    let refused = app.privacy().post("/v1/applicant-searches", &json!({"reference": long})).await;
    refused.expect_problem(422, "invalid_values");
    expect_none(&refused.body, "a search");
    let unknown = send(app.privacy().request(Method::DELETE, "/v1/applicants/Kanarie4821-unknown")).await;
    unknown.expect_problem(404, "not_found");
    expect_none(&unknown.body, "an erasure of nobody");
}

/// What was kept for a repeat is gone with its applicant.
async fn nothing_is_replayed(app: &TestApp, reviewed: &str) {
    let key = [("idempotency-key", "k-0")];
    let repeated = app.service().post_with("/v1/applications", &key, &canary_application("medical")).await;
    repeated.expect_problem(410, "applicant_erased");
    let note = json!({"outcome": "decline", "reason_codes": ["UW-INCOME"], "note": "Again."});
    let headers = [("if-match", "\"2\"")];
    let review = app.officer().post_with(&format!("/v1/applications/{reviewed}/review"), &headers, &note).await;
    review.expect_problem(410, "applicant_erased");
}
