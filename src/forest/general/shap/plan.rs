//! From a forest to what the kernel reads.

use super::{Quadrature, RuleLanes};
use crate::forest::general::{
    Child, GeneralTree,
    ancestry::{Above, Ancestry},
    lobatto::{INNER_POINTS, Rule},
    questions::Question,
};

/// Where a tree's parts stand.
///
/// Nodes are numbered with children before their parents: first the pairs, then the inner nodes, of
/// which the last is the root. Loose leaves come after all nodes.
#[derive(Debug, Clone, Copy)]
pub(super) struct TreePlan {
    /// Which of [`INNER_POINTS`] the tree needs.
    pub(super) rule: usize,
    pub(super) pairs: (usize, usize),
    pub(super) inner: (usize, usize),
    pub(super) loose_leaves: (usize, usize),
    pub(super) repeats: (usize, usize),
    /// Where the lanes of the repeats begin.
    pub(super) first_lane: usize,
}

/// A node both of whose children are leaves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    pub(super) question: Question,
    pub(super) feature: u32,
    /// Its number among the tree's repeats, or [`NEW`].
    pub(super) repeat: u32,
    /// After "no" and after "yes".
    pub(super) outcomes: [Outcome; 2],
    /// What the node adds at t = 0, after "no" and after "yes".
    pub(super) at_zero: [f64; 2],
}

/// What an answer leads to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome {
    /// The leaf's value.
    pub(super) value: f64,
    /// The share of the other leaf, times how much this one's value is above it.
    pub(super) gain: f64,
}

/// Any other node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inner {
    pub(super) question: Question,
    pub(super) feature: u32,
    pub(super) repeat: u32,
    /// The numbers of its children: no, yes.
    pub(super) children: [u32; 2],
    /// In what proportion the training rows went to its children.
    pub(super) shares: [f64; 2],
    pub(super) at_zero: [f64; 2],
}

/// What a node knows whose feature was asked about above it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Repeat {
    /// The nearest question above about the feature, and the answer that leads here.
    pub(super) earlier: Question,
    pub(super) answer: bool,
    /// The number of the earlier node among the repeats, or [`NEW`]; lower than this one's.
    pub(super) before: u32,
    /// r / f² at t = 1: the share of the rows that gave all answers about the feature that lead here.
    pub(super) at_one: f64,
}

/// The `repeat` of a node whose feature is not asked about above it.
pub(super) const NEW: u32 = u32::MAX;

pub(super) fn rules() -> Vec<RuleLanes> {
    fn lanes<const Q: usize>() -> RuleLanes {
        let Rule { points, weights, end_weight } = Rule::<Q>::with_inner_points();
        RuleLanes { rest: points.iter().map(|t| 1.0 - t).collect(), weights: weights.to_vec(), end_weight }
    }
    let rules = [
        lanes::<{ INNER_POINTS[0] }>(),
        lanes::<{ INNER_POINTS[1] }>(),
        lanes::<{ INNER_POINTS[2] }>(),
        lanes::<{ INNER_POINTS[3] }>(),
        lanes::<{ INNER_POINTS[4] }>(),
        lanes::<{ INNER_POINTS[5] }>(),
        lanes::<{ INNER_POINTS[6] }>(),
        lanes::<{ INNER_POINTS[7] }>(),
    ];
    rules.into()
}

/// One tree, on its way into the quadrature. All by the index of the node in the tree.
pub(super) struct Plan<'a> {
    pub(super) tree: &'a GeneralTree,
    pub(super) questions: &'a [Question],
    pub(super) ancestry: Ancestry,
    pub(super) shares: Vec<[f64; 2]>,
    /// The means of the children over the training rows.
    means: Vec<[f64; 2]>,
    /// The mean of the whole tree.
    pub(super) mean: f64,
    /// The share of the training rows in each node, were all questions independent: P at t = 0.
    reach: Vec<f64>,
    /// The same for the questions about the node's own feature alone: r.
    pub(super) own_reach: Vec<f64>,
}

impl<'a> Plan<'a> {
    pub(super) fn of(tree: &'a GeneralTree, questions: &'a [Question]) -> Self {
        let (shares, means, mean) = means(tree);
        let ancestry = Ancestry::of(tree);
        let (mut reach, mut own_reach) = (vec![1.0; tree.nodes.len()], vec![1.0; tree.nodes.len()]);
        for index in 0..tree.nodes.len() {
            let share = |above: Above| (above.node as usize, shares[above.node as usize][usize::from(above.answer)]);
            if let Some((parent, share)) = ancestry.parents[index].map(share) {
                reach[index] = reach[parent] * share;
            }
            if let Some((earlier, share)) = ancestry.earlier[index].map(share) {
                own_reach[index] = own_reach[earlier] * share;
            }
        }
        Self { tree, questions, ancestry, shares, means, mean, reach, own_reach }
    }

    /// Adds the tree to those that are explained by quadrature.
    pub(super) fn push(&self, quadrature: &mut Quadrature) {
        let nodes = self.tree.nodes.len();
        let rule = INNER_POINTS.partition_point(|points| 2 * points + 2 < self.ancestry.most_features());
        let is_pair = |index: &usize| self.is_pair(*index);
        // Children stand after their parents in the tree, and before them here.
        let pairs: Vec<usize> = (0..nodes).rev().filter(is_pair).collect();
        let inner: Vec<usize> = (0..nodes).rev().filter(|index| !self.is_pair(*index)).collect();
        let mut numbers = vec![0; nodes];
        for (number, &index) in (0..).zip(pairs.iter().chain(&inner)) {
            numbers[index] = number;
        }
        let repeat_numbers = self.repeat_numbers();
        let end_weight = quadrature.rules[rule].end_weight;
        let (first_pair, first_inner) = (quadrature.pairs.len(), quadrature.inner.len());
        let (first_loose, first_repeat) = (quadrature.loose_leaves.len(), quadrature.repeats.len());
        let first_lane = quadrature.lanes.len();
        quadrature.pairs.extend(pairs.iter().map(|&index| self.pair(index, repeat_numbers[index], end_weight)));
        for &index in &inner {
            let children = self.tree.nodes[index].children().map(|child| match child {
                Child::Node(child) => numbers[child as usize],
                Child::Leaf(leaf) => {
                    quadrature.loose_leaves.push(self.tree.leaf_values[leaf as usize]);
                    narrow(nodes + quadrature.loose_leaves.len() - 1 - first_loose)
                }
            });
            quadrature.inner.push(Inner {
                question: self.questions[index],
                feature: self.tree.nodes[index].feature,
                repeat: repeat_numbers[index],
                children,
                shares: self.shares[index],
                at_zero: self.at_zero(index, end_weight),
            });
        }
        for index in (0..nodes).filter(|&index| repeat_numbers[index] != NEW) {
            self.push_repeat(index, &repeat_numbers, quadrature, rule);
        }
        quadrature.trees.push(TreePlan {
            rule,
            pairs: (first_pair, quadrature.pairs.len()),
            inner: (first_inner, quadrature.inner.len()),
            loose_leaves: (first_loose, quadrature.loose_leaves.len()),
            repeats: (first_repeat, quadrature.repeats.len()),
            first_lane,
        });
    }

    pub(super) fn is_pair(&self, index: usize) -> bool {
        self.tree.nodes[index].children().iter().all(|child| matches!(child, Child::Leaf(_)))
    }

    /// The value of the leaf after "no" (0) or after "yes" (1); the mean of what is below where that is a node.
    pub(super) fn leaf(&self, index: usize, answer: usize) -> f64 {
        self.means[index][answer]
    }

    /// The values of the leaves of a pair.
    pub(super) fn leaves(&self, pair: usize) -> [f64; 2] {
        self.means[pair]
    }

    /// Numbers the nodes whose feature was asked about above them, in the order of the nodes.
    fn repeat_numbers(&self) -> Vec<u32> {
        let mut next = 0..;
        let number = |earlier: &Option<_>| if earlier.is_some() { next.next().unwrap_or(NEW) } else { NEW };
        self.ancestry.earlier.iter().map(number).collect()
    }

    fn pair(&self, index: usize, repeat: u32, end_weight: f64) -> Pair {
        let ([no, yes], [no_share, yes_share]) = (self.means[index], self.shares[index]);
        Pair {
            question: self.questions[index],
            feature: self.tree.nodes[index].feature,
            repeat,
            outcomes: [
                Outcome { value: no, gain: yes_share * (no - yes) },
                Outcome { value: yes, gain: no_share * (yes - no) },
            ],
            at_zero: self.at_zero(index, end_weight),
        }
    }

    /// What a node adds to its feature at t = 0, by the answer, with the weight of that end.
    ///
    /// For a repeated feature r / f² is 1 / r there.
    pub(super) fn at_zero(&self, index: usize, end_weight: f64) -> [f64; 2] {
        let ([no, yes], [no_share, yes_share]) = (self.means[index], self.shares[index]);
        let weight = end_weight * self.reach[index] / self.own_reach[index];
        [weight * yes_share * (no - yes), weight * no_share * (yes - no)]
    }

    fn push_repeat(&self, index: usize, numbers: &[u32], quadrature: &mut Quadrature, rule: usize) {
        let Some(earlier) = self.ancestry.earlier[index] else { return };
        let own = self.own_reach[index];
        quadrature.repeats.push(Repeat {
            earlier: self.questions[earlier.node as usize],
            answer: earlier.answer,
            before: numbers[earlier.node as usize],
            at_one: own,
        });
        let along = |rest: f64| own * rest + (1.0 - rest);
        let rests = &quadrature.rules[rule].rest;
        quadrature.lanes.extend(rests.iter().map(|&rest| own * rest / along(rest)));
        quadrature.lanes.extend(rests.iter().map(|&rest| own / (along(rest) * along(rest))));
    }
}

/// For each node the shares and the means of its children, and the mean of the whole tree.
fn means(tree: &GeneralTree) -> (Vec<[f64; 2]>, Vec<[f64; 2]>, f64) {
    let nodes = tree.nodes.len();
    let (mut shares, mut means) = (vec![[0.0; 2]; nodes], vec![[0.0; 2]; nodes]);
    let mut whole: Vec<(f64, f64)> = vec![(0.0, 0.0); nodes];
    for (index, node) in tree.nodes.iter().enumerate().rev() {
        let [(no_cover, no), (yes_cover, yes)] = node.children().map(|child| match child {
            Child::Node(child) => whole[child as usize],
            Child::Leaf(leaf) => (tree.leaf_covers[leaf as usize], tree.leaf_values[leaf as usize]),
        });
        let (no_share, yes_share) = proportions(no_cover, yes_cover);
        shares[index] = [no_share, yes_share];
        means[index] = [no, yes];
        whole[index] = (no_cover + yes_cover, no * no_share + yes * yes_share);
    }
    let mean = whole.first().map_or_else(|| tree.leaf_values[0], |(_, mean)| *mean);
    (shares, means, mean)
}

/// In what proportion the rows of a node went to its children; half and half when there were none.
///
/// A share of nothing is taken as one of next to nothing, so that every quotient of shares has its
/// limit. No path has two: below a node without rows all shares are halves.
fn proportions(no: f64, yes: f64) -> (f64, f64) {
    const NEXT_TO_NOTHING: f64 = 1e-100;
    let (no, yes) = crate::forest::shap::shares(no, yes);
    (no.max(NEXT_TO_NOTHING), yes.max(NEXT_TO_NOTHING))
}

fn narrow(index: usize) -> u32 {
    u32::try_from(index).expect("a forest has fewer than 2^32 nodes")
}
