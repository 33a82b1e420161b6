//! Reading and verifying the audit log.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    audit::entry::{Action, Entry},
    domain::timestamp::Timestamp,
    storage,
};

use super::{
    App,
    view::{Page, PageLimit},
};

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
    let _ = (app, filter, after, limit);
    todo!()
}

/// The head of the log as it stands.
pub async fn head(app: &App) -> Result<Head, storage::Error> {
    let _ = app;
    todo!()
}
