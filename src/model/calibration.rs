//! Calibration: from a raw margin to log-odds that mean what they say.

use serde::{Deserialize, Serialize};

use crate::forest::Forest;

/// Platt's calibration: calibrated log-odds = `intercept + slope · raw margin`.
///
/// Invariant: both are finite and `slope > 0`, so calibration never changes an order.
///
/// Source: J. Platt, "Probabilistic Outputs for Support Vector Machines", 1999.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Calibration {
    slope: f64,
    intercept: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    slope: f64,
    intercept: f64,
}

/// The slope or the intercept cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a calibration needs a finite slope above 0 and a finite intercept")]
pub struct NotACalibration;

impl Calibration {
    /// Leaves a margin as it is.
    pub const IDENTITY: Self = Self { slope: 1.0, intercept: 0.0 };

    /// Takes a slope above 0 and an intercept, both finite.
    pub fn new(slope: f64, intercept: f64) -> Result<Self, NotACalibration> {
        if slope.is_finite() && slope > 0.0 && intercept.is_finite() {
            return Ok(Self { slope, intercept });
        }
        Err(NotACalibration)
    }

    #[must_use]
    pub const fn slope(self) -> f64 {
        self.slope
    }

    #[must_use]
    pub const fn intercept(self) -> f64 {
        self.intercept
    }

    /// Calibrated log-odds of a raw margin.
    #[must_use]
    pub fn apply(self, raw_margin: f64) -> f64 {
        raw_margin * self.slope + self.intercept
    }

    /// The forest whose margins are calibrated: the slope goes into every leaf, slope and intercept
    /// into the bias. So a margin is the log-odds of its probability, and contributions sum to it.
    ///
    /// Its sums round otherwise than [`Calibration::apply`] does, in the last bits.
    #[must_use]
    pub fn fold(self, forest: &Forest) -> Forest {
        let mut folded = forest.clone();
        let bias = folded.bias_mut();
        *bias = self.apply(*bias);
        for value in folded.leaf_values_mut() {
            *value *= self.slope;
        }
        folded
    }
}

impl TryFrom<Unchecked> for Calibration {
    type Error = NotACalibration;

    fn try_from(unchecked: Unchecked) -> Result<Self, NotACalibration> {
        Self::new(unchecked.slope, unchecked.intercept)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::forest::random;

    #[test]
    fn a_slope_that_would_change_an_order_is_refused() {
        for (slope, intercept) in [(0.0, 0.0), (-1.0, 0.0), (f64::NAN, 0.0), (f64::INFINITY, 0.0), (1.0, f64::NAN)] {
            assert_eq!(Calibration::new(slope, intercept), Err(NotACalibration));
        }
        assert!(serde_json::from_str::<Calibration>(r#"{"slope": -1.0, "intercept": 0.0}"#).is_err());
    }

    proptest! {
        #[test]
        fn a_folded_forest_gives_calibrated_margins(
            forest in random::any_forest(4), row in random::row(4), slope in 0.1..3.0, intercept in -2.0..2.0,
        ) {
            let calibration = Calibration::new(slope, intercept).expect("a slope above 0");
            let folded = calibration.fold(&forest).margin(&row);
            prop_assert!((folded - calibration.apply(forest.margin(&row))).abs() < 1e-12);
        }
    }
}
