//! The rows a tree is grown from, kept grouped by the leaf they are in.

use rayon::prelude::*;

use super::gradient::Sample;

/// Samples grouped by leaf; within a leaf in the order of the table.
///
/// Invariant: `groups` tile `samples`, in order.
#[derive(Debug, Default)]
pub(super) struct GroupedRows {
    samples: Vec<Sample>,
    scratch: Vec<Sample>,
    groups: Vec<Group>,
}

/// A leaf and how many samples it has.
#[derive(Debug, Clone, Copy)]
struct Group {
    leaf: usize,
    length: usize,
}

impl GroupedRows {
    /// Puts `samples` into one leaf, the root.
    pub(super) fn start(&mut self, samples: impl Iterator<Item = Sample>) {
        self.samples.clear();
        self.samples.extend(samples);
        self.scratch.resize(self.samples.len(), Sample { row: 0, gradient: 0, hessian: 0 });
        self.groups.clear();
        self.groups.push(Group { leaf: 0, length: self.samples.len() });
    }

    /// All samples.
    pub(super) fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// The samples of every leaf.
    pub(super) fn leaves(&self) -> impl Iterator<Item = (usize, &[Sample])> {
        let mut rest = self.samples.as_slice();
        self.groups.iter().map(move |group| {
            let (samples, tail) = rest.split_at(group.length);
            rest = tail;
            (group.leaf, samples)
        })
    }

    /// Parts every leaf in two: rows for which `is_above` go from leaf `l` to leaf `l + sibling_offset`.
    pub(super) fn part(&mut self, sibling_offset: usize, is_above: impl Fn(u32) -> bool + Sync) {
        let mut jobs = Vec::with_capacity(self.groups.len());
        let (mut samples, mut scratch) = (self.samples.as_mut_slice(), self.scratch.as_mut_slice());
        for group in &self.groups {
            let (head, tail) = samples.split_at_mut(group.length);
            let (scratch_head, scratch_tail) = scratch.split_at_mut(group.length);
            jobs.push((group.leaf, head, scratch_head));
            (samples, scratch) = (tail, scratch_tail);
        }
        self.groups = jobs
            .into_par_iter()
            .flat_map_iter(|(leaf, samples, scratch)| {
                let below = part_stably(samples, scratch, &is_above);
                let above = samples.len() - below;
                [Group { leaf, length: below }, Group { leaf: leaf + sibling_offset, length: above }]
            })
            .collect();
    }
}

/// Moves the samples that are above behind those that are not; gives the number of the latter.
fn part_stably(samples: &mut [Sample], scratch: &mut [Sample], is_above: impl Fn(u32) -> bool) -> usize {
    let (mut below, mut above) = (0, 0);
    for index in 0..samples.len() {
        let sample = samples[index];
        // Both writes are made and one is kept: cheaper than a branch that cannot be foretold.
        samples[below] = sample;
        scratch[above] = sample;
        let goes_above = usize::from(is_above(sample.row));
        below += 1 - goes_above;
        above += goes_above;
    }
    samples[below..].copy_from_slice(&scratch[..above]);
    below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stay_grouped_by_leaf_and_in_order() {
        let mut rows = GroupedRows::default();
        rows.start((0..8).map(|row| Sample::new(row, 0.0, false)));
        rows.part(1, |row| row % 2 == 1);
        rows.part(2, |row| row >= 4);
        let mut leaves: Vec<(usize, Vec<u32>)> =
            rows.leaves().map(|(leaf, samples)| (leaf, samples.iter().map(|s| s.row).collect())).collect();
        leaves.sort();
        assert_eq!(leaves, [(0, vec![0, 2]), (1, vec![1, 3]), (2, vec![4, 6]), (3, vec![5, 7])]);
    }
}
