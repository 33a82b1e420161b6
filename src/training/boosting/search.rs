//! The search for a level's question.
//!
//! Every leaf of a symmetric tree is asked the same question, so a candidate's worth is the sum of
//! what it gains in each leaf.

use super::{gradient::Sums, histogram::BINS, tree::Question};
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

/// A feature as the search sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Searched<'a> {
    /// Its index in the table.
    pub(super) feature: u32,
    pub(super) column: &'a BinnedColumn,
    /// How risk may move with it.
    pub(super) direction: Monotone,
}

/// Finds the best question about one feature, if one gains anything. `leaves` gives each leaf's bins
/// of that feature and the sums of all of them.
///
/// The first of equals wins: the lowest threshold, and "missing is below" before "above".
pub(super) fn best_question<'h>(
    searched: Searched<'_>,
    leaves: impl Iterator<Item = (&'h [Sums; BINS], Sums)>,
    terms: Terms,
) -> Option<Candidate> {
    let Searched { feature, column, direction } = searched;
    let cuts = column.cuts().thresholds().len();
    let missing_bin = usize::from(column.cuts().missing_bin());
    let mut with_missing_below = Gains::new(direction, terms);
    let mut with_missing_above = Gains::new(direction, terms);
    let mut unsplit = 0.0;
    for (bins, total) in leaves {
        if total.is_empty() {
            continue;
        }
        let parent = score(total, terms.l2);
        unsplit += parent;
        with_missing_below.add_leaf(&bins[..cuts], bins[missing_bin], (total, parent));
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
            let is_allowed = gains.thickness[bin] >= terms.min_hessian;
            if is_allowed && gain > best.map_or(least_gain(unsplit), |best| best.gain) {
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
    /// Which way risk must not move: the sign of a wrong rise of the step; 0 where it may move in any way.
    wrong_way: f64,
    terms: Terms,
    score: [f64; BINS],
    /// The hessian on the thinner side, of the leaf in which that is greatest.
    thickness: [f64; BINS],
}

impl Gains {
    const fn new(direction: Monotone, terms: Terms) -> Self {
        // A leaf's value is minus its step, so risk rises when the step falls.
        let wrong_way = match direction {
            Monotone::Free => 0.0,
            Monotone::Increasing => 1.0,
            Monotone::Decreasing => -1.0,
        };
        Self { wrong_way, terms, score: [0.0; BINS], thickness: [0.0; BINS] }
    }

    /// Adds a leaf: at each cut, what its two sides score, or, where risk would go the wrong way,
    /// what the leaf scores unsplit, because that is what the constraint will leave of the split.
    fn add_leaf(&mut self, bins: &[Sums], missing_below: Sums, whole: (Sums, f64)) {
        // What lies below each cut first, then the arithmetic, which compiles to vectors.
        let (mut gradients, mut hessians) = ([0.0; BINS], [0.0; BINS]);
        let mut below = missing_below;
        for ((&bin, gradient), hessian) in bins.iter().zip(&mut gradients).zip(&mut hessians) {
            below = below + bin;
            (*gradient, *hessian) = (below.gradient(), below.hessian());
        }
        let (total, unsplit) = (whole.0, whole.1);
        let (total_g, total_h) = (total.gradient(), total.hessian());
        let (l2, wrong_way) = (self.terms.l2 + TINY, self.wrong_way);
        let sides = gradients[..bins.len()].iter().zip(&hessians[..bins.len()]);
        for (((&below_g, &below_h), score), thickness) in sides.zip(&mut self.score).zip(&mut self.thickness) {
            let (above_g, above_h) = (total_g - below_g, total_h - below_h);
            let (below_weight, above_weight) = (below_h + l2, above_h + l2);
            // By how much the step above exceeds that below, and the sum of both scores, each times both weights.
            let rise = above_g * below_weight - below_g * above_weight;
            let scores = below_g * below_g * above_weight + above_g * above_g * below_weight;
            let is_wrong_way = rise * wrong_way > 0.0;
            let both = scores / (below_weight * above_weight);
            *score += if is_wrong_way { unsplit } else { both };
            let thinner = if below_h < above_h { below_h } else { above_h };
            let thinner = if is_wrong_way { 0.0 } else { thinner };
            *thickness = if thinner > *thickness { thinner } else { *thickness };
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
        let column = &binned.columns()[0];
        let (mut bins, mut total) = ([Sums::default(); BINS], Sums::default());
        for (&bin, &bad) in column.bins().iter().zip(bad) {
            let sample = Sample::new(0, 0.0, bad, 0);
            bins[usize::from(bin)].include(sample);
            total.include(sample);
        }
        best_question(Searched { feature: 3, column, direction }, [(&bins, total)].into_iter(), terms)
    }

    #[test]
    fn the_question_that_parts_bad_from_good_wins() {
        let found = best(&[1.0, 2.0, 3.0, 4.0], &[false, false, true, true], Monotone::Free, TERMS);
        let found = found.expect("a split gains");
        assert_eq!(found.question, Question { feature: 3, bin: 1, missing_above: false });
        // G = ±1, H = 0.5 on each side: 2 · 1/1.5, and the parent's G is 0.
        assert!((found.gain - 4.0 / 3.0).abs() < 1e-3, "{}", found.gain);
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
