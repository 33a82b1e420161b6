use proptest::prelude::*;

use super::{csv::defused, *};

proptest! {
    #[test]
    fn a_defused_text_is_no_formula_and_gives_the_text_back(text in "[=+@'\\t\\r\\n＝-]?\\PC{0,8}") {
        let cell = defused(&text);
        prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']));
        prop_assert_eq!(cell.strip_prefix('\'').unwrap_or(&cell), text);
    }
}

#[test]
fn a_row_that_is_no_entry_is_refused_by_its_sequence() {
    for entry in ["{}", "not json", "{\"action\":1}"] {
        let leaf = Leaf { sequence: 7, entry: entry.to_owned(), hash: crate::audit::tree::leaf_hash(entry.as_bytes()) };
        let error = row::cells(&leaf).unwrap_err();
        assert!(error.to_string().starts_with("entry 7 is not one"), "{error}");
    }
}

#[test]
fn an_entry_with_a_line_end_within_it_cannot_pass_for_two_lines() {
    let entry = "{\"a\":\n1}".to_owned();
    let leaf = Leaf { sequence: 3, hash: crate::audit::tree::leaf_hash(entry.as_bytes()), entry };
    let mut lines = JsonLines::default();
    assert!(matches!(lines.write(&[leaf], Some(&Beside::default())), Err(ExportError::NotAnEntry(3))));
}
