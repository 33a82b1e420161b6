//! Reading the audit log.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    App,
    applications::ReadError,
    stored,
    view::{Page, PageLimit},
};
use crate::{
    audit::{
        checkpoint::SignedCheckpoint,
        entry::{Action, Entry},
        note::VerifierKey,
    },
    domain::{id::RequestId, timestamp::Timestamp},
    storage::{self, Db, audit::EntryListing},
};

pub mod checkpoints;
pub(in crate::service) mod keys;
mod proof;
mod signed;
pub mod verification;
mod verify;

pub use keys::record_what_is_in_force;
pub use proof::{ProofError, proof, proof_from_server};

pub use signed::{NamedCheckpoint, Outside};
pub use verify::{Checkpoints, Intact, Report, Unchecked, verify, verify_against};

/// Which entries are asked for; everything that is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Recorded at this time or later.
    pub from: Option<Timestamp>,
    /// Recorded before this time.
    pub to: Option<Timestamp>,
    pub action: Option<Action>,
    /// Role and subject, as in `service:los-1`.
    pub actor: Option<String>,
    pub request_id: Option<RequestId>,
    /// What the entry is about: an application's id, say.
    pub subject: Option<String>,
}

/// An entry and its place in the tree.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EntryView {
    #[serde(flatten)]
    pub entry: Entry,
    /// RFC 6962, in lower-case hexadecimal.
    pub leaf_hash: String,
}

/// The head of the log: how many entries, and the root of their tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Head {
    pub size: u64,
    /// RFC 6962, in lower-case hexadecimal.
    pub root_hash: String,
    /// When the last entry was recorded; null while there is none.
    pub updated_at: Option<Timestamp>,
}

/// Lists entries in the order of the log. `after` is the last sequence of the page before.
pub async fn entries(
    app: &App,
    filter: &Filter,
    after: Option<u64>,
    limit: PageLimit,
) -> Result<Page<EntryView>, storage::Error> {
    let listing = EntryListing { after, limit: limit.one_more(), ..filter.listing() };
    listed(app, &listing, limit).await
}

/// Lists entries in the opposite order of the log. `before` is the last sequence of the page before.
pub async fn newest_entries(
    app: &App,
    filter: &Filter,
    before: Option<u64>,
    limit: PageLimit,
) -> Result<Page<EntryView>, storage::Error> {
    let listing = EntryListing { before, newest_first: true, limit: limit.one_more(), ..filter.listing() };
    listed(app, &listing, limit).await
}

async fn listed(app: &App, listing: &EntryListing<'_>, limit: PageLimit) -> Result<Page<EntryView>, storage::Error> {
    let mut tx = app.db().read().await?;
    let rows = storage::audit::list(&mut tx, listing).await?;
    Page::cut(rows, limit, |row| row.sequence.to_string())
        .try_map(|row| Ok(EntryView { entry: stored::parse_entry(&row.entry)?, leaf_hash: row.leaf_hash.to_string() }))
}

/// An entry with its bytes.
#[derive(Debug, Clone)]
pub struct WholeEntry {
    pub view: EntryView,
    /// Canonical JSON, over which the leaf hash is.
    pub canonical: String,
}

/// The entry at a place; `None` when there is none.
pub async fn entry(app: &App, sequence: u64) -> Result<Option<WholeEntry>, storage::Error> {
    let before = sequence.checked_add(1);
    let listing = EntryListing { before, newest_first: true, limit: 1, ..EntryListing::default() };
    let mut tx = app.db().read().await?;
    let row = storage::audit::list(&mut tx, &listing).await?.into_iter().find(|row| row.sequence == sequence);
    row.map(|row| {
        let view = EntryView { entry: stored::parse_entry(&row.entry)?, leaf_hash: row.leaf_hash.to_string() };
        Ok(WholeEntry { view, canonical: row.entry })
    })
    .transpose()
}

impl Filter {
    fn listing(&self) -> EntryListing<'_> {
        EntryListing {
            from: self.from,
            to: self.to,
            action: self.action,
            actor: self.actor.as_deref(),
            request_id: self.request_id,
            subject: self.subject.as_deref(),
            ..EntryListing::default()
        }
    }
}

/// The head of the log as it stands.
pub async fn head(app: &App) -> Result<Head, storage::Error> {
    let mut tx = app.db().read().await?;
    let head = storage::audit::head(&mut tx).await?;
    let head = head.ok_or_else(|| storage::Error::Corrupt { table: "audit_head", column: "id", id: "1".to_owned() })?;
    Ok(Head { size: head.size, root_hash: head.root.to_string(), updated_at: head.updated_at })
}

/// The signed head of the log as it stands. A log without entries has none.
pub async fn checkpoint(app: &App) -> Result<SignedCheckpoint, ReadError> {
    let checkpointer = app.checkpointer().ok_or(ReadError::NotFound)?;
    checkpointer.sign().await?.ok_or(ReadError::NotFound)
}

/// The last checkpoint that was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LatestCheckpoint {
    /// The signed note.
    pub note: String,
    /// How many entries came in after it was signed.
    pub uncovered: u64,
}

/// The last checkpoint that a server stored, from the database alone; `None` when there is none.
pub async fn latest_checkpoint(db: &Db) -> Result<Option<LatestCheckpoint>, storage::Error> {
    let mut tx = db.read().await?;
    let size = storage::audit::head(&mut tx).await?.map_or(0, |head| head.size);
    let latest = storage::audit::checkpoints::latest(&mut tx).await?;
    Ok(latest.map(|stored| LatestCheckpoint { note: stored.note, uncovered: size.saturating_sub(stored.size) }))
}

/// The keys that the log says it was signed with, the first one first.
pub async fn signing_keys(db: &Db) -> Result<Vec<VerifierKey>, storage::Error> {
    keys::keys_of_log(&mut db.read().await?).await
}
