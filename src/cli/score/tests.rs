use std::{fmt::Write as _, io::Write as _, path::Path};

use flate2::{Compression, write::GzEncoder};
use tempfile::TempDir;
use time::macros::date;

use super::*;
use crate::{
    features::extract::UnseenCategory,
    model::{
        bundle,
        tests::{example, example_file, example_rows},
    },
    storage::bundle_files::{BundleFiles, write_bundle},
};

const POLICY: &str = r#"
name = "example"
version = "1"
cut_offs = { approve_below = 0.25, decline_from = 0.45 }
grade = [{ letter = "A", from_score = 560 }, { letter = "B" }]
[[rule]]
id = "no-phone"
when = "features.phone == false"
then = "review"
reason = "EX-PHONE"
text = "There is no telephone"
"#;

/// A folder with the example's bundle and policy.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().expect("a folder"));
        let model = example();
        let files = BundleFiles {
            model_json: bundle::model_json(&example_file()),
            parity_jsonl: example_rows().iter().map(|row| bundle::parity_line(&model, row)).collect::<String>().into(),
            card_md: String::new(),
            report_html: None,
        };
        write_bundle(&desk.path("bundle"), &files).expect("a bundle");
        fs::write(desk.path("policy.toml"), POLICY).expect("a policy");
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn args(&self, input: &[u8]) -> Args {
        fs::write(self.path("input"), input).expect("an input");
        Args {
            model: self.path("bundle"),
            policy: Some(self.path("policy.toml")),
            input: self.path("input"),
            output: self.path("output.csv"),
            explain: None,
            as_of: Some(date!(2026 - 11 - 22)),
            json: false,
        }
    }

    /// The rows of the output, by column name.
    fn output(&self) -> Vec<BTreeMap<String, String>> {
        csv::Reader::from_path(self.path("output.csv"))
            .expect("an output")
            .deserialize()
            .map(|row| row.expect("a row"))
            .collect()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).expect("a folder");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into()).collect();
        names.sort();
        names
    }
}

const CSV: &[u8] = b"phone,unused,account,duration,external_reference\n\
    1,x,none,24,A-1\n0,x,small,6,=A-2\n,,,,\n1,x,castle,abc,A-4\n1,x\n";

const LINES: &str = r#"{"applicant":{"reference":"C","given_name":"A","family_name":"B","date_of_birth":"1988-03-14"},"loan":{"amount":1200000,"currency":"USD","term_months":36,"purpose":"car"},"external_reference":"A-1","attributes":{"phone":true,"account":"none","duration":24}}

{"applicant":{"reference":"C","given_name":"A","family_name":"B","date_of_birth":"1988-03-14"},"loan":{"amount":1200000,"currency":"USD","term_months":36,"purpose":"car"},"attributes":{"phone":"yes","duratoin":6}}
{"applicant":
"#;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(text).expect("packed");
    packed.finish().expect("packed")
}

#[test]
fn a_csv_is_scored_row_by_row_and_faulty_rows_say_why() {
    let desk = Desk::new();
    let answer = run(&desk.args(CSV)).expect("it ran");
    assert_eq!(answer, Answer::No);
    insta::assert_snapshot!(fs::read_to_string(desk.path("output.csv")).expect("an output"));
    assert_eq!(desk.names(), ["bundle", "input", "output.csv", "policy.toml"]);
}

#[test]
fn numbers_read_back_to_the_bits_of_the_model() {
    let desk = Desk::new();
    run(&Args { explain: Some(Explain::All), ..desk.args(CSV) }).expect("it ran");
    let model = example();
    let cells = ["24", "none", "1"];
    let columns = model.extractor().columns();
    assert_eq!(columns, ["duration", "account", "phone"]);
    let features = model.extractor().from_row(|column| cells[column], UnseenCategory::Refuse).expect("sound");
    let assessment = model.assess(&features);
    let row = &desk.output()[0];
    let bits = |name: &str| row[name].parse::<f64>().expect(name).to_bits();
    assert_eq!(bits("margin"), assessment.margin.to_bits());
    assert_eq!(bits("probability_of_default"), assessment.default_probability.value().to_bits());
    assert_eq!(bits("baseline"), assessment.baseline.to_bits());
    for (feature, contribution) in model.schema().features.iter().zip(&assessment.contributions) {
        assert_eq!(bits(&format!("contribution.{}", feature.name)), contribution.to_bits());
    }
}

#[test]
fn applications_in_json_lines_give_the_same_scores_as_their_rows() {
    let desk = Desk::new();
    run(&desk.args(CSV)).expect("it ran");
    let from_rows = desk.output();
    assert_eq!(run(&desk.args(LINES.as_bytes())).expect("it ran"), Answer::No);
    let from_lines = desk.output();
    assert_eq!(from_lines.len(), 3);
    assert_eq!(from_lines[0], from_rows[0]);
    assert_eq!(from_lines[1]["outcome"], "error");
    let error = &from_lines[1]["error"];
    assert!(
        error.contains("/attributes/duratoin: ") && error.contains("; /attributes/phone: must be true, false or null"),
        "{error}"
    );
    assert!(from_lines[2]["error"].contains("not well-formed JSON"));
}

#[test]
fn a_compressed_file_is_known_by_its_content_and_a_byte_order_mark_is_skipped() {
    let desk = Desk::new();
    run(&desk.args(CSV)).expect("it ran");
    let plain = desk.output();
    let marked = [b"\xef\xbb\xbf", CSV].concat();
    for input in [gzip(CSV), gzip(&marked), marked] {
        run(&desk.args(&input)).expect("it ran");
        assert_eq!(desk.output(), plain);
    }
    run(&desk.args(&gzip(LINES.as_bytes()))).expect("it ran");
    assert_eq!(desk.output().len(), 3);
}

#[test]
fn without_a_policy_there_are_scores_and_no_outcomes() {
    let desk = Desk::new();
    let args = Args {
        policy: None,
        explain: Some(Explain::Strongest(2)),
        ..desk.args(b"phone,account,duration\n1,none,24\n")
    };
    assert_eq!(run(&args).expect("it ran"), Answer::Done);
    let row = &desk.output()[0];
    assert_eq!((row["outcome"].as_str(), row["rules"].as_str()), ("", ""));
    assert!(row["score"].parse::<i32>().is_ok());
    assert_eq!((row["reason_1"].as_str(), row["reason_2"].as_str()), ("UW-TERM", "EX-ACCOUNT"));
    assert!(
        row["contribution_1"].parse::<f64>().expect("a number") >= row["contribution_2"].parse().expect("a number")
    );
}

#[test]
fn rows_keep_their_order_over_many_chunks() {
    let desk = Desk::new();
    let mut input = "duration,account,phone,external_reference\n".to_owned();
    for row in 0..10_000 {
        writeln!(input, "{},small,1,R{row}", row % 70 + 4).expect("written");
    }
    assert_eq!(run(&desk.args(input.as_bytes())).expect("it ran"), Answer::Done);
    let rows = desk.output();
    assert_eq!(rows.len(), 10_000);
    for (number, row) in rows.iter().enumerate() {
        assert_eq!(
            (row["row"].as_str(), row["external_reference"].as_str()),
            (&*(number + 1).to_string(), &*format!("R{number}"))
        );
    }
}

/// What is said of a file that cannot be scored; nothing may be left behind.
fn refused(input: &[u8]) -> String {
    let desk = Desk::new();
    let args = desk.args(input);
    let message = format!("{:#}", run(&args).expect_err("refused"));
    assert_eq!(desk.names(), ["bundle", "input", "policy.toml"]);
    message
}

#[test]
fn a_file_that_cannot_be_read_says_what_to_do_and_leaves_nothing_behind() {
    for empty in [b"".as_slice(), b" \n\n", b"\xef\xbb\xbf"] {
        assert!(refused(empty).contains("is empty; give CSV with a line of column names, or JSON Lines"));
    }
    assert!(refused(b"[{}]").contains("write one application per line"));
    assert!(refused(b"duration,phone\n1,1\n").contains("has no column named account, which the model reads"));
    assert!(refused(b"duration,phone,account,phone\n").contains("has two columns named phone"));
    let cut = gzip(&[CSV, "x".repeat(100_000).as_bytes()].concat());
    assert!(refused(&cut[..cut.len() / 2]).contains("cannot read"));
    let unclosed = [CSV, b"\"", "a".repeat(2 << 20).as_bytes()].concat();
    assert!(refused(&unclosed).contains("a quote that is not closed"));
}

#[test]
fn a_line_that_is_too_long_is_a_fault_of_that_line_alone() {
    let desk = Desk::new();
    let first = LINES.lines().next().expect("a line");
    let long = format!("{first}\n{{{}\n{first}", " ".repeat(70 << 10));
    assert_eq!(run(&desk.args(long.as_bytes())).expect("it ran"), Answer::No);
    let errors: Vec<String> = desk.output().into_iter().map(|row| row["error"].clone()).collect();
    assert_eq!(errors, ["", "the line is longer than 64 KiB", ""]);
}

#[test]
fn text_that_is_not_utf_8_is_a_fault_of_its_row_alone() {
    let desk = Desk::new();
    let answer = run(&desk.args(b"duration,account,phone\n\xff,none,1\n24,none,1\n")).expect("it ran");
    assert_eq!(answer, Answer::No);
    let errors: Vec<String> = desk.output().into_iter().map(|row| row["error"].clone()).collect();
    assert_eq!(errors, ["is not UTF-8; save the file as UTF-8", ""]);
}

#[test]
fn an_output_that_cannot_be_written_is_refused_before_anything_is_scored() {
    let desk = Desk::new();
    let message = |output: &Path| {
        let args = Args { output: output.to_owned(), ..desk.args(CSV) };
        format!("{:#}", run(&args).expect_err("refused"))
    };
    assert!(message(&desk.path("nowhere/output.csv")).contains("cannot write"));
    assert!(message(&desk.path("bundle")).contains("is a folder; give the name of a file"));
}

#[test]
fn what_a_killed_run_left_is_replaced_by_the_next() {
    let desk = Desk::new();
    fs::write(desk.path(".output.csv.partial"), "half a row, and more bytes than the output has ".repeat(1_000))
        .expect("written");
    run(&desk.args(CSV)).expect("it ran");
    assert_eq!(desk.names(), ["bundle", "input", "output.csv", "policy.toml"]);
    assert_eq!(desk.output().len(), 5);
}

#[test]
fn two_runs_do_not_write_one_output() {
    let desk = Desk::new();
    let partial = desk.path(".output.csv.partial");
    let other_run = fs::File::create_new(&partial).expect("a partial file");
    other_run.lock().expect("a lock");
    let message = format!("{:#}", run(&desk.args(CSV)).expect_err("refused"));
    assert!(message.contains("another run is writing"), "{message}");
    assert!(partial.exists() && !desk.path("output.csv").exists());
    drop(other_run);
    run(&desk.args(CSV)).expect("it ran");
    assert_eq!(desk.names(), ["bundle", "input", "output.csv", "policy.toml"]);
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_the_partial_file_is_not_followed() {
    let desk = Desk::new();
    fs::write(desk.path("precious"), "kept").expect("written");
    std::os::unix::fs::symlink("precious", desk.path(".output.csv.partial")).expect("a link");
    let message = format!("{:#}", run(&desk.args(CSV)).expect_err("refused"));
    assert!(message.contains("is in the way and is not a file; remove it"), "{message}");
    assert_eq!(fs::read_to_string(desk.path("precious")).expect("the file"), "kept");
}

#[test]
fn an_output_that_is_the_input_under_any_name_is_refused() {
    let desk = Desk::new();
    let args = desk.args(CSV);
    fs::hard_link(desk.path("input"), desk.path("other-name")).expect("a link");
    for output in ["input", "./input", "other-name"] {
        let message = format!("{:#}", run(&Args { output: desk.path(output), ..desk.args(CSV) }).expect_err("refused"));
        assert!(message.contains("is the input as well"), "{message}");
    }
    assert_eq!(fs::read(args.input).expect("the input"), CSV);
}

#[cfg(unix)]
#[test]
fn an_output_that_is_a_link_is_written_where_it_leads_and_a_device_is_refused() {
    use std::os::unix::fs::symlink;
    let desk = Desk::new();
    for (there, link) in [(true, "full.csv"), (false, "dangling.csv")] {
        let real = format!("real-{link}");
        if there {
            fs::write(desk.path(&real), "old").expect("written");
        }
        symlink(&real, desk.path(link)).expect("a link");
        run(&Args { output: desk.path(link), ..desk.args(CSV) }).expect("it ran");
        assert!(fs::symlink_metadata(desk.path(link)).expect("a link").is_symlink());
        let written = fs::symlink_metadata(desk.path(&real)).expect("an output");
        assert!(written.is_file() && written.len() > 100);
    }
    let device = Args { output: "/dev/null".into(), ..desk.args(CSV) };
    let message = format!("{:#}", run(&device).expect_err("refused"));
    assert!(message.contains("/dev/null is a device"), "{message}");
}
