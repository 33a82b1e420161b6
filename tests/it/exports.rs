//! The audit log as a file: what is streamed holds offline, for two verifiers that share no code.

use std::{fs, path::Path, process::Command};

use parquet::{
    file::reader::{FileReader, SerializedFileReader},
    record::RowAccessor,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use underwright::audit::exported::{Checker, Fault, Outside};

use crate::app::{TestApp, application};

/// References that a spreadsheet would run, or that break a careless writer.
const HOSTILE: [&str; 5] = ["=1+1", "@SUM(A1)", "-2+3", "say \"hi\", you", "'quoted"];

/// A log with an entry of each kind of decision and hostile references.
async fn filled(entries: usize) -> TestApp {
    let app = TestApp::spawn().await;
    let officer = app.officer();
    for n in 0..entries {
        let mut application = application();
        let hostile = HOSTILE.get(n).map_or_else(|| format!("R-{n}"), |text| (*text).to_owned());
        application["external_reference"] = hostile.into();
        if n % 3 == 1 {
            application["loan"]["purpose"] = "medical".into();
        }
        officer.submit(&application).await;
    }
    app
}

async fn exported(app: &TestApp, query: &str) -> Vec<u8> {
    let answer = app.auditor().get(&format!("/v1/audit/export?{query}")).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", String::from_utf8_lossy(&answer.body));
    answer.body
}

fn check(bytes: &[u8]) -> Result<u64, Fault> {
    let mut checker = Checker::new(Outside::default());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        checker.accept(line.strip_suffix(b"\n").unwrap_or(b""))?;
    }
    checker.finish().map(|checked| checked.manifest.count)
}

/// What the verifier in another language says: its exit code and its line.
fn python(folder: &Path, bytes: &[u8]) -> (i32, String) {
    let file = folder.join("export.jsonl");
    fs::write(&file, bytes).expect("written");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/verify_export.py");
    let output = Command::new("python3").arg("-B").arg(script).arg(file).output().expect("python3 runs");
    (output.status.code().expect("an exit code"), String::from_utf8_lossy(&output.stdout).into_owned())
}

fn lines(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

/// The line of the entry at a place.
fn line_of(lines: &[Vec<u8>], sequence: u64) -> usize {
    let says = format!("\"sequence\":{sequence},");
    lines
        .iter()
        .position(|line| line.starts_with(b"{\"action\"") && String::from_utf8_lossy(line).contains(&says))
        .expect("the entry is there")
}

#[tokio::test(flavor = "multi_thread")]
async fn json_lines_hold_offline_for_both_verifiers_and_every_change_is_named_with_its_line() {
    let app = filled(12).await;
    let whole = exported(&app, "format=jsonl").await;
    let folder = tempfile::tempdir().expect("a folder");
    let count = check(&whole).unwrap_or_else(|fault| panic!("{fault}"));
    assert!(count >= 12);
    let (code, said) = python(folder.path(), &whole);
    assert_eq!(code, 0, "{said}");
    assert!(said.starts_with(&format!("{count} entries hold; {count} are covered")), "{said}");

    let lines = lines(&whole);
    let (place, last) = (line_of(&lines, 5), lines.len() - 1);
    let mut flipped = lines.clone();
    let at = flipped[place].len() / 2;
    flipped[place][at] ^= 1;
    let mut removed = lines.clone();
    removed.remove(place);
    let mut swapped = lines.clone();
    swapped.swap(place, place + 1);
    let mut doubled = lines.clone();
    doubled.insert(place, lines[place - 1].clone());
    let mut other_proof = lines.clone();
    let at = other_proof[last - 1].len() - 10;
    other_proof[last - 1][at] = if other_proof[last - 1][at] == b'0' { b'1' } else { b'0' };
    let mut other_root = lines.clone();
    other_root[0] = String::from_utf8_lossy(&lines[0]).replace("\"tree_size\":1", "\"tree_size\":2").into_bytes();
    let cut_off = lines[..last].to_vec();
    for (what, changed, bad_line) in [
        ("flipped", flipped, place),
        ("removed", removed, place),
        ("swapped", swapped, place),
        ("doubled", doubled, place),
        ("proof", other_proof, last - 1),
        ("root", other_root, 0),
        ("cut off", cut_off, last),
    ] {
        let bytes = changed.concat();
        let fault = check(&bytes).expect_err(what);
        assert_eq!(fault.line, bad_line as u64 + 1, "{what}: {fault}");
        let (code, said) = python(folder.path(), &bytes);
        assert_eq!(code, 1, "{what}: {said}");
        assert!(said.starts_with(&format!("line {}: ", bad_line + 1)), "{what}: {said}, and not line {}", bad_line + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_the_log_is_proved_like_the_whole() {
    let app = filled(3).await;
    app.clock.advance(time::Duration::minutes(1));
    let officer = app.officer();
    for _ in 0..4 {
        officer.submit(&application()).await;
    }
    let folder = tempfile::tempdir().expect("a folder");
    for query in ["from=2026-11-22T13:00:30Z", "to=2026-11-22T13:00:30Z", "from=2027-01-01", "to=2026-01-01"] {
        let part = exported(&app, &format!("format=jsonl&{query}")).await;
        let count = check(&part).unwrap_or_else(|fault| panic!("{query}: {fault}"));
        assert_eq!(count, if query.starts_with("from=2026") { 4 } else { count }, "{query}");
        let (code, said) = python(folder.path(), &part);
        assert_eq!(code, 0, "{query}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_is_defused_where_a_text_came_from_outside_and_numbers_stay_numbers() {
    let app = filled(6).await;
    let csv = exported(&app, "format=csv").await;
    let mut reader = csv::Reader::from_reader(csv.as_slice());
    let headers = reader.headers().expect("a header").clone();
    let column = |name: &str| headers.iter().position(|header| header == name).expect("the column");
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
    let decided: Vec<_> = rows.iter().filter(|row| &row[column("action")] == "application.decided").collect();
    assert_eq!(decided.len(), 6);
    let shown: Vec<&str> = decided.iter().map(|row| &row[column("external_reference")]).collect();
    assert_eq!(&shown[..5], ["'=1+1", "'@SUM(A1)", "'-2+3", "say \"hi\", you", "''quoted"]);
    for row in &decided {
        let margin: f64 = row[column("margin")].parse().expect("a number");
        assert!(margin < 0.0 && row[column("margin")].starts_with('-'));
        assert!(row[column("application_id")].starts_with("app_"));
        assert_eq!(row[column("leaf_hash")].len(), 64);
    }
    let text = String::from_utf8(csv).expect("UTF-8");
    for personal in ["Ada", "Example", "123-45-6789", "ada@example.com", "C-88121", "1988-03-14"] {
        assert!(!text.contains(personal), "{personal}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parquet_has_typed_columns_and_the_entries_themselves() {
    let app = filled(6).await;
    let bytes = exported(&app, "format=parquet").await;
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).expect("a Parquet file");
    let about = reader.metadata().file_metadata().key_value_metadata().expect("metadata");
    assert!(about.iter().any(|pair| pair.key == "underwright"));
    let schema = reader.metadata().file_metadata().schema_descr();
    let column = |name: &str| schema.columns().iter().position(|column| column.name() == name).expect("the column");
    let mut decided = 0;
    for (sequence, row) in (0_i64..).zip(reader.get_row_iter(None).expect("rows")) {
        let row = row.expect("a row");
        assert_eq!(row.get_long(column("sequence")).expect("a sequence"), sequence);
        row.get_timestamp_micros(column("recorded_at")).expect("a time");
        let entry = row.get_string(column("entry")).expect("an entry");
        let hash = Sha256::new_with_prefix([0]).chain_update(entry).finalize();
        assert_eq!(*row.get_string(column("leaf_hash")).expect("a hash"), hex::encode(hash));
        let entry: Value = serde_json::from_str(entry).expect("JSON");
        if entry["action"] == "application.decided" {
            decided += 1;
            let probability = row.get_double(column("probability_of_default")).expect("a probability");
            assert_eq!(Some(probability), entry["payload"]["decision"]["probability_of_default"].as_f64());
            assert!(row.get_bool(column("automatic")).expect("yes or no"));
        }
    }
    assert_eq!(decided, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_manifest_of_a_file_is_found_by_its_link_also_after_the_log_has_grown() {
    let app = filled(4).await;
    for format in ["csv", "parquet"] {
        let answer = app.auditor().get(&format!("/v1/audit/export?format={format}&from=2026-11-22")).await;
        assert!(answer.header("content-disposition").is_some_and(|name| name.contains(format)));
        let link = answer.header("link").expect("a link").to_owned();
        let address = link.strip_prefix('<').and_then(|rest| rest.split('>').next()).expect("an address");
        app.officer().submit(&application()).await;
        let manifest = app.auditor().get(address).await.expect(200);
        assert_eq!(manifest["sha256"], hex::encode(Sha256::digest(&answer.body)), "{manifest}");
        assert_eq!(manifest["bytes"], answer.body.len());
        assert_eq!(manifest["filters"]["from"], "2026-11-22T00:00:00.000000Z");
        assert!(manifest["checkpoint"].is_string(), "{manifest}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_auditor_takes_the_log_away_and_a_wrong_question_is_told() {
    let app = filled(1).await;
    app.officer().get("/v1/audit/export?format=csv").await.expect_problem(403, "forbidden");
    let auditor = app.auditor();
    for query in ["", "?format=xlsx", "?format=csv&tree_size=99999", "?format=csv&colour=red"] {
        auditor.get(&format!("/v1/audit/export{query}")).await.expect_problem(400, "invalid_query");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_goes_away_in_the_middle_leaves_the_server_as_it_was() {
    let app = filled(30).await;
    let head = format!(
        "GET /v1/audit/export?format=jsonl HTTP/1.1\r\nhost: x\r\nauthorization: {}\r\n\r\n",
        app.auditor().authorization()
    );
    for _ in 0..8 {
        use std::io::{Read, Write};
        let mut connection = std::net::TcpStream::connect(app.address).expect("connected");
        connection.write_all(head.as_bytes()).expect("sent");
        let mut some = [0; 256];
        connection.read_exact(&mut some).expect("the beginning");
        drop(connection);
    }
    let whole = exported(&app, "format=jsonl").await;
    assert!(check(&whole).is_ok());
}
