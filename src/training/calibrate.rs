//! Calibration: the line that maps predicted log-odds to observed ones.
//!
//! Platt's method (Platt, 1999) without his smoothed targets, which matter for dozens of rows, not
//! for hundreds: logistic regression of the outcome on the margin. The same fit measures calibration:
//! a model whose line has slope 1 and intercept 0 means what it says (Cox, 1958).

use serde::{Deserialize, Serialize};

use super::{boosting::gradient::sigmoid, evaluate::Outcomes};

/// `observed log-odds = slope · predicted log-odds + intercept`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub slope: f64,
    pub intercept: f64,
}

impl Line {
    /// The margin that the line gives for a margin.
    #[must_use]
    pub fn apply(self, margin: f64) -> f64 {
        margin * self.slope + self.intercept
    }
}

/// Newton steps at most; a handful suffices unless the outcomes are (nearly) separable.
const MOST_STEPS: usize = 100;

/// Fits the line by Newton's method on the logistic loss, to a relative change of 1e-10.
///
/// `None` where no line is best: only one outcome occurs, all margins are equal, or a margin parts
/// the outcomes without fail, so that the slope would grow without end.
#[must_use]
pub fn fit_line(outcomes: Outcomes<'_>) -> Option<Line> {
    let mut line = Line { slope: 1.0, intercept: 0.0 };
    let mut loss = loss_of(line, outcomes);
    for _ in 0..MOST_STEPS {
        let step = newton_step(line, outcomes)?;
        let mut share = 1.0;
        let (next, next_loss) = loop {
            let next =
                Line { slope: line.slope - share * step.slope, intercept: line.intercept - share * step.intercept };
            let next_loss = loss_of(next, outcomes);
            if next_loss <= loss || share < 1e-6 {
                break (next, next_loss);
            }
            share /= 2.0;
        };
        let change = (next.slope - line.slope).abs().max((next.intercept - line.intercept).abs());
        (line, loss) = (next, next_loss);
        if change < 1e-10 * (1.0 + line.slope.abs()) {
            return Some(line);
        }
    }
    None
}

/// Gradient over Hessian of the loss, for slope and intercept.
fn newton_step(line: Line, outcomes: Outcomes<'_>) -> Option<Line> {
    let (mut g_slope, mut g_intercept) = (0.0, 0.0);
    let (mut h_slope, mut h_both, mut h_intercept) = (0.0, 0.0, 0.0);
    for (&margin, &is_bad) in outcomes.margins.iter().zip(outcomes.is_bad) {
        let probability = sigmoid(line.apply(margin));
        let gradient = probability - f64::from(u8::from(is_bad));
        let hessian = probability * (1.0 - probability);
        g_slope += gradient * margin;
        g_intercept += gradient;
        h_slope += hessian * margin * margin;
        h_both += hessian * margin;
        h_intercept += hessian;
    }
    let determinant = h_slope * h_intercept - h_both * h_both;
    // Relative to its terms: what is left after cancellation must be more than noise.
    if determinant.is_nan() || determinant <= 1e-10 * h_slope * h_intercept || h_intercept < 1e-9 {
        return None;
    }
    Some(Line {
        slope: (h_intercept * g_slope - h_both * g_intercept) / determinant,
        intercept: (h_slope * g_intercept - h_both * g_slope) / determinant,
    })
}

fn loss_of(line: Line, outcomes: Outcomes<'_>) -> f64 {
    let margins: Vec<f64> = outcomes.margins.iter().map(|&margin| line.apply(margin)).collect();
    super::evaluate::log_loss(Outcomes { margins: &margins, is_bad: outcomes.is_bad })
}

/// Margins calibrated by lines that have not seen them: the rows are dealt into two halves, and
/// each is calibrated by the line of the other. What is measured on them is an honest forecast of how the
/// calibrated model will do. `None` when a half has no line.
#[must_use]
pub fn cross_calibrated(outcomes: Outcomes<'_>) -> Option<Vec<f64>> {
    let half = |wanted: usize| {
        let (margins, is_bad): (Vec<f64>, Vec<bool>) = outcomes
            .margins
            .iter()
            .zip(outcomes.is_bad)
            .enumerate()
            .filter(|(row, _)| row % 2 == wanted)
            .map(|(_, (&margin, &is_bad))| (margin, is_bad))
            .unzip();
        fit_line(Outcomes { margins: &margins, is_bad: &is_bad })
    };
    let lines = [half(1)?, half(0)?];
    Some(outcomes.margins.iter().enumerate().map(|(row, &margin)| lines[row % 2].apply(margin)).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_that_made_the_outcomes_is_found_again() {
        // At each margin 1000 rows, of which the share that the line says is bad.
        let truth = Line { slope: 0.8, intercept: -0.3 };
        let (mut margins, mut is_bad) = (Vec::new(), Vec::new());
        for step in -20..=20 {
            let margin = f64::from(step) / 10.0;
            let bad = (sigmoid(truth.apply(margin)) * 1000.0).round();
            for row in 0..1000 {
                margins.push(margin);
                is_bad.push(f64::from(row) < bad);
            }
        }
        let found = fit_line(Outcomes { margins: &margins, is_bad: &is_bad }).expect("a line");
        assert!((found.slope - 0.8).abs() < 1e-3 && (found.intercept + 0.3).abs() < 1e-3, "{found:?}");
    }

    #[test]
    fn where_no_line_is_best_there_is_none() {
        let none = |margins: &[f64], is_bad: &[bool]| fit_line(Outcomes { margins, is_bad }).is_none();
        assert!(none(&[0.1, 0.2, 0.3], &[true, true, true]));
        assert!(none(&[0.5, 0.5, 0.5, 0.5], &[true, false, true, false]));
        assert!(none(&[-1.0, -0.5, 0.5, 1.0], &[false, false, true, true]));
    }

    proptest! {
        #[test]
        fn no_neighbouring_line_is_better(
            rows in prop::collection::vec((-3.0..3.0, any::<bool>()), 10..80),
            slope_off in -0.1..0.1, intercept_off in -0.1..0.1,
        ) {
            let (margins, is_bad): (Vec<f64>, Vec<bool>) = rows.into_iter().unzip();
            let outcomes = Outcomes { margins: &margins, is_bad: &is_bad };
            if let Some(line) = fit_line(outcomes) {
                let other = Line { slope: line.slope + slope_off, intercept: line.intercept + intercept_off };
                prop_assert!(loss_of(line, outcomes) <= loss_of(other, outcomes) + 1e-9);
            }
        }
    }
}
