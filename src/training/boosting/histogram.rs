//! Histograms of gradients: for each leaf, feature and bin, the sums over its rows.

use super::{
    gradient::{Packed, Sample, Sums},
    groups::WIDTH,
};
use crate::training::binning::Binned;

/// As many entries as a byte has values, so that looking one up needs no check.
pub(super) const BINS: usize = 256;

/// The sums of one leaf's rows by bin, for each feature of a group.
pub(super) type LeafHistogram = Vec<[Sums; BINS]>;

/// Packed sums of one leaf.
type PackedHistogram = [[Packed; BINS]; WIDTH];

/// An empty histogram.
pub(super) fn empty() -> LeafHistogram {
    vec![[Sums::default(); BINS]; WIDTH]
}

/// The bins of a group's features, and how many bins each feature uses.
#[derive(Debug, Clone, Copy)]
pub(super) struct GroupBins<'a> {
    words: &'a [u64],
    features: usize,
    in_use: [usize; WIDTH],
}

impl<'a> GroupBins<'a> {
    pub(super) fn new(table: &Binned, features: &[u32], words: &'a [u64]) -> Self {
        let mut in_use = [0; WIDTH];
        for (in_use, &feature) in in_use.iter_mut().zip(features) {
            *in_use = usize::from(table.columns()[feature as usize].cuts().missing_bin()) + 1;
        }
        Self { words, features: features.len(), in_use }
    }

    /// Parts `parent`, whose one child has been counted by `counters` in `place`, into the histograms of both
    /// children: the other is what remains. Leaves that of the child below in `parent`, that above in `sibling`.
    pub(super) fn part(
        self,
        (parent, sibling): (&mut LeafHistogram, &mut LeafHistogram),
        (counters, place): (&[Counter], usize),
        counted_is_below: bool,
    ) {
        for (feature, in_use) in self.in_use.into_iter().enumerate() {
            let (parent, sibling) = (&mut parent[feature][..in_use], &mut sibling[feature][..in_use]);
            counters_sum(counters, (place, feature), sibling);
            for (parent, sibling) in parent.iter_mut().zip(sibling) {
                let (counted, rest) = (*sibling, *parent - *sibling);
                (*parent, *sibling) = if counted_is_below { (counted, rest) } else { (rest, counted) };
            }
        }
    }

    /// The histogram that `counters` have counted in `place`.
    pub(super) fn take(self, histogram: &mut LeafHistogram, (counters, place): (&[Counter], usize)) {
        for (feature, in_use) in self.in_use.into_iter().enumerate() {
            counters_sum(counters, (place, feature), &mut histogram[feature][..in_use]);
        }
    }

    fn count_packed(self, packed: &mut PackedHistogram, samples: &[Sample]) {
        match self.features {
            1 => count::<1>(packed, samples, self.words),
            2 => count::<2>(packed, samples, self.words),
            3 => count::<3>(packed, samples, self.words),
            4 => count::<4>(packed, samples, self.words),
            5 => count::<5>(packed, samples, self.words),
            6 => count::<6>(packed, samples, self.words),
            7 => count::<7>(packed, samples, self.words),
            _ => count::<8>(packed, samples, self.words),
        }
    }

    /// Adds packed sums to whole ones and sets them back to zero.
    fn unpack(self, packed: &mut PackedHistogram, histogram: &mut LeafHistogram) {
        for ((bins, packed), in_use) in histogram.iter_mut().zip(packed).zip(self.in_use) {
            for (bin, packed) in bins[..in_use].iter_mut().zip(&mut packed[..in_use]) {
                *bin = *bin + std::mem::take(packed).unpacked();
            }
        }
    }
}

fn counters_sum(counters: &[Counter], (place, feature): (usize, usize), sums: &mut [Sums]) {
    for (number, counter) in counters.iter().enumerate() {
        for (sums, &counted) in sums.iter_mut().zip(&counter.leaves[place].sums[feature]) {
            *sums = if number == 0 { counted } else { *sums + counted };
        }
    }
}

/// Counts some of the blocks of rows, for several leaves at once: while a block's bins are in the cache,
/// all of its rows are counted.
#[derive(Debug, Default)]
pub(super) struct Counter {
    leaves: Vec<CountedLeaf>,
}

#[derive(Debug)]
struct CountedLeaf {
    sums: LeafHistogram,
    /// Counted, and not yet in `sums`.
    packed: Box<PackedHistogram>,
    packed_rows: usize,
}

impl Counter {
    /// Counts `leaves` leaves; `blocks` gives, block by block, the samples of each.
    pub(super) fn count<'s, L: Iterator<Item = &'s [Sample]>>(
        &mut self,
        bins: GroupBins<'_>,
        leaves: usize,
        blocks: impl Iterator<Item = L>,
    ) {
        let new =
            || CountedLeaf { sums: empty(), packed: Box::new([[Packed::default(); BINS]; WIDTH]), packed_rows: 0 };
        self.leaves.resize_with(leaves.max(self.leaves.len()), new);
        let counted = &mut self.leaves[..leaves];
        for leaf in counted.iter_mut() {
            for (sums, in_use) in leaf.sums.iter_mut().zip(bins.in_use) {
                sums[..in_use].fill(Sums::default());
            }
        }
        for block in blocks {
            for (leaf, samples) in counted.iter_mut().zip(block) {
                leaf.packed_rows += samples.len();
                if leaf.packed_rows > Packed::MOST_ROWS {
                    bins.unpack(&mut leaf.packed, &mut leaf.sums);
                    leaf.packed_rows = samples.len();
                }
                bins.count_packed(&mut leaf.packed, samples);
            }
        }
        for leaf in counted {
            bins.unpack(&mut leaf.packed, &mut leaf.sums);
            leaf.packed_rows = 0;
        }
    }
}

/// The innermost loop of training: a row's word is read once, and its gradients added to as many bins
/// as there are features. The number is a constant so that the inner loop is unrolled.
fn count<const FEATURES: usize>(packed: &mut PackedHistogram, samples: &[Sample], words: &[u64]) {
    for sample in samples {
        let bins = words[sample.place as usize].to_le_bytes();
        let gradients = sample.packed();
        for feature in 0..FEATURES {
            packed[feature][usize::from(bins[feature])].include(gradients);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_histogram_by_subtraction_equals_one_by_counting(
            rows in prop::collection::vec((any::<u64>(), -9.0..9.0, any::<bool>(), any::<bool>(), any::<u32>()), 1..300),
            features in 1_usize..=8, counts_below in any::<bool>(),
        ) {
            let words: Vec<u64> = rows.iter().map(|row| row.0).collect();
            let samples: Vec<Sample> = rows.iter().zip(0..).map(|(r, row)| Sample::new(row, r.1, r.2, r.4)).collect();
            let (above, below): (Vec<Sample>, Vec<Sample>) = samples.iter().partition(|s| rows[s.place as usize].3);
            let bins = GroupBins { words: &words, features, in_use: [BINS; WIDTH] };
            let (mut parent, mut sibling) = (empty(), empty());
            let mut counters = [Counter::default(), Counter::default()];
            // Two counters of one block each, then one counter of several.
            for (counter, half) in counters.iter_mut().zip(samples.chunks(samples.len().div_ceil(2))) {
                counter.count(bins, 1, std::iter::once(std::iter::once(half)));
            }
            bins.take(&mut parent, (&counters[..samples.len().min(2)], 0));
            let fewer = if counts_below { &below } else { &above };
            counters[0].count(bins, 2, fewer.chunks(7).map(|block| [&block[..0], block].into_iter()));
            bins.part((&mut parent, &mut sibling), (&counters[..1], 1), counts_below);

            for (samples, found) in [(below, parent), (above, sibling)] {
                let mut expected = empty();
                for sample in samples {
                    for (feature, bin) in words[sample.place as usize].to_le_bytes().into_iter().enumerate().take(features) {
                        expected[feature][usize::from(bin)].include(sample);
                    }
                }
                prop_assert_eq!(expected, found);
            }
        }
    }
}
