//! The models that are loaded, and what is shown of them.

use std::{path::Path, sync::Arc};

use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use crate::{
    features::schema::{Feature, Kind, Monotone},
    model::{Model, bundle::BundleError},
    storage::{
        bundle_files::{BundleFiles, BundleReadError, read_bundle},
        registry::KeptModel,
    },
};

/// A model with the card that was written when it was trained.
#[derive(Debug, Clone)]
pub struct LoadedModel {
    pub model: Arc<Model>,
    /// Markdown.
    pub card: String,
    /// What the model was read from, to be kept.
    pub kept: Arc<KeptModel>,
}

/// Why a model was not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(transparent)]
    Read(#[from] BundleReadError),
    #[error(transparent)]
    Refused(#[from] BundleError),
}

impl LoadedModel {
    /// Reads a bundle's folder. Refused unless its sums hold and every parity vector gives the expected bits.
    pub fn from_directory(directory: &Path) -> Result<Self, LoadError> {
        Ok(Self::from_files(read_bundle(directory)?)?)
    }

    /// Checks a bundle's files. Refused unless every parity vector gives the expected bits.
    pub fn from_files(files: BundleFiles) -> Result<Self, BundleError> {
        let BundleFiles { model_json, parity_jsonl, card_md, report_html: _ } = files;
        let model = Model::parse(&model_json, &parity_jsonl)?;
        let kept = KeptModel { identity: model.identity().clone(), model_json, parity_jsonl };
        Ok(Self { model: Arc::new(model), card: card_md, kept: Arc::new(kept) })
    }
}

/// The models that are loaded. The first decides applications.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    models: Vec<LoadedModel>,
}

impl Registry {
    /// Shows these models.
    #[must_use]
    pub const fn new(models: Vec<LoadedModel>) -> Self {
        Self { models }
    }
}

/// A model, as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ModelView {
    #[serde(flatten)]
    pub summary: ModelSummary,
    /// What it reads, in its order.
    pub features: Vec<FeatureView>,
    /// The model card, in Markdown.
    pub card: String,
}

/// A feature of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FeatureView {
    #[schema(example = "revolving_utilization")]
    pub name: String,
    /// What a person calls it.
    #[schema(example = "Revolving utilization")]
    pub label: String,
    /// `number`, `category` or `boolean`.
    #[schema(example = "number")]
    pub kind: String,
    /// How risk moves as it rises: `increasing`, `decreasing`, or null for either way.
    #[schema(example = "increasing")]
    pub monotone: Option<String>,
    #[schema(example = "UW-REVOLVING-UTILIZATION")]
    pub reason: String,
    /// What is stated when it counts against an applicant.
    #[schema(example = "Proportion of balances to credit limits is too high")]
    pub reason_text: String,
}

/// Every model that is loaded.
#[must_use]
pub fn list(app: &App) -> Vec<ModelSummary> {
    app.registry().models.iter().map(|loaded| summary(app, loaded)).collect()
}

/// One model; `None` when no such model is loaded.
#[must_use]
pub fn show(app: &App, name: &str, version: &str) -> Option<ModelView> {
    let loaded = app.registry().models.iter().find(|loaded| {
        let identity = loaded.model.identity();
        identity.name == name && identity.version == version
    })?;
    let features = loaded.model.schema().features.iter().enumerate();
    Some(ModelView {
        summary: summary(app, loaded),
        features: features.map(|(index, feature)| feature_view(&loaded.model, index, feature)).collect(),
        card: loaded.card.clone(),
    })
}

fn summary(app: &App, loaded: &LoadedModel) -> ModelSummary {
    let identity = loaded.model.identity();
    ModelSummary {
        name: identity.name.clone(),
        version: identity.version.clone(),
        sha256: identity.sha256.clone(),
        active: identity == app.decider().model().identity(),
    }
}

fn feature_view(model: &Model, index: usize, feature: &Feature) -> FeatureView {
    let reason = model.reason_of(index);
    let kind = match feature.kind {
        Kind::Number => "number",
        Kind::Category => "category",
        Kind::Boolean => "boolean",
        Kind::Date => "date",
    };
    let monotone = match feature.monotone {
        Monotone::Free => None,
        Monotone::Increasing => Some("increasing".to_owned()),
        Monotone::Decreasing => Some("decreasing".to_owned()),
    };
    FeatureView {
        name: feature.name.clone(),
        label: model.label_of(index).to_owned(),
        kind: kind.to_owned(),
        monotone,
        reason: reason.code.to_string(),
        reason_text: reason.text.clone(),
    }
}
