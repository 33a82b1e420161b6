//! Reading the audit log.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    App, stored,
    view::{Page, PageLimit},
};
use crate::{
    audit::entry::{Action, Entry},
    domain::timestamp::Timestamp,
    storage::{self, audit::EntryListing},
};

mod verify;

pub use verify::{Intact, Report, Unchecked, verify};

/// Which entries are asked for; everything that is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Recorded at this time or later.
    pub from: Option<Timestamp>,
    /// Recorded before this time.
    pub to: Option<Timestamp>,
    pub action: Option<Action>,
    /// What the entry is about: an application's id.
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
    let listing = EntryListing {
        from: filter.from,
        to: filter.to,
        action: filter.action,
        subject: filter.subject.as_deref(),
        after,
        limit: limit.one_more(),
    };
    let mut tx = app.db().read().await?;
    let rows = storage::audit::list(&mut tx, &listing).await?;
    Page::cut(rows, limit, |row| row.sequence.to_string())
        .try_map(|row| Ok(EntryView { entry: stored::parse_entry(&row.entry)?, leaf_hash: row.leaf_hash.to_string() }))
}

/// The head of the log as it stands.
pub async fn head(app: &App) -> Result<Head, storage::Error> {
    let mut tx = app.db().read().await?;
    let head = storage::audit::head(&mut tx).await?;
    let head = head.ok_or_else(|| storage::Error::Corrupt { table: "audit_head", column: "id", id: "1".to_owned() })?;
    Ok(Head { size: head.size, root_hash: head.root.to_string(), updated_at: head.updated_at })
}
