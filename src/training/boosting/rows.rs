//! The rows a tree is grown from, kept grouped by the leaf they are in.

use std::ops::Range;

use rayon::prelude::*;

use super::{
    gradient::{Sample, Sums},
    sampling::TreeSample,
};

/// Rows of the table in a block. Small enough that a block is parted within a core's cache; fixed,
/// so that the work is cut alike on any number of threads.
const BLOCK_ROWS: usize = 32_768;

/// The drawn rows' samples in blocks of neighbouring rows, and in each block grouped by leaf.
#[derive(Debug, Default)]
pub(super) struct GroupedRows {
    blocks: Vec<Block>,
}

/// Invariant: `spans` tile `samples`; within a span samples are in the order of the table.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// The rows that were drawn, rising.
    drawn: Vec<u32>,
    samples: Vec<Sample>,
    /// Where each leaf's samples are: from, to.
    spans: Vec<(u32, u32)>,
}

impl GroupedRows {
    /// Puts the rows that `sample` draws into one leaf, the root, with the gradients of their margins.
    pub(super) fn start(&mut self, margins: &[f64], is_bad: &[bool], sample: &TreeSample) {
        self.blocks.resize_with(margins.len().div_ceil(BLOCK_ROWS), Block::default);
        self.blocks.par_iter_mut().enumerate().for_each(|(number, block)| {
            let first = number * BLOCK_ROWS;
            block.draw(first..(first + BLOCK_ROWS).min(margins.len()), sample);
        });
        let places = self.blocks.iter().scan(0, |place, block| {
            *place += block.drawn.len();
            Some(*place - block.drawn.len())
        });
        let places: Vec<usize> = places.collect();
        self.blocks.par_iter_mut().zip(places).for_each(|(block, place)| {
            block.start(place, (margins, is_bad), sample);
        });
    }

    /// The rows of the table that were drawn, block by block; rows stand in places in this order.
    pub(super) fn drawn(&self) -> impl Iterator<Item = &[u32]> {
        self.blocks.iter().map(|block| block.drawn.as_slice())
    }

    /// The blocks, shared out among at most `parts`.
    pub(super) fn blocks(&self, parts: usize) -> rayon::slice::Chunks<'_, Block> {
        self.blocks.par_chunks(self.blocks.len().div_ceil(parts.max(1)).max(1))
    }

    /// The sums of all samples.
    pub(super) fn sums(&self) -> Sums {
        self.blocks.iter().flat_map(|block| &block.samples).fold(Sums::default(), |mut sums, &sample| {
            sums.include(sample);
            sums
        })
    }

    /// How many samples a leaf has.
    pub(super) fn count(&self, leaf: usize) -> usize {
        self.blocks.iter().map(|block| block.leaf(leaf).len()).sum()
    }

    /// Parts each of `leaves` leaves in two: places for which `is_above` go from leaf `l` to leaf `l + leaves`.
    pub(super) fn part(&mut self, leaves: usize, is_above: impl Fn(u32) -> bool + Sync) {
        self.blocks.par_iter_mut().for_each_init(Vec::new, |above, block| block.part(leaves, above, &is_above));
    }
}

impl Block {
    /// The samples of a leaf.
    pub(super) fn leaf(&self, leaf: usize) -> &[Sample] {
        let (from, to) = self.spans[leaf];
        &self.samples[from as usize..to as usize]
    }

    fn draw(&mut self, rows: Range<usize>, sample: &TreeSample) {
        self.drawn.resize(rows.len(), 0);
        let mut drawn = 0;
        for row in to_u32(rows.start)..to_u32(rows.end) {
            // Written in any case and kept if it is in: cheaper than a branch that cannot be foretold.
            self.drawn[drawn] = row;
            drawn += usize::from(sample.has(row));
        }
        self.drawn.truncate(drawn);
    }

    fn start(&mut self, first_place: usize, (margins, is_bad): (&[f64], &[bool]), sample: &TreeSample) {
        self.samples.clear();
        self.samples.extend(
            self.drawn.iter().zip(to_u32(first_place)..).map(|(&row, place)| {
                Sample::new(place, margins[row as usize], is_bad[row as usize], sample.chance(row))
            }),
        );
        self.spans.clear();
        self.spans.push((0, to_u32(self.drawn.len())));
    }

    fn part(&mut self, leaves: usize, above: &mut Vec<Sample>, is_above: impl Fn(u32) -> bool) {
        above.resize(self.samples.len().max(above.len()), Sample::default());
        self.spans.resize(2 * leaves, (0, 0));
        let (lower, upper) = self.spans.split_at_mut(leaves);
        for (lower, upper) in lower.iter_mut().zip(upper) {
            let (from, to) = *lower;
            let below = part_stably(&mut self.samples[from as usize..to as usize], above, &is_above);
            let middle = from + to_u32(below);
            (*lower, *upper) = ((from, middle), (middle, to));
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a table has fewer than 2^32 rows")]
const fn to_u32(count: usize) -> u32 {
    count as u32
}

/// Moves the samples that are above behind those that are not; gives the number of the latter.
fn part_stably(samples: &mut [Sample], above: &mut [Sample], is_above: impl Fn(u32) -> bool) -> usize {
    let above = &mut above[..samples.len()];
    let (mut below, mut ends) = (0, 0);
    for index in 0..samples.len() {
        let sample = samples[index];
        // Both writes are made and one is kept: cheaper than a branch that cannot be foretold.
        samples[below] = sample;
        above[ends] = sample;
        let goes_above = usize::from(is_above(sample.place));
        below += 1 - goes_above;
        ends += goes_above;
    }
    samples[below..].copy_from_slice(&above[..ends]);
    below
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::{binning::Binned, parameters::Wanted};

    #[test]
    fn rows_stay_grouped_by_leaf_and_in_order() {
        let table = Binned::learn(&[[0.0]], 254);
        let wanted = Wanted { rows_share: Some(1.0), ..Wanted::default() };
        let sample = TreeSample::draw(&table, &wanted.complete(8).expect("in range"), (0, 0));
        // More than a block.
        let rows = BLOCK_ROWS + 8;
        let mut grouped = GroupedRows::default();
        for _ in 0..2 {
            grouped.start(&vec![0.0; rows], &vec![false; rows], &sample);
            grouped.part(1, |row| row % 2 == 1);
            grouped.part(2, |row| row >= 4);
            for leaf in 0..4 {
                let samples = grouped.blocks.iter().flat_map(|block| block.leaf(leaf));
                let found: Vec<usize> = samples.map(|sample| sample.place as usize).collect();
                let expected: Vec<usize> =
                    (0..rows).filter(|row| row % 2 + 2 * usize::from(*row >= 4) == leaf).collect();
                assert_eq!(found, expected);
                assert_eq!(grouped.count(leaf), expected.len());
            }
        }
    }
}
