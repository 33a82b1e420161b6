//! Score points from log-odds.

use serde::{Deserialize, Serialize};

use crate::domain::probability::Probability;

/// How log-odds become points: `base_score` at odds of `base_odds` to 1 (good to bad), and
/// `pdo` points more each time the odds double.
///
/// `score = offset + factor · ln((1-p)/p)`, with `factor = pdo / ln 2` and
/// `offset = base_score − factor · ln(base_odds)`, rounded to the nearest whole point.
///
/// Invariant: all three are finite, `base_odds > 0`, `pdo > 0`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct ScoreScaling {
    base_score: f64,
    base_odds: f64,
    pdo: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    base_score: f64,
    base_odds: f64,
    pdo: f64,
}

/// The scaling cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("score scaling needs a finite base_score, and a base_odds and a pdo above 0")]
pub struct NotAScaling;

impl ScoreScaling {
    /// Takes the three numbers of a scaling.
    pub fn new(base_score: f64, base_odds: f64, pdo: f64) -> Result<Self, NotAScaling> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        if base_score.is_finite() && positive(base_odds) && positive(pdo) {
            return Ok(Self { base_score, base_odds, pdo });
        }
        Err(NotAScaling)
    }

    /// Points for calibrated log-odds of default, limited to what an `i32` holds.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates, which is the limit that is promised")]
    pub fn score(&self, margin: f64) -> i32 {
        let factor = self.pdo / std::f64::consts::LN_2;
        let offset = self.base_score - factor * libm::log(self.base_odds);
        libm::round(offset - factor * margin) as i32
    }

    /// The probability of default of exactly so many points.
    #[must_use]
    pub fn probability_at(&self, score: i32) -> Probability {
        let factor = self.pdo / std::f64::consts::LN_2;
        let offset = self.base_score - factor * libm::log(self.base_odds);
        Probability::from_margin((offset - f64::from(score)) / factor)
    }
}

impl Default for ScoreScaling {
    /// 600 points at odds of 50 to 1, and 20 points to double the odds.
    fn default() -> Self {
        Self { base_score: 600.0, base_odds: 50.0, pdo: 20.0 }
    }
}

impl TryFrom<Unchecked> for ScoreScaling {
    type Error = NotAScaling;

    fn try_from(unchecked: Unchecked) -> Result<Self, NotAScaling> {
        Self::new(unchecked.base_score, unchecked.base_odds, unchecked.pdo)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odds_of_50_to_1_give_600_points_and_twice_the_odds_20_more() {
        let scaling = ScoreScaling::default();
        let margin_at_odds = |odds: f64| -libm::log(odds);
        assert_eq!(scaling.score(margin_at_odds(50.0)), 600);
        assert_eq!(scaling.score(margin_at_odds(100.0)), 620);
        assert_eq!(scaling.score(margin_at_odds(25.0)), 580);
    }

    #[test]
    fn an_absurd_margin_saturates() {
        assert_eq!(ScoreScaling::default().score(1e300), i32::MIN);
        assert_eq!(ScoreScaling::default().score(-1e300), i32::MAX);
    }

    #[test]
    fn a_scaling_that_would_turn_the_order_is_refused() {
        assert_eq!(ScoreScaling::new(600.0, 50.0, -20.0), Err(NotAScaling));
        assert_eq!(ScoreScaling::new(600.0, 0.0, 20.0), Err(NotAScaling));
        assert_eq!(ScoreScaling::new(f64::NAN, 50.0, 20.0), Err(NotAScaling));
    }
}
