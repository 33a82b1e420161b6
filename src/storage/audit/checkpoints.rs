//! Signed heads of the log. Rows are added and never changed.

use super::{
    super::{Error, Tx, db::on_backend},
    signed,
};

const TABLE: &str = "audit_checkpoints";

const INSERT: &str = "INSERT INTO audit_checkpoints (number, size, note) VALUES ($1, $2, $3)";
const COUNT_IN_HEAD: &str = "UPDATE audit_head SET checkpoints = $1 WHERE id = 1";
const SIGNED: &str = "SELECT checkpoints FROM audit_head WHERE id = 1";
const LATEST: &str =
    "SELECT number, size, note FROM audit_checkpoints WHERE number = (SELECT MAX(number) FROM audit_checkpoints)";
const FIRST_COVERING: &str = "SELECT number, size, note FROM audit_checkpoints WHERE size > $1 ORDER BY size LIMIT 1";

const LATEST_WITHIN: &str =
    "SELECT number, size, note FROM audit_checkpoints WHERE size <= $1 ORDER BY size DESC LIMIT 1";

pub(super) const QUERIES: [&str; 6] = [INSERT, COUNT_IN_HEAD, SIGNED, LATEST, FIRST_COVERING, LATEST_WITHIN];

/// A stored checkpoint, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCheckpoint {
    /// From 1, without gaps.
    pub number: u64,
    /// How many entries it covers.
    pub size: u64,
    /// The signed note.
    pub note: String,
}

#[derive(sqlx::FromRow)]
struct Columns {
    number: i64,
    size: i64,
    note: String,
}

impl TryFrom<Columns> for StoredCheckpoint {
    type Error = Error;

    fn try_from(row: Columns) -> Result<Self, Error> {
        let corrupt = |column| Error::corrupt(TABLE, column, row.number.to_string());
        Ok(Self {
            number: u64::try_from(row.number).map_err(|_| corrupt("number"))?,
            size: u64::try_from(row.size).map_err(|_| corrupt("size"))?,
            note: row.note,
        })
    }
}

/// Adds a checkpoint. Fails when another writer has added one of its number or its size.
pub async fn insert(tx: &mut Tx, new: &StoredCheckpoint) -> Result<(), Error> {
    let (number, size) = (signed(new.number)?, signed(new.size)?);
    on_backend!(tx, |connection| {
        sqlx::query(INSERT).bind(number).bind(size).bind(new.note.as_str()).execute(&mut *connection).await?;
        sqlx::query(COUNT_IN_HEAD).bind(number).execute(connection).await?;
    });
    Ok(())
}

/// How many checkpoints were signed, as the head of the log says; `None` when there is no head.
pub async fn signed_count(tx: &mut Tx) -> Result<Option<i64>, Error> {
    Ok(on_backend!(tx, |connection| sqlx::query_scalar(SIGNED).fetch_optional(connection).await?))
}

/// The checkpoint that was added last.
pub async fn latest(tx: &mut Tx) -> Result<Option<StoredCheckpoint>, Error> {
    let row: Option<Columns> = on_backend!(tx, |connection| sqlx::query_as(LATEST).fetch_optional(connection).await?);
    row.map(StoredCheckpoint::try_from).transpose()
}

/// The largest checkpoint of at most `size` entries.
pub async fn latest_within(tx: &mut Tx, size: u64) -> Result<Option<StoredCheckpoint>, Error> {
    let size = signed(size)?;
    let row: Option<Columns> =
        on_backend!(tx, |connection| sqlx::query_as(LATEST_WITHIN).bind(size).fetch_optional(connection).await?);
    row.map(StoredCheckpoint::try_from).transpose()
}

/// The smallest checkpoint that covers an entry.
pub async fn first_covering(tx: &mut Tx, sequence: u64) -> Result<Option<StoredCheckpoint>, Error> {
    let Ok(sequence) = i64::try_from(sequence) else { return Ok(None) };
    let row: Option<Columns> = on_backend!(tx, |connection| {
        sqlx::query_as(FIRST_COVERING).bind(sequence).fetch_optional(connection).await?
    });
    row.map(StoredCheckpoint::try_from).transpose()
}
