//! What bad data gets: a clear error, or a treatment that is said.

use super::*;

/// Adds a column to a file of loans, made from each row's number and cells.
fn with_column(text: &str, name: &str, cell: impl Fn(usize, &[&str]) -> String) -> String {
    let mut lines = text.lines().enumerate().map(|(number, line)| match number {
        0 => format!("{line},{name}\n"),
        _ => format!("{line},{}\n", cell(number, &line.split(',').collect::<Vec<&str>>())),
    });
    lines.by_ref().collect()
}

fn feature(name: &str, kind: &str) -> String {
    format!(
        "[[feature]]\nname = \"{name}\"\ncolumn = \"{name}\"\nsource = \"/attributes/{name}\"\nkind = \"{kind}\"\nreason = \"XX-F\"\n"
    )
}

fn refusal(schema: &str, text: &str) -> String {
    train_text(schema, text).expect_err("refused").to_string()
}

#[test]
fn a_feature_that_knows_the_outcome_stops_training_unless_it_is_allowed_by_name() {
    let text = with_column(&made_up(&steady_rows()), "recovered", |number, cells| {
        if cells[3] == "1" { format!("{number}") } else { String::new() }
    });
    let schema = MADE_UP.to_owned() + &feature("recovered", "number");
    let message = refusal(&schema, &text);
    assert!(message.contains("`recovered` alone ranks bad loans with an AUC of 1.000"), "{message}");
    assert!(message.contains("allow_leak_suspects = [\"recovered\"]"), "{message}");

    let allowed = schema.replace("[training]", "[training]\nallow_leak_suspects = [\"recovered\"]");
    let trained = train_text(&allowed, &text).expect("allowed");
    let said =
        |text: &str| text.contains("`recovered` alone ranks bad loans with an AUC of 1.000, which is suspicious");
    assert!(said(&trained.summary.warnings.join("\n")) && said(&trained.card_md) && said(&trained.report_html));
}

#[test]
fn a_category_for_every_loan_is_refused_and_what_to_do_is_said() {
    let rows: Vec<(f64, f64, u8)> = steady_rows().into_iter().cycle().take(10_000).collect();
    let text = with_column(&made_up(&rows), "loan_id", |number, _| format!("L{number}"));
    let message = refusal(&(MADE_UP.to_owned() + &feature("loan_id", "category")), &text);
    assert!(message.contains("`loan_id`: column `loan_id` has more than 1000 different values"), "{message}");
    assert!(message.contains("leave it out, or list its `categories`"), "{message}");
}

#[test]
fn one_bad_loan_or_none_is_too_few_and_the_column_is_shown() {
    let text = made_up(&steady_rows());
    let (head, rest) = text.split_once(",1,2020").expect("a bad loan");
    let one = format!("{head},1,2020{}", rest.replace(",1,2020", ",0,2020"));
    let message = refusal(MADE_UP, &one);
    assert!(message.contains("1 bad and 499 good loans") && message.contains("\"0\" (599 rows)"), "{message}");
}

#[test]
fn cells_that_are_no_numbers_say_what_a_number_looks_like() {
    let text = made_up(&steady_rows());
    let with = |cell: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines[4] = format!("{cell},1.0,x,0,2020-01-01");
        lines.join("\n")
    };
    for (cell, expected) in [
        ("\"1,000\"", "line 5: column `a`: must be a number such as 1234.5, without thousands separators"),
        ("NA", "line 5: column `a`: must be a number"),
        ("nan", "line 5: column `a`: must be a finite number"),
        ("-inf", "line 5: column `a`: must be a finite number"),
        ("1e400", "line 5: column `a`: must be a finite number; leave the cell empty"),
        ("0x10", "line 5: column `a`: must be a number"),
    ] {
        let message = refusal(MADE_UP, &with(cell));
        assert!(message.contains(expected), "{cell}: {message}");
    }
    // A word for "missing" is mapped by the schema.
    let mapped = MADE_UP.replacen("column = \"a\"", "column = \"a\"\ncolumn_values = { NA = \"\" }", 1);
    assert!(train_text(&mapped, &with("NA")).is_ok());
}

#[test]
fn windows_line_ends_a_byte_order_mark_and_quotes_change_nothing() {
    let text = made_up(&steady_rows());
    let plain = train_text(MADE_UP, &text).expect("trains").summary;
    let quoted = text.replace(",x,", ",\"x\",");
    for other in [text.replace('\n', "\r\n"), format!("\u{feff}{text}"), quoted] {
        let trained = train_text(MADE_UP, &other).expect("trains").summary;
        assert_eq!(trained.metrics, plain.metrics);
    }
}

#[test]
fn a_file_that_is_not_utf_8_is_refused_with_its_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("loans.csv");
    let mut bytes = made_up(&steady_rows()).into_bytes();
    bytes.extend_from_slice(b"1.0,1.0,caf\xe9,0,2020-01-01\n");
    fs::write(&path, bytes).expect("written");
    let error = train(&SchemaFile::parse(MADE_UP).expect("a schema"), std::slice::from_ref(&path), |_| ());
    let message = error.expect_err("not UTF-8").to_string();
    assert!(message.contains("loans.csv, line 602: is not UTF-8; save the file as UTF-8"), "{message}");
}

#[test]
fn few_bad_loans_are_said_in_the_card_and_in_the_report() {
    let trained = train_text(MADE_UP, &made_up(&steady_rows())).expect("trains");
    let said = "bad loans; figures on so few are uncertain";
    for text in [&trained.summary.warnings.join("\n"), &trained.card_md, &trained.report_html] {
        assert!(text.contains(said), "{text}");
    }
}

#[test]
fn a_protected_name_is_refused_wherever_it_stands() {
    let text = with_column(&made_up(&steady_rows()), "SEX", |number, _| ["f", "m"][number % 2].to_owned());
    for (from, to, word) in [
        ("name = \"a\"", "name = \"applicant_age\"", "age"),
        ("/attributes/b", "/attributes/maritalStatus", "marital"),
        ("column = \"c\"", "column = \"SEX\"", "sex"),
    ] {
        let message = refusal(&MADE_UP.replacen(from, to, 1).replace("ratio(a, b)", "ratio(b, b)"), &text);
        assert!(message.contains(&format!("says `{word}`")), "{message}");
    }
}

#[test]
fn a_column_may_be_compared_by_that_the_model_must_not_read() {
    let text = with_column(&made_up(&steady_rows()), "sex", |number, _| ["f", "m", ""][number % 3].to_owned());
    let schema = MADE_UP.to_owned() + "[report]\nsegments = [\"sex\", \"c\"]\n";
    let trained = train_text(&schema, &text).expect("trains");
    assert!(trained.report_html.contains("sex (not read by the model)"));
    assert!(!String::from_utf8(trained.model_json).expect("JSON").contains("\"sex\""));
    assert!(
        refusal(&(MADE_UP.to_owned() + "[report]\nsegments = [\"region\"]\n"), &text).contains("no column `region`")
    );
}
