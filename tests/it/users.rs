//! `underwright users`, beside a running server.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use underwright::crypto::private_file::write_private;

use crate::{
    app::{KEK, TestApp},
    store::Backend,
};

/// Runs the command on the store of a running server, with a line of standard input.
fn users(app: &TestApp, arguments: &[&str], input: &str) -> Output {
    let folder = app.store.folder();
    if !folder.join("uw.toml").exists() {
        write_private(&folder.join("test.kek"), &hex::encode(KEK)).expect("written");
        let text = format!(
            "data_dir = \".\"\n[database]\nurl = \"{}\"\n[[keys.encryption]]\nid = \"test\"\nfile = \"test.kek\"\n",
            app.store.url()
        );
        std::fs::write(folder.join("uw.toml"), text).expect("written");
    }
    let mut process = Command::new(env!("CARGO_BIN_EXE_underwright"))
        .current_dir(folder)
        .arg("users")
        .args(arguments)
        .args(["--config", "uw.toml"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    // A command that needs no password may have ended by now.
    let _ = process.stdin.take().expect("piped").write_all(input.as_bytes());
    process.wait_with_output().expect("it ends")
}

#[track_caller]
fn said(output: &Output, code: i32) -> String {
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{errors}");
    String::from_utf8(output.stdout.clone()).expect("text") + &*errors
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_added_listed_and_changed_beside_a_running_server() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let app = TestApp::spawn_on(backend).await;
        let password = "correct horse battery\n";
        said(&users(&app, &["add", "ada", "--role", "officer"], password), 0);
        let again = said(&users(&app, &["add", "Ada", "--role", "risk"], password), 1);
        assert!(again.contains("there is an account of this name already"), "{again}");
        let short = said(&users(&app, &["add", "bob", "--role", "risk"], "short\n"), 2);
        assert!(short.contains("at least 15 characters"), "{short}");
        said(&users(&app, &["add", "bob", "--role", "risk"], ""), 2);
        said(&users(&app, &["add", "dev-officer", "--role", "risk"], password), 2);
        said(&users(&app, &["role", "ada", "--role", "manager"], ""), 0);
        said(&users(&app, &["disable", "ada"], ""), 0);
        said(&users(&app, &["disable", "nobody"], ""), 1);
        assert!(said(&users(&app, &["sessions", "ada"], ""), 0).contains("no sessions"));
        let listed: Value = serde_json::from_str(&said(&users(&app, &["list", "--json"], ""), 0)).expect("JSON");
        assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
        assert_eq!((&listed[0]["name"], &listed[0]["role"]), (&"ada".into(), &"manager".into()));
        assert!(listed[0]["disabled_at"].is_string() && !listed.to_string().contains("argon2"), "{listed}");
        assert_eq!(app.finish().await, 3, "an entry each for what was added and changed");
    }
}
