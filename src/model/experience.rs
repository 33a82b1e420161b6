//! What a model was trained on, feature by feature.

use super::file::TrainingRange;
use crate::features::schema::{Feature, Kind};

/// The values of one feature that occurred among the training rows.
#[derive(Debug)]
pub(super) enum Experience {
    Numbers { min: f64, max: f64, missing: bool },
    Categories { seen: Vec<bool>, missing: bool },
}

impl Experience {
    pub(super) fn new(feature: &Feature, range: &TrainingRange) -> Self {
        let missing = range.missing;
        if feature.kind == Kind::Category {
            let seen = feature.categories.iter().map(|category| range.categories.contains(category)).collect();
            return Self::Categories { seen, missing };
        }
        // A feature that was always missing covers no number.
        let [min, max] = range.range.unwrap_or([f64::INFINITY, f64::NEG_INFINITY]);
        Self::Numbers { min, max, missing }
    }

    /// The least and the greatest number; `None` for categories, and where there was none.
    pub(super) fn range(&self) -> Option<[f64; 2]> {
        match self {
            Self::Numbers { min, max, .. } if min <= max => Some([*min, *max]),
            Self::Numbers { .. } | Self::Categories { .. } => None,
        }
    }

    /// Whether such a value occurred, or lies between two that did. A missing value is covered when
    /// it was ever missing in training: otherwise the model has not learnt what that means.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a code is a small whole number")]
    pub(super) fn covers(&self, value: f64) -> bool {
        match self {
            Self::Numbers { missing, .. } | Self::Categories { missing, .. } if value.is_nan() => *missing,
            Self::Numbers { min, max, .. } => (*min..=*max).contains(&value),
            Self::Categories { seen, .. } => seen.get(value as usize).is_some_and(|seen| *seen),
        }
    }
}
