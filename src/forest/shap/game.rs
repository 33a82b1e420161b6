//! The Shapley values of a tree's leaves, computed over all sets of its features.

use crate::forest::tree::SymmetricTree;

/// The distinct features of a tree, in the order of their first question.
pub(super) struct Players {
    features: Vec<u32>,
    /// For each level, which of `features` it asks about.
    player_at: Vec<usize>,
    /// For each number s of features already known, the weight of a set of that size in a Shapley
    /// value: s! (k − s − 1)! / k!.
    weights: Vec<f64>,
}

impl Players {
    pub(super) fn of(tree: &SymmetricTree) -> Self {
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

    /// The distinct features.
    pub(super) fn features(&self) -> &[u32] {
        &self.features
    }

    /// The weight of a set of players, given by its bits. That of all of them is never asked for.
    fn weight(&self, set: u32) -> f64 {
        self.weights.get(set.count_ones() as usize).copied().unwrap_or(0.0)
    }

    /// How many there are.
    pub(super) const fn count(&self) -> usize {
        self.features.len()
    }
}

/// 1 / (k · C(k − 1, s)) for s from 0 to k − 1.
pub(super) fn weights(players: usize) -> Vec<f64> {
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
pub(super) struct Game {
    depth: usize,
    /// 3^depth values, by state.
    expectations: Vec<f64>,
}

/// The digit of a level that is averaged over.
const AVERAGED: usize = 2;

impl Game {
    /// Computes all expectations from the leaves up, in 3^depth · 3 / 2 steps.
    pub(super) fn of(tree: &SymmetricTree) -> Self {
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
    pub(super) fn mean(&self) -> f64 {
        self.expectations[self.expectations.len() - 1]
    }

    /// Computes the Shapley value of each player in each leaf: what an applicant gets who falls into it.
    ///
    /// `rows` has a row for each leaf, as long as the tree is deep, whose first elements are the players'; the others
    /// are left as they are. A leaf that no applicant can reach (x > 5 "no" and x > 7 "yes") has values too: those of
    /// one whose answers were these.
    pub(super) fn shapley_values(&self, players: &Players, rows: &mut [f64]) {
        let sets = 1 << players.count();
        let weights: Vec<f64> = (0..sets).map(|set: u32| players.weight(set)).collect();
        // For every set of players, by the set's bits: the state in which they are known, and its expectation.
        let mut states = vec![[0; SIDE_BY_SIDE]; weights.len()];
        let mut values = vec![[0.0; SIDE_BY_SIDE]; weights.len()];
        for first in (0..1 << self.depth).step_by(SIDE_BY_SIDE) {
            states[0] = [self.expectations.len() - 1; SIDE_BY_SIDE];
            for player in 0..players.count() {
                let falls: [usize; SIDE_BY_SIDE] = std::array::from_fn(|leaf| self.fall(players, player, first + leaf));
                for set in 0..1 << player {
                    states[set | 1 << player] = std::array::from_fn(|leaf| states[set][leaf].wrapping_sub(falls[leaf]));
                }
            }
            for (values, states) in values.iter_mut().zip(&states) {
                *values = states.map(|state| self.expectations[state]);
            }
            for player in 0..players.count() {
                let sums = gains(player, &weights, &values);
                let rows = rows.chunks_exact_mut(self.depth).skip(first);
                for (row, sum) in rows.zip(sums) {
                    row[player] = sum;
                }
            }
        }
    }

    /// How far a state's index falls when a player becomes known in a leaf.
    fn fall(&self, players: &Players, player: usize, leaf: usize) -> usize {
        let (mut fall, mut place) = (0, 1);
        for level in (0..self.depth).rev() {
            if players.player_at[level] == player {
                fall += (AVERAGED - (leaf >> level & 1)) * place;
            }
            place *= 3;
        }
        fall
    }
}

/// How many leaves are computed side by side.
const SIDE_BY_SIDE: usize = 16;

/// A player's Shapley value in each leaf: the weighted sum of what it adds to every set without it, in the sets' order.
fn gains(player: usize, weights: &[f64], values: &[[f64; SIDE_BY_SIDE]]) -> [f64; SIDE_BY_SIDE] {
    let with = 1 << player;
    let mut sums = [0.0; SIDE_BY_SIDE];
    for block in (0..values.len()).step_by(2 * with) {
        for set in block..block + with {
            for ((sum, with), without) in sums.iter_mut().zip(&values[set | with]).zip(&values[set]) {
                *sum += weights[set] * (with - without);
            }
        }
    }
    sums
}

/// In what proportion the rows of a node went to its children; half and half when there were none.
pub(in crate::forest) fn shares(no: f64, yes: f64) -> (f64, f64) {
    let both = no + yes;
    if both > 0.0 { (no / both, yes / both) } else { (0.5, 0.5) }
}
