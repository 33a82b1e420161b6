//! Calibration: from a raw margin to log-odds that mean what they say.

use serde::{Deserialize, Serialize};

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
}

impl TryFrom<Unchecked> for Calibration {
    type Error = NotACalibration;

    fn try_from(unchecked: Unchecked) -> Result<Self, NotACalibration> {
        Self::new(unchecked.slope, unchecked.intercept)
    }
}
