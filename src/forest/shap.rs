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

use super::tree::{SymmetricForest, SymmetricTree};

/// The Shapley values of every leaf of every tree.
///
/// Invariant: for each leaf of a tree, its row sums to the leaf's value minus the tree's mean,
/// within rounding.
#[derive(Debug, Clone)]
pub struct Tables {
    baseline: f64,
    trees: Vec<TreeTable>,
    /// The distinct features of each tree, one tree after another.
    features: Vec<u32>,
    /// For each tree, leaf and distinct feature of the tree, in that order, its contribution.
    contributions: Vec<f64>,
}

#[derive(Debug, Clone, Copy)]
struct TreeTable {
    first_feature: usize,
    first_contribution: usize,
    /// How many distinct features the tree asks about: the length of a row.
    features: usize,
}

impl Tables {
    /// Computes the tables. The forest's invariants must hold.
    ///
    /// Takes of order 3^d + 2^d · 2^k · k steps for a tree of d levels and k distinct features.
    #[must_use]
    pub fn build(forest: &SymmetricForest) -> Self {
        let mut tables =
            Self { baseline: forest.bias, trees: Vec::new(), features: Vec::new(), contributions: Vec::new() };
        for tree in &forest.trees {
            let players = Players::of(tree);
            let game = Game::of(tree);
            tables.trees.push(TreeTable {
                first_feature: tables.features.len(),
                first_contribution: tables.contributions.len(),
                features: players.features.len(),
            });
            tables.baseline += game.mean();
            for leaf in 0..tree.leaf_values.len() {
                game.shapley_values(leaf, &players, &mut tables.contributions);
            }
            tables.features.extend(players.features);
        }
        tables
    }

    /// The margin before anything is known of an applicant: the bias and the mean of every tree over
    /// its training rows.
    #[must_use]
    pub const fn baseline(&self) -> f64 {
        self.baseline
    }

    /// Adds to `contributions`, one per feature of the forest, what each moved the margin by.
    ///
    /// `leaves` is the leaf of each tree, as [`super::score::Scorer::score`] finds it. Contributions
    /// and baseline sum to the margin within 1e-9.
    pub fn explain(&self, leaves: &[u32], contributions: &mut [f64]) {
        for (tree, &leaf) in self.trees.iter().zip(leaves) {
            let features = &self.features[tree.first_feature..][..tree.features];
            let row = &self.contributions[tree.first_contribution + leaf as usize * tree.features..][..tree.features];
            for (&feature, contribution) in features.iter().zip(row) {
                contributions[feature as usize] += contribution;
            }
        }
    }
}

/// The distinct features of a tree, in the order of their first question.
struct Players {
    features: Vec<u32>,
    /// For each level, which of `features` it asks about.
    player_at: Vec<usize>,
    /// For each number s of features already known, the weight of a set of that size in a Shapley
    /// value: s! (k − s − 1)! / k!.
    weights: Vec<f64>,
}

impl Players {
    fn of(tree: &SymmetricTree) -> Self {
        let mut features: Vec<u32> = Vec::new();
        let mut player_at = Vec::with_capacity(tree.splits.len());
        for split in &tree.splits {
            let known = features.iter().position(|&feature| feature == split.feature);
            player_at.push(known.unwrap_or(features.len()));
            if known.is_none() {
                features.push(split.feature);
            }
        }
        Self { weights: weights(features.len()), features, player_at }
    }
}

/// 1 / (k · C(k − 1, s)) for s from 0 to k − 1.
fn weights(players: usize) -> Vec<f64> {
    let mut weights = Vec::with_capacity(players);
    let (mut binomial, mut remaining) = (1.0, (1..players).rev());
    let count = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    for size in 0..players {
        weights.push(1.0 / (count(players) * binomial));
        if let Some(left) = remaining.next() {
            binomial = binomial * count(left) / count(size + 1);
        }
    }
    weights
}

/// The expectation of a tree for every way of answering some of its questions and averaging over
/// the others.
///
/// A state gives each level a digit: 0 is "no", 1 is "yes", 2 is "averaged by the covers". Level 0 is
/// the most significant digit of the state's index in base 3.
struct Game {
    depth: usize,
    /// 3^depth values, by state.
    expectations: Vec<f64>,
}

/// The digit of a level that is averaged over.
const AVERAGED: usize = 2;

impl Game {
    /// Computes all expectations from the leaves up, in 3^depth · 3 / 2 steps.
    fn of(tree: &SymmetricTree) -> Self {
        let depth = tree.splits.len();
        // For each node, by its index: its cover, and its expectation in each state of the levels
        // below it. The leaves first.
        let mut covers = tree.leaf_covers.clone();
        let mut expectations = tree.leaf_values.clone();
        let mut states = 1;
        for level in (0..depth).rev() {
            let nodes = 1 << level;
            let mut above = Vec::with_capacity(nodes * states * 3);
            for node in 0..nodes {
                let no = &expectations[node * states..][..states];
                let yes = &expectations[(node + nodes) * states..][..states];
                let (no_share, yes_share) = shares(covers[node], covers[node + nodes]);
                above.extend_from_slice(no);
                above.extend_from_slice(yes);
                above.extend(no.iter().zip(yes).map(|(no, yes)| no * no_share + yes * yes_share));
            }
            for node in 0..nodes {
                covers[node] += covers[node + nodes];
            }
            expectations = above;
            states *= 3;
        }
        Self { depth, expectations }
    }

    /// The expectation when nothing is known: the state whose digits are all [`AVERAGED`].
    fn mean(&self) -> f64 {
        self.expectations[self.expectations.len() - 1]
    }

    /// Appends the Shapley value of each player for an applicant who falls into `leaf`.
    ///
    /// A leaf that no applicant can reach (x > 5 "no" and x > 7 "yes") has values too: those of one
    /// whose answers were these.
    fn shapley_values(&self, leaf: usize, players: &Players, out: &mut Vec<f64>) {
        let count = players.features.len();
        // How far the state's index falls when a player becomes known.
        let mut falls = vec![0; count];
        let mut place = 1;
        for level in (0..self.depth).rev() {
            let answer = leaf >> level & 1;
            falls[players.player_at[level]] += (AVERAGED - answer) * place;
            place *= 3;
        }
        // The expectation of every set of players, by the set's bits.
        let mut states = vec![self.expectations.len() - 1; 1 << count];
        for set in 1_usize..1 << count {
            states[set] = states[set & (set - 1)] - falls[set.trailing_zeros() as usize];
        }
        let values: Vec<f64> = states.into_iter().map(|state| self.expectations[state]).collect();
        for player in 0..count {
            let with = 1 << player;
            let gains = (0..values.len())
                .filter(|set| set & with == 0)
                .map(|set| players.weights[set.count_ones() as usize] * (values[set | with] - values[set]));
            out.push(gains.sum());
        }
    }
}

/// In what proportion the rows of a node went to its children; half and half when there were none.
fn shares(no: f64, yes: f64) -> (f64, f64) {
    let both = no + yes;
    if both > 0.0 { (no / both, yes / both) } else { (0.5, 0.5) }
}

#[cfg(test)]
mod tests;
