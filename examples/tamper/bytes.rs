//! One byte changed.

use rayon::prelude::*;
use underwright::audit::{
    tree::Hash,
    verify::{
        AnswerRow, CheckpointRow, DecisionForms, Examined, Row, StoredHead, Texts, examine, examine_answer,
        examine_checkpoint, glance,
    },
};

use crate::{Stored, order::log_is_accepted};

/// A field of a row that is text or bytes.
type Field = (&'static str, fn(&mut Row) -> Option<Vec<u8>>, fn(&mut Row, Vec<u8>));

macro_rules! texts {
    ($($name:literal: $($path:ident)?.$field:ident),+ $(,)?) => {
        [$((
            $name,
            (|row: &mut Row| texts!(@read row $($path)?.$field)) as fn(&mut Row) -> Option<Vec<u8>>,
            (|row: &mut Row, bytes: Vec<u8>| texts!(@write row bytes $($path)?.$field)) as fn(&mut Row, Vec<u8>),
        )),+]
    };
    (@read $row:ident .$field:ident) => { Some($row.$field.clone().into()) };
    (@read $row:ident $path:ident.$field:ident) => { $row.$path.as_ref().map(|copy| copy.$field.clone().into()) };
    (@write $row:ident $bytes:ident .$field:ident) => { $row.$field = Shown::shown($bytes) };
    (@write $row:ident $bytes:ident $path:ident.$field:ident) => {
        if let Some(copy) = &mut $row.$path { copy.$field = Shown::shown($bytes) }
    };
}

/// Bytes as the database's reader hands them on: text that is none stands as a sign that no column holds.
trait Shown {
    fn shown(bytes: Vec<u8>) -> Self;
}

impl Shown for String {
    fn shown(bytes: Vec<u8>) -> Self {
        Self::from_utf8(bytes).unwrap_or_else(|_| "\u{fffd}".to_owned())
    }
}

impl Shown for Vec<u8> {
    fn shown(bytes: Vec<u8>) -> Self {
        bytes
    }
}

fn fields() -> [Field; 17] {
    texts![
        "leaf_hash": .leaf_hash,
        "recorded_at": .recorded_at,
        "action": .action,
        "actor": .actor,
        "request_id": .request_id,
        "subject": .subject,
        "entry": .entry,
        "decisions.leaf_hash": decision.leaf_hash,
        "decisions.application_id": decision.application_id,
        "decisions.id": decision.id,
        "decisions.decided_at": decision.decided_at,
        "decisions.outcome": decision.outcome,
        "applications.submitted_by": application.submitted_by,
        "applications.received_at": application.received_at,
        "applications.status": application.status,
        "applications.outcome": application.outcome,
        "applications.currency": application.currency,
    ]
}

/// Changes each byte of each row and each of its copies, and counts how often that was found: always, or it panics.
pub(crate) fn of_rows(stored: &Stored) -> u64 {
    let fields = fields();
    stored.rows.par_iter().map(|row| of_row(row, &fields)).sum()
}

/// Whether a changed row is found, looked at by itself and together with others. An application that would stand at a
/// later decision is found together only once all are counted: then it does not count.
fn is_found(changed: &Row, sound: &mut Sound) -> bool {
    let together = glance(&Texts::of([changed]), &mut sound.forms);
    let sound = sound.examined;
    let is_seen = together.is_none_or(|seen| sound.is_latest && !seen[0].1.is_latest);
    is_seen && examine(changed).is_err()
}

/// What was found of a row before it was changed.
struct Sound {
    examined: Examined,
    /// The forms that its payload was read by: a changed one is read by them.
    forms: DecisionForms,
}

fn of_row(row: &Row, fields: &[Field]) -> u64 {
    let mut changed = row.clone();
    let sound =
        examine(&changed).unwrap_or_else(|what| panic!("{} is not sound before it is changed: {what:?}", row.sequence));
    let mut sound = Sound { examined: sound, forms: DecisionForms::default() };
    assert_eq!(glance(&Texts::of([row]), &mut sound.forms), Some(vec![(row.sequence, sound.examined)]));
    let mut count = 0;
    for (name, read, write) in fields {
        let Some(bytes) = read(&mut changed) else { continue };
        for place in 0..bytes.len() {
            let mut other = bytes.clone();
            other[place] ^= 1;
            write(&mut changed, other);
            assert!(is_found(&changed, &mut sound), "{name} of {} at {place}", row.sequence);
            count += 1;
        }
        write(&mut changed, bytes);
    }
    count + of_reference(row, &mut sound) + of_numbers(row, &mut sound)
}

fn of_reference(row: &Row, sound: &mut Sound) -> u64 {
    let reference = row.application.as_ref().and_then(|copy| copy.external_reference.clone()).unwrap_or_default();
    for place in 0..reference.len() {
        let mut bytes = reference.clone().into_bytes();
        bytes[place] ^= 1;
        let mut changed = row.clone();
        changed.application.iter_mut().for_each(|copy| copy.external_reference = String::from_utf8(bytes.clone()).ok());
        assert!(is_found(&changed, sound), "applications.external_reference of {} at {place}", row.sequence);
    }
    reference.len() as u64
}

/// Changes each bit of the whole numbers that stand beside an entry.
fn of_numbers(row: &Row, sound: &mut Sound) -> u64 {
    let (Some(_), Some(_)) = (&row.decision, &row.application) else { return 0 };
    let mut count = 0;
    for bit in 0..63 {
        let changes: [fn(&mut Row, i64); 6] = [
            |row, mask| row.sequence ^= mask,
            |row, mask| row.decision.iter_mut().for_each(|copy| copy.number ^= mask),
            |row, mask| row.decision.iter_mut().for_each(|copy| copy.score ^= mask),
            |row, mask| row.application.iter_mut().for_each(|copy| copy.version ^= mask),
            |row, mask| row.application.iter_mut().for_each(|copy| copy.amount_minor ^= mask),
            |row, mask| row.application.iter_mut().for_each(|copy| copy.segment ^= mask),
        ];
        for change in changes {
            let mut changed = row.clone();
            change(&mut changed, 1 << bit);
            assert!(is_found(&changed, sound), "a number of {}, bit {bit}", row.sequence);
            count += 1;
        }
    }
    count
}

/// Changes each byte of each kept answer, and each bit of its status. What leads to another decision's entry is changed to
/// that of every neighbour.
pub(crate) fn of_answers(stored: &Stored) -> u64 {
    let count_of = |(place, row): (usize, &AnswerRow)| {
        examine_answer(row).unwrap_or_else(|finding| panic!("not sound before it is changed: {finding}"));
        let mut changed: Vec<AnswerRow> = Vec::new();
        let texts: [fn(&mut AnswerRow) -> &mut String; 4] =
            [|row| &mut row.caller, |row| &mut row.route, |row| &mut row.key, |row| &mut row.created_at];
        for text in texts {
            for place in 0..text(&mut row.clone()).len() {
                let mut other = row.clone();
                let mut bytes = text(&mut other).clone().into_bytes();
                bytes[place] ^= 1;
                *text(&mut other) = Shown::shown(bytes);
                changed.push(other);
            }
        }
        let bytes: [fn(&mut AnswerRow) -> &mut Vec<u8>; 2] = [|row| &mut row.request_mac, |row| &mut row.response];
        for bytes in bytes {
            for place in 0..bytes(&mut row.clone()).len() {
                let mut other = row.clone();
                bytes(&mut other)[place] ^= 1;
                changed.push(other);
            }
        }
        changed.extend((0..63).map(|bit| AnswerRow { status: row.status ^ (1 << bit), ..row.clone() }));
        let neighbour = &stored.answers[(place + 1) % stored.answers.len()];
        changed.push(AnswerRow { entry: neighbour.entry.clone(), ..row.clone() });
        changed.push(AnswerRow { entry: None, ..row.clone() });
        assert!(changed.iter().all(|row| examine_answer(row).is_err()), "the answer under {}", row.key);
        changed.len() as u64
    };
    stored.answers.par_iter().enumerate().map(count_of).sum()
}

/// Changes each byte of the head: its root, its peaks, its size.
pub(crate) fn of_head(stored: &Stored) -> u64 {
    let mut heads = Vec::new();
    let flipped = |hash: Hash, place: usize| {
        let mut bytes = *hash.as_bytes();
        bytes[place] ^= 1;
        Hash::from(bytes)
    };
    for place in 0..32 {
        heads.push(StoredHead { root: flipped(stored.head.root, place), ..stored.head.clone() });
        for peak in 0..stored.head.peaks.len() {
            let mut head = stored.head.clone();
            head.peaks[peak] = flipped(head.peaks[peak], place);
            heads.push(head);
        }
    }
    for bit in 0..63 {
        heads.push(StoredHead { size: stored.head.size ^ (1 << bit), ..stored.head.clone() });
    }
    heads.push(StoredHead { updated_at: None, ..stored.head.clone() });
    let count = heads.len() as u64;
    heads.into_par_iter().for_each(|head| assert!(!log_is_accepted(stored, &stored.rows, head.clone()), "{head:?}"));
    count
}

/// Changes each byte of each stored checkpoint.
pub(crate) fn of_checkpoints(stored: &Stored) -> u64 {
    let changed = |row: &CheckpointRow| {
        for place in 0..row.note.len() {
            let mut note = row.note.clone().into_bytes();
            note[place] ^= 1;
            let note = String::from_utf8(note).unwrap_or_default();
            let changed = CheckpointRow { note, ..row.clone() };
            assert!(examine_checkpoint(&changed, &stored.keys).is_err(), "checkpoint {} at {place}", row.number);
        }
        row.note.len() as u64
    };
    stored.checkpoints.par_iter().map(changed).sum()
}
