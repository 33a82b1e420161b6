//! Scoring: the same margin as the plain definition, to the bit, in a fraction of the time.
//!
//! A forest asks about few distinct thresholds. So a row is first quantised: each value becomes its
//! place among the feature's thresholds, found once by binary search, and every question of every
//! tree is then a comparison of two small integers that stand next to each other in memory.

use super::tree::{Split, SymmetricForest};

/// A forest laid out for speed.
///
/// Invariant: gives the leaves and the margin of the [`SymmetricForest`] it was compiled from.
#[derive(Debug, Clone)]
pub struct Scorer {
    bias: f64,
    borders: Vec<Borders>,
    /// The questions of all trees, one after another, level by level within a tree.
    questions: Vec<Question>,
    /// Runs of consecutive trees of one depth.
    runs: Vec<Run>,
    leaf_values: Vec<f64>,
    trees: usize,
    places: usize,
}

/// Buffers that scoring fills, so that a caller who scores many rows allocates once.
#[derive(Debug, Clone, Default)]
pub struct Scratch {
    places: Vec<u32>,
    leaves: Vec<u32>,
}

/// The thresholds of one feature and where its place goes.
#[derive(Debug, Clone)]
struct Borders {
    feature: usize,
    /// Ascending, distinct.
    thresholds: Vec<f64>,
}

/// "Is the place at `slot` above `border`?"
#[derive(Debug, Clone, Copy)]
struct Question {
    /// A feature has two slots: they differ in what a missing value answers.
    slot: u32,
    border: u32,
}

#[derive(Debug, Clone, Copy)]
struct Run {
    depth: usize,
    trees: usize,
    first_question: usize,
    first_leaf: usize,
}

/// The place of a missing value in the slot whose questions it answers "yes".
const ABOVE_ALL: u32 = u32::MAX;

impl Scratch {
    /// The leaf of each tree for the row that was scored last.
    #[must_use]
    pub fn leaves(&self) -> &[u32] {
        &self.leaves
    }
}

impl Scorer {
    /// Lays a forest out. The forest's invariants must hold.
    #[must_use]
    pub fn compile(forest: &SymmetricForest) -> Self {
        let borders = collect_borders(forest);
        let mut slot_of = vec![0; forest.features];
        for (place, feature) in borders.iter().enumerate() {
            slot_of[feature.feature] = place;
        }
        let question = |split: &Split| {
            let place = slot_of[split.feature as usize];
            let border = borders[place].thresholds.partition_point(|&threshold| threshold < split.threshold);
            Question { slot: narrow(2 * place + usize::from(split.missing_above)), border: narrow(border) }
        };
        let questions = forest.trees.iter().flat_map(|tree| &tree.splits).map(question).collect();
        let leaf_values = forest.trees.iter().flat_map(|tree| &tree.leaf_values).copied().collect();
        Self {
            bias: forest.bias,
            questions,
            runs: collect_runs(forest),
            leaf_values,
            trees: forest.trees.len(),
            places: 2 * borders.len(),
            borders,
        }
    }

    /// The margin of a row, to the bit that of [`SymmetricForest::margin`], and the leaf of each
    /// tree in `scratch`.
    ///
    /// `values` has as many elements as the forest has features, NaN where missing, none infinite.
    pub fn score(&self, values: &[f64], scratch: &mut Scratch) -> f64 {
        scratch.places.resize(self.places, 0);
        scratch.leaves.resize(self.trees, 0);
        for (borders, slots) in self.borders.iter().zip(scratch.places.chunks_exact_mut(2)) {
            slots.copy_from_slice(&borders.places(values[borders.feature]));
        }
        let mut margin = self.bias;
        let mut leaves = scratch.leaves.as_mut_slice();
        for run in &self.runs {
            let (run_leaves, rest) = leaves.split_at_mut(run.trees);
            leaves = rest;
            let trees = Trees {
                questions: &self.questions[run.first_question..][..run.depth * run.trees],
                leaf_values: &self.leaf_values[run.first_leaf..][..run.trees << run.depth],
            };
            margin = trees.score(run.depth, margin, &scratch.places, run_leaves);
        }
        margin
    }
}

impl Borders {
    /// A value's place for questions that a missing value answers "no", and for the others.
    ///
    /// `value > thresholds[i]` exactly when its place is above i.
    fn places(&self, value: f64) -> [u32; 2] {
        if value.is_nan() {
            return [0, ABOVE_ALL];
        }
        [narrow(self.thresholds.partition_point(|&threshold| threshold < value)); 2]
    }
}

/// Consecutive trees of one depth.
#[derive(Clone, Copy)]
struct Trees<'a> {
    questions: &'a [Question],
    leaf_values: &'a [f64],
}

impl Trees<'_> {
    /// Adds each tree's value to `margin`, in order, and writes down its leaf.
    fn score(self, depth: usize, margin: f64, places: &[u32], leaves: &mut [u32]) -> f64 {
        // The common depths get code of their own, in which the loop over the levels is unrolled.
        match depth {
            1 => self.score_unrolled::<1>(margin, places, leaves),
            2 => self.score_unrolled::<2>(margin, places, leaves),
            3 => self.score_unrolled::<3>(margin, places, leaves),
            4 => self.score_unrolled::<4>(margin, places, leaves),
            5 => self.score_unrolled::<5>(margin, places, leaves),
            6 => self.score_unrolled::<6>(margin, places, leaves),
            7 => self.score_unrolled::<7>(margin, places, leaves),
            8 => self.score_unrolled::<8>(margin, places, leaves),
            _ => self.score_any(depth, margin, places, leaves),
        }
    }

    fn score_unrolled<const DEPTH: usize>(self, mut margin: f64, places: &[u32], leaves: &mut [u32]) -> f64 {
        let (questions, _) = self.questions.as_chunks::<DEPTH>();
        let values = self.leaf_values.chunks_exact(1 << DEPTH);
        for ((questions, values), leaf) in questions.iter().zip(values).zip(leaves) {
            *leaf = leaf_index(questions, places);
            margin += values[*leaf as usize];
        }
        margin
    }

    fn score_any(self, depth: usize, mut margin: f64, places: &[u32], leaves: &mut [u32]) -> f64 {
        let values = self.leaf_values.chunks_exact(1 << depth);
        for (tree, (values, leaf)) in values.zip(leaves).enumerate() {
            *leaf = leaf_index(&self.questions[tree * depth..][..depth], places);
            margin += values[*leaf as usize];
        }
        margin
    }
}

/// Spells a leaf's index: bit i is the answer at level i.
fn leaf_index(questions: &[Question], places: &[u32]) -> u32 {
    let mut index = 0;
    for (level, question) in questions.iter().enumerate() {
        index |= u32::from(places[question.slot as usize] > question.border) << level;
    }
    index
}

fn collect_borders(forest: &SymmetricForest) -> Vec<Borders> {
    let mut thresholds = vec![Vec::new(); forest.features];
    for split in forest.trees.iter().flat_map(|tree| &tree.splits) {
        thresholds[split.feature as usize].push(split.threshold);
    }
    let mut borders = Vec::new();
    for (feature, mut thresholds) in thresholds.into_iter().enumerate().filter(|(_, asked)| !asked.is_empty()) {
        thresholds.sort_unstable_by(f64::total_cmp);
        // Two zeros of different sign are one threshold: `>` does not tell them apart.
        thresholds.dedup();
        borders.push(Borders { feature, thresholds });
    }
    borders
}

fn collect_runs(forest: &SymmetricForest) -> Vec<Run> {
    let mut runs = Vec::new();
    let (mut first_question, mut first_leaf) = (0, 0);
    for trees in forest.trees.chunk_by(|a, b| a.splits.len() == b.splits.len()) {
        let run = Run { depth: trees[0].splits.len(), trees: trees.len(), first_question, first_leaf };
        first_question += run.depth * run.trees;
        first_leaf += run.trees << run.depth;
        runs.push(run);
    }
    runs
}

/// Narrows an index, which the limits on a forest's size keep far below 2^32.
fn narrow(index: usize) -> u32 {
    u32::try_from(index).expect("a forest has fewer than 2^32 questions")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::forest::{random, tree::SymmetricTree};

    proptest! {
        #[test]
        fn the_margin_and_the_leaves_are_those_of_the_plain_definition(
            forest in random::forest(5, 0..=9),
            rows in prop::collection::vec(random::row(5), 1..20),
        ) {
            let scorer = Scorer::compile(&forest);
            let mut scratch = Scratch::default();
            for row in rows {
                prop_assert_eq!(scorer.score(&row, &mut scratch).to_bits(), forest.margin(&row).to_bits());
                let leaves: Vec<usize> = scratch.leaves().iter().map(|&leaf| leaf as usize).collect();
                let expected: Vec<usize> = forest.trees.iter().map(|tree| tree.leaf_index(&row)).collect();
                prop_assert_eq!(leaves, expected);
            }
        }
    }

    #[test]
    fn a_value_on_a_threshold_is_not_above_it() {
        let split = Split { feature: 0, threshold: 0.0, missing_above: true };
        let tree = SymmetricTree { splits: vec![split], leaf_values: vec![1.0, 2.0], leaf_covers: vec![1.0, 1.0] };
        let scorer = Scorer::compile(&SymmetricForest { features: 1, bias: 0.0, trees: vec![tree] });
        let mut scratch = Scratch::default();
        for (value, margin) in [(0.0, 1.0), (-0.0, 1.0), (f64::MIN_POSITIVE, 2.0), (f64::NAN, 2.0), (-1.0, 1.0)] {
            assert_eq!(scorer.score(&[value], &mut scratch), margin, "{value}");
        }
    }

    #[test]
    fn a_forest_without_trees_gives_its_bias() {
        let scorer = Scorer::compile(&SymmetricForest { features: 0, bias: -1.5, trees: Vec::new() });
        assert_eq!(scorer.score(&[], &mut Scratch::default()), -1.5);
    }
}
