//! The policy that decides, and what is shown of it.

use serde::Serialize;
use utoipa::ToSchema;

use super::App;

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
}

/// Every policy that is loaded.
#[must_use]
pub fn list(app: &App) -> Vec<PolicySummary> {
    let identity = app.decider().policy().identity();
    vec![PolicySummary {
        name: identity.name.clone(),
        version: identity.version.clone(),
        sha256: identity.sha256.clone(),
        active: true,
    }]
}
