//! Exact Shapley values by table look-up.
//!
//! The game is that of path-dependent TreeSHAP (Lundberg et al., "From local explanations to global
//! understanding with explainable AI for trees", Nature Machine Intelligence 2, 2020): the value of
//! a set S of features is the tree's expectation when the features in S answer as the applicant's
//! do and every other question is answered in the proportion of the training rows (the covers).
//!
//! A symmetric tree asks about k ≤ d distinct features, and the index of the leaf that scoring found
//! already tells how every one of its questions was answered. So the Shapley values depend on the
//! leaf alone; they are computed once per leaf, over all 2^k sets, and explaining an applicant adds
//! up one table row per tree.

mod block;
mod game;
#[cfg(test)]
mod tests;

use super::tree::SymmetricForest;
pub(super) use game::shares;
use game::{Game, Players};

/// The Shapley values of every leaf of every tree.
///
/// Invariant: for each leaf of a tree, its row sums to the leaf's value minus the tree's mean,
/// within rounding.
#[derive(Debug, Clone)]
pub struct Tables {
    baseline: f64,
    trees: Vec<TreeTable>,
    /// For each tree, as many features as it has levels: its distinct ones, then any others, whose
    /// contributions are 0. So rows of trees of one depth have one length, and adding them needs no
    /// branch.
    features: Vec<u32>,
    /// For each tree, leaf and feature, in that order, its contribution.
    contributions: Vec<f64>,
}

#[derive(Debug, Clone, Copy)]
struct TreeTable {
    depth: usize,
    first_feature: usize,
    first_contribution: usize,
}

impl Tables {
    /// Computes the tables. The forest's invariants must hold.
    ///
    /// Takes of order 3^d + 2^d · 2^k · k steps for a tree of d levels and k distinct features.
    #[must_use]
    pub fn build(forest: &SymmetricForest) -> Self {
        let mut tables =
            Self { baseline: forest.bias, trees: Vec::new(), features: Vec::new(), contributions: Vec::new() };
        for (number, tree) in forest.trees.iter().enumerate() {
            let depth = tree.splits.len();
            let players = Players::of(tree);
            let game = Game::of(tree);
            let (first_feature, first_contribution) = (tables.features.len(), tables.contributions.len());
            tables.trees.push(TreeTable { depth, first_feature, first_contribution });
            tables.baseline += game.mean();
            tables.contributions.resize(first_contribution + (depth << depth), 0.0);
            game.shapley_values(&players, &mut tables.contributions[first_contribution..]);
            tables.features.extend_from_slice(players.features());
            // Which features fill up does not matter; taking turns keeps any one sum from waiting for itself.
            let fillers = (number..).map(|filler| u32::try_from(filler % forest.features).unwrap_or(0));
            tables.features.extend(fillers.take(depth - players.count()));
        }
        tables
    }

    /// The margin before anything is known of an applicant: the bias and the mean of every tree over
    /// its training rows.
    #[must_use]
    pub const fn baseline(&self) -> f64 {
        self.baseline
    }

    /// Adds to `contributions`, one per feature of the forest, what each moved the margin by, in the
    /// order of the trees.
    ///
    /// `leaves` is the leaf of each tree, as [`super::score::Scorer::score`] finds it. Contributions
    /// and baseline sum to the margin within 1e-9.
    pub fn explain(&self, leaves: &[u16], contributions: &mut [f64]) {
        let mut rest = leaves;
        for run in self.trees.chunk_by(|a, b| a.depth == b.depth) {
            let (leaves, after) = rest.split_at(run.len());
            rest = after;
            let TreeTable { depth, first_feature, first_contribution } = run[0];
            let features = &self.features[first_feature..][..run.len() * depth];
            let rows = &self.contributions[first_contribution..][..run.len() * (depth << depth)];
            match depth {
                // A tree without questions says nothing of any feature.
                0 => {}
                1 => add_rows::<1>(features, rows, leaves, contributions),
                2 => add_rows::<2>(features, rows, leaves, contributions),
                3 => add_rows::<3>(features, rows, leaves, contributions),
                4 => add_rows::<4>(features, rows, leaves, contributions),
                5 => add_rows::<5>(features, rows, leaves, contributions),
                6 => add_rows::<6>(features, rows, leaves, contributions),
                7 => add_rows::<7>(features, rows, leaves, contributions),
                8 => add_rows::<8>(features, rows, leaves, contributions),
                _ => {
                    let trees = features.chunks_exact(depth).zip(rows.chunks_exact(depth << depth)).zip(leaves);
                    for ((features, rows), &leaf) in trees {
                        let row = &rows[usize::from(leaf) * depth..][..depth];
                        add_row(features, row, contributions);
                    }
                }
            }
        }
    }
}

/// Adds one row for each of some trees of one depth: code of its own for each common depth, unrolled.
fn add_rows<const DEPTH: usize>(features: &[u32], rows: &[f64], leaves: &[u16], contributions: &mut [f64]) {
    let features = features.as_chunks::<DEPTH>().0;
    let tables = rows.as_chunks::<DEPTH>().0.chunks_exact(1 << DEPTH);
    for ((features, rows), &leaf) in features.iter().zip(tables).zip(leaves) {
        // The mask changes nothing; it shows the compiler that the leaf is in bounds.
        add_row(features, &rows[usize::from(leaf) & ((1 << DEPTH) - 1)], contributions);
    }
}

#[inline]
fn add_row(features: &[u32], row: &[f64], contributions: &mut [f64]) {
    for (&feature, contribution) in features.iter().zip(row) {
        contributions[feature as usize] += contribution;
    }
}
