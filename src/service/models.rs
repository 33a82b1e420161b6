//! The models that are loaded, and what is shown of them.

use serde::Serialize;
use utoipa::ToSchema;

use super::App;

/// The models that are loaded.
#[derive(Debug, Clone, Default)]
pub struct Registry {}

/// A model, as it is listed.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ModelSummary {
    #[schema(example = "personal-loan")]
    pub name: String,
    #[schema(example = "1")]
    pub version: String,
    /// Of `model.json`, in lower-case hexadecimal.
    pub sha256: String,
    /// Whether it decides applications now.
    pub active: bool,
}

/// A model with its card.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ModelView {
    #[serde(flatten)]
    pub summary: ModelSummary,
    /// What it reads, in its order.
    pub features: Vec<FeatureView>,
    /// The model card, in Markdown.
    pub card: String,
}

/// A feature of a model.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FeatureView {
    #[schema(example = "revolving_utilization")]
    pub name: String,
    /// `number`, `category` or `boolean`.
    pub kind: String,
    /// How risk moves as it rises: `increasing`, `decreasing`, or null for neither.
    pub monotone: Option<String>,
    #[schema(example = "UW-REVOLVING-UTILIZATION")]
    pub reason: String,
    /// What is stated when it counts against an applicant.
    pub reason_text: String,
}

/// Every model that is loaded.
#[must_use]
pub fn list(app: &App) -> Vec<ModelSummary> {
    let _ = app;
    todo!()
}

/// One model; `None` when no such model is loaded.
#[must_use]
pub fn show(app: &App, name: &str, version: &str) -> Option<ModelView> {
    let _ = (app, name, version);
    todo!()
}
