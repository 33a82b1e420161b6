//! One row: sixteen trees side by side.

use super::{
    layout::{GROUP, Layout, Level},
    place::{Borders, Place},
};

impl<P: Place> Layout<P> {
    /// The margin of a row; the leaf of each tree goes into `leaves`.
    pub(super) fn score(&self, values: &[f64], places: &mut P::Row, leaves: &mut Vec<u16>) -> f64 {
        P::make_room(places, 2 * self.borders.len());
        for (borders, slots) in self.borders.iter().zip(places.as_mut().as_chunks_mut().0) {
            *slots = places_of(borders, values[borders.feature]);
        }
        leaves.resize(self.trees, 0);
        let mut margin = self.bias;
        let mut rest = leaves.as_mut_slice();
        for run in &self.runs {
            let (leaves, after) = rest.split_at_mut(run.trees);
            rest = after;
            let (levels, leaf_values) = self.parts(run);
            let trees = Trees { levels, leaf_values, places };
            // The common depths get code of their own, in which the loop over the levels is unrolled.
            margin = match run.depth {
                1 => trees.score_unrolled::<1>(margin, leaves),
                2 => trees.score_unrolled::<2>(margin, leaves),
                3 => trees.score_unrolled::<3>(margin, leaves),
                4 => trees.score_unrolled::<4>(margin, leaves),
                5 => trees.score_unrolled::<5>(margin, leaves),
                6 => trees.score_unrolled::<6>(margin, leaves),
                7 => trees.score_unrolled::<7>(margin, leaves),
                8 => trees.score_unrolled::<8>(margin, leaves),
                depth => trees.score_any(depth, margin, leaves),
            };
        }
        margin
    }
}

/// A value's place for questions that a missing value answers "no", and for the others.
fn places_of<P: Place>(borders: &Borders, value: f64) -> [P; 2] {
    if value.is_nan() {
        return [P::default(), P::ABOVE_ALL];
    }
    let [place] = borders.find(&[value]);
    [P::narrow(place).unwrap_or(P::ABOVE_ALL); 2]
}

/// Consecutive trees of one depth, and a row's places.
struct Trees<'a, P: Place> {
    levels: &'a [Level<P>],
    leaf_values: &'a [f64],
    places: &'a P::Row,
}

impl<P: Place> Trees<'_, P> {
    /// Adds each tree's value to `margin`, in order, and writes down its leaf. At most 8 levels, so that a leaf's
    /// index fits into a byte.
    fn score_unrolled<const DEPTH: usize>(&self, mut margin: f64, leaves: &mut [u16]) -> f64 {
        let groups = self.levels.as_chunks::<DEPTH>().0;
        let (full, last) = leaves.as_chunks_mut::<GROUP>();
        let values = self.leaf_values.chunks(GROUP << DEPTH);
        for ((levels, values), leaves) in groups.iter().zip(values).zip(full) {
            let indexes = self.leaf_indexes(levels);
            *leaves = indexes.map(u16::from);
            margin = add::<DEPTH>(values, &indexes, margin);
        }
        if let (Some(levels), false) = (groups.last(), last.is_empty()) {
            let indexes = self.leaf_indexes(levels);
            for (leaf, &index) in last.iter_mut().zip(&indexes) {
                *leaf = u16::from(index);
            }
            let values = &self.leaf_values[self.leaf_values.len() - (last.len() << DEPTH)..];
            margin = add::<DEPTH>(values, &indexes, margin);
        }
        margin
    }

    /// The leaf's index in each tree of a group.
    fn leaf_indexes<const DEPTH: usize>(&self, levels: &[Level<P>; DEPTH]) -> [u8; GROUP] {
        let mut indexes = [0_u8; GROUP];
        for (level, questions) in levels.iter().enumerate() {
            let bit = 1 << level;
            let places = questions.slots.map(|slot| P::look_up(self.places, slot));
            for ((index, place), border) in indexes.iter_mut().zip(&places).zip(&questions.borders) {
                *index |= if place > border { bit } else { 0 };
            }
        }
        indexes
    }

    fn score_any(&self, depth: usize, mut margin: f64, leaves: &mut [u16]) -> f64 {
        let values = self.leaf_values.chunks_exact(1 << depth);
        for (tree, (values, leaf)) in values.zip(leaves).enumerate() {
            let levels = &self.levels[tree / GROUP * depth..][..depth];
            *leaf = 0;
            for (level, questions) in levels.iter().enumerate() {
                let place = P::look_up(self.places, questions.slots[tree % GROUP]);
                *leaf |= u16::from(place > questions.borders[tree % GROUP]) << level;
            }
            margin += values[usize::from(*leaf)];
        }
        margin
    }
}

/// Adds the values of some trees' leaves, in order. `values` are the leaf values of these trees, tree after tree.
fn add<const DEPTH: usize>(values: &[f64], indexes: &[u8], mut margin: f64) -> f64 {
    for (values, &index) in values.chunks_exact(1 << DEPTH).zip(indexes) {
        // The mask changes nothing; it shows the compiler that the index is in bounds.
        margin += values[usize::from(index) & ((1 << DEPTH) - 1)];
    }
    margin
}
