//! Scoring: the same margin as the plain definition, to the bit, in a fraction of the time.
//!
//! A forest asks about few distinct thresholds. So a row is first quantised: each value becomes its
//! place among the feature's thresholds, found once by binary search, and every question of every
//! tree is then a comparison of two small integers. What is compared stands side by side, sixteen
//! trees of one row or [`ROWS`] rows of one tree, so that the compiler compares many at once with
//! what any processor has.

mod block;
mod layout;
mod place;
mod row;
#[cfg(test)]
mod tests;

use super::tree::SymmetricForest;
pub use block::{BlockScratch, Lane, Leaves, ROWS};
use layout::Layout;

/// A forest laid out for speed.
///
/// Invariant: gives the leaves and the margin of the [`SymmetricForest`] it was compiled from.
#[derive(Debug, Clone)]
pub struct Scorer {
    width: Width,
}

/// The integer that places and slots fit into. Every forest that is trained here fits into one byte;
/// one that was made elsewhere, with more thresholds, may not.
#[derive(Debug, Clone)]
enum Width {
    Byte(Layout<u8>),
    Word(Layout<u32>),
}

/// Buffers that scoring fills, so that a caller who scores many rows allocates once.
#[derive(Debug, Clone)]
pub struct Scratch {
    bytes: [u8; 256],
    words: Vec<u32>,
    leaves: Vec<u16>,
}

impl Default for Scratch {
    fn default() -> Self {
        Self { bytes: [0; 256], words: Vec::new(), leaves: Vec::new() }
    }
}

impl Scratch {
    /// The leaf of each tree for the row that was scored last.
    #[must_use]
    pub fn leaves(&self) -> &[u16] {
        &self.leaves
    }
}

impl Scorer {
    /// Lays a forest out. The forest's invariants must hold.
    ///
    /// # Panics
    ///
    /// Never: the limits on a forest's size keep its questions far below 2^31.
    #[must_use]
    pub fn compile(forest: &SymmetricForest) -> Self {
        let borders = layout::borders(forest);
        let width = Layout::compile(forest, &borders).map_or_else(
            || Width::Word(Layout::compile(forest, &borders).expect("a forest has fewer than 2^31 questions")),
            Width::Byte,
        );
        Self { width }
    }

    /// The margin of a row, to the bit that of [`SymmetricForest::margin`], and the leaf of each
    /// tree in `scratch`.
    ///
    /// `values` has as many elements as the forest has features, NaN where missing, none infinite.
    pub fn score(&self, values: &[f64], scratch: &mut Scratch) -> f64 {
        match &self.width {
            Width::Byte(layout) => layout.score(values, &mut scratch.bytes, &mut scratch.leaves),
            Width::Word(layout) => layout.score(values, &mut scratch.words, &mut scratch.leaves),
        }
    }

    /// The margins of [`ROWS`] rows, each to the bit that of [`Scorer::score`], in a third of the time.
    ///
    /// `values` has a lane for each of the forest's features. `visit` is shown the number of each tree
    /// and the leaf of every row in it, tree by tree.
    pub fn score_block(&self, values: &[Lane], scratch: &mut BlockScratch, visit: impl FnMut(usize, &Leaves)) -> Lane {
        match &self.width {
            Width::Byte(layout) => layout.score_block(values, &mut scratch.bytes, visit),
            Width::Word(layout) => layout.score_block(values, &mut scratch.words, visit),
        }
    }
}
