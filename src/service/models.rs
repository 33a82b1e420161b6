//! The models that are kept, and what is shown of them.

use std::{path::Path, sync::Arc};

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    App,
    activations::{self, Activation, Cause, Kind},
    blocking::off_the_runtime,
};
use crate::{
    domain::{decision::Versioned, principal::Principal, timestamp::Timestamp},
    features::schema::{self, Feature, Monotone},
    model::{Model, bundle::BundleError},
    storage::{
        self, Db,
        bundle_files::{BundleFiles, BundleReadError, read_bundle},
        registry::{self as table, KeptModel, KeptRow},
    },
};

/// A model with the files that it was read from.
#[derive(Debug, Clone)]
pub struct LoadedModel {
    pub model: Arc<Model>,
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
        let BundleFiles { model_json, parity_jsonl, card_md, report_html } = files;
        let identity = Versioned { name: String::new(), version: String::new(), sha256: String::new() };
        Self::from_kept(KeptModel { identity, model_json, parity_jsonl, card_md, report_html })
    }

    /// Checks the files of a model that is kept, as those of a bundle: named by what they say, whatever the row said.
    pub fn from_kept(kept: KeptModel) -> Result<Self, BundleError> {
        let model = Model::parse(&kept.model_json, &kept.parity_jsonl)?;
        let kept = KeptModel { identity: model.identity().clone(), ..kept };
        Ok(Self { model: Arc::new(model), kept: Arc::new(kept) })
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
    /// Since when it is kept in the database.
    pub kept_at: Timestamp,
    /// When it was in force, the last time first.
    pub activations: Vec<ActivationView>,
}

/// When something was in force, and who put it there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ActivationView {
    pub from: Timestamp,
    /// Null while it is in force.
    pub to: Option<Timestamp>,
    pub by: Principal,
    pub cause: Cause,
    /// The entry of the audit log.
    #[schema(example = 1)]
    pub sequence: u64,
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
    /// Whether it has a validation report.
    pub has_report: bool,
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

/// A model cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum ShowError {
    #[error("no such model is kept: `underwright models list` shows those that are")]
    NotFound,
    #[error("what is kept as model {name} is not what was kept: {what}")]
    Changed { name: String, what: String },
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// Every model that is kept, by name, version and time.
pub async fn list(app: &App) -> Result<Vec<ModelSummary>, storage::Error> {
    list_in(app.db()).await
}

/// As [`list`], from a database alone.
pub async fn list_in(db: &Db) -> Result<Vec<ModelSummary>, storage::Error> {
    let mut tx = db.read().await?;
    let history = activations::history(&mut tx, Kind::Model).await?;
    let rows = table::list_models(&mut tx).await?;
    Ok(rows.into_iter().map(|row| summary(row, &history)).collect())
}

fn summary(KeptRow { identity, kept_at }: KeptRow, history: &[Activation]) -> ModelSummary {
    ModelSummary {
        active: is_in_force(&identity, history),
        activations: ActivationView::of(&identity, history),
        name: identity.name,
        version: identity.version,
        sha256: identity.sha256,
        kept_at,
    }
}

/// Whether something is what was put into force last.
pub(super) fn is_in_force(what: &Versioned, history: &[Activation]) -> bool {
    history.first().is_some_and(|last| last.what == *what)
}

impl ActivationView {
    /// When something was in force, the last time first.
    pub(super) fn of(what: &Versioned, history: &[Activation]) -> Vec<Self> {
        let of_it = history.iter().filter(|activation| activation.what == *what);
        of_it.map(Self::from).collect()
    }
}

impl From<&Activation> for ActivationView {
    fn from(activation: &Activation) -> Self {
        let Activation { what: _, cause, at, until, by, sequence } = activation.clone();
        Self { from: at, to: until, by, cause, sequence }
    }
}

/// One model with its card, checked as whenever it is loaded.
///
/// # Errors
/// [`ShowError::NotFound`] when no such model is kept; [`ShowError::Changed`] when its files are not those of its hash.
pub async fn show(app: &App, name: &str, version: &str) -> Result<ModelView, ShowError> {
    show_in(app.db(), name, version).await
}

/// As [`show`], from a database alone.
pub async fn show_in(db: &Db, name: &str, version: &str) -> Result<ModelView, ShowError> {
    let mut tx = db.read().await?;
    let history = activations::history(&mut tx, Kind::Model).await?;
    let sha256 = table::model_of_version(&mut tx, name, version).await?.ok_or(ShowError::NotFound)?;
    let kept = table::model(&mut tx, &sha256).await?.ok_or(ShowError::NotFound)?;
    let rows = table::list_models(&mut tx).await?;
    drop(tx);
    let row = rows.into_iter().find(|row| row.identity.sha256 == sha256).ok_or(ShowError::NotFound)?;
    let summary = summary(row, &history);
    let shown = off_the_runtime(move || {
        // Without its parity vectors: nothing is decided here.
        let model = Model::without_parity(&kept.model_json).map_err(|error| error.to_string())?;
        if model.identity().sha256 != sha256 {
            return Err(format!("its hash is {}", model.identity().sha256));
        }
        let features = model.schema().features.iter().enumerate();
        let features = features.map(|(index, feature)| feature_view(&model, index, feature)).collect();
        Ok((features, kept.card_md, kept.report_html.is_some()))
    })
    .await;
    let changed = |what| ShowError::Changed { name: format!("{name}@{version}"), what };
    let (features, card, has_report) = shown.map_err(changed)?;
    Ok(ModelView { summary, features, card, has_report })
}

/// A model's validation report, a page of HTML; `None` where it has none.
///
/// # Errors
/// [`ShowError::NotFound`] when no such model is kept.
pub async fn report(app: &App, name: &str, version: &str) -> Result<Option<String>, ShowError> {
    let mut tx = app.db().read().await?;
    let sha256 = table::model_of_version(&mut tx, name, version).await?.ok_or(ShowError::NotFound)?;
    let kept = table::model(&mut tx, &sha256).await?.ok_or(ShowError::NotFound)?;
    Ok(kept.report_html)
}

fn feature_view(model: &Model, index: usize, feature: &Feature) -> FeatureView {
    let reason = model.reason_of(index);
    let kind = match feature.kind {
        schema::Kind::Number => "number",
        schema::Kind::Category => "category",
        schema::Kind::Boolean => "boolean",
        schema::Kind::Date => "date",
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
