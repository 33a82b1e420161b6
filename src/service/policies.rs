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

/// How many of the last decisions a page shows the spread of.
const SPREAD: u64 = 1_024;

/// The probabilities of default of the last decisions by model and policy, the earliest first: at most about a thousand.
///
/// Read at a glance from the entries' text: for a plot, where a number that cannot be read is left out.
pub async fn last_probabilities(app: &App) -> Result<Vec<f64>, storage::Error> {
    const BEFORE: &str = "\"probability_of_default\":";
    let mut tx = app.db().read().await?;
    let end = storage::audit::head(&mut tx).await?.map_or(0, |head| head.size);
    let rows = storage::entries::range(&mut tx, end.saturating_sub(SPREAD), end).await?;
    let entries = rows.part(0..rows.len()).map(|(_, entry)| entry);
    let decided = entries.filter(|entry| entry.starts_with("{\"action\":\"application.decided\""));
    let read = decided.filter_map(|entry| {
        let (_, rest) = entry.split_once(BEFORE)?;
        rest.split([',', '}']).next()?.parse::<f64>().ok().filter(|probability| (0.0..=1.0).contains(probability))
    });
    Ok(read.collect())
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
