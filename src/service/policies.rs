//! The policies that are kept, and what is shown of them.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    App,
    activations::{self, Kind},
    models::{ActivationView, is_in_force},
};
use crate::{
    domain::timestamp::Timestamp,
    storage::{
        self, Db,
        registry::{self as table, KeptRow},
    },
};

/// A policy, as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PolicySummary {
    #[schema(example = "personal-loan")]
    pub name: String,
    #[schema(example = "1")]
    pub version: String,
    /// Of the policy file, in lower-case hexadecimal.
    pub sha256: String,
    /// Whether it decides applications now.
    pub active: bool,
    /// Since when it is kept in the database.
    pub kept_at: Timestamp,
    /// When it was in force, the last time first.
    pub activations: Vec<ActivationView>,
}

/// Every policy that is kept, by name, version and time.
pub async fn list(app: &App) -> Result<Vec<PolicySummary>, storage::Error> {
    list_in(app.db()).await
}

/// As [`list`], from a database alone.
pub async fn list_in(db: &Db) -> Result<Vec<PolicySummary>, storage::Error> {
    let mut tx = db.read().await?;
    let history = activations::history(&mut tx, Kind::Policy).await?;
    let rows = table::list_policies(&mut tx).await?;
    let view = |KeptRow { identity, kept_at }| PolicySummary {
        active: is_in_force(&identity, &history),
        activations: ActivationView::of(&identity, &history),
        name: identity.name,
        version: identity.version,
        sha256: identity.sha256,
        kept_at,
    };
    Ok(rows.into_iter().map(view).collect())
}
