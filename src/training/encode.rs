//! Categories as numbers: the smoothed rate of bad loans in each.
//!
//! A row's own outcome must not leak into what the trees read of it, or they would trust rare
//! categories too much. So in training each row is encoded from the rows before it in a shuffled
//! order alone ("ordered target statistics", Prokhorenkova et al., 2018); whoever is scored later
//! is encoded from all training rows.

use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::evaluate::count;

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
                tally.rows += 1.0;
                tally.bad += f64::from(u8::from(is_bad));
            }
        }
        let statistics = tallies.into_iter().map(|tally| round(tally.rate(prior, self.smoothing))).collect();
        CategoryRates { prior, statistics }
    }

    /// Each row's rate over the rows before it, in an order shuffled by `seed`.
    #[must_use]
    pub fn ordered_rates(&self, seed: u64) -> Vec<f64> {
        let prior = self.prior();
        let mut order: Vec<usize> = (0..self.codes.len()).collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        let mut tallies = vec![Tally::default(); self.categories];
        let mut encoded = vec![f64::NAN; self.codes.len()];
        for row in order {
            let Some(index) = index(self.codes[row]) else { continue };
            let Some(tally) = tallies.get_mut(index) else {
                encoded[row] = prior;
                continue;
            };
            encoded[row] = tally.rate(prior, self.smoothing);
            tally.rows += 1.0;
            tally.bad += f64::from(u8::from(self.is_bad[row]));
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
        let ordered = COLUMN.ordered_rates(0);
        assert!(ordered[6].is_nan());
        assert_eq!(ordered[7], 0.5);
    }

    #[test]
    fn a_row_never_sees_its_own_outcome() {
        // Only the rows after it, in the shuffled order, may change when a row's outcome flips.
        // The prior changes too, so its weight is taken away.
        let column = CategoryColumn { smoothing: 0.0, ..COLUMN };
        for seed in 0..20 {
            for row in 0..8 {
                let mut flipped = BAD;
                flipped[row] = !flipped[row];
                let (before, after) = (
                    column.ordered_rates(seed)[row],
                    CategoryColumn { is_bad: &flipped, ..column }.ordered_rates(seed)[row],
                );
                let is_first = before == column.prior();
                assert!(is_first || before.to_bits() == after.to_bits(), "row {row}, seed {seed}");
            }
        }
    }

    #[test]
    fn the_order_depends_on_the_seed_alone() {
        let bits = |seed: u64| COLUMN.ordered_rates(seed).into_iter().map(f64::to_bits).collect::<Vec<_>>();
        assert_eq!(bits(4), bits(4));
        assert!((0..10).any(|seed| bits(seed) != bits(4)));
    }
}
