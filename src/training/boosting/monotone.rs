//! Exact monotone constraints on the leaves of a symmetric tree.
//!
//! A feature asked about k times parts a tree's leaves into chains: leaves whose answers to all
//! other questions are the same, in the order of the feature's interval. A constraint asks that
//! values never fall (or never rise) along every such chain. Where several features are
//! constrained, a leaf lies on a chain of each, and the leaves form a lattice.
//!
//! The values nearest to those wanted, in the norm that the loss's curvature gives (hessian + λ per
//! leaf), come from isotonic regression along each feature's chains in turn with Dykstra's
//! corrections (Boyle and Dykstra, 1986), which leaves errors of rounding; a last sweep along the
//! lattice removes those, so that the order holds to the bit.
//!
//! Missing values stand outside the order. When a feature's questions send them different ways,
//! they may reach leaves that no value reaches; those are on no chain of that feature.

use super::tree::Question;
use crate::features::schema::Monotone;

/// Sweeps of Dykstra's algorithm at most; the lattices of real trees settle in a few dozen.
const MOST_SWEEPS: usize = 500;

/// When the largest change of a sweep is below this, the values have settled.
const SETTLED: f64 = 1e-12;

/// The chains of one constrained feature, each from least to greatest risk.
struct Chains {
    /// Leaf indexes; `length` consecutive ones are a chain.
    leaves: Vec<usize>,
    length: usize,
}

impl Chains {
    /// The chains of the feature that `levels` (questions with their bins) ask about, in a tree of
    /// `depth` questions. Two or more intervals, because a question always parts two.
    fn of_feature(levels: &[(usize, u8)], depth: usize, direction: Monotone) -> Self {
        let mut bins: Vec<u8> = levels.iter().map(|&(_, bin)| bin).collect();
        bins.sort_unstable();
        bins.dedup();
        let all: usize = levels.iter().fold(0, |mask, &(level, _)| mask | 1 << level);
        // The answers of a value that lies above exactly the first `above` of the cuts.
        let answers = |above: usize| {
            levels
                .iter()
                .filter(|&&(_, bin)| bins[..above].contains(&bin))
                .fold(0, |mask, &(level, _)| mask | 1 << level)
        };
        let mut intervals: Vec<usize> = (0..=bins.len()).map(answers).collect();
        if direction == Monotone::Decreasing {
            intervals.reverse();
        }
        let others = (0..1_usize << depth).filter(|leaf| leaf & all == 0);
        let leaves = others.flat_map(|base| intervals.iter().map(move |answers| base | answers)).collect();
        Self { leaves, length: intervals.len() }
    }

    fn iter(&self) -> impl Iterator<Item = &[usize]> {
        self.leaves.chunks_exact(self.length)
    }
}

/// The constraints on one tree's leaves.
pub(super) struct Lattice {
    /// One per constrained feature of the tree.
    features: Vec<Chains>,
    /// Neighbours on a chain: the value of the first must not exceed that of the second. Sorted so
    /// that whatever may raise a leaf comes before whatever that leaf may raise.
    edges: Vec<(usize, usize)>,
}

impl Lattice {
    /// The constraints on a tree with these questions; `directions` has one element per feature.
    pub(super) fn new(questions: &[Question], directions: &[Monotone]) -> Self {
        let mut asked: Vec<u32> = questions.iter().map(|question| question.feature).collect();
        asked.sort_unstable();
        asked.dedup();
        let mut features = Vec::new();
        for feature in asked {
            let direction = directions[feature as usize];
            let levels: Vec<(usize, u8)> = questions
                .iter()
                .enumerate()
                .filter(|(_, question)| question.feature == feature)
                .map(|(level, question)| (level, question.bin))
                .collect();
            if !direction.is_free() {
                features.push(Chains::of_feature(&levels, questions.len(), direction));
            }
        }
        let edges = edges(&features, 1 << questions.len());
        Self { features, edges }
    }

    /// Moves `values` to the nearest that keep the order. `weights` are above zero, one per leaf.
    pub(super) fn project(&self, values: &mut [f64], weights: &[f64]) {
        if self.holds(values) {
            return;
        }
        let mut corrections: Vec<Vec<f64>> = vec![vec![0.0; values.len()]; self.features.len()];
        let mut blocks = Vec::new();
        for _ in 0..MOST_SWEEPS {
            let mut largest_change = 0.0_f64;
            for (chains, corrections) in self.features.iter().zip(&mut corrections) {
                for chain in chains.iter() {
                    let change = project_chain(chain, (values, corrections), weights, &mut blocks);
                    largest_change = largest_change.max(change);
                }
            }
            // With one family of chains a single projection is already the answer.
            if largest_change < SETTLED || self.features.len() == 1 {
                break;
            }
        }
        for &(lower, upper) in &self.edges {
            values[upper] = values[upper].max(values[lower]);
        }
    }

    /// Whether the order already holds, to the bit.
    fn holds(&self, values: &[f64]) -> bool {
        self.edges.iter().all(|&(lower, upper)| values[lower] <= values[upper])
    }
}

/// One step of Dykstra's algorithm for one chain: takes back the last correction, projects, and
/// notes the new correction. Gives the largest change of a value.
fn project_chain(
    chain: &[usize],
    (values, corrections): (&mut [f64], &mut [f64]),
    weights: &[f64],
    blocks: &mut Vec<Block>,
) -> f64 {
    blocks.clear();
    for &leaf in chain {
        let weight = weights[leaf];
        blocks.push(Block { value: values[leaf] + corrections[leaf], weight, leaves: 1 });
        // Pool adjacent violators.
        while let [.., lower, upper] = blocks.as_slice()
            && lower.value > upper.value
        {
            let pooled = lower.pooled_with(*upper);
            blocks.truncate(blocks.len() - 2);
            blocks.push(pooled);
        }
    }
    let mut largest_change = 0.0_f64;
    let pooled = blocks.iter().flat_map(|block| std::iter::repeat_n(block.value, block.leaves));
    for (&leaf, value) in chain.iter().zip(pooled) {
        corrections[leaf] += values[leaf] - value;
        largest_change = largest_change.max((values[leaf] - value).abs());
        values[leaf] = value;
    }
    largest_change
}

/// Consecutive leaves of a chain that share a value.
#[derive(Clone, Copy)]
struct Block {
    value: f64,
    weight: f64,
    leaves: usize,
}

impl Block {
    fn pooled_with(self, other: Self) -> Self {
        let weight = self.weight + other.weight;
        let value = (self.value * self.weight + other.value * other.weight) / weight;
        Self { value, weight, leaves: self.leaves + other.leaves }
    }
}

/// All pairs of neighbours, ordered by how many steps lead up to the first of each.
fn edges(features: &[Chains], leaves: usize) -> Vec<(usize, usize)> {
    let mut rank = vec![0_usize; leaves];
    for chains in features {
        for chain in chains.iter() {
            for (step, &leaf) in chain.iter().enumerate() {
                rank[leaf] += step;
            }
        }
    }
    let pairs = features.iter().flat_map(Chains::iter).flat_map(|chain| chain.windows(2));
    let mut edges: Vec<(usize, usize)> = pairs.map(|pair| (pair[0], pair[1])).collect();
    edges.sort_by_key(|&(lower, upper)| (rank[lower], lower, upper));
    edges
}

/// Whether any two leaves of a tree that differ only in a constrained feature's answers are in
/// order. This is the promise itself, checked pair by pair, apart from how it is kept.
#[cfg(test)]
pub(in crate::training) fn violations(
    tree: &crate::forest::tree::SymmetricTree,
    directions: &[Monotone],
    rows: &[Vec<f64>],
) -> usize {
    let mut found = 0;
    for row in rows {
        for (feature, direction) in directions.iter().enumerate().filter(|(_, direction)| !direction.is_free()) {
            for split in tree.splits.iter().filter(|split| split.feature as usize == feature) {
                let value_at = |value: f64| {
                    let mut row = row.clone();
                    row[feature] = value;
                    tree.leaf_values[tree.leaf_index(&row)]
                };
                let (low, high) = (value_at(split.threshold), value_at(split.threshold.next_up()));
                let is_in_order = if *direction == Monotone::Increasing { low <= high } else { low >= high };
                found += usize::from(!is_in_order);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn question(feature: u32, bin: u8) -> Question {
        Question { feature, bin, missing_above: false }
    }

    fn projected(questions: &[Question], directions: &[Monotone], values: &[f64], weights: &[f64]) -> Vec<f64> {
        let mut values = values.to_vec();
        Lattice::new(questions, directions).project(&mut values, weights);
        values
    }

    #[test]
    fn two_leaves_in_the_wrong_order_meet_at_their_weighted_mean() {
        let questions = [question(0, 5)];
        assert_eq!(projected(&questions, &[Monotone::Increasing], &[3.0, 1.0], &[1.0, 3.0]), [1.5, 1.5]);
        assert_eq!(projected(&questions, &[Monotone::Decreasing], &[3.0, 1.0], &[1.0, 3.0]), [3.0, 1.0]);
        assert_eq!(projected(&questions, &[Monotone::Free], &[3.0, 1.0], &[1.0, 3.0]), [3.0, 1.0]);
    }

    #[test]
    fn a_leaf_that_only_missing_values_reach_is_free() {
        // Level 0 asks about bin 2, level 1 about bin 7: leaf 2 (above 7 but not above 2) is no value's.
        let questions = [question(0, 2), question(0, 7)];
        let values = projected(&questions, &[Monotone::Increasing], &[1.0, 2.0, -9.0, 3.0], &[1.0; 4]);
        assert_eq!(values, [1.0, 2.0, -9.0, 3.0]);
        let values = projected(&questions, &[Monotone::Decreasing], &[1.0, 2.0, -9.0, 3.0], &[1.0; 4]);
        assert_eq!(values, [2.0, 2.0, -9.0, 2.0]);
    }

    #[test]
    fn the_same_cut_asked_twice_makes_a_chain_of_two() {
        let questions = [question(0, 4), Question { missing_above: true, ..question(0, 4) }];
        let values = projected(&questions, &[Monotone::Increasing], &[2.0, 7.0, 8.0, 1.0], &[1.0; 4]);
        assert_eq!(values, [1.5, 7.0, 8.0, 1.5]);
    }

    /// Golden numbers: scipy 1.17.1, `optimize.minimize` (SLSQP) of Σ w (x − v)² under the twelve
    /// order constraints of a lattice of three features, the second one decreasing.
    #[test]
    fn three_constrained_features_meet_in_the_nearest_ordered_values() {
        let questions = [question(0, 1), question(1, 1), question(2, 1)];
        let directions = [Monotone::Increasing, Monotone::Decreasing, Monotone::Increasing];
        let values = [0.9, -0.4, 0.3, 0.7, -0.2, 0.5, -0.8, 0.1];
        let weights = [1.0, 2.0, 0.5, 3.0, 1.5, 0.7, 2.2, 1.0];
        let expected = [0.235_294, 0.235_294, -0.596_296, 0.235_294, 0.235_294, 0.5, -0.596_296, 0.235_294];
        for (value, expected) in projected(&questions, &directions, &values, &weights).iter().zip(expected) {
            assert!((value - expected).abs() < 1e-5, "{value} is not {expected}");
        }
    }

    proptest! {
        #[test]
        fn no_pair_of_leaves_is_ever_in_the_wrong_order(
            questions in prop::collection::vec((0_u32..3, 0_u8..4, any::<bool>()), 1..=6),
            directions in prop::collection::vec(0_usize..3, 3),
            values in prop::collection::vec(-1.0..1.0, 64),
            weights in prop::collection::vec(0.01..10.0, 64),
        ) {
            let directions: Vec<Monotone> = directions
                .into_iter()
                .map(|code| [Monotone::Free, Monotone::Increasing, Monotone::Decreasing][code])
                .collect();
            let questions: Vec<Question> = questions
                .into_iter()
                .map(|(feature, bin, missing_above)| Question { feature, bin, missing_above })
                .collect();
            let leaves = 1 << questions.len();
            let values = projected(&questions, &directions, &values[..leaves], &weights[..leaves]);
            let splits = questions
                .iter()
                .map(|question| crate::forest::tree::Split {
                    feature: question.feature,
                    threshold: f64::from(question.bin) + 0.5,
                    missing_above: question.missing_above,
                })
                .collect();
            let tree = crate::forest::tree::SymmetricTree {
                splits,
                leaf_values: values,
                leaf_covers: vec![0.0; leaves],
            };
            // Every row over a grid of values, with missing ones.
            let grid = [f64::NAN, 0.0, 1.0, 2.0, 3.0, 4.0];
            let rows: Vec<Vec<f64>> = (0..216).map(|i| vec![grid[i % 6], grid[i / 6 % 6], grid[i / 36]]).collect();
            prop_assert_eq!(violations(&tree, &directions, &rows), 0);
        }
    }
}
