//! A symmetric tree while it is being trained: questions about bins.

use rayon::prelude::*;

use super::gradient::Sums;
use crate::{
    forest::tree::{Split, SymmetricTree},
    training::binning::{Binned, BinnedColumn},
};

/// How many rows one task takes. Fixed, so that the work is cut alike on any number of threads.
const CHUNK_ROWS: usize = 8_192;

/// Is the value's bin above `bin`?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    pub feature: u32,
    pub bin: u8,
    /// The answer for a missing value.
    pub missing_above: bool,
}

impl Question {
    /// The column it asks about.
    pub(super) fn column(self, table: &Binned) -> &BinnedColumn {
        &table.columns()[self.feature as usize]
    }

    /// The answer for a bin, given which bin stands for "missing".
    #[inline]
    pub(super) const fn is_above(self, bin: u8, missing_bin: u8) -> bool {
        if bin == missing_bin { self.missing_above } else { bin > self.bin }
    }

    /// The sums of the rows that answer no.
    pub(super) fn sums_below(self, bins: &[Sums], column: &BinnedColumn) -> Sums {
        let missing = if self.missing_above { Sums::default() } else { bins[usize::from(column.cuts().missing_bin())] };
        bins[..=usize::from(self.bin)].iter().fold(missing, |sums, &bin| sums + bin)
    }
}

/// A tree in terms of bins.
///
/// Invariant: at most eight questions, and `values` has `2^questions.len()` elements; bit i of a leaf's
/// index is the answer to question i.
#[derive(Debug, Clone, PartialEq)]
pub struct BinnedTree {
    pub questions: Vec<Question>,
    pub values: Vec<f64>,
}

impl BinnedTree {
    /// Adds each row's leaf value to its margin.
    pub fn add_to(&self, margins: &mut [f64], table: &Binned) {
        margins.par_chunks_mut(CHUNK_ROWS).enumerate().for_each(|(chunk, margins)| {
            self.for_each_leaf(table, (chunk * CHUNK_ROWS, margins.len()), |row, leaf| {
                margins[row] += self.values[leaf];
            });
        });
    }

    /// How many of the table's rows fall into each leaf.
    #[must_use]
    pub fn covers(&self, table: &Binned) -> Vec<f64> {
        let mut covers = vec![0.0; self.values.len()];
        for first in (0..table.rows()).step_by(CHUNK_ROWS) {
            let rows = CHUNK_ROWS.min(table.rows() - first);
            self.for_each_leaf(table, (first, rows), |_, leaf| covers[leaf] += 1.0);
        }
        covers
    }

    /// Finds the leaves of at most [`CHUNK_ROWS`] rows, given by the first and their number; `visit`
    /// gets each row's place among them and its leaf. Column by column, which compiles to vectors.
    fn for_each_leaf(&self, table: &Binned, (first, rows): (usize, usize), mut visit: impl FnMut(usize, usize)) {
        let mut leaves = [0_u8; CHUNK_ROWS];
        let leaves = &mut leaves[..rows];
        for (level, question) in self.questions.iter().enumerate() {
            let column = question.column(table);
            let missing_bin = column.cuts().missing_bin();
            for (leaf, &bin) in leaves.iter_mut().zip(&column.bins()[first..][..rows]) {
                *leaf |= u8::from(question.is_above(bin, missing_bin)) << level;
            }
        }
        for (row, &leaf) in leaves.iter().enumerate() {
            visit(row, usize::from(leaf));
        }
    }

    /// The same tree in terms of values, with every leaf value multiplied by `weight` and rounded
    /// to six decimals, and with the covers of `rows`, which are binned like the table.
    ///
    /// Rounding keeps order, so constraints still hold exactly; and it makes the numbers short.
    #[must_use]
    pub fn to_symmetric(&self, rows: &Binned, weight: f64) -> SymmetricTree {
        let splits = self
            .questions
            .iter()
            .map(|question| Split {
                feature: question.feature,
                threshold: question.column(rows).cuts().thresholds()[usize::from(question.bin)],
                missing_above: question.missing_above,
            })
            .collect();
        let leaf_values = self.values.iter().map(|&value| round_margin(value * weight)).collect();
        SymmetricTree { splits, leaf_values, leaf_covers: self.covers(rows) }
    }
}

/// Rounds to six decimals, and turns -0.0 into 0.0. A millionth of a log-odd is a 4-millionth of a
/// probability at most, a thousand times below what any data can tell.
fn round_margin(value: f64) -> f64 {
    (value * 1e6).round() / 1e6 + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_and_values_reach_the_same_leaf() {
        let columns = [vec![1.0, 2.0, f64::NAN, 4.0], vec![0.5, f64::NAN, 0.1, 0.9]];
        let table = Binned::learn(&columns, 254);
        let tree = BinnedTree {
            questions: vec![
                Question { feature: 0, bin: 0, missing_above: true },
                Question { feature: 1, bin: 1, missing_above: false },
            ],
            values: vec![0.125, 0.25, 0.5, 1.0],
        };
        let mut margins = vec![0.0; 4];
        tree.add_to(&mut margins, &table);
        let symmetric = tree.to_symmetric(&table, 1.0);
        for (row, &margin) in margins.iter().enumerate() {
            let values = [columns[0][row], columns[1][row]];
            assert_eq!(symmetric.leaf_values[symmetric.leaf_index(&values)], margin, "row {row}");
        }
        assert_eq!(margins, [0.125, 0.25, 0.25, 1.0]);
        assert_eq!(symmetric.leaf_covers, [1.0, 2.0, 0.0, 1.0]);
    }

    #[test]
    fn rounding_keeps_order_and_gives_short_numbers() {
        assert_eq!(round_margin(0.123_456_78).to_string(), "0.123457");
        assert_eq!(round_margin(-1e-9).to_bits(), 0.0_f64.to_bits());
        assert!(round_margin(0.1) <= round_margin(0.1_f64.next_up()));
    }
}
