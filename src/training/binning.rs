//! Turning columns of numbers into small bins, so that a tree is grown by counting.
//!
//! A feature with at most `max_bins` distinct values gets a bin for each; one with more gets bins
//! that hold about equally many rows. Missing values (NaN) have a bin of their own. Cut points lie
//! between two neighbouring values of the rows they are learnt from.

use std::borrow::Cow;

use rayon::prelude::*;

/// The most bins that a feature may have beside the bin for "missing": bins are bytes, and a byte
/// above the last bin has to remain for "missing".
pub const MOST_BINS: usize = 254;

/// Rows that cuts are learnt from at most, about.
const MOST_ROWS: usize = 200_000;

/// Where one feature is cut.
///
/// Invariant: `thresholds` are finite and strictly rising; there are fewer than [`MOST_BINS`].
#[derive(Debug, Clone, PartialEq)]
pub struct Cuts {
    thresholds: Vec<f64>,
}

impl Cuts {
    /// Cuts a column into at most `max_bins` bins of about equally many rows. NaN is left out.
    ///
    /// A value that many rows share fills a bin of its own and the remaining rows are shared out
    /// among the remaining bins, so that a common zero does not cost the others their resolution.
    ///
    /// Of a long column an even sample is looked at: a quantile of `MOST_ROWS` rows is off by a tenth of a bin.
    #[must_use]
    pub fn learn(column: &[f64], max_bins: usize) -> Self {
        let mut sorted: Vec<f64> = sampled(column).filter(|value| !value.is_nan()).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let counts = run_lengths(&sorted);
        let max_bins = max_bins.clamp(2, MOST_BINS);
        let mut thresholds = Vec::new();
        let (mut rows_left, mut bins_left, mut in_bin) = (sorted.len(), max_bins, 0);
        for (index, &(value, count)) in counts.iter().enumerate() {
            let Some(&(next, next_count)) = counts.get(index + 1) else { break };
            in_bin += count;
            let every_value_fits = counts.len() <= max_bins;
            // Close the bin when it is full, when the next value would overfill it by more than it
            // now lacks, or when the next value fills a bin alone. A full bin: rows_left / bins_left.
            let is_full = in_bin * bins_left >= rows_left
                || next_count * bins_left >= rows_left
                || (2 * in_bin * bins_left >= rows_left && (2 * in_bin + next_count) * bins_left > 2 * rows_left);
            if bins_left > 1 && (every_value_fits || is_full) {
                thresholds.push(between(value, next));
                rows_left -= in_bin;
                bins_left -= 1;
                in_bin = 0;
            }
        }
        Self { thresholds }
    }

    /// The cut points, rising.
    #[must_use]
    pub fn thresholds(&self) -> &[f64] {
        &self.thresholds
    }

    /// The bin of a missing value: the one after the last bin of values.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "there are fewer than 254 thresholds")]
    pub const fn missing_bin(&self) -> u8 {
        self.thresholds.len() as u8 + 1
    }

    /// The bin of a value: how many cut points lie below it.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "there are fewer than 254 thresholds")]
    pub fn bin(&self, value: f64) -> u8 {
        if value.is_nan() {
            return self.missing_bin();
        }
        self.thresholds.partition_point(|&threshold| threshold < value) as u8
    }
}

/// At most about [`MOST_ROWS`] values, evenly drawn: by the fractional parts of row times the golden
/// ratio, which fill the unit evenly and share no period with the order of the rows.
fn sampled(column: &[f64]) -> impl Iterator<Item = f64> {
    let rows = column.len().max(MOST_ROWS) as u64;
    let below = ((1_u64 << 32) * MOST_ROWS as u64) / rows;
    let mut fraction = 0_u32;
    column.iter().copied().filter(move |_| {
        fraction = fraction.wrapping_add(0x9E37_79B9);
        u64::from(fraction) < below
    })
}

/// Distinct values of a sorted column, each with its number of rows.
fn run_lengths(sorted: &[f64]) -> Vec<(f64, usize)> {
    // -0.0 and 0.0 are one value, though `total_cmp` sorts them apart.
    sorted.chunk_by(|a, b| a == b).map(|run| (run[0], run.len())).collect()
}

/// A number `t` with `low <= t < high`: the middle of the two, with as few decimals as
/// leave it in the middle half. People read thresholds, and short ones keep the model's file small.
fn between(low: f64, high: f64) -> f64 {
    let gap = high - low;
    let middle = low + gap / 2.0;
    let (from, to) = (low + gap / 4.0, high - gap / 4.0);
    let mut unit = 1.0;
    for _ in 0..12 {
        let short = (middle * unit).round() / unit;
        if short > from && short < to {
            return short;
        }
        unit *= 10.0;
    }
    // Neighbouring floats have no middle; `low` itself parts them, because the question is `>`.
    if middle.is_finite() && middle < high { middle } else { low }
}

/// A table of features as bins, a column each.
///
/// Invariant: every column has as many elements as there are rows, none above its
/// [`Cuts::missing_bin`].
#[derive(Debug, Clone)]
pub struct Binned {
    columns: Vec<BinnedColumn>,
    rows: usize,
}

/// One feature as bins.
#[derive(Debug, Clone)]
pub struct BinnedColumn {
    cuts: Cuts,
    bins: Vec<u8>,
    has_missing: bool,
}

impl BinnedColumn {
    /// Where it was cut.
    #[must_use]
    pub const fn cuts(&self) -> &Cuts {
        &self.cuts
    }

    /// A bin per row.
    #[must_use]
    pub fn bins(&self) -> &[u8] {
        &self.bins
    }

    /// Whether a row of this table misses the value.
    #[must_use]
    pub const fn has_missing(&self) -> bool {
        self.has_missing
    }
}

impl Binned {
    /// Learns cuts from `columns` and bins them. All columns have the same length.
    #[must_use]
    pub fn learn<C: AsRef<[f64]> + Sync>(columns: &[C], max_bins: usize) -> Self {
        Self::learn_each(columns.len(), |index| Cow::Borrowed(columns[index].as_ref()), max_bins)
    }

    /// The same of `count` columns that are made one at a time and dropped once they are binned.
    #[must_use]
    pub fn learn_each<'c>(count: usize, column: impl Fn(usize) -> Cow<'c, [f64]> + Sync, max_bins: usize) -> Self {
        Self::bin_each(count, column, |_, column| Cuts::learn(column, max_bins))
    }

    /// Bins further rows by the cuts of this table.
    ///
    /// # Panics
    /// When `columns` are not as many as this table's.
    #[must_use]
    pub fn bin_alike<C: AsRef<[f64]> + Sync>(&self, columns: &[C]) -> Self {
        assert_eq!(columns.len(), self.columns.len(), "as many columns as the table they are binned alike");
        self.bin_each_alike(|index| Cow::Borrowed(columns[index].as_ref()))
    }

    /// The same of columns that are made one at a time and dropped once they are binned.
    #[must_use]
    pub fn bin_each_alike<'c>(&self, column: impl Fn(usize) -> Cow<'c, [f64]> + Sync) -> Self {
        Self::bin_each(self.columns.len(), column, |index, _| self.columns[index].cuts.clone())
    }

    fn bin_each<'c>(
        count: usize,
        column: impl Fn(usize) -> Cow<'c, [f64]> + Sync,
        cuts: impl Fn(usize, &[f64]) -> Cuts + Sync,
    ) -> Self {
        let columns = (0..count).into_par_iter().map(|index| {
            let column = column(index);
            let cuts = cuts(index, &column);
            let bins: Vec<u8> = column.iter().map(|&value| cuts.bin(value)).collect();
            let has_missing = bins.contains(&cuts.missing_bin());
            BinnedColumn { cuts, bins, has_missing }
        });
        let columns: Vec<BinnedColumn> = columns.collect();
        let rows = columns.first().map_or(0, |column| column.bins.len());
        Self { columns, rows }
    }

    /// The features, in the order they were given.
    #[must_use]
    pub fn columns(&self) -> &[BinnedColumn] {
        &self.columns
    }

    /// How many rows there are.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::training::evaluate::count;

    #[test]
    fn every_distinct_value_gets_a_bin_when_there_is_room() {
        let cuts = Cuts::learn(&[3.0, 1.0, 2.0, 1.0, f64::NAN, 2.0], 254);
        assert_eq!(cuts.thresholds(), [1.5, 2.5]);
        assert_eq!([1.0, 2.0, 3.0, f64::NAN].map(|value| cuts.bin(value)), [0, 1, 2, 3]);
    }

    #[test]
    fn many_values_share_bins_of_about_equal_size() {
        let column: Vec<f64> = (0..10_000).map(f64::from).collect();
        let cuts = Cuts::learn(&column, 10);
        let mut sizes = vec![0; 10];
        for &value in &column {
            sizes[usize::from(cuts.bin(value))] += 1;
        }
        assert!(sizes.iter().all(|size| (990..=1010).contains(size)), "{sizes:?}");
    }

    #[test]
    fn a_common_value_does_not_cost_the_others_their_resolution() {
        let column: Vec<f64> = (0..10_000).map(|i| if i < 9_000 { 0.0 } else { f64::from(i) }).collect();
        let cuts = Cuts::learn(&column, 11);
        assert_eq!(cuts.thresholds().len(), 10, "{cuts:?}");
    }

    #[test]
    fn cuts_of_a_long_column_are_those_of_an_even_sample() {
        let column: Vec<f64> = (0..3 * MOST_ROWS).map(|row| count((row * 7_919) % 1_000_003)).collect();
        let mut sorted = column.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        for (number, &cut) in Cuts::learn(&column, 10).thresholds().iter().enumerate() {
            let share = count(sorted.partition_point(|&value| value <= cut)) / count(sorted.len());
            assert!((share - count(number + 1) / 10.0).abs() < 0.005, "cut {number} has {share} below it");
        }
    }

    #[test]
    fn a_constant_or_an_empty_column_has_no_cuts() {
        assert!(Cuts::learn(&[7.0; 5], 254).thresholds().is_empty());
        assert!(Cuts::learn(&[f64::NAN; 5], 254).thresholds().is_empty());
        assert!(Cuts::learn(&[], 254).thresholds().is_empty());
        assert_eq!(Cuts::learn(&[f64::NAN], 254).bin(f64::NAN), 1);
    }

    #[test]
    fn both_zeros_are_one_value() {
        assert!(Cuts::learn(&[0.0, -0.0, 0.0], 254).thresholds().is_empty());
    }

    #[test]
    fn a_cut_is_short_and_in_the_middle() {
        assert_eq!(between(36.0, 60.0), 48.0);
        assert_eq!(between(0.0, 1.0), 0.5);
        assert_eq!(between(43.1, 43.2), 43.15);
        assert_eq!(between(12_000.0, 12_010.0), 12_005.0);
        let low = 1.0_f64;
        assert_eq!(between(low, low.next_up()), low);
        assert!(between(-f64::MAX, f64::MAX) < f64::MAX);
    }

    proptest! {
        #[test]
        fn a_cut_parts_its_neighbours(a in any::<f32>(), b in any::<f32>()) {
            prop_assume!(a.is_finite() && b.is_finite() && a < b);
            let cut = between(f64::from(a), f64::from(b));
            prop_assert!(f64::from(a) <= cut && cut < f64::from(b));
        }

        #[test]
        fn bins_keep_the_order_of_values(
            column in prop::collection::vec(prop_oneof![-1e3..1e3, Just(0.0), Just(f64::NAN)], 1..400),
            max_bins in 2_usize..300,
        ) {
            let cuts = Cuts::learn(&column, max_bins);
            prop_assert!(cuts.thresholds().len() < max_bins.min(MOST_BINS));
            prop_assert!(cuts.thresholds().is_sorted_by(|a, b| a < b));
            for &a in &column {
                for (bin, &threshold) in cuts.thresholds().iter().enumerate() {
                    if !a.is_nan() {
                        prop_assert_eq!(a > threshold, usize::from(cuts.bin(a)) > bin);
                    }
                }
            }
        }
    }
}
