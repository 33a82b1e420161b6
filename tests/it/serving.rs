//! The program itself: starting, greeting, refusing to start, stopping.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{
    Algorithm, EncodingKey,
    jwk::{AlgorithmParameters, Jwk},
};
use tempfile::TempDir;
use underwright::{
    crypto::{SecretKey, private_file, signing::CheckpointSigner},
    storage::bundle_files::write_bundle,
};

use crate::app::{application, model};

/// A folder with a model, a policy and settings that name them.
fn folder(settings: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = folder.path();
    write_bundle(&path.join("model"), &model::small()).expect("a bundle");
    fs::write(path.join("policy.toml"), model::POLICY).expect("written");
    let settings =
        format!("data_dir = \"data\"\n{settings}\n[model]\ndirectory = \"model\"\n[policy]\nfile = \"policy.toml\"\n");
    fs::write(path.join("uw.toml"), settings).expect("written");
    folder
}

fn underwright(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_underwright"));
    command.current_dir(folder).args(arguments).stdin(Stdio::null());
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    underwright(folder, arguments).output().expect("it runs")
}

/// What it says when it refuses to start, which it must.
#[track_caller]
fn refusal(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("error: ") && !said.contains("panicked"), "{said}");
    said
}

/// A server that greeted, and all of its greeting.
fn greeted(folder: &Path, port: u16) -> (Child, String) {
    let listen = format!("127.0.0.1:{port}");
    let mut child = underwright(folder, &["serve", "--config", "uw.toml", "--listen", &listen])
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut said = BufReader::new(child.stderr.take().expect("its standard error"));
    let mut greeting = String::new();
    while !greeting.contains("Stop with Ctrl-C") {
        let read = said.read_line(&mut greeting).expect("text");
        assert!(read > 0, "it ended after saying: {greeting}");
    }
    // What else it says must be read, or it waits.
    std::thread::spawn(move || drop(said.read_to_end(&mut Vec::new())));
    (child, greeting)
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_printed_curl_decides_and_a_signal_ends_the_server_well() {
    let folder = folder("");
    let port = free_port();
    let (mut child, greeting) = greeted(folder.path(), port);
    let token = greeting.split("Bearer ").nth(1).and_then(|rest| rest.split('\'').next()).expect("a token");
    let body = greeting.split("-d '").nth(1).and_then(|rest| rest.split('\'').next()).expect("a body");
    let printed: serde_json::Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(printed["applicant"], application()["applicant"]);
    let client = reqwest::Client::new();
    let request = client.post(format!("http://127.0.0.1:{port}/v1/applications")).bearer_auth(token);
    let answer = request.header("content-type", "application/json").body(body.to_owned()).send().await;
    assert_eq!(answer.expect("an answer").status(), 201);

    let signed = run(folder.path(), &["token", "--role", "auditor", "--config", "uw.toml"]);
    let auditor = String::from_utf8(signed.stdout).expect("text");
    assert_eq!(auditor.lines().count(), 1, "the token alone");
    let entries = client.get(format!("http://127.0.0.1:{port}/v1/audit/entries")).bearer_auth(auditor.trim());
    let entries: serde_json::Value = entries.send().await.expect("an answer").json().await.expect("JSON");
    let actions: Vec<_> = entries["data"].as_array().expect("a list").iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, ["signing_key.activated", "model.activated", "policy.activated", "application.decided"]);

    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill runs").success());
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn an_address_that_is_taken_is_one_line_with_what_to_do() {
    let folder = folder("");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    let said = refusal(folder.path(), &["serve", "--config", "uw.toml", "--listen", &address]);
    assert!(said.contains(&address) && said.contains("--listen"), "{said}");
}

#[test]
fn development_does_not_listen_where_others_can_reach_it() {
    let said = refusal(folder("").path(), &["serve", "--config", "uw.toml", "--listen", "0.0.0.0:0"]);
    assert!(said.contains("loopback only"), "{said}");
}

#[test]
fn a_misspelt_setting_is_named_with_its_file_or_variable() {
    let folder = folder("");
    fs::write(folder.path().join("bad.toml"), "[server]\nlistn = 1\n").expect("written");
    let said = refusal(folder.path(), &["serve", "--config", "bad.toml"]);
    assert!(said.contains("bad.toml") && said.contains("listn"), "{said}");
    let output =
        underwright(folder.path(), &["serve"]).env("UNDERWRIGHT__SERVER__LISTN", "x").output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && said.contains("UNDERWRIGHT__SERVER__LISTN"), "{said}");
    let said = refusal(folder.path(), &["serve", "--config", "missing.toml"]);
    assert!(said.contains("missing.toml"), "{said}");
}

#[test]
fn production_refuses_a_missing_key_a_development_key_and_an_unwritable_log() {
    let production =
        |keys: &str| folder(&format!("mode = \"production\"\n[auth]\nissuer = \"https://login.example\"\n{keys}"));
    let key = |kid: &str, file: &str| {
        format!("[[auth.keys]]\nkid = \"{kid}\"\nalgorithm = \"EdDSA\"\npublic_key_file = \"{file}\"\n")
    };
    let serve = ["serve", "--config", "uw.toml", "--listen", "127.0.0.1:0"];

    assert!(refusal(production("").path(), &serve).contains("auth.keys is missing"));
    assert!(refusal(production(&key("development", "k.pem")).path(), &serve).contains("no development key"));
    let missing = refusal(production(&key("k1", "gone.pem")).path(), &serve);
    assert!(missing.contains("`k1`") && missing.contains("gone.pem"), "{missing}");

    let public = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/keys/eddsa.public.pem");
    let unsealed = refusal(production(&key("k1", public)).path(), &serve);
    assert!(unsealed.contains("keys.encryption is missing"), "{unsealed}");
    let kek = "[[keys.encryption]]\nid = \"2026-11\"\nfile = \"kek\"\n";
    let sealed = |audit: &str| {
        let folder = production(&format!("{}{kek}{audit}", key("k1", public)));
        let random = SecretKey::random().expect("randomness").to_hex();
        private_file::write_private(&folder.path().join("kek"), &random).expect("written");
        folder
    };
    let unsigned = refusal(sealed("").path(), &serve);
    assert!(unsigned.contains("audit.signing_key_file is missing"), "{unsigned}");
    let signed = || {
        let folder = sealed("[audit]\nsigning_key_file = \"audit.pem\"\n");
        CheckpointSigner::open_or_create("log", &folder.path().join("audit.pem"), &[1; 32]).expect("a key");
        folder
    };
    // The folder of the store is missing: production makes nothing by itself.
    let unwritable = refusal(signed().path(), &serve);
    assert!(unwritable.contains("data"), "{unwritable}");
    let development = signed();
    let made = development.path().join("data/keys/audit-signing-key.pem");
    CheckpointSigner::open_or_create("log", &made, &[1; 32]).expect("a key");
    let refused = refusal(development.path(), &serve);
    assert!(refused.contains("audit.signing_key_file is the development key"), "{refused}");
    let tokens = production(&key("k1", public));
    let said = refusal(tokens.path(), &["token", "--role", "officer", "--config", "uw.toml"]);
    assert!(said.contains("production mode signs no tokens"), "{said}");
    assert!(!tokens.path().join("data").exists(), "nothing was made");
}

#[test]
fn production_refuses_a_development_key_under_another_name() {
    let folder = folder("");
    run(folder.path(), &["token", "--role", "officer", "--data-dir", "data"]);
    let private = folder.path().join("data/development-key.pem");
    fs::write(folder.path().join("public.pem"), public_half(&fs::read(private).expect("a key"))).expect("written");
    let settings = "mode = \"production\"\ndata_dir = \"data\"\n[auth]\nissuer = \"i\"\n[[auth.keys]]\nkid = \"k1\"\n\
                    algorithm = \"EdDSA\"\npublic_key_file = \"public.pem\"\n[model]\ndirectory = \"model\"\n";
    fs::write(folder.path().join("production.toml"), settings).expect("written");
    let said = refusal(folder.path(), &["serve", "--config", "production.toml"]);
    assert!(said.contains("`k1`") && said.contains("no development key"), "{said}");
}

/// The public half of an Ed25519 key, as `openssl pkey -pubout` writes it (RFC 8410 §4).
fn public_half(private_pem: &[u8]) -> String {
    let private = EncodingKey::from_ed_pem(private_pem).expect("an Ed25519 key");
    let jwk = Jwk::from_encoding_key(&private, Algorithm::EdDSA).expect("a public half");
    let AlgorithmParameters::OctetKeyPair(pair) = jwk.algorithm else { panic!("Ed25519 is an octet key pair") };
    let header = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    let point = URL_SAFE_NO_PAD.decode(pair.x).expect("base64");
    let der = STANDARD.encode([header.as_slice(), &point].concat());
    format!("-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----\n")
}

#[test]
fn the_document_is_printed_as_it_is_served() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let printed = run(folder.path(), &["openapi"]);
    assert!(printed.status.success());
    let document = underwright::http::api::document::json_text().expect("a document");
    assert_eq!(String::from_utf8_lossy(&printed.stdout), document);
    assert!(fs::read_dir(folder.path()).expect("a folder").next().is_none(), "nothing was made");
}
