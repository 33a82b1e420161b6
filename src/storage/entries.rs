//! The entries of the log in long runs, in order and as they stand: for exports and replays.

use std::ops::Range;

use sqlx::Row as _;

use super::{Error, Tx, db::on_backend};

/// Entries as they stand, in the order of the places where they were found. Their bytes are held in one piece.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entries {
    text: String,
    places: Vec<Place>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    sequence: u64,
    bytes: Range<usize>,
}

impl Entries {
    /// Adds an entry behind the others.
    pub fn push(&mut self, sequence: u64, entry: &str) {
        let begin = self.text.len();
        self.text.push_str(entry);
        self.places.push(Place { sequence, bytes: begin..self.text.len() });
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The sequences and canonical JSON of some of them, by their places here.
    #[must_use]
    pub fn part(&self, part: Range<usize>) -> impl DoubleEndedIterator<Item = (u64, &str)> {
        self.places[part].iter().map(|place| (place.sequence, &self.text[place.bytes.clone()]))
    }
}

/// Many rows are put together by the database: a driver hands rows over one by one, which takes longer than to read them.
/// Each line is a sequence and a length in bytes.
const RANGE: &str = "SELECT COUNT(*), string_agg(concat(r.sequence, ',', octet_length(r.entry), ';'), ''), \
                     string_agg(r.entry, '') FROM \
                     (SELECT sequence, entry FROM audit_entries WHERE sequence >= $1 AND sequence < $2 \
                     ORDER BY sequence) r";

pub(super) fn queries() -> impl Iterator<Item = &'static str> {
    [RANGE].into_iter()
}

/// The entries from the sequence `first` to before `end` that are there, in order.
pub async fn range(tx: &mut Tx, first: u64, end: u64) -> Result<Entries, Error> {
    let mut entries = Entries::default();
    refill(tx, first..end, &mut entries).await?;
    Ok(entries)
}

/// As [`range`], in the place of other entries, whose memory is used again.
pub async fn refill(tx: &mut Tx, sequences: Range<u64>, entries: &mut Entries) -> Result<(), Error> {
    let (from, end) = (super::audit::signed(sequences.start)?, super::audit::signed(sequences.end)?);
    entries.text.clear();
    entries.places.clear();
    let rows: i64 = on_backend!(tx, |connection| {
        let row = sqlx::query(RANGE).bind(from).bind(end).fetch_one(connection).await?;
        // The database's own memory is free again before the next is asked for.
        entries.text.push_str(row.try_get::<Option<&str>, _>(2)?.unwrap_or_default());
        let lines: Option<&str> = row.try_get(1)?;
        entries.places = places(lines.unwrap_or_default(), &entries.text).unwrap_or_default();
        row.try_get(0)?
    });
    if i64::try_from(entries.places.len()) == Ok(rows) {
        return Ok(());
    }
    Err(Error::corrupt("audit_entries", "entry", format!("one from {} on", sequences.start)))
}

fn places(lines: &str, text: &str) -> Option<Vec<Place>> {
    let mut end = 0;
    let place = |line: &str| {
        let (sequence, length) = line.split_once(',')?;
        let begin = end;
        end = length.parse::<usize>().ok()?.checked_add(begin)?;
        text.get(begin..end)?;
        Some(Place { sequence: sequence.parse().ok()?, bytes: begin..end })
    };
    let mut places: Vec<Place> = lines.split_terminator(';').map(place).collect::<Option<_>>()?;
    // They come in order; nothing makes a database keep to it.
    places.sort_by_key(|place| place.sequence);
    Some(places)
}
