//! The bins of a tree's features, eight features to a word.

use rayon::prelude::*;

use super::{
    histogram::{self, Counter, GroupBins, LeafHistogram},
    rows::GroupedRows,
};
use crate::training::binning::Binned;

/// Features in a word.
pub(super) const WIDTH: usize = 8;

/// Up to eight features: their bins, row by row, so that one look reads all of a row's; and their histograms.
///
/// Memory is held over from tree to tree, so that growing one allocates nothing.
#[derive(Debug, Default)]
pub(super) struct FeatureGroup {
    /// Indexes into the table's columns, at most eight.
    pub(super) features: Vec<u32>,
    /// A word for each row that the tree is grown from; byte i is the bin of feature i.
    pub(super) words: Vec<u64>,
    /// One per leaf of the tree being grown.
    pub(super) leaves: Vec<LeafHistogram>,
    /// Each counts a part of the rows.
    counters: Vec<Counter>,
}

/// Which of two children is counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fewer {
    pub(super) leaf: usize,
    pub(super) is_below: bool,
}

impl FeatureGroup {
    /// The bin of the feature at `position` in the group, of the row at `place`.
    #[inline]
    pub(super) fn bin(&self, place: u32, position: usize) -> u8 {
        self.words[place as usize].to_le_bytes()[position]
    }

    /// Counts the histogram of the root.
    pub(super) fn count_root(&mut self, table: &Binned, rows: &GroupedRows, parts: usize) {
        let bins = GroupBins::new(table, &self.features, &self.words);
        count(&mut self.counters, bins, (rows, &[0]), parts);
        bins.take(&mut self.leaves[0], (&self.counters, 0));
    }

    /// Parts the histograms of as many leaves as `fewer` has, whose rows have been parted, into those of
    /// their children.
    pub(super) fn part(&mut self, table: &Binned, rows: &GroupedRows, fewer: &[Fewer], parts: usize) {
        let bins = GroupBins::new(table, &self.features, &self.words);
        let leaves: Vec<usize> = fewer.iter().map(|fewer| fewer.leaf).collect();
        count(&mut self.counters, bins, (rows, &leaves), parts);
        let (lower, upper) = self.leaves.split_at_mut(fewer.len());
        for (number, (parent, sibling)) in lower.iter_mut().zip(upper).enumerate() {
            bins.part((parent, sibling), (&self.counters, number), fewer[number].is_below);
        }
    }

    /// Reads the bins of the drawn rows, given block by block.
    fn fill(&mut self, table: &Binned, drawn: &[&[u32]]) {
        self.words.resize(drawn.iter().map(|rows| rows.len()).sum(), 0);
        let columns: Vec<&[u8]> = self.features.iter().map(|&f| table.columns()[f as usize].bins()).collect();
        let mut rest = self.words.as_mut_slice();
        let blocks = drawn.iter().map(|rows| {
            let (words, tail) = std::mem::take(&mut rest).split_at_mut(rows.len());
            rest = tail;
            (words, *rows)
        });
        let blocks: Vec<(&mut [u64], &[u32])> = blocks.collect();
        blocks.into_par_iter().for_each(|(words, rows)| gather(words, rows, &columns));
    }
}

/// Counts leaves, in at most `parts` parts of the rows. Sums are whole numbers, so how rows are parted changes
/// no bit of them.
fn count(counters: &mut Vec<Counter>, bins: GroupBins<'_>, (rows, leaves): (&GroupedRows, &[usize]), parts: usize) {
    let blocks = rows.blocks(parts);
    counters.resize_with(blocks.len(), Counter::default);
    counters.par_iter_mut().zip(blocks).for_each(|(counter, blocks)| {
        let samples = blocks.iter().map(|block| leaves.iter().map(|&leaf| block.leaf(leaf)));
        counter.count(bins, leaves.len(), samples);
    });
}

/// Joins the bins of each row, in as many columns as there are, into its word.
fn gather(words: &mut [u64], rows: &[u32], columns: &[&[u8]]) {
    match columns.len() {
        1 => gather_columns::<1>(words, rows, columns),
        2 => gather_columns::<2>(words, rows, columns),
        3 => gather_columns::<3>(words, rows, columns),
        4 => gather_columns::<4>(words, rows, columns),
        5 => gather_columns::<5>(words, rows, columns),
        6 => gather_columns::<6>(words, rows, columns),
        7 => gather_columns::<7>(words, rows, columns),
        _ => gather_columns::<8>(words, rows, columns),
    }
}

fn gather_columns<const COLUMNS: usize>(words: &mut [u64], rows: &[u32], columns: &[&[u8]]) {
    let columns: [&[u8]; COLUMNS] = std::array::from_fn(|index| &columns[index][..columns[0].len()]);
    for (word, &row) in words.iter_mut().zip(rows) {
        let mut bins = [0; WIDTH];
        for (bin, column) in bins.iter_mut().zip(columns) {
            *bin = column[row as usize];
        }
        *word = u64::from_le_bytes(bins);
    }
}

/// Puts `features` into groups of about equal size, with the bins of the drawn rows and room for the
/// histograms of `leaves` leaves. `are_all` says that every row was drawn: then words that are there need not be read again.
pub(super) fn regroup(
    groups: &mut Vec<FeatureGroup>,
    table: &Binned,
    features: &[u32],
    (drawn, are_all): (&[&[u32]], bool),
    leaves: usize,
) {
    let count = features.len().div_ceil(WIDTH);
    groups.resize_with(count, FeatureGroup::default);
    let mut rest = features;
    for (number, group) in groups.iter_mut().enumerate() {
        let (features, tail) = rest.split_at(rest.len().div_ceil(count - number));
        rest = tail;
        if group.leaves.len() < leaves {
            group.leaves.resize_with(leaves, histogram::empty);
        }
        let is_there = are_all && group.features == features && group.words.len() == table.rows();
        features.clone_into(&mut group.features);
        if !is_there {
            group.fill(table, drawn);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_holds_the_bins_of_its_features() {
        let columns: Vec<Vec<f64>> =
            (0..11).map(|c| (0..50).map(|row| f64::from((row * (c + 3)) % 17)).collect()).collect();
        let table = Binned::learn(&columns, 254);
        let mut groups = Vec::new();
        for features in [vec![0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], vec![2, 5], vec![0, 3, 4, 5, 6, 7, 8, 9, 10]] {
            let rows: Vec<u32> = (0..50).filter(|row| row % 3 > 0).collect();
            regroup(&mut groups, &table, &features, (&[&rows[..20], &rows[20..]], false), 2);
            let grouped: Vec<u32> = groups.iter().flat_map(|group| group.features.clone()).collect();
            assert_eq!(grouped, features);
            for group in &groups {
                for (position, &feature) in group.features.iter().enumerate() {
                    for (&row, place) in rows.iter().zip(0..) {
                        assert_eq!(group.bin(place, position), table.columns()[feature as usize].bins()[row as usize]);
                    }
                }
            }
        }
    }
}
