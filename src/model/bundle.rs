//! The files of a model bundle: writing and checking them.

use super::{Model, file::ModelFile};
use crate::features::{extract::FeatureVector, schema::SchemaError};

/// Why a bundle is refused.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Not JSON, or not of the form of a model.
    #[error("model.json cannot be read: {0}")]
    NotAModel(String),
    /// A later or unknown format.
    #[error("model.json has format {found}; this version of underwright reads format {expected}")]
    Format { found: u32, expected: u32 },
    /// The schema is faulty.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// Values that cannot be true, each in a sentence.
    #[error("model.json is inconsistent:\n  {}", .0.join("\n  "))]
    Inconsistent(Vec<String>),
    /// A parity vector cannot be read, or gives other bits on this machine.
    #[error("parity.jsonl, line {line}: {what}")]
    Parity { line: usize, what: String },
    /// A file is not the one that was written.
    #[error("SHA256SUMS: {0}")]
    Sums(String),
}

/// The bytes of `model.json` for a model file.
#[must_use]
pub fn model_json(_file: &ModelFile) -> Vec<u8> {
    Vec::new()
}

/// One line of `parity.jsonl`, with its line end: an input and what `model` says of it.
#[must_use]
pub fn parity_line(_model: &Model, _values: &FeatureVector) -> String {
    String::new()
}

/// The text of `SHA256SUMS` for files given by name and content, as `sha256sum` writes it.
#[must_use]
pub fn sums(_files: &[(&str, &[u8])]) -> String {
    String::new()
}

/// Checks files against the text of `SHA256SUMS`: each is listed with its hash, and nothing else is.
pub fn check_sums(_sums: &str, _files: &[(&str, &[u8])]) -> Result<(), BundleError> {
    Ok(())
}
