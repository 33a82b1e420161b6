//! How well probabilities part bad loans from good ones, and whether they mean what they say.

use serde::Serialize;

use super::calibrate::{self, Line};

/// The figures of a model on some rows (contract §1).
///
/// Figures that need both outcomes, or that a fit did not reach, are `None` and read `null`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Metrics {
    /// The probability that a bad loan is ranked above a good one; ties count half.
    pub auc: Option<f64>,
    /// 2 · AUC − 1.
    pub gini: Option<f64>,
    /// Kolmogorov-Smirnov: the greatest distance between the two outcomes' score distributions.
    pub ks: Option<f64>,
    /// Mean negative log-likelihood, natural logarithm.
    pub log_loss: f64,
    /// Mean squared error of the probability.
    pub brier: f64,
    /// The line that best maps the predicted log-odds to the observed: slope 1 and intercept 0 are perfect.
    pub calibration: Option<Line>,
    pub rows: usize,
    /// Share of the rows that went bad.
    pub bad_rate: f64,
}

impl Metrics {
    /// The figures by the names that people use, without those that could not be had.
    #[must_use]
    pub fn named(&self) -> Vec<(String, f64)> {
        let named = [
            ("AUC", self.auc),
            ("Gini", self.gini),
            ("KS", self.ks),
            ("Log-loss", Some(self.log_loss)),
            ("Brier score", Some(self.brier)),
            ("Calibration slope", self.calibration.map(|line| line.slope)),
            ("Calibration intercept", self.calibration.map(|line| line.intercept)),
            ("Rows", Some(count(self.rows))),
            ("Bad rate", Some(self.bad_rate)),
        ];
        named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

/// Predictions with what came of them.
///
/// Invariant: both have the same length, above zero; margins (log-odds) are finite.
#[derive(Debug, Clone, Copy)]
pub struct Outcomes<'a> {
    pub margins: &'a [f64],
    pub is_bad: &'a [bool],
}

/// Measures predictions. All figures but the calibration's depend only on the order of rows with
/// different margins, or on sums in the order given.
#[must_use]
pub fn measure(outcomes: Outcomes<'_>) -> Metrics {
    let Outcomes { margins, is_bad } = outcomes;
    let rows = count(margins.len());
    let curve = RocCurve::new(outcomes);
    let auc = curve.auc();
    let squared_error = |(&margin, &is_bad): (&f64, &bool)| {
        let error = super::boosting::gradient::sigmoid(margin) - f64::from(u8::from(is_bad));
        error * error
    };
    Metrics {
        auc,
        gini: auc.map(|auc| 2.0 * auc - 1.0),
        ks: curve.ks(),
        log_loss: log_loss(outcomes),
        brier: margins.iter().zip(is_bad).map(squared_error).sum::<f64>() / rows,
        calibration: calibrate::fit_line(outcomes),
        rows: margins.len(),
        bad_rate: count(is_bad.iter().filter(|&&is_bad| is_bad).count()) / rows,
    }
}

/// Mean logistic loss of the margins.
#[must_use]
pub fn log_loss(outcomes: Outcomes<'_>) -> f64 {
    losses(outcomes).sum::<f64>() / count(outcomes.margins.len())
}

/// The logistic loss of each row.
pub fn losses(outcomes: Outcomes<'_>) -> impl Iterator<Item = f64> {
    outcomes.margins.iter().zip(outcomes.is_bad).map(|(&margin, &is_bad)| {
        // −ln p of what happened = ln(1 + exp(∓margin)), without overflow.
        let towards_wrong = if is_bad { -margin } else { margin };
        towards_wrong.max(0.0) + libm::log1p(libm::exp(-towards_wrong.abs()))
    })
}

/// For every threshold on the margin, how many of the bad and of the good loans lie above it.
///
/// Invariant: starts at (0, 0); both counts only rise; tied margins make one step.
#[derive(Debug, Clone, PartialEq)]
pub struct RocCurve {
    /// (good loans, bad loans) with a margin at or above each distinct margin, falling margins.
    steps: Vec<(usize, usize)>,
}

impl RocCurve {
    #[must_use]
    pub fn new(outcomes: Outcomes<'_>) -> Self {
        let mut ranked: Vec<(f64, bool)> =
            outcomes.margins.iter().copied().zip(outcomes.is_bad.iter().copied()).collect();
        ranked.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        let mut steps = vec![(0, 0)];
        let (mut good, mut bad) = (0, 0);
        for tied in ranked.chunk_by(|a, b| a.0 == b.0) {
            let bad_here = tied.iter().filter(|row| row.1).count();
            bad += bad_here;
            good += tied.len() - bad_here;
            steps.push((good, bad));
        }
        Self { steps }
    }

    /// How many good and how many bad loans there are.
    fn totals(&self) -> (f64, f64) {
        let (good, bad) = self.steps.last().copied().unwrap_or_default();
        (count(good), count(bad))
    }

    /// The area under the curve, by trapezia; `None` when only one outcome occurs.
    #[must_use]
    pub fn auc(&self) -> Option<f64> {
        let (good, bad) = self.totals();
        if good == 0.0 || bad == 0.0 {
            return None;
        }
        // Twice the area in whole numbers, so that it is exact.
        let twice: u128 =
            self.steps.windows(2).map(|step| (step[1].0 - step[0].0) as u128 * (step[1].1 + step[0].1) as u128).sum();
        #[expect(clippy::cast_precision_loss, reason = "a ratio of two whole numbers, rounded once")]
        Some(twice as f64 / (2.0 * good * bad))
    }

    /// The greatest distance between the shares of bad and of good loans above a threshold.
    #[must_use]
    pub fn ks(&self) -> Option<f64> {
        let points = self.points()?;
        Some(points.into_iter().map(|(good, bad)| (bad - good).abs()).fold(0.0, f64::max))
    }

    /// The curve as shares (good, bad), from (0, 0) to (1, 1); `None` when only one outcome occurs.
    #[must_use]
    pub fn points(&self) -> Option<Vec<(f64, f64)>> {
        let (good, bad) = self.totals();
        if good == 0.0 || bad == 0.0 {
            return None;
        }
        Some(self.steps.iter().map(|&step| (count(step.0) / good, count(step.1) / bad)).collect())
    }
}

#[expect(clippy::cast_precision_loss, reason = "a number of rows, far below 2^53")]
pub(super) fn count(rows: usize) -> f64 {
    rows as f64
}

#[cfg(test)]
mod tests;
