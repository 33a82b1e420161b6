//! Probabilities and log-odds.

use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::ToSchema;

/// A probability.
///
/// Invariant: a finite number from 0 to 1, never NaN, so that it is totally ordered.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, ToSchema)]
#[schema(value_type = f64, minimum = 0.0, maximum = 1.0, example = 0.1834)]
pub struct Probability(f64);

impl Probability {
    /// Parses a probability; `None` outside 0 to 1 and for NaN.
    #[must_use]
    pub fn new(value: f64) -> Option<Self> {
        (0.0..=1.0).contains(&value).then_some(Self(value))
    }

    /// The probability whose log-odds are `margin`: `1 / (1 + exp(-margin))`.
    ///
    /// Computed with `libm`, so that every machine gives the same bits. `margin` must not be NaN;
    /// NaN, which a checked model cannot produce, is taken as the worst risk.
    #[must_use]
    pub fn from_margin(margin: f64) -> Self {
        if margin.is_nan() {
            return Self(1.0);
        }
        Self(1.0 / (1.0 + libm::exp(-margin)))
    }

    /// The plain number, from 0 to 1.
    #[must_use]
    pub const fn value(self) -> f64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Probability {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = f64::deserialize(deserializer)?;
        Self::new(value).ok_or_else(|| de::Error::custom("a probability is a number from 0 to 1"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_from_0_to_1_are_probabilities() {
        for bad in [f64::NAN, -1e-300, 1.0 + f64::EPSILON, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Probability::new(bad), None, "{bad}");
        }
        assert_eq!(Probability::new(0.5).map(Probability::value), Some(0.5));
    }

    #[test]
    fn a_margin_of_zero_is_even_odds_and_extremes_saturate() {
        assert_eq!(Probability::from_margin(0.0).value(), 0.5);
        assert_eq!(Probability::from_margin(1e6).value(), 1.0);
        assert_eq!(Probability::from_margin(-1e6).value(), 0.0);
        assert_eq!(Probability::from_margin(f64::NAN).value(), 1.0);
    }
}
