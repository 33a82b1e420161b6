//! Rows that are looked at together are believed only when each by itself would be.

use super::*;
use crate::{
    audit::verify::{DecisionForms, Examined, Row, Texts, examine, glance},
    service::audit::record_what_is_in_force,
    storage::audit,
};

/// The rows of a log, as they are read one by one and as they are read together.
async fn read(db: &Db) -> (Vec<Row>, Texts<'static>) {
    let mut tx = db.read().await.unwrap();
    let fetched = audit::rows_to_verify(&mut tx, i64::MIN, 1_000).await.unwrap();
    let mut texts = Texts::of(&[Row::default()]);
    let last = audit::texts_to_verify(&mut tx, (i64::MIN, 1_000), &mut texts).await.unwrap();
    assert_eq!(last, fetched.last_sequence());
    ((0..fetched.count()).map(|index| fetched.read(index)).collect(), texts)
}

/// A log with decisions by model and by people, with references and without, and with entries that decide nothing.
async fn varied(backend: Backend) -> Bench {
    let bench = Bench::on(backend).await;
    let (reviewed, _) = bench.submit("R-first", 24).await;
    bench.submit_many(40).await;
    let who = principal(Role::Officer, "ada");
    decide(&bench.app, bench.call(&who, None), reviewed, 1, br#"{"outcome": "approve"}"#).await.unwrap();
    record_what_is_in_force(&bench.app).await.unwrap();
    bench.submit("LOS \u{e9} 1", 12).await;
    let mut form: serde_json::Value = serde_json::from_slice(&form("", 70)).unwrap();
    form.as_object_mut().unwrap().remove("external_reference");
    let body = serde_json::to_vec(&form).unwrap();
    bench.submit_under(&key("k-1"), &body).await.unwrap();
    bench
}

fn one_by_one(rows: &[Row]) -> Vec<(i64, Examined)> {
    rows.iter().map(|row| (row.sequence, examine(row).unwrap())).collect()
}

#[rstest]
#[tokio::test]
async fn both_ways_of_reading_give_the_same_and_nothing_that_is_written_is_unusual(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = varied(backend).await;
    let (rows, texts) = read(bench.app.db()).await;
    assert!(rows.iter().any(|row| row.decision.is_none()));
    let lower = |texts: &Texts| texts.lines.to_lowercase();
    let written = Texts::of(&rows);
    assert_eq!((lower(&texts), &texts.entries), (lower(&written), &written.entries));
    let mut forms = DecisionForms::default();
    for _ in ["unknown forms", "known forms"] {
        assert_eq!(glance(&texts, &mut forms).unwrap(), one_by_one(&rows));
    }
}

#[tokio::test]
async fn every_changed_byte_is_seen_at_a_glance() {
    let bench = varied(Backend::Sqlite).await;
    let (rows, _) = read(bench.app.db()).await;
    // Decisions with a reference and without, at which their applications stand, and what decides nothing.
    let samples = [&rows[1], &rows[rows.len() - 3], &rows[rows.len() - 1]];
    assert!(samples[1].decision.is_none());
    for row in samples {
        let texts = Texts::of([row]);
        let mut forms = DecisionForms::default();
        let sound = glance(&texts, &mut forms).unwrap();
        let parts: [for<'a> fn(&'a mut Texts<'static>) -> &'a mut String; 2] =
            [|texts| texts.lines.to_mut(), |texts| texts.entries.to_mut()];
        for part in parts {
            let length = part(&mut texts.clone()).len();
            for (place, mask) in (0..length).flat_map(|place| [(place, 1), (place, 0x40)]) {
                let mut changed = texts.clone();
                let mut bytes = std::mem::take(part(&mut changed)).into_bytes();
                bytes[place] ^= mask;
                let Ok(text) = String::from_utf8(bytes) else { continue };
                // An application that would stand at a later decision is found when all are counted.
                let is_version = |found: &[(i64, Examined)]| found[0].1 != sound[0].1 && !found[0].1.is_latest;
                *part(&mut changed) = text;
                for forms in [&mut forms, &mut DecisionForms::default()] {
                    let seen = glance(&changed, forms);
                    assert!(seen.is_none_or(|found| is_version(&found)), "{place} of {}", part(&mut changed));
                }
            }
        }
    }
}

#[rstest]
#[case::a_field("actor = actor || x'1f' || request_id, request_id = ''")]
#[case::a_line("subject = subject || x'1e'")]
#[case::both("recorded_at = recorded_at || x'1e' || x'1f'")]
#[tokio::test]
async fn a_column_that_holds_the_signs_between_columns_is_found_and_named(#[case] change: &str) {
    let mut copy = Copy::new().await;
    copy.execute(&format!("UPDATE audit_entries SET {change} WHERE sequence = 42")).await;
    assert_eq!(copy.found().await, (Some(42), "column_changed".to_owned()));
}

#[tokio::test]
async fn a_column_that_is_no_text_at_all_is_found_and_named() {
    let mut copy = Copy::new().await;
    copy.execute("UPDATE decisions SET id = CAST(x'ff' AS TEXT) WHERE audit_sequence = 42").await;
    assert_eq!(copy.found().await, (Some(42), "copy_changed".to_owned()));
}

#[test]
fn rows_out_of_order_or_of_another_number_are_not_believed() {
    for (rows, lines) in [(0, ""), (1, ""), (0, "\u{1e}"), (-1, ""), (2, "\u{1f}\u{1e}\u{1f}\u{1e}")] {
        let texts = Texts { rows, lines: lines.into(), ..Texts::default() };
        assert_eq!(glance(&texts, &mut DecisionForms::default()), None, "{rows} {lines:?}");
    }
}
