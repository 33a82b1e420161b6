//! A forest of either kind, made ready to score and explain.

use super::{Forest, general, score, shap};

/// A forest laid out for speed.
///
/// Invariant: its margins are to the bit those of the [`Forest`] it was compiled from; baseline and
/// contributions sum to the margin within 1e-9.
#[derive(Debug, Clone)]
pub enum Engine {
    Symmetric { scorer: score::Scorer, tables: shap::Tables },
    General { scorer: general::Scorer, explainer: Box<general::Explainer> },
}

/// Buffers that scoring and explaining fill, so that a caller who does many rows allocates once.
#[derive(Debug, Clone, Default)]
pub struct Scratch {
    symmetric: score::Scratch,
    places: general::Places,
    explainer: general::Scratch,
}

impl Engine {
    /// Lays a forest out. The forest's invariants must hold.
    #[must_use]
    pub fn compile(forest: &Forest) -> Self {
        match forest {
            Forest::Symmetric(forest) => {
                Self::Symmetric { scorer: score::Scorer::compile(forest), tables: shap::Tables::build(forest) }
            }
            Forest::General(forest) => {
                let explainer = Box::new(general::Explainer::build(forest));
                Self::General { scorer: general::Scorer::compile(forest), explainer }
            }
        }
    }

    /// The margin before anything is known of an applicant.
    #[must_use]
    pub const fn baseline(&self) -> f64 {
        match self {
            Self::Symmetric { tables, .. } => tables.baseline(),
            Self::General { explainer, .. } => explainer.baseline(),
        }
    }

    /// The margin of a row. `values` has as many elements as the forest has features, NaN where missing, none infinite.
    pub fn score(&self, values: &[f64], scratch: &mut Scratch) -> f64 {
        match self {
            Self::Symmetric { scorer, .. } => scorer.score(values, &mut scratch.symmetric),
            Self::General { scorer, .. } => scorer.score(values, &mut scratch.places),
        }
    }

    /// Adds to `contributions`, one per feature of the forest, what each moved the margin by, for the
    /// row that was scored last with this `scratch`.
    pub fn explain(&self, scratch: &mut Scratch, contributions: &mut [f64]) {
        match self {
            Self::Symmetric { tables, .. } => tables.explain(scratch.symmetric.leaves(), contributions),
            Self::General { explainer, .. } => {
                explainer.explain(&scratch.places, &mut scratch.explainer, contributions);
            }
        }
    }
}
