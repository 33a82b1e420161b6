//! Reading features from an application or from a row of a training file.

/// The values of a schema's features for one applicant, in the schema's order.
///
/// Invariant: as many values as the schema has features; NaN means "missing" and nothing else does;
/// a category is the index of its value in the feature's `categories`.
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
