//! The search for a level's question.
//!
//! Every leaf of a symmetric tree is asked the same question, so a candidate's worth is the sum of
//! what it gains in each leaf.

use super::{gradient::Sums, histogram::FeatureHistograms, tree::Question};
use crate::{features::schema::Monotone, training::binning::BinnedColumn};

/// A question and by how much it lowers the loss, in the second-order approximation (doubled).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Candidate {
    pub(super) question: Question,
    pub(super) gain: f64,
}

/// What a split must keep to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    /// λ: added to each leaf's hessian.
    pub(super) l2: f64,
    /// At least one leaf must have this much hessian on both sides.
    pub(super) min_hessian: f64,
}

/// Finds the best question about one feature for the first `leaves` leaves, if one gains anything.
///
/// The first of equals wins: the lowest threshold, and "missing is below" before "above".
pub(super) fn best_question(
    feature: u32,
    column: &BinnedColumn,
    direction: Monotone,
    histograms: (&FeatureHistograms, usize),
    terms: Terms,
) -> Option<Candidate> {
    let (histograms, leaves) = histograms;
    let cuts = column.cuts().thresholds().len();
    let missing_bin = usize::from(column.cuts().missing_bin());
    let mut with_missing_below = Gains::new(direction, terms);
    let mut with_missing_above = Gains::new(direction, terms);
    let mut unsplit = 0.0;
    for leaf in 0..leaves {
        let bins = &histograms.leaf(leaf)[..=missing_bin];
        let total = bins.iter().fold(Sums::default(), |sum, &bin| sum + bin);
        if total.is_empty() {
            continue;
        }
        let missing = bins[missing_bin];
        let parent = score(total, terms.l2);
        unsplit += parent;
        with_missing_below.add_leaf(&bins[..cuts], missing, (total, parent));
        if column.has_missing() {
            with_missing_above.add_leaf(&bins[..cuts], Sums::default(), (total, parent));
        }
    }
    let mut best: Option<Candidate> = None;
    for (gains, missing_above) in [(&with_missing_below, false), (&with_missing_above, true)] {
        if missing_above && !column.has_missing() {
            break;
        }
        for bin in 0..cuts {
            let gain = gains.score[bin] - unsplit;
            if gains.is_allowed[bin] && gain > best.map_or(least_gain(unsplit), |best| best.gain) {
                #[expect(clippy::cast_possible_truncation, reason = "there are fewer than 254 cuts")]
                let question = Question { feature, bin: bin as u8, missing_above };
                best = Some(Candidate { question, gain });
            }
        }
    }
    best
}

/// Below this a gain is the noise of the sums it was computed from.
fn least_gain(unsplit: f64) -> f64 {
    1e-9 * (1.0 + unsplit)
}

/// Twice what a leaf with these sums takes off the loss: G² / (H + λ).
fn score(sums: Sums, l2: f64) -> f64 {
    let gradient = sums.gradient();
    gradient * (gradient / (sums.hessian() + l2 + TINY))
}

/// Keeps 0 / 0 out when λ is 0 and a side is empty.
const TINY: f64 = 1e-12;

/// The scores of every cut of one feature, summed over the leaves.
struct Gains {
    direction: Monotone,
    terms: Terms,
    score: [f64; 256],
    is_allowed: [bool; 256],
}

impl Gains {
    const fn new(direction: Monotone, terms: Terms) -> Self {
        Self { direction, terms, score: [0.0; 256], is_allowed: [false; 256] }
    }

    /// Adds a leaf: at each cut, what its two sides score, or, where risk would go the wrong way,
    /// what the leaf scores unsplit, because that is what the constraint will leave of the split.
    fn add_leaf(&mut self, bins: &[Sums], missing_below: Sums, whole: (Sums, f64)) {
        let Terms { l2, min_hessian } = self.terms;
        let (total, unsplit) = whole;
        let mut below = missing_below;
        for ((&bin, score), is_allowed) in bins.iter().zip(&mut self.score).zip(&mut self.is_allowed) {
            below = below + bin;
            let above = total - below;
            let (below_g, below_h) = (below.gradient(), below.hessian());
            let (above_g, above_h) = (above.gradient(), above.hessian());
            let (below_step, above_step) = (below_g / (below_h + l2 + TINY), above_g / (above_h + l2 + TINY));
            // A leaf's value is minus its step, so risk rises when the step falls.
            let is_wrong_way = match self.direction {
                Monotone::Free => false,
                Monotone::Increasing => above_step > below_step,
                Monotone::Decreasing => above_step < below_step,
            };
            *score += if is_wrong_way { unsplit } else { below_g * below_step + above_g * above_step };
            *is_allowed |= !is_wrong_way && below_h >= min_hessian && above_h >= min_hessian;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::{binning::Binned, boosting::gradient::Sample};

    const TERMS: Terms = Terms { l2: 1.0, min_hessian: 0.0 };

    fn best(column: &[f64], bad: &[bool], direction: Monotone, terms: Terms) -> Option<Candidate> {
        let binned = Binned::learn(&[column], 254);
        let samples: Vec<Sample> = bad.iter().zip(0..).map(|(&bad, row)| Sample::new(row, 0.0, bad)).collect();
        let mut histograms = FeatureHistograms::default();
        histograms.reserve(1);
        histograms.count_root(&samples, binned.columns()[0].bins());
        best_question(3, &binned.columns()[0], direction, (&histograms, 1), terms)
    }

    #[test]
    fn the_question_that_parts_bad_from_good_wins() {
        let found = best(&[1.0, 2.0, 3.0, 4.0], &[false, false, true, true], Monotone::Free, TERMS);
        let found = found.expect("a split gains");
        assert_eq!(found.question, Question { feature: 3, bin: 1, missing_above: false });
        // G = ±1, H = 0.5 on each side: 2 · 1/1.5, and the parent's G is 0.
        assert!((found.gain - 4.0 / 3.0).abs() < 1e-9, "{}", found.gain);
    }

    #[test]
    fn a_question_that_only_goes_the_wrong_way_is_not_asked() {
        let (column, bad) = ([1.0, 2.0, 3.0, 4.0], [false, false, true, true]);
        assert!(best(&column, &bad, Monotone::Increasing, TERMS).is_some());
        assert!(best(&column, &bad, Monotone::Decreasing, TERMS).is_none());
    }

    #[test]
    fn a_missing_value_goes_to_the_side_it_resembles() {
        let (column, bad) = ([1.0, 1.0, 2.0, 2.0, f64::NAN], [false, false, true, true, true]);
        assert!(best(&column, &bad, Monotone::Free, TERMS).expect("a split gains").question.missing_above);
        let bad = [false, false, true, true, false];
        assert!(!best(&column, &bad, Monotone::Free, TERMS).expect("a split gains").question.missing_above);
    }

    #[test]
    fn a_split_too_thin_everywhere_is_not_made() {
        let terms = Terms { l2: 1.0, min_hessian: 0.6 };
        assert!(best(&[1.0, 2.0, 3.0, 4.0], &[false, false, true, true], Monotone::Free, terms).is_none());
    }

    #[test]
    fn a_constant_column_or_one_outcome_has_no_question() {
        assert!(best(&[5.0; 4], &[false, false, true, true], Monotone::Free, TERMS).is_none());
        assert!(best(&[1.0, 2.0], &[true, true], Monotone::Free, TERMS).is_none());
    }
}
