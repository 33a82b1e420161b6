//! The models that a trained one is held against: logistic regression and a random forest, both
//! smartcore's, on the same rows and the same features.
//!
//! They are given a fair chance: smartcore's linear model is slow and poor on unscaled columns and
//! neither model takes missing values, so columns are scaled, long tails shortened, gaps filled with
//! the mean and marked, and categories replaced by their bad rates.

use rand::{SeedableRng, seq::index::sample};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use smartcore::{
    ensemble::random_forest_regressor::{RandomForestRegressor, RandomForestRegressorParameters},
    linalg::basic::{arrays::Array, matrix::DenseMatrix},
    linear::logistic_regression::{LogisticRegression, LogisticRegressionParameters},
};

use super::{
    dataset::Rows,
    encode::CategoryRates,
    evaluate::{Metrics, Outcomes, count, losses, measure},
    intervals::{Difference, Interval, Placements},
};

/// Rows that the regression is fitted to at most; more change its figures no longer.
const MOST_REGRESSION_ROWS: usize = 20_000;
/// Rows that the forest is grown from at most: its time grows faster than its figures.
const MOST_FOREST_ROWS: usize = 5_000;

/// What the benchmark models are given, for a person.
pub const TREATMENT: &str = "Numbers are scaled to mean 0 and deviation 1 and cut at 5 \
    deviations, long tails after taking the logarithm; a missing value is replaced by the mean, and a column of its own says \
    that it was missing; a category is replaced by its smoothed bad rate. All of it is learnt on the training rows. Neither \
    model keeps to a direction of risk.";

/// A benchmark model's figures on the test rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Benchmark {
    pub name: &'static str,
    /// The rows it was trained on, drawn at random from the training part.
    pub trained_on: usize,
    #[serde(flatten)]
    pub metrics: Metrics,
    /// Where its AUC lies.
    pub auc_interval: Option<Interval>,
    /// By how much our AUC is above its own, and our log-loss below it, on the same rows.
    pub auc_gain: Option<Difference>,
    pub log_loss_gain: Option<Difference>,
    #[serde(skip)]
    margins: Vec<f64>,
}

impl Benchmark {
    fn new(name: &'static str, trained_on: usize, margins: Vec<f64>, test: &Rows) -> Self {
        let outcomes = Outcomes { margins: &margins, is_bad: &test.is_bad };
        let (metrics, auc_interval) = (measure(outcomes), Placements::of(outcomes).map(|places| places.interval()));
        Self { name, trained_on, metrics, auc_interval, auc_gain: None, log_loss_gain: None, margins }
    }

    /// Holds our own predictions of the same rows against it.
    pub fn compare(&mut self, ours: Outcomes<'_>) {
        let own = Outcomes { margins: &self.margins, is_bad: ours.is_bad };
        let all = |outcomes| losses(outcomes).collect::<Vec<f64>>();
        self.auc_gain = Placements::of(ours).zip(Placements::of(own)).map(|(ours, own)| ours.difference(&own));
        self.log_loss_gain = Difference::of_means(&all(own), &all(ours));
    }
}

/// Trains both benchmark models and measures them on the test part. A model that does not converge
/// is left out.
///
/// `rates` are those of the category features, learnt on the training part.
#[must_use]
pub fn run(parts: (&Rows, &Rows), rates: &[Option<CategoryRates>], seed: u64) -> Vec<Benchmark> {
    let (train, test) = parts;
    let regression = || {
        let drawn = draw(train, MOST_REGRESSION_ROWS, seed);
        let shapes = shapes(&drawn, rates);
        let margins = regression_margins((&drawn, test), &shapes)?;
        Some(Benchmark::new("logistic regression (smartcore)", drawn.len(), margins, test))
    };
    let forest = || {
        let drawn = draw(train, MOST_FOREST_ROWS, seed);
        let shapes = shapes(&drawn, rates);
        let margins = forest_margins((&drawn, test), &shapes, seed)?;
        Some(Benchmark::new("random forest (smartcore)", drawn.len(), margins, test))
    };
    let (regression, forest) = rayon::join(regression, forest);
    [regression, forest].into_iter().flatten().collect()
}

fn draw(rows: &Rows, most: usize, seed: u64) -> Rows {
    if rows.len() <= most {
        return rows.clone();
    }
    let mut is_drawn = vec![false; rows.len()];
    for row in sample(&mut ChaCha8Rng::seed_from_u64(seed), rows.len(), most) {
        is_drawn[row] = true;
    }
    rows.select(|row| is_drawn[row])
}

fn regression_margins((train, test): (&Rows, &Rows), shapes: &[Shape<'_>]) -> Option<Vec<f64>> {
    let outcomes: Vec<u32> = train.is_bad.iter().map(|&is_bad| u32::from(is_bad)).collect();
    let parameters = LogisticRegressionParameters::default().with_alpha(1.0);
    let model = LogisticRegression::fit(&matrix(train, shapes)?, &outcomes, parameters).ok()?;
    let coefficients: Vec<f64> = model.coefficients().iterator(0).copied().collect();
    let intercept = *model.intercept().get((0, 0));
    let columns = design(test, shapes);
    let margin = |row: usize| columns.iter().zip(&coefficients).fold(intercept, |sum, (x, b)| sum + x[row] * b);
    let margins: Vec<f64> = (0..test.len()).map(margin).collect();
    margins.iter().all(|margin| margin.is_finite()).then_some(margins)
}

fn forest_margins((train, test): (&Rows, &Rows), shapes: &[Shape<'_>], seed: u64) -> Option<Vec<f64>> {
    let outcomes: Vec<f64> = train.is_bad.iter().map(|&is_bad| f64::from(u8::from(is_bad))).collect();
    let parameters = RandomForestRegressorParameters::default()
        .with_n_trees(50)
        .with_max_depth(8)
        .with_min_samples_leaf(10)
        .with_seed(seed);
    let model = RandomForestRegressor::fit(&matrix(train, shapes)?, &outcomes, parameters).ok()?;
    let predictions: Vec<f64> = model.predict(&matrix(test, shapes)?).ok()?;
    // A leaf without a bad loan is no proof that there are none: a share is kept off 0 and 1.
    let margin = |share: f64| {
        let share = share.clamp(1e-3, 1.0 - 1e-3);
        libm::log(share / (1.0 - share))
    };
    Some(predictions.into_iter().map(margin).collect())
}

fn matrix(rows: &Rows, shapes: &[Shape<'_>]) -> Option<DenseMatrix<f64>> {
    let columns = design(rows, shapes);
    DenseMatrix::new(rows.len(), columns.len(), columns.concat(), true).ok()
}

/// The columns that the benchmark models read.
fn design(rows: &Rows, shapes: &[Shape<'_>]) -> Vec<Vec<f64>> {
    rows.columns.iter().zip(shapes).flat_map(|(column, shape)| shape.columns(&column.values())).collect()
}

/// How one feature becomes columns of about unit scale without gaps.
struct Shape<'a> {
    rates: Option<&'a CategoryRates>,
    takes_log: bool,
    mean: f64,
    deviation: f64,
    has_gaps: bool,
}

fn shapes<'a>(train: &Rows, rates: &'a [Option<CategoryRates>]) -> Vec<Shape<'a>> {
    train.columns.iter().zip(rates).map(|(column, rates)| Shape::learn(&column.values(), rates.as_ref())).collect()
}

impl<'a> Shape<'a> {
    fn learn(column: &[f64], rates: Option<&'a CategoryRates>) -> Self {
        let has_gaps = column.iter().any(|value| value.is_nan());
        let mut shape = Self { rates, takes_log: false, mean: 0.0, deviation: 1.0, has_gaps };
        let known: Vec<f64> = shape.plain(column).into_iter().filter(|value| !value.is_nan()).collect();
        if known.is_empty() {
            return shape;
        }
        let (mean, deviation) = moments(&known);
        let greatest = known.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let is_positive = known.iter().all(|&value| value >= 0.0);
        shape.takes_log = rates.is_none() && is_positive && greatest > mean + 8.0 * deviation;
        (shape.mean, shape.deviation) = if shape.takes_log {
            moments(&known.iter().map(|&value| libm::log1p(value)).collect::<Vec<f64>>())
        } else {
            (mean, deviation)
        };
        shape
    }

    fn plain(&self, column: &[f64]) -> Vec<f64> {
        let values = self.rates.map_or_else(|| column.to_vec(), |rates| rates.encode(column));
        if !self.takes_log {
            return values;
        }
        // A test row may lie below all training rows. `f64::max` would turn a gap into 0.
        values.into_iter().map(|value| libm::log1p(if value < 0.0 { 0.0 } else { value })).collect()
    }

    /// The scaled column, with the mean in its gaps, and one that marks the gaps.
    fn columns(&self, column: &[f64]) -> Vec<Vec<f64>> {
        let scaled = |value: f64| {
            let scaled = (value - self.mean) / self.deviation;
            if scaled.is_nan() { 0.0 } else { scaled.clamp(-5.0, 5.0) }
        };
        let mut columns = vec![self.plain(column).into_iter().map(scaled).collect::<Vec<f64>>()];
        if self.has_gaps {
            columns.push(column.iter().map(|value| f64::from(u8::from(value.is_nan()))).collect());
        }
        columns
    }
}

/// Mean and standard deviation; a constant's deviation is taken as 1.
fn moments(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / count(values.len());
    let variance = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count(values.len());
    let deviation = libm::sqrt(variance);
    (mean, if deviation > 0.0 { deviation } else { 1.0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::column::Column;

    /// Risk rises with the first feature and with its being missing; the second is a category.
    fn rows(count: u32) -> Rows {
        let mut rows = Rows { columns: vec![Column::default(); 2], ..Rows::default() };
        for row in 0..count {
            let level = f64::from(row * 37 % 100);
            let category = row * 7 % 3;
            let noise = f64::from(row * 61 % 97);
            rows.columns[0].push(if row % 10 == 0 { f64::NAN } else { level });
            rows.columns[1].push(f64::from(category));
            rows.is_bad.push(level + 30.0 * f64::from(category) + noise > 150.0);
        }
        rows
    }

    #[test]
    fn both_models_learn_what_is_there_to_learn() {
        let (train, test) = (rows(900), rows(300));
        let category = super::super::encode::CategoryColumn {
            codes: &train.columns[1].values(),
            categories: 3,
            is_bad: &train.is_bad,
            smoothing: 10.0,
        };
        let benchmarks = run((&train, &test), &[None, Some(category.rates())], 1);
        assert_eq!(benchmarks.len(), 2);
        for benchmark in &benchmarks {
            assert!(benchmark.metrics.auc.expect("both outcomes") > 0.8, "{benchmark:?}");
        }
        assert_eq!(run((&train, &test), &[None, Some(category.rates())], 1), benchmarks);

        // Held against itself a model gains nothing; against one that knows nothing it gains all it knows.
        let mut benchmark = benchmarks[0].clone();
        benchmark.compare(Outcomes { margins: &benchmark.margins.clone(), is_bad: &test.is_bad });
        assert_eq!(benchmark.auc_gain.expect("both outcomes").p_value, 1.0);
        benchmark.compare(Outcomes { margins: &vec![0.0; test.len()], is_bad: &test.is_bad });
        let (auc, log_loss) = (benchmark.auc_gain.expect("both"), benchmark.log_loss_gain.expect("both"));
        assert!(auc.interval.high < -0.2 && auc.p_value < 1e-6 && log_loss.interval.high < 0.0, "{benchmark:?}");
    }

    #[test]
    fn columns_are_scaled_and_gaps_marked() {
        let shape = Shape::learn(&[1.0, 3.0, f64::NAN], None);
        assert_eq!(shape.columns(&[3.0, f64::NAN, 1e9]), [vec![1.0, 0.0, 5.0], vec![0.0, 1.0, 0.0]]);
        let constant = Shape::learn(&[4.0, 4.0], None);
        assert_eq!(constant.columns(&[4.0, 4.0]), [vec![0.0, 0.0]]);
    }
}
