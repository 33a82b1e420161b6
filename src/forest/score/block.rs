//! Many rows: a block of rows side by side, tree after tree.
//!
//! A tree's questions, leaf values and table are in the nearest cache while all rows of the block pass by, and its
//! comparisons are of bytes that stand next to each other.

use super::{
    layout::{GROUP, Layout, Level},
    place::{Borders, Place},
};

/// How many rows a block holds: enough for a tree's table to be worth fetching, few enough for the
/// block's places and sums to stay in the nearest cache.
pub const ROWS: usize = 128;

/// One number for each row of a block.
pub type Lane = [f64; ROWS];

/// A tree's leaf for each row of a block.
pub type Leaves = [u16; ROWS];

/// Trees whose values are added in one pass over the rows.
const AT_ONCE: usize = 4;

/// Buffers that scoring a block fills.
#[derive(Debug, Clone, Default)]
pub struct BlockScratch {
    pub(super) bytes: Vec<[u8; ROWS]>,
    pub(super) words: Vec<[u32; ROWS]>,
}

impl<P: Place> Layout<P> {
    pub(super) fn score_block(
        &self,
        values: &[Lane],
        places: &mut Vec<[P; ROWS]>,
        mut visit: impl FnMut(usize, &Leaves),
    ) -> Lane {
        places.resize(2 * self.borders.len(), [P::default(); ROWS]);
        for (borders, slots) in self.borders.iter().zip(places.as_chunks_mut().0) {
            fill_places(borders, &values[borders.feature], slots);
        }
        let mut margins = [self.bias; ROWS];
        let mut first_tree = 0;
        for run in &self.runs {
            let (levels, leaf_values) = self.parts(run);
            let trees = Trees { levels, leaf_values, places, count: run.trees };
            let visit = |tree: usize, leaves: &Leaves| visit(first_tree + tree, leaves);
            match run.depth {
                1 => trees.score_unrolled::<1>(&mut margins, visit),
                2 => trees.score_unrolled::<2>(&mut margins, visit),
                3 => trees.score_unrolled::<3>(&mut margins, visit),
                4 => trees.score_unrolled::<4>(&mut margins, visit),
                5 => trees.score_unrolled::<5>(&mut margins, visit),
                6 => trees.score_unrolled::<6>(&mut margins, visit),
                7 => trees.score_unrolled::<7>(&mut margins, visit),
                8 => trees.score_unrolled::<8>(&mut margins, visit),
                depth => trees.score_any(depth, &mut margins, visit),
            }
            first_tree += run.trees;
        }
        margins
    }
}

/// The rows' places for questions that a missing value answers "no", and for the others.
fn fill_places<P: Place>(borders: &Borders, values: &Lane, [below, above]: &mut [[P; ROWS]; 2]) {
    const SEARCHES: usize = 8;
    for (values, below) in values.as_chunks::<SEARCHES>().0.iter().zip(below.as_chunks_mut::<SEARCHES>().0) {
        *below = borders.find(values).map(|place| P::narrow(place).unwrap_or(P::ABOVE_ALL));
    }
    for ((above, below), value) in above.iter_mut().zip(below).zip(values) {
        *above = if value.is_nan() { P::ABOVE_ALL } else { *below };
    }
}

/// Consecutive trees of one depth, and the places of a block of rows by slot.
struct Trees<'a, P> {
    levels: &'a [Level<P>],
    leaf_values: &'a [f64],
    places: &'a [[P; ROWS]],
    count: usize,
}

impl<P: Place> Trees<'_, P> {
    /// Adds each tree's values to `margins`, in order. At most 8 levels, so that a leaf's index fits into a byte.
    fn score_unrolled<const DEPTH: usize>(&self, margins: &mut Lane, mut visit: impl FnMut(usize, &Leaves)) {
        let several = self.count / AT_ONCE * AT_ONCE;
        for first in (0..several).step_by(AT_ONCE) {
            let leaves: [Leaves; AT_ONCE] = std::array::from_fn(|tree| self.leaves::<DEPTH>(first + tree));
            add::<DEPTH, AT_ONCE>(&self.leaf_values[first << DEPTH..], &leaves, margins);
            for (tree, leaves) in (first..).zip(&leaves) {
                visit(tree, leaves);
            }
        }
        for tree in several..self.count {
            let leaves = self.leaves::<DEPTH>(tree);
            add::<DEPTH, 1>(&self.leaf_values[tree << DEPTH..], &[leaves], margins);
            visit(tree, &leaves);
        }
    }

    fn leaves<const DEPTH: usize>(&self, tree: usize) -> Leaves {
        let mut indexes = [0_u8; ROWS];
        for (level, questions) in self.levels[tree / GROUP * DEPTH..][..DEPTH].iter().enumerate() {
            let (bit, border) = (1 << level, questions.borders[tree % GROUP]);
            let places = &self.places[questions.slots[tree % GROUP].index()];
            for (index, place) in indexes.iter_mut().zip(places) {
                *index |= if *place > border { bit } else { 0 };
            }
        }
        indexes.map(u16::from)
    }

    fn score_any(&self, depth: usize, margins: &mut Lane, mut visit: impl FnMut(usize, &Leaves)) {
        for (tree, values) in self.leaf_values.chunks_exact(1 << depth).enumerate() {
            let mut leaves = [0; ROWS];
            for (level, questions) in self.levels[tree / GROUP * depth..][..depth].iter().enumerate() {
                let border = questions.borders[tree % GROUP];
                let places = &self.places[questions.slots[tree % GROUP].index()];
                for (leaf, place) in leaves.iter_mut().zip(places) {
                    *leaf |= u16::from(*place > border) << level;
                }
            }
            for (margin, &leaf) in margins.iter_mut().zip(&leaves) {
                *margin += values[usize::from(leaf)];
            }
            visit(tree, &leaves);
        }
    }
}

/// Adds to each row's margin the values of its leaves in some trees, in order, in one pass over the margins.
///
/// `values` begins with the leaf values of these trees, tree after tree.
fn add<const DEPTH: usize, const TREES: usize>(values: &[f64], leaves: &[Leaves; TREES], margins: &mut Lane) {
    let values = &values[..TREES << DEPTH];
    for (row, margin) in margins.iter_mut().enumerate() {
        for (tree, leaves) in leaves.iter().enumerate() {
            // The mask changes nothing; it shows the compiler that the index is in bounds.
            *margin += values[tree << DEPTH | usize::from(leaves[row]) & ((1 << DEPTH) - 1)];
        }
    }
}
