//! One byte changed.

use rayon::prelude::*;
use underwright::audit::{
    tree::Hash,
    verify::{CheckpointRow, Examined, Row, StoredHead, Texts, examine, examine_checkpoint, glance},
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
fn is_found(changed: &Row, sound: Examined) -> bool {
    let together = glance(&Texts::of([changed]));
    let is_seen = together.is_none_or(|seen| sound.is_latest && !seen[0].1.is_latest);
    is_seen && examine(changed).is_err()
}

fn of_row(row: &Row, fields: &[Field]) -> u64 {
    let mut changed = row.clone();
    let sound =
        examine(&changed).unwrap_or_else(|what| panic!("{} is not sound before it is changed: {what:?}", row.sequence));
    assert_eq!(glance(&Texts::of([row])), Some(vec![(row.sequence, sound)]));
    let mut count = 0;
    for (name, read, write) in fields {
        let Some(bytes) = read(&mut changed) else { continue };
        for place in 0..bytes.len() {
            let mut other = bytes.clone();
            other[place] ^= 1;
            write(&mut changed, other);
            assert!(is_found(&changed, sound), "{name} of {} at {place}", row.sequence);
            count += 1;
        }
        write(&mut changed, bytes);
    }
    count + of_reference(row, sound) + of_numbers(row, sound)
}

fn of_reference(row: &Row, sound: Examined) -> u64 {
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
fn of_numbers(row: &Row, sound: Examined) -> u64 {
    let (Some(_), Some(_)) = (&row.decision, &row.application) else { return 0 };
    let mut count = 0;
    for bit in 0..63 {
        let changes: [fn(&mut Row, i64); 4] = [
            |row, mask| row.sequence ^= mask,
            |row, mask| row.decision.iter_mut().for_each(|copy| copy.number ^= mask),
            |row, mask| row.application.iter_mut().for_each(|copy| copy.version ^= mask),
            |row, mask| row.application.iter_mut().for_each(|copy| copy.amount_minor ^= mask),
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
