//! The audit log: its entries, the stored nodes of their tree, and its head.

use std::{mem::take, sync::LazyLock};

use super::{
    Error, Tx,
    db::on_backend,
    rows::{Column, Insertion, Target, Writing, insert_rows},
};
use crate::{
    audit::{
        SEGMENT_ENTRIES,
        entry::Action,
        tree::{Frontier, Hash, Node, tiles::stored_level},
        verify::StoredHead,
    },
    domain::{id::RequestId, timestamp::Timestamp},
};

pub mod activations;
mod answers;
pub mod checkpoints;
mod fetched;
mod hashes;
mod texts;
mod verification;

pub use answers::{answers_to_verify, missing_answer};
pub use fetched::Fetched;
pub use hashes::proof_hashes;
pub use texts::texts_to_verify;
pub use verification::{
    checkpoints_to_verify, counts, cut_off_at, entries_of, entry_at, erased, misplaced_keys, nodes, rows_to_verify,
};

const HEAD_TABLE: &str = "audit_head";

/// An entry in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    pub sequence: u64,
    pub leaf_hash: Hash,
    pub recorded_at: Timestamp,
    pub action: Action,
    /// Role and subject.
    pub actor: String,
    pub request_id: RequestId,
    pub subject: String,
    /// Canonical JSON.
    pub entry: String,
}

/// Which entries to list, in the order of the log. What is `None` does not matter.
#[derive(Debug, Clone, Copy, Default)]
pub struct EntryListing<'a> {
    /// Recorded at this time or later.
    pub from: Option<Timestamp>,
    /// Recorded before this time.
    pub to: Option<Timestamp>,
    pub action: Option<Action>,
    /// Role and subject, as in `service:los-1`.
    pub actor: Option<&'a str>,
    pub request_id: Option<RequestId>,
    pub subject: Option<&'a str>,
    /// Only entries behind this one.
    pub after: Option<u64>,
    /// Only entries before this one.
    pub before: Option<u64>,
    /// In the opposite order of the log.
    pub newest_first: bool,
    pub limit: u32,
}

/// A stored entry: canonical JSON and the hash beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    pub sequence: u64,
    pub leaf_hash: Hash,
    pub entry: String,
}

pub(super) static INSERT_ENTRIES: LazyLock<Insertion> = LazyLock::new(|| {
    Insertion::new(
        "INSERT INTO audit_entries (sequence, leaf_hash, recorded_at, action, actor, request_id, subject, entry)",
        &[
            Column::Integer,
            Column::Bytes,
            Column::Text,
            Column::Text,
            Column::Text,
            Column::Text,
            Column::Text,
            Column::Text,
        ],
    )
});
pub(super) static INSERT_NODES: LazyLock<Insertion> = LazyLock::new(|| {
    let columns = [Column::Integer, Column::Integer, Column::Bytes];
    Insertion::new("INSERT INTO audit_nodes (level, position, hash)", &columns)
});

const HEAD: &str = "SELECT size, root_hash, frontier, updated_at FROM audit_head WHERE id = 1";
/// The old size is a condition: a second writer that went on from an old head changes nothing.
const MOVE_HEAD: &str = "UPDATE audit_head SET size = $1, root_hash = $2, frontier = $3, updated_at = $4 \
                         WHERE id = 1 AND size = $5";
/// As it stands behind others in one text.
const MOVE_HEAD_SQLITE: &str = "UPDATE audit_head SET size = ?, root_hash = ?, frontier = ?, updated_at = ? \
                                WHERE id = 1 AND size = ?";

/// The last entry of one kind about one thing.
const LATEST: &str = "SELECT sequence, leaf_hash, entry FROM audit_entries WHERE subject = $1 AND action = $2 \
                      ORDER BY sequence DESC LIMIT 1";

/// The first entry recorded at a time or later. Times never go back, so everything behind it is later too, and it is one
/// of the 256 behind the last earlier entry that the index has.
const FIRST_SINCE: &str = "SELECT sequence FROM audit_entries WHERE sequence >= COALESCE((SELECT sequence FROM audit_entries \
     WHERE sequence % 256 = 0 AND recorded_at < $1 ORDER BY recorded_at DESC, sequence DESC LIMIT 1), 0) \
     AND recorded_at >= $1 ORDER BY sequence LIMIT 1";

/// Lists by what narrows a list most, which has an index; the rest is asked of each row.
macro_rules! listing {
    ($narrowest:literal, $order:literal) => {
        concat!(
            "SELECT sequence, leaf_hash, entry FROM audit_entries WHERE ",
            $narrowest,
            "sequence >= $1 AND sequence < $2 AND (action = $3 OR $3 IS NULL) AND (subject = $4 OR $4 IS NULL) \
             AND (actor = $5 OR $5 IS NULL) AND (request_id = $6 OR $6 IS NULL) ORDER BY sequence ",
            $order,
            " LIMIT $7"
        )
    };
}

/// The listings in the order of the log, and in the opposite order.
const LIST: [&str; 2] = [listing!("", "ASC"), listing!("", "DESC")];
const LIST_BY_REQUEST: [&str; 2] = [listing!("request_id = $6 AND ", "ASC"), listing!("request_id = $6 AND ", "DESC")];
const LIST_BY_SUBJECT: [&str; 2] = [listing!("subject = $4 AND ", "ASC"), listing!("subject = $4 AND ", "DESC")];
const LIST_BY_ACTOR: [&str; 2] = [listing!("actor = $5 AND ", "ASC"), listing!("actor = $5 AND ", "DESC")];
const LIST_BY_RARE_ACTION: [&str; 2] = [
    listing!("action <> 'application.decided' AND action = $3 AND ", "ASC"),
    listing!("action <> 'application.decided' AND action = $3 AND ", "DESC"),
];

/// The last entry of an action that is no decision by model and policy.
const LAST_OF_RARE_ACTION: &str = "SELECT entry FROM audit_entries \
     WHERE action <> 'application.decided' AND action = $1 ORDER BY sequence DESC LIMIT 1";

pub(super) fn queries() -> impl Iterator<Item = &'static str> {
    let lists = [LIST, LIST_BY_REQUEST, LIST_BY_SUBJECT, LIST_BY_ACTOR, LIST_BY_RARE_ACTION];
    [HEAD, MOVE_HEAD, LATEST, FIRST_SINCE]
        .into_iter()
        .chain(lists.into_iter().flatten())
        .chain([LAST_OF_RARE_ACTION])
        .chain(activations::QUERIES)
        .chain(checkpoints::QUERIES)
        .chain(hashes::QUERIES)
        .chain(verification::QUERIES)
        .chain(answers::QUERIES)
}

/// The queries that SQLite alone is asked.
pub(super) fn queries_of_sqlite() -> impl Iterator<Item = &'static str> {
    texts::QUERIES_SQLITE.into_iter().chain([MOVE_HEAD_SQLITE])
}

/// The queries that PostgreSQL alone is asked.
pub(super) fn queries_of_postgres() -> impl Iterator<Item = &'static str> {
    texts::QUERIES_POSTGRES.into_iter()
}

/// A sequence, position or size as the database holds it.
pub(super) fn signed(number: u64) -> Result<i64, Error> {
    i64::try_from(number).map_err(|_| Error::Conflict("the log is full".to_owned()))
}

/// The segment of the log that an entry stands in.
pub(super) fn segment(sequence: u64) -> Result<i64, Error> {
    signed(sequence / SEGMENT_ENTRIES)
}

/// The head of the log; `None` when its row is gone.
pub async fn head(tx: &mut Tx) -> Result<Option<StoredHead>, Error> {
    let row: Option<HeadColumns> =
        on_backend!(tx, |connection| sqlx::query_as(HEAD).fetch_optional(connection).await?);
    row.map(StoredHead::try_from).transpose()
}

/// Moves the head from `old_size` to where the log has grown to, and sends all that was to be written. Fails when another
/// writer has moved it.
pub async fn move_head(
    writing: &mut Writing<'_>,
    old_size: u64,
    frontier: &Frontier,
    now: Timestamp,
) -> Result<(), Error> {
    let (size, old_size) = (signed(frontier.size())?, signed(old_size)?);
    let peaks: Vec<u8> = frontier.peaks().iter().flat_map(|peak| *peak.as_bytes()).collect();
    let (root, now) = (frontier.root().as_bytes().to_vec(), now.to_string());
    let moved = match writing.target() {
        Target::Sqlite(message) => {
            message.statement(MOVE_HEAD_SQLITE, 1);
            message.bind(size)?;
            message.bind(root)?;
            message.bind(peaks)?;
            message.bind(now)?;
            message.bind(old_size)?;
            writing.send().await?
        }
        Target::Postgres(connection) => {
            let moving = sqlx::query(MOVE_HEAD).bind(size).bind(root).bind(peaks).bind(now).bind(old_size);
            moving.execute(connection).await?.rows_affected() == 1
        }
    };
    if moved { Ok(()) } else { Err(Error::Conflict("another writer has moved the head of the log".to_owned())) }
}

/// Adds entries behind the last, and takes their texts.
pub async fn insert_entries(writing: &mut Writing<'_>, entries: &mut [NewEntry]) -> Result<(), Error> {
    insert_rows!(writing, INSERT_ENTRIES, entries, |new| [
        signed(new.sequence)?,
        new.leaf_hash.as_bytes().to_vec(),
        new.recorded_at.to_string(),
        new.action.as_str(),
        take(&mut new.actor),
        new.request_id.to_string(),
        take(&mut new.subject),
        take(&mut new.entry),
    ])
}

/// Adds the nodes that are stored among those that were completed.
pub async fn insert_nodes(writing: &mut Writing<'_>, completed: &[Node]) -> Result<(), Error> {
    let mut stored: Vec<_> = completed.iter().filter_map(|node| Some((stored_level(node.id)?, *node))).collect();
    insert_rows!(writing, INSERT_NODES, stored.as_mut_slice(), |node| [
        i64::from(node.0),
        signed(node.1.id.position)?,
        node.1.hash.as_bytes().to_vec(),
    ])
}

/// The last entry of one kind about one thing.
pub async fn latest(tx: &mut Tx, subject: &str, action: Action) -> Result<Option<StoredEntry>, Error> {
    let row: Option<EntryColumns> = on_backend!(tx, |connection| {
        sqlx::query_as(LATEST).bind(subject).bind(action.as_str()).fetch_optional(connection).await?
    });
    row.map(StoredEntry::try_from).transpose()
}

/// Lists entries in the order of the log.
pub async fn list(tx: &mut Tx, listing: &EntryListing<'_>) -> Result<Vec<StoredEntry>, Error> {
    let mut first = listing.after.map_or(0, |after| after.saturating_add(1)).min(i64::MAX as u64);
    if let Some(from) = listing.from {
        let Some(since) = first_since(tx, from).await? else { return Ok(Vec::new()) };
        first = first.max(since);
    }
    let end = match listing.to {
        Some(to) => first_since(tx, to).await?.map_or(i64::MAX, |end| signed(end).unwrap_or(i64::MAX)),
        None => i64::MAX,
    };
    let end = listing.before.map_or(end, |before| signed(before).map_or(end, |before| before.min(end)));
    let first = signed(first)?;
    let text = narrowest(listing)[usize::from(listing.newest_first)];
    let rows: Vec<EntryColumns> = on_backend!(tx, |connection| {
        sqlx::query_as(text)
            .bind(first)
            .bind(end)
            .bind(listing.action.map(Action::as_str))
            .bind(listing.subject)
            .bind(listing.actor)
            .bind(listing.request_id.map(|id| id.to_string()))
            .bind(i64::from(listing.limit))
            .fetch_all(connection)
            .await?
    });
    rows.into_iter().map(StoredEntry::try_from).collect()
}

const fn narrowest(listing: &EntryListing<'_>) -> [&'static str; 2] {
    match listing {
        EntryListing { request_id: Some(_), .. } => LIST_BY_REQUEST,
        EntryListing { subject: Some(_), .. } => LIST_BY_SUBJECT,
        EntryListing { action: Some(action), .. } if !matches!(action, Action::ApplicationDecided) => {
            LIST_BY_RARE_ACTION
        }
        EntryListing { actor: Some(_), .. } => LIST_BY_ACTOR,
        _ => LIST,
    }
}

/// The last entry (canonical JSON) of an action that is no decision by model and policy; `None` when there is none.
pub async fn last_of(tx: &mut Tx, action: Action) -> Result<Option<String>, Error> {
    Ok(on_backend!(tx, |connection| {
        sqlx::query_scalar(LAST_OF_RARE_ACTION).bind(action.as_str()).fetch_optional(connection).await?
    }))
}

/// The first entry recorded at `time` or later; `None` when there is none.
pub async fn first_since(tx: &mut Tx, time: Timestamp) -> Result<Option<u64>, Error> {
    let sequence: Option<i64> = on_backend!(tx, |connection| {
        sqlx::query_scalar(FIRST_SINCE).bind(time.to_string()).fetch_optional(connection).await?
    });
    let sequence =
        sequence.map(|n| u64::try_from(n).map_err(|_| Error::corrupt("audit_entries", "sequence", n.to_string())));
    sequence.transpose()
}

#[derive(sqlx::FromRow)]
struct HeadColumns {
    size: i64,
    root_hash: Vec<u8>,
    frontier: Vec<u8>,
    updated_at: Option<String>,
}

impl TryFrom<HeadColumns> for StoredHead {
    type Error = Error;

    fn try_from(row: HeadColumns) -> Result<Self, Error> {
        let corrupt = |column| Error::corrupt(HEAD_TABLE, column, "1");
        let updated_at = match row.updated_at {
            Some(text) => Some(Timestamp::parse(&text).ok_or_else(|| corrupt("updated_at"))?),
            None => None,
        };
        let peaks: Option<Vec<Hash>> = row.frontier.chunks(32).map(Hash::from_slice).collect();
        Ok(Self {
            size: u64::try_from(row.size).map_err(|_| corrupt("size"))?,
            root: Hash::from_slice(&row.root_hash).ok_or_else(|| corrupt("root_hash"))?,
            peaks: peaks.ok_or_else(|| corrupt("frontier"))?,
            updated_at,
        })
    }
}

#[derive(sqlx::FromRow)]
struct EntryColumns {
    sequence: i64,
    leaf_hash: Vec<u8>,
    entry: String,
}

impl TryFrom<EntryColumns> for StoredEntry {
    type Error = Error;

    fn try_from(row: EntryColumns) -> Result<Self, Error> {
        let corrupt = |column| Error::corrupt("audit_entries", column, row.sequence.to_string());
        Ok(Self {
            sequence: u64::try_from(row.sequence).map_err(|_| corrupt("sequence"))?,
            leaf_hash: Hash::from_slice(&row.leaf_hash).ok_or_else(|| corrupt("leaf_hash"))?,
            entry: row.entry,
        })
    }
}
