//! A forest laid out: thresholds by feature, questions by level in groups of trees.

use super::place::{Borders, Place};
use crate::forest::tree::{Split, SymmetricForest};

/// How many trees stand side by side: as many bytes as one comparison of SSE2 takes.
pub(super) const GROUP: usize = 16;

/// One level of a group of trees: "is the place at this slot above this border?", for each of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level<P> {
    pub(super) slots: [P; GROUP],
    pub(super) borders: [P; GROUP],
}

/// A forest, laid out with places of one width.
#[derive(Debug, Clone)]
pub(super) struct Layout<P> {
    pub(super) bias: f64,
    /// The features that are asked about; the slots of the i-th are 2i and 2i + 1.
    pub(super) borders: Vec<Borders>,
    /// The levels of all groups, group after group.
    pub(super) levels: Vec<Level<P>>,
    pub(super) runs: Vec<Run>,
    /// The leaf values of all trees, tree after tree.
    pub(super) leaf_values: Vec<f64>,
    pub(super) trees: usize,
}

/// Consecutive trees of one depth, in groups of which the last may be filled up with trees that answer "no".
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) depth: usize,
    pub(super) trees: usize,
    pub(super) first_level: usize,
    pub(super) first_leaf: usize,
}

/// The thresholds of each feature that a forest asks about.
pub(super) fn borders(forest: &SymmetricForest) -> Vec<Borders> {
    let mut thresholds = vec![Vec::new(); forest.features];
    for split in forest.trees.iter().flat_map(|tree| &tree.splits) {
        thresholds[split.feature as usize].push(split.threshold);
    }
    let asked = thresholds.into_iter().enumerate().filter(|(_, thresholds)| !thresholds.is_empty());
    asked.map(|(feature, thresholds)| Borders::new(feature, thresholds)).collect()
}

impl<P: Place> Layout<P> {
    /// Lays a forest out; `None` when a place or a slot of it does not fit.
    pub(super) fn compile(forest: &SymmetricForest, borders: &[Borders]) -> Option<Self> {
        P::narrow((2 * borders.len()).saturating_sub(1))?;
        // The highest place; the borders are below it, and so below what a missing value may have to be above.
        borders.iter().try_for_each(|borders| P::narrow(borders.count()).map(drop))?;
        let mut number_of = vec![0; forest.features];
        for (number, feature) in borders.iter().enumerate() {
            number_of[feature.feature] = number;
        }
        let question = |split: &Split| {
            let number = number_of[split.feature as usize];
            let slot = P::narrow(2 * number + usize::from(split.missing_above))?;
            Some((slot, P::narrow(borders[number].number_of(split.threshold))?))
        };
        let (mut levels, mut runs, mut first_leaf) = (Vec::new(), Vec::new(), 0);
        for trees in forest.trees.chunk_by(|a, b| a.splits.len() == b.splits.len()) {
            let depth = trees[0].splits.len();
            runs.push(Run { depth, trees: trees.len(), first_level: levels.len(), first_leaf });
            first_leaf += trees.len() << depth;
            for group in trees.chunks(GROUP) {
                for level in 0..depth {
                    let mut side_by_side = Level { slots: [P::default(); GROUP], borders: [P::ABOVE_ALL; GROUP] };
                    for (lane, tree) in group.iter().enumerate() {
                        let (slot, border) = question(&tree.splits[level])?;
                        side_by_side.slots[lane] = slot;
                        side_by_side.borders[lane] = border;
                    }
                    levels.push(side_by_side);
                }
            }
        }
        Some(Self {
            bias: forest.bias,
            borders: borders.to_vec(),
            levels,
            runs,
            leaf_values: forest.trees.iter().flat_map(|tree| &tree.leaf_values).copied().collect(),
            trees: forest.trees.len(),
        })
    }

    /// The levels and the leaf values of a run's trees.
    pub(super) fn parts(&self, run: &Run) -> (&[Level<P>], &[f64]) {
        let levels = run.trees.div_ceil(GROUP) * run.depth;
        (&self.levels[run.first_level..][..levels], &self.leaf_values[run.first_leaf..][..run.trees << run.depth])
    }
}
