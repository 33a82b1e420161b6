//! How sure a figure is: 95 % intervals, and tests of differences.

use serde::Serialize;

use super::evaluate::{Outcomes, count};

/// The quantile of the normal distribution that leaves 2.5 % above it.
const Z: f64 = 1.959_963_984_540_054;

/// Where a figure lies with 95 % confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

impl Interval {
    /// A figure whose error is normal, with its standard error.
    fn normal(value: f64, standard_error: f64) -> Self {
        Self { low: value - Z * standard_error, high: value + Z * standard_error }
    }

    /// Whether it holds a value.
    #[must_use]
    pub fn contains(self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// The interval of a share: `part` of `rows`, which are more than none.
///
/// Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
#[must_use]
pub fn wilson(part: usize, rows: usize) -> Interval {
    let (n, share) = (count(rows), count(part) / count(rows));
    let scale = 1.0 + Z * Z / n;
    let middle = (share + Z * Z / (2.0 * n)) / scale;
    let half = Z * libm::sqrt(share * (1.0 - share) / n + Z * Z / (4.0 * n * n)) / scale;
    Interval { low: (middle - half).max(0.0), high: (middle + half).min(1.0) }
}

/// A difference between two figures of the same rows, the first minus the second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Difference {
    pub value: f64,
    pub interval: Interval,
    /// How often chance alone makes a difference as large, if in truth there is none.
    pub p_value: f64,
}

impl Difference {
    fn new(value: f64, standard_error: f64) -> Self {
        let p_value = if standard_error > 0.0 {
            libm::erfc(value.abs() / standard_error / std::f64::consts::SQRT_2)
        } else {
            f64::from(u8::from(value == 0.0))
        };
        Self { value, interval: Interval::normal(value, standard_error), p_value }
    }

    /// The mean difference of two figures that every row has, such as its loss. Both have an element
    /// per row; `None` for fewer than two rows.
    #[must_use]
    pub fn of_means(a: &[f64], b: &[f64]) -> Option<Self> {
        let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
        let variance = variance(&differences)?;
        Some(Self::new(mean(&differences), libm::sqrt(variance / count(differences.len()))))
    }
}

/// Each loan's place among the loans of the other outcome: what an AUC is the mean of.
///
/// An AUC's variance, and that of a difference between two AUCs of the same rows, follow from it without
/// assuming anything of the distributions.
///
/// Source: `DeLong`, `DeLong` and Clarke-Pearson, "Comparing the areas under two or more correlated
/// receiver operating characteristic curves: a nonparametric approach", Biometrics 44, 1988. Places
/// are found by sorting, in n log n steps, as Sun and Xu (2014) have shown.
///
/// Invariant: at least two of each outcome; places are from 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Placements {
    /// For each bad loan, the share of good ones with a lower margin; a tie counts half.
    bad: Vec<f64>,
    /// For each good loan, the share of bad ones with a higher margin; a tie counts half.
    good: Vec<f64>,
}

impl Placements {
    /// `None` when there are fewer than two loans of an outcome.
    #[must_use]
    pub fn of(outcomes: Outcomes<'_>) -> Option<Self> {
        let margins = |wanted: bool| -> Vec<f64> {
            let rows = outcomes.margins.iter().zip(outcomes.is_bad).filter(|row| *row.1 == wanted);
            rows.map(|row| *row.0).collect()
        };
        let (bad, good) = (margins(true), margins(false));
        if bad.len() < 2 || good.len() < 2 {
            return None;
        }
        let share_below = |margin: f64, sorted: &[f64]| {
            let below = sorted.partition_point(|&other| other < margin);
            let up_to = sorted.partition_point(|&other| other <= margin);
            (count(below) + count(up_to)) / (2.0 * count(sorted.len()))
        };
        let sorted = |margins: &[f64]| {
            let mut sorted = margins.to_vec();
            sorted.sort_unstable_by(f64::total_cmp);
            sorted
        };
        let (sorted_bad, sorted_good) = (sorted(&bad), sorted(&good));
        Some(Self {
            bad: bad.into_iter().map(|margin| share_below(margin, &sorted_good)).collect(),
            good: good.into_iter().map(|margin| 1.0 - share_below(margin, &sorted_bad)).collect(),
        })
    }

    /// The AUC, within rounding.
    #[must_use]
    pub fn auc(&self) -> f64 {
        mean(&self.bad)
    }

    /// The AUC's variance.
    #[must_use]
    pub fn variance(&self) -> f64 {
        variance_of_mean(&self.bad) + variance_of_mean(&self.good)
    }

    /// Where the AUC lies.
    #[must_use]
    pub fn interval(&self) -> Interval {
        let Interval { low, high } = Interval::normal(self.auc(), libm::sqrt(self.variance()));
        Interval { low: low.max(0.0), high: high.min(1.0) }
    }

    /// By how much this AUC is above that of another model on the same rows.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Difference {
        let paired = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<f64>>();
        let variance =
            variance_of_mean(&paired(&self.bad, &other.bad)) + variance_of_mean(&paired(&self.good, &other.good));
        Difference::new(self.auc() - other.auc(), libm::sqrt(variance))
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / count(values.len())
}

/// The unbiased variance; `None` for fewer than two values.
fn variance(values: &[f64]) -> Option<f64> {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (values.len() > 1).then(|| squares / (count(values.len()) - 1.0))
}

fn variance_of_mean(values: &[f64]) -> f64 {
    variance(values).unwrap_or_default() / count(values.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::training::evaluate::RocCurve;

    /// Two models on two hundred rows with many ties, from integer arithmetic that any language repeats.
    fn two_models() -> (Vec<f64>, Vec<f64>, Vec<bool>) {
        let row = |i: u32| {
            let (k, l) = (f64::from((i * 7919 + 13) % 101), f64::from((i * 5471 + 7) % 89));
            let one = ((k / 20.0 - 3.5) * 100.0).round() / 100.0;
            let other = ((l / 30.0 + k / 40.0) * 10.0).round_ties_even() / 10.0;
            (one, other, f64::from((i * i * 31 + i * 17) % 97) < 12.0 + k * 0.4)
        };
        let rows: Vec<(f64, f64, bool)> = (0..200).map(row).collect();
        (
            rows.iter().map(|row| row.0).collect(),
            rows.iter().map(|row| row.1).collect(),
            rows.iter().map(|row| row.2).collect(),
        )
    }

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
    }

    /// Golden numbers: `MLstatkit` 0.1.91 (`Delong_test`), and for the variances `confidenceinterval` 1.0.5
    /// (`delong_roc_variance`), on the same rows; a third, direct computation of the 1988 definition agrees.
    #[test]
    fn intervals_and_differences_of_aucs_are_delongs() {
        let (one, other, is_bad) = two_models();
        let placements =
            |margins: &[f64]| Placements::of(Outcomes { margins, is_bad: &is_bad }).expect("both outcomes");
        let (one, other) = (placements(&one), placements(&other));
        close(one.auc(), 0.668_778_376_095_449_3);
        close(other.auc(), 0.579_136_310_843_627_8);
        close(one.variance(), 0.001_538_234_849_668_21);
        close(other.variance(), 0.001_805_927_391_607_280_7);
        close(one.interval().low, 0.591_907_927_418_425_8);
        close(one.interval().high, 0.745_648_824_772_472_9);
        close(other.interval().low, 0.495_845_280_630_982_9);
        close(other.interval().high, 0.662_427_341_056_272_8);
        let difference = one.difference(&other);
        close(difference.value, 0.089_642_065_251_821_5);
        close(difference.p_value, 0.011_880_285_736_904_484);
        close((difference.interval.high - difference.value) / Z, libm::sqrt(0.001_269_734_068_146_471));
        assert_eq!(other.difference(&one).value, -difference.value);
    }

    /// Golden numbers: statsmodels 0.15.0 (`proportion_confint`, method `wilson`).
    #[test]
    fn the_interval_of_a_share_is_wilsons() {
        for (part, rows, low, high) in [
            (10, 100, 0.055_229_137_060_675_09, 0.174_365_661_504_913_48),
            (0, 20, 0.0, 0.161_125_158_052_819_4),
            (3, 7, 0.158_219_855_251_469_64, 0.749_541_635_472_342_8),
        ] {
            let interval = wilson(part, rows);
            close(interval.low, low);
            close(interval.high, high);
        }
        assert_eq!(wilson(20, 20).high, 1.0);
    }

    #[test]
    fn a_mean_difference_is_that_of_a_paired_test() {
        // Differences 0.1, 0.3, 0.2, 0.0: mean 0.15, standard deviation 0.129099, error 0.0645497.
        let difference = Difference::of_means(&[1.1, 2.3, 0.2, 4.0], &[1.0, 2.0, 0.0, 4.0]).expect("rows");
        close(difference.value, 0.15);
        close(difference.interval.high, 0.15 + Z * 0.064_549_722_436_790_28);
        assert_eq!(Difference::of_means(&[1.0], &[2.0]), None);
    }

    #[test]
    fn models_that_are_the_same_do_not_differ() {
        let (one, _, is_bad) = two_models();
        let placements = Placements::of(Outcomes { margins: &one, is_bad: &is_bad }).expect("both outcomes");
        let difference = placements.difference(&placements);
        assert_eq!((difference.value, difference.p_value), (0.0, 1.0));
    }

    proptest! {
        #[test]
        fn placements_average_to_the_area_under_the_curve(
            rows in prop::collection::vec((0_u8..30, any::<bool>()), 4..300),
        ) {
            let (margins, is_bad): (Vec<f64>, Vec<bool>) = rows.into_iter().map(|(m, bad)| (f64::from(m), bad)).unzip();
            let outcomes = Outcomes { margins: &margins, is_bad: &is_bad };
            if let Some(placements) = Placements::of(outcomes) {
                let auc = RocCurve::new(outcomes).auc().expect("both outcomes");
                prop_assert!((placements.auc() - auc).abs() < 1e-12);
                prop_assert!((mean(&placements.good) - auc).abs() < 1e-12);
                prop_assert!(placements.interval().contains(placements.auc()));
            }
        }
    }
}
