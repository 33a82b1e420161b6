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
        libm::round(self.offset() - self.factor() * margin) as i32
    }

    /// The probability of default of exactly so many points.
    #[must_use]
    pub fn probability_at(&self, score: i32) -> Probability {
        Probability::from_margin((self.offset() - f64::from(score)) / self.factor())
    }

    /// How a score comes about, in whole points: what `baseline` alone would score, and by how much each contribution
    /// moves that. All in log-odds of default, as a model explains a margin.
    ///
    /// Invariant: the baseline and all parts sum to [`ScoreScaling::score`] of `margin`, which they make up.
    #[must_use]
    pub fn breakdown(&self, baseline: f64, contributions: &[f64], margin: f64) -> Breakdown {
        let score = self.score(margin);
        let baseline = self.score(baseline);
        let parts: Vec<f64> = contributions.iter().map(|contribution| -self.factor() * contribution).collect();
        Breakdown { baseline, parts: apportion(&parts, i64::from(score) - i64::from(baseline)), score }
    }

    fn factor(&self) -> f64 {
        self.pdo / std::f64::consts::LN_2
    }

    fn offset(&self) -> f64 {
        self.base_score - self.factor() * libm::log(self.base_odds)
    }
}

/// A score in whole points, part by part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breakdown {
    pub baseline: i32,
    /// In the order of the contributions; below zero where one raises the risk.
    pub parts: Vec<i64>,
    pub score: i32,
}

/// Rounds numbers so that they sum to `total`: each down, then one more for those with the largest remainders (Hamilton's
/// method); the first of equals goes first.
///
/// What `total` lacks or exceeds beyond one for each is shared out evenly, so that the sum holds whatever is asked.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "`as` saturates; the sum is made up below all the same")]
pub fn apportion(parts: &[f64], total: i64) -> Vec<i64> {
    let mut whole: Vec<i64> = parts.iter().map(|part| (libm::floor(*part) as i64).clamp(-LIMIT, LIMIT)).collect();
    let Ok(count @ 1..) = i64::try_from(parts.len()) else { return whole };
    let left = total.clamp(-LIMIT, LIMIT) - whole.iter().sum::<i64>();
    let remainder = |index: &usize| parts[*index] - libm::floor(parts[*index]);
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|one, other| remainder(other).total_cmp(&remainder(one)));
    for (rank, index) in (0..).zip(order) {
        whole[index] += left.div_euclid(count) + i64::from(rank < left.rem_euclid(count));
    }
    whole
}

/// Points that no score reaches, and that a great many of still sum to an `i64`.
const LIMIT: i64 = 1 << 40;

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
    use proptest::prelude::*;

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
    fn a_breakdown_sums_to_the_score_to_the_point() {
        let scaling = ScoreScaling::default();
        // By hand: 28.853901 points for one in log-odds. 487.123 and −0.4, −0.4, +0.8 in log-odds: −11.54, −11.54, +23.08.
        let breakdown = scaling.breakdown(0.0, &[0.4, 0.4, -0.8], 0.0);
        assert_eq!(breakdown, Breakdown { baseline: 487, parts: vec![-11, -12, 23], score: 487 });
        assert_eq!(scaling.breakdown(1.0, &[], 1.0), Breakdown { baseline: 458, parts: vec![], score: 458 });
    }

    #[test]
    fn the_largest_remainders_take_what_rounding_down_leaves() {
        assert_eq!(apportion(&[1.5, 2.3, 3.2], 7), [2, 2, 3]);
        assert_eq!(apportion(&[0.5, 0.5], 1), [1, 0]);
        assert_eq!(apportion(&[-0.4, 0.4], 0), [0, 0]);
        assert_eq!(apportion(&[0.2, 0.1], -1), [0, -1]);
        assert_eq!(apportion(&[0.9, 0.8], 3), [2, 1]);
        assert_eq!(apportion(&[], 3), [0_i64; 0]);
        assert_eq!(apportion(&[f64::NAN, 1e300, -1e300], 5).iter().sum::<i64>(), 5);
    }

    proptest! {
        #[test]
        fn whatever_the_contributions_the_points_sum_to_the_score_and_none_is_two_off(
            baseline in -5.0..5.0_f64, contributions in proptest::collection::vec(-2.0..2.0_f64, 1..40)
        ) {
            let scaling = ScoreScaling::default();
            let margin = contributions.iter().fold(baseline, |margin, contribution| margin + contribution);
            let Breakdown { baseline: first, parts, score } = scaling.breakdown(baseline, &contributions, margin);
            prop_assert_eq!(i64::from(first) + parts.iter().sum::<i64>(), i64::from(score));
            prop_assert_eq!(score, scaling.score(margin));
            for (part, contribution) in parts.iter().zip(&contributions) {
                let exact = -28.853_900_817_779_27 * contribution;
                prop_assert!((f64::from(i32::try_from(*part).unwrap()) - exact).abs() < 2.0, "{} {}", part, exact);
            }
        }
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
