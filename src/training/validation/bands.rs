//! The test rows in tenths by predicted risk.

use crate::training::{
    boosting::gradient::sigmoid,
    evaluate::{Outcomes, count},
    intervals::{Interval, wilson},
};

/// As many bands as there are.
const BANDS: usize = 10;

/// Rows of neighbouring risk.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    pub rows: usize,
    pub bad: usize,
    /// The least and the greatest predicted probability.
    pub probabilities: [f64; 2],
    /// The mean predicted probability.
    pub predicted: f64,
    /// Where the bad rate lies, by what came.
    pub observed: Interval,
    /// The share of all bad and of all good loans in this band and the riskier ones.
    pub bad_caught: f64,
    pub good_caught: f64,
}

impl Band {
    /// The share of its rows that went bad.
    #[must_use]
    pub fn bad_rate(&self) -> f64 {
        count(self.bad) / count(self.rows)
    }
}

/// Bands of as equal a number of rows as can be, riskiest first. Of equal risks the earlier row comes first.
#[must_use]
pub fn tenths(outcomes: Outcomes<'_>) -> Vec<Band> {
    let mut order: Vec<usize> = (0..outcomes.margins.len()).collect();
    order.sort_by(|&a, &b| outcomes.margins[b].total_cmp(&outcomes.margins[a]));
    let bad_of = |rows: &[usize]| rows.iter().filter(|&&row| outcomes.is_bad[row]).count();
    let all_bad = count(bad_of(&order).max(1));
    let all_good = count((order.len() - bad_of(&order)).max(1));
    let (mut bad_so_far, mut good_so_far) = (0, 0);
    let bounds = (0..=BANDS).map(|band| band * order.len() / BANDS).collect::<Vec<usize>>();
    let bands = bounds.windows(2).map(|bound| &order[bound[0]..bound[1]]).filter(|rows| !rows.is_empty());
    bands
        .map(|rows| {
            let bad = bad_of(rows);
            bad_so_far += bad;
            good_so_far += rows.len() - bad;
            let probability = |row: usize| sigmoid(outcomes.margins[row]);
            Band {
                rows: rows.len(),
                bad,
                probabilities: [probability(rows[rows.len() - 1]), probability(rows[0])],
                predicted: rows.iter().map(|&row| probability(row)).sum::<f64>() / count(rows.len()),
                observed: wilson(bad, rows.len()),
                bad_caught: count(bad_so_far) / all_bad,
                good_caught: count(good_so_far) / all_good,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_hold_every_row_once_and_the_riskiest_come_first() {
        let margins: Vec<f64> = (0..25).map(f64::from).collect();
        let is_bad: Vec<bool> = (0..25).map(|row| row >= 20).collect();
        let bands = tenths(Outcomes { margins: &margins, is_bad: &is_bad });
        assert_eq!(bands.len(), 10);
        assert_eq!(bands.iter().map(|band| band.rows).sum::<usize>(), 25);
        assert_eq!((bands[0].bad_caught, bands[1].bad_caught, bands[9].good_caught), (0.4, 1.0, 1.0));
        assert!(bands.is_sorted_by(|a, b| a.predicted > b.predicted));
    }

    #[test]
    fn fewer_rows_than_bands_make_fewer_bands() {
        let bands = tenths(Outcomes { margins: &[0.0, 1.0], is_bad: &[false, false] });
        assert_eq!(bands.len(), 2);
        assert_eq!(bands[1].bad_caught, 0.0);
    }
}
