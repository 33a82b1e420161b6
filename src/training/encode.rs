//! Categories as numbers: the smoothed rate of bad loans in each.
//!
//! A row's own outcome leaks into what the trees read of it. Where a category has many rows that is next to
//! nothing, and every row is encoded by the rates of all. Where it has few, the trees would trust rare
//! categories too much: there each row is encoded from the rows of other folds alone. Whoever is scored later is
//! encoded from all training rows. (Ordered statistics, as `CatBoost` has them, were measured and dropped: see
//! `docs/benchmarks.md`.)

use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::evaluate::count;

/// With as many rows per category, a row's own outcome no longer matters.
const MANY_ROWS: usize = 64;

/// Folds for categories that have fewer.
const FOLDS: usize = 10;

/// What the forest reads in place of one feature's categories.
///
/// Invariant: statistics and prior are from 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct CategoryRates {
    /// The bad rate of all rows: for a category that was not seen.
    pub prior: f64,
    /// One per category.
    pub statistics: Vec<f64>,
}

/// One category feature of the training rows.
#[derive(Debug, Clone, Copy)]
pub struct CategoryColumn<'a> {
    /// Indexes below `categories`, `categories` itself for an unlisted one, NaN where missing.
    pub codes: &'a [f64],
    pub categories: usize,
    pub is_bad: &'a [bool],
    /// As many rows as the prior counts for.
    pub smoothing: f64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    bad: f64,
    rows: f64,
}

impl Tally {
    fn include(&mut self, is_bad: bool) {
        self.rows += 1.0;
        self.bad += f64::from(u8::from(is_bad));
    }

    fn without(self, other: Self) -> Self {
        Self { bad: self.bad - other.bad, rows: self.rows - other.rows }
    }

    fn rate(self, prior: f64, smoothing: f64) -> f64 {
        if self.rows + smoothing > 0.0 { (self.bad + smoothing * prior) / (self.rows + smoothing) } else { prior }
    }
}

impl CategoryColumn<'_> {
    /// The rates over all rows.
    #[must_use]
    pub fn rates(&self) -> CategoryRates {
        let prior = self.prior();
        let mut tallies = vec![Tally::default(); self.categories];
        for (&code, &is_bad) in self.codes.iter().zip(self.is_bad) {
            if let Some(tally) = index(code).and_then(|index| tallies.get_mut(index)) {
                tally.include(is_bad);
            }
        }
        let statistics = tallies.into_iter().map(|tally| round(tally.rate(prior, self.smoothing))).collect();
        CategoryRates { prior, statistics }
    }

    /// What each row is encoded as while trees are grown. `seed` deals the folds.
    #[must_use]
    pub fn training_rates(&self, seed: u64) -> Vec<f64> {
        if self.codes.len() >= MANY_ROWS * self.categories {
            self.rates().encode(self.codes)
        } else {
            self.crossed_rates(seed)
        }
    }

    /// Each row's rate over the rows of all folds but its own.
    fn crossed_rates(&self, seed: u64) -> Vec<f64> {
        let prior = self.prior();
        let mut order: Vec<usize> = (0..self.codes.len()).collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        let mut all = vec![Tally::default(); self.categories];
        let mut folds = vec![all.clone(); FOLDS];
        let listed = |row: usize| index(self.codes[row]).filter(|&index| index < self.categories);
        for (place, &row) in order.iter().enumerate() {
            if let Some(index) = listed(row) {
                all[index].include(self.is_bad[row]);
                folds[place % FOLDS][index].include(self.is_bad[row]);
            }
        }
        let mut encoded: Vec<f64> =
            self.codes.iter().map(|code| if code.is_nan() { f64::NAN } else { prior }).collect();
        for (place, &row) in order.iter().enumerate() {
            if let Some(index) = listed(row) {
                encoded[row] = round(all[index].without(folds[place % FOLDS][index]).rate(prior, self.smoothing));
            }
        }
        encoded
    }

    fn prior(&self) -> f64 {
        let bad = self.is_bad.iter().filter(|&&is_bad| is_bad).count();
        round(count(bad) / count(self.is_bad.len().max(1)))
    }
}

impl CategoryRates {
    /// The rates of these codes; the prior for an unlisted one, NaN where missing.
    #[must_use]
    pub fn encode(&self, codes: &[f64]) -> Vec<f64> {
        let rate = |&code: &f64| {
            index(code).map_or(f64::NAN, |index| self.statistics.get(index).copied().unwrap_or(self.prior))
        };
        codes.iter().map(rate).collect()
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "codes are whole and not negative")]
fn index(code: f64) -> Option<usize> {
    (!code.is_nan()).then_some(code as usize)
}

/// Eight decimals: short in the model's file, and finer than any rate can be known.
fn round(rate: f64) -> f64 {
    (rate * 1e8).round() / 1e8
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODES: [f64; 8] = [0.0, 0.0, 0.0, 1.0, 1.0, 2.0, f64::NAN, 3.0];
    const BAD: [bool; 8] = [true, true, false, false, false, true, true, false];
    const COLUMN: CategoryColumn<'_> = CategoryColumn { codes: &CODES, categories: 3, is_bad: &BAD, smoothing: 2.0 };

    #[test]
    fn a_rate_is_drawn_to_the_prior_by_the_smoothing() {
        let rates = COLUMN.rates();
        assert_eq!(rates.prior, 0.5);
        assert_eq!(rates.statistics, [0.6, 0.25, round(2.0 / 3.0)]);
    }

    #[test]
    fn an_unseen_category_takes_the_prior_and_a_missing_one_stays_missing() {
        let encoded = COLUMN.rates().encode(&[3.0, f64::NAN, 1.0]);
        assert_eq!((encoded[0], encoded[2]), (0.5, 0.25));
        assert!(encoded[1].is_nan());
        let crossed = COLUMN.training_rates(0);
        assert!(crossed[6].is_nan());
        assert_eq!(crossed[7], 0.5);
    }

    #[test]
    fn where_categories_are_small_a_row_never_sees_its_own_outcome() {
        // The prior changes too, so its weight is taken away.
        let column = CategoryColumn { smoothing: 0.0, ..COLUMN };
        for seed in 0..20 {
            for row in 0..8 {
                let mut flipped = BAD;
                flipped[row] = !flipped[row];
                let before = column.training_rates(seed)[row];
                let after = CategoryColumn { is_bad: &flipped, ..column }.training_rates(seed)[row];
                let is_alone = before == column.prior();
                assert!(is_alone || before.to_bits() == after.to_bits(), "row {row}, seed {seed}");
            }
        }
    }

    #[test]
    fn where_categories_are_large_rows_are_trained_on_as_they_are_scored() {
        let codes: Vec<f64> = (0..256).map(|row| f64::from(row % 4)).collect();
        let is_bad: Vec<bool> = (0..256).map(|row| row % 3 == 0).collect();
        let column = CategoryColumn { codes: &codes, categories: 4, is_bad: &is_bad, smoothing: 5.0 };
        assert_eq!(column.training_rates(1), column.rates().encode(&codes));
        let smaller = CategoryColumn { codes: &codes[1..], is_bad: &is_bad[1..], ..column };
        assert_ne!(smaller.training_rates(1), smaller.rates().encode(&codes[1..]));
    }

    #[test]
    fn the_folds_depend_on_the_seed_alone() {
        let codes: Vec<f64> = (0..60).map(|row| f64::from(row % 3)).collect();
        let is_bad: Vec<bool> = (0..60).map(|row| row % 7 == 0).collect();
        let column = CategoryColumn { codes: &codes, is_bad: &is_bad, ..COLUMN };
        assert_eq!(column.training_rates(4), column.training_rates(4));
        assert_ne!(column.training_rates(4), column.training_rates(5));
    }
}
