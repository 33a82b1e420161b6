//! The policies that are loaded, and what is shown of them.

use serde::Serialize;
use utoipa::ToSchema;

use super::App;

/// A policy, as it is listed.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
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
    let _ = app;
    todo!()
}
