//! Histograms of gradients: for each leaf and bin of a feature, the sums over its rows.

use super::gradient::{Sample, Sums};

/// As many entries as a byte has values, so that looking one up needs no check.
const BINS: usize = 256;

/// The sums of one leaf's rows by bin of one feature.
type LeafHistogram = [Sums; BINS];

/// One feature's histograms, one per leaf of the tree being grown.
///
/// Held over from tree to tree, so that growing one allocates nothing.
#[derive(Debug, Default)]
pub(super) struct FeatureHistograms {
    leaves: Vec<LeafHistogram>,
}

impl FeatureHistograms {
    /// Makes room for `leaves` leaves.
    pub(super) fn reserve(&mut self, leaves: usize) {
        if self.leaves.len() < leaves {
            self.leaves.resize(leaves, [Sums::default(); BINS]);
        }
    }

    /// The histogram of one leaf.
    pub(super) fn leaf(&self, leaf: usize) -> &LeafHistogram {
        &self.leaves[leaf]
    }

    /// Counts the rows of the root.
    pub(super) fn count_root(&mut self, samples: &[Sample], bins: &[u8]) {
        count(&mut self.leaves[0], samples, bins);
    }

    /// Parts the histogram of `leaf` into those of its two children, `leaf` and `sibling`, by
    /// counting the rows of the one that has fewer: the other is what remains of the parent.
    pub(super) fn part(&mut self, leaf: usize, sibling: usize, children: [&[Sample]; 2], bins: &[u8]) {
        let (head, tail) = self.leaves.split_at_mut(sibling);
        let (parent, counted) = (&mut head[leaf], &mut tail[0]);
        let [below, above] = children;
        let count_below = below.len() < above.len();
        count(counted, if count_below { below } else { above }, bins);
        for (parent, counted) in parent.iter_mut().zip(counted.iter()) {
            *parent = *parent - *counted;
        }
        if count_below {
            std::mem::swap(parent, counted);
        }
    }
}

fn count(histogram: &mut LeafHistogram, samples: &[Sample], bins: &[u8]) {
    histogram.fill(Sums::default());
    for &sample in samples {
        histogram[usize::from(bins[sample.row as usize])].include(sample);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_histogram_by_subtraction_equals_one_by_counting(
            rows in prop::collection::vec((any::<u8>(), -9.0..9.0, any::<bool>(), any::<bool>()), 1..300),
        ) {
            let bins: Vec<u8> = rows.iter().map(|row| row.0).collect();
            let samples: Vec<Sample> = rows.iter().zip(0..).map(|(r, row)| Sample::new(row, r.1, r.2)).collect();
            let (above, below): (Vec<Sample>, Vec<Sample>) = samples.iter().partition(|s| rows[s.row as usize].3);
            let mut histograms = FeatureHistograms::default();
            histograms.reserve(2);
            histograms.count_root(&samples, &bins);
            histograms.part(0, 1, [&below, &above], &bins);

            for (leaf, samples) in [below, above].iter().enumerate() {
                let mut direct = [Sums::default(); BINS];
                count(&mut direct, samples, &bins);
                prop_assert_eq!(&direct, histograms.leaf(leaf));
            }
        }
    }
}
