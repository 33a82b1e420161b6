//! Entries removed, swapped, inserted and cut off.

use rayon::prelude::*;
use underwright::audit::{
    checkpoint::SignedCheckpoint,
    tree::{Frontier, Hash},
    verify::{Claim, Counts, Examined, Finding, Row, Source, StoredHead, Verifier, What, examine},
};

use crate::Stored;

/// The checkpoint that was kept outside: the last one.
fn kept(stored: &Stored) -> Vec<Claim> {
    let last = stored.checkpoints.last().expect("a checkpoint");
    let head = SignedCheckpoint::parse(&last.note).expect("a checkpoint").head();
    vec![Claim { head, source: Source::Outside { name: "kept".to_owned() } }]
}

/// Counts of the other tables that fit whatever entries there are.
fn counts_of(rows: &[Row]) -> Counts {
    let decisions = rows.iter().filter(|row| row.decision.is_some()).count() as u64;
    let nodes = rows.len() as u64 / 256 + rows.len() as u64 / 65_536;
    let answers = rows.iter().filter(|row| row.entry.contains(r#""response_sha256":"#)).count() as u64;
    Counts { decisions, applications: decisions, nodes, heads: 1, answers, ..Counts::default() }
}

/// Whether a log of these rows under this head would pass for intact.
pub(crate) fn log_is_accepted(stored: &Stored, rows: &[Row], head: StoredHead) -> bool {
    let mut verifier = Verifier::new(head, kept(stored));
    let accepted = rows.iter().all(|row| verifier.accept(row.sequence, examine(row)).is_ok());
    accepted && verifier.finish(counts_of(rows), None).is_ok()
}

type Looked = (i64, Result<Examined, What>);

fn look(rows: &[Row]) -> Vec<Looked> {
    rows.par_iter().map(|row| (row.sequence, examine(row))).collect()
}

/// Gives the verifier rows, up to the first that is not what it was.
fn verify<'a>(stored: &Stored, rows: impl Iterator<Item = &'a Looked>) -> Result<(), Finding> {
    let mut verifier = Verifier::new(stored.head.clone(), kept(stored));
    for (sequence, examined) in rows {
        verifier.accept(*sequence, examined.clone())?;
    }
    verifier.finish(counts_of(&stored.rows), None)
}

/// Removes each entry by itself.
pub(crate) fn removals(stored: &Stored) -> u64 {
    let looked = look(&stored.rows);
    assert_eq!(verify(stored, looked.iter()), Ok(()), "intact before anything is done to it");
    (0..looked.len()).into_par_iter().for_each(|removed| {
        let rest = looked.iter().enumerate().filter(|(place, _)| *place != removed).map(|(_, looked)| looked);
        let named = verify(stored, rest).expect_err("an entry was removed").sequence;
        assert_eq!(named, i64::try_from(removed).ok());
    });
    looked.len() as u64
}

/// Swaps each entry with its neighbour, and with one far away: each row then holds an entry of another place.
pub(crate) fn swaps(stored: &Stored) -> u64 {
    let count = stored.rows.len();
    let is_found = |place: usize, other: usize| {
        let swapped = Row { sequence: stored.rows[place].sequence, ..stored.rows[other].clone() };
        matches!(examine(&swapped), Err(What::Misplaced { .. }))
    };
    (0..count).into_par_iter().for_each(|place| {
        for other in [(place + 1) % count, (place * 7_919 + 13) % count] {
            assert!(place == other || is_found(place, other), "{place} and {other} were swapped");
        }
    });
    2 * count as u64
}

/// Inserts a copy of an entry at each place, and moves the later ones down.
pub(crate) fn insertions(stored: &Stored) -> u64 {
    let moved = |row: &Row| Row { sequence: row.sequence + 1, ..row.clone() };
    stored.rows.par_iter().for_each(|row| {
        assert!(matches!(examine(&moved(row)), Err(What::Misplaced { .. })), "inserted at {}", row.sequence);
    });
    let mut looked = look(&stored.rows);
    let (last, copy) = looked.last().cloned().expect("entries");
    looked.push((last + 1, copy));
    assert_eq!(verify(stored, looked.iter()).expect_err("one behind the last").sequence, Some(last + 1));
    stored.rows.len() as u64 + 1
}

/// Cuts the log off at each size, with the head that such a log would have: only the kept checkpoint shows it.
pub(crate) fn truncations(stored: &Stored) -> u64 {
    let looked = look(&stored.rows);
    let hash = |row: &Row| Hash::from_slice(&row.leaf_hash).expect("a hash");
    (0..looked.len()).into_par_iter().for_each(|size| {
        let mut frontier = Frontier::default();
        stored.rows[..size].iter().for_each(|row| frontier.append(hash(row), |_| ()));
        let updated_at = looked[..size].last().and_then(|(_, examined)| Some(examined.as_ref().ok()?.time));
        let (root, peaks) = (frontier.root(), frontier.peaks().to_vec());
        let mut verifier = Verifier::new(StoredHead { size: size as u64, root, peaks, updated_at }, kept(stored));
        for (sequence, examined) in &looked[..size] {
            verifier.accept(*sequence, examined.clone()).expect("it agrees with itself");
        }
        let finding = verifier.finish(counts_of(&stored.rows[..size]), None).expect_err("it was cut off");
        assert!(matches!(finding.what, What::ShorterThanSigned { .. }), "{finding}");
        assert_eq!(finding.sequence, i64::try_from(size).ok());
    });
    looked.len() as u64
}
