//! Models trained elsewhere: XGBoost 3 (JSON and UBJSON), LightGBM 4 (text) and CatBoost 1.2 (JSON).
//!
//! A parser reads a file into a [`SourceModel`], whose trees give every value the answer that the source's own
//! comparison gives; [`fit`] then matches its features to a schema's. Nothing in a file is believed: counts, indexes and
//! nesting are checked, and what a file announces is never allocated before it is there.

pub mod bundle;
mod catboost;
mod directions;
pub mod fit;
mod grow;
mod lightgbm;
mod page;
mod single;
mod ubjson;
mod xgboost;

use crate::forest::Forest;

#[cfg(test)]
mod tests;

/// The library that a file comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Library {
    XGBoost,
    LightGbm,
    CatBoost,
}

/// How a file is to be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Every tree of a model that was stopped early, those after the best iteration among them.
    pub all_trees: bool,
}

/// A model as its file says it, over the source's own features.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceModel {
    /// The library and its version: `XGBoost 3.2.0`.
    pub trained_by: String,
    pub features: Vec<SourceFeature>,
    /// Margins are log-odds of the positive class.
    pub forest: Forest,
    /// What a person should know, a sentence each.
    pub notes: Vec<String>,
}

/// A feature as its source knows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceFeature {
    /// None where the source has only positions.
    pub name: Option<String>,
    /// The text of each code, where the source keeps it.
    pub categories: Vec<String>,
}

/// Why a model is not imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// It is not such a file, or a damaged one.
    #[error("it is no {library} model that can be read: {what}")]
    Unreadable { library: &'static str, what: String },
    /// It is sound, and of a kind that is not served.
    #[error("{0}")]
    Refused(String),
    /// It does not fit the schema.
    #[error("{0}")]
    Mismatch(String),
}

impl Library {
    /// The library's name as its makers write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::XGBoost => "XGBoost",
            Self::LightGbm => "LightGBM",
            Self::CatBoost => "CatBoost",
        }
    }
}

/// Reads a model file.
pub fn read(library: Library, bytes: &[u8], options: Options) -> Result<SourceModel, ImportError> {
    let model = match library {
        Library::XGBoost => xgboost::read(bytes, options),
        Library::LightGbm => lightgbm::read(bytes),
        Library::CatBoost => catboost::read(bytes),
    };
    let unreadable = |what| ImportError::Unreadable { library: library.name(), what };
    let model = model.map_err(|fault| match fault {
        Fault::Unreadable(what) => unreadable(what),
        Fault::Refused(what) => ImportError::Refused(what),
    })?;
    match model.forest.faults().into_iter().next() {
        None => Ok(model),
        Some(fault) => Err(unreadable(fault)),
    }
}

/// What a parser finds.
#[derive(Debug)]
enum Fault {
    Unreadable(String),
    Refused(String),
}

impl From<String> for Fault {
    fn from(what: String) -> Self {
        Self::Unreadable(what)
    }
}

impl From<&str> for Fault {
    fn from(what: &str) -> Self {
        Self::Unreadable(what.to_owned())
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}

/// A name from a file, short enough for a message of one line.
fn shown(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_control()).take(60).collect()
}

/// The most features of a model: as many as a schema may name.
const MOST_FEATURES: usize = 4_096;
