//! The contributions of many rows: tree after tree, while its table is in the nearest cache.

use std::cell::Cell;

use super::{Tables, TreeTable};
use crate::forest::score::{Lane, Leaves, ROWS};

/// A lane that several features of a tree may be adding to at once, in pairs: two doubles are what one addition of
/// SSE2 takes.
type Pairs = [[Cell<f64>; 2]];

impl Tables {
    /// Adds to `contributions`, a lane for each feature of the forest, what each moved the margins of a
    /// block by in one tree.
    ///
    /// `tree` is its number and `leaves` the leaf of every row in it. Called for tree after tree, as
    /// [`super::super::score::Scorer::score_block`] shows them, it gives the bits of [`Tables::explain`].
    pub fn explain_block(&self, tree: usize, leaves: &Leaves, contributions: &mut [Lane]) {
        let TreeTable { depth, first_feature, first_contribution } = self.trees[tree];
        let features = &self.features[first_feature..][..depth];
        let rows = &self.contributions[first_contribution..][..depth << depth];
        let lanes = Cell::from_mut(contributions).as_slice_of_cells();
        match depth {
            0 => {}
            1 => add::<1>(features, rows, leaves, lanes),
            2 => add::<2>(features, rows, leaves, lanes),
            3 => add::<3>(features, rows, leaves, lanes),
            4 => add::<4>(features, rows, leaves, lanes),
            5 => add::<5>(features, rows, leaves, lanes),
            6 => add::<6>(features, rows, leaves, lanes),
            7 => add::<7>(features, rows, leaves, lanes),
            8 => add::<8>(features, rows, leaves, lanes),
            _ => {
                for (place, &feature) in features.iter().enumerate() {
                    for (cell, &leaf) in lanes[feature as usize].as_array_of_cells().iter().zip(leaves) {
                        cell.set(cell.get() + rows[usize::from(leaf) * depth + place]);
                    }
                }
            }
        }
    }
}

/// Adds each row's contributions in a tree: code of its own for each common depth, unrolled.
fn add<const DEPTH: usize>(features: &[u32], rows: &[f64], leaves: &Leaves, lanes: &[Cell<Lane>]) {
    let rows = &rows.as_chunks::<DEPTH>().0[..1 << DEPTH];
    let lanes: [&Pairs; DEPTH] =
        std::array::from_fn(|place| lanes[features[place] as usize].as_array_of_cells().as_chunks().0);
    for (pair, leaves) in leaves.as_chunks::<2>().0.iter().enumerate() {
        // The mask changes nothing; it shows the compiler that the leaf is in bounds.
        let [first, second] = leaves.map(|leaf| &rows[usize::from(leaf) & ((1 << DEPTH) - 1)]);
        for (place, lane) in lanes.iter().enumerate() {
            let [a, b] = &lane[pair];
            let sums = [a.get() + first[place], b.get() + second[place]];
            a.set(sums[0]);
            b.set(sums[1]);
        }
    }
}

const _: () = assert!(ROWS.is_multiple_of(2), "rows are taken in pairs");
