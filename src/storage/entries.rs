//! The entries of the log in long runs, in order and as they stand: for exports and replays.

use super::{Error, Tx, db::on_backend};

/// An entry as it stands, with the place where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawEntry {
    pub sequence: u64,
    /// Canonical JSON.
    pub entry: String,
}

const RANGE: &str = "SELECT sequence, entry FROM audit_entries WHERE sequence >= $1 AND sequence < $2 \
                     ORDER BY sequence";

pub(super) fn queries() -> impl Iterator<Item = &'static str> {
    [RANGE].into_iter()
}

/// The entries from the sequence `first` to before `end` that are there, in order.
pub async fn range(tx: &mut Tx, first: u64, end: u64) -> Result<Vec<RawEntry>, Error> {
    let (first, end) = (super::audit::signed(first)?, super::audit::signed(end)?);
    let rows: Vec<(i64, String)> =
        on_backend!(tx, |connection| sqlx::query_as(RANGE).bind(first).bind(end).fetch_all(connection).await?);
    let read = rows.into_iter().map(|(sequence, entry)| {
        let unsigned = u64::try_from(sequence);
        let sequence = unsigned.map_err(|_| Error::corrupt("audit_entries", "sequence", sequence.to_string()))?;
        Ok(RawEntry { sequence, entry })
    });
    read.collect()
}
