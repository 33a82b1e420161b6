//! A tree, cut into units: what a table is made of.

use super::{
    answers::{AVERAGED, Digit, YES},
    plan::Plan,
};
use crate::forest::general::Child;

/// A node at the bottom of a tree, with those of its children that are nodes; their children are leaves.
pub(super) struct Unit {
    /// The top, and the nodes after "no" and after "yes".
    pub(super) nodes: [Option<usize>; 3],
}

/// A tree as units and the nodes above them.
pub(super) struct Cut {
    pub(super) units: Vec<Unit>,
    /// The other nodes, children before their parents; the root is the last.
    pub(super) inner: Vec<usize>,
    /// For each node that is the top of a unit, or inner: its number, units first.
    pub(super) numbers: Vec<usize>,
}

impl Cut {
    pub(super) fn of(plan: &Plan<'_>) -> Self {
        let nodes = &plan.tree.nodes;
        let is_pair = |child: &Child| matches!(child, Child::Node(node) if plan.is_pair(*node as usize));
        let is_leaf = |child: &Child| matches!(child, Child::Leaf(_));
        let is_top = |index: usize| nodes[index].children().iter().all(|child| is_leaf(child) || is_pair(child));
        let is_within = |index: usize| plan.ancestry.parents[index].is_some_and(|above| is_top(above.node as usize));
        let (mut units, mut inner, mut numbers) = (Vec::new(), Vec::new(), vec![usize::MAX; nodes.len()]);
        for index in (0..nodes.len()).rev() {
            if !is_top(index) {
                inner.push(index);
            } else if !is_within(index) {
                numbers[index] = units.len();
                let below = nodes[index].children().map(|child| match child {
                    Child::Node(node) => Some(node as usize),
                    Child::Leaf(_) => None,
                });
                units.push(Unit { nodes: [Some(index), below[0], below[1]] });
            }
        }
        for (number, &index) in (units.len()..).zip(&inner) {
            numbers[index] = number;
        }
        Self { units, inner, numbers }
    }

    /// Where each node's answer stands, with `first` for the number of the first unit.
    pub(super) fn digits(&self, plan: &Plan<'_>, first: usize) -> Vec<Digit> {
        let unit = |number: usize| u32::try_from(first + number).expect("a forest has fewer than 2^32 nodes");
        let mut digits = vec![Digit { unit: 0, stride: 1 }; plan.tree.nodes.len()];
        for (number, part) in self.units.iter().enumerate() {
            let mut stride = 1;
            for &node in part.nodes.iter().flatten() {
                digits[node] = Digit { unit: unit(number), stride };
                stride *= ways(plan, node);
            }
        }
        for (number, &index) in (self.units.len()..).zip(&self.inner) {
            digits[index] = Digit { unit: unit(number), stride: 1 };
        }
        digits
    }
}

impl Unit {
    /// How many states it has, at most 27.
    pub(super) fn states(&self, plan: &Plan<'_>) -> usize {
        self.nodes.iter().flatten().map(|&node| usize::from(ways(plan, node))).product()
    }

    /// What the nodes do in a state; a node that is not there does nothing.
    pub(super) fn answers(&self, plan: &Plan<'_>, state: usize) -> [u8; 3] {
        let mut rest = state;
        self.nodes.map(|node| {
            let ways = node.map_or(1, |node| usize::from(ways(plan, node)));
            let answer = rest % ways;
            rest /= ways;
            u8::try_from(answer).unwrap_or(AVERAGED)
        })
    }
}

/// How many things a node can do: answer no or yes, and be averaged where its feature was asked about above.
pub(super) fn ways(plan: &Plan<'_>, node: usize) -> u8 {
    if plan.ancestry.earlier[node].is_some() { 3 } else { 2 }
}

/// What a node does at the points of a rule, when it does so.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deed<const Q: usize> {
    /// How much of the weight goes to the child after "yes", at each point.
    pub(super) yes: [f64; Q],
    /// What is added to the node's feature, times what "yes" is worth more than "no".
    pub(super) gain: [f64; Q],
    /// The same two at t = 1, the latter with the weight of that end.
    pub(super) end_yes: f64,
    pub(super) end_gain: f64,
}

/// A rule's numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Points<const Q: usize> {
    /// 1 − t of each inner point.
    pub(super) rest: [f64; Q],
    pub(super) end_weight: f64,
}

impl<const Q: usize> Deed<Q> {
    pub(super) fn of(plan: &Plan<'_>, node: usize, answer: u8, points: &Points<Q>) -> Self {
        let [no_share, yes_share] = plan.shares[node];
        if answer == AVERAGED {
            return Self { yes: [yes_share; Q], gain: [0.0; Q], end_yes: yes_share, end_gain: 0.0 };
        }
        // r s / f and r / f² where the feature was asked about above; s and 1 where not.
        let own = plan.own_reach[node];
        let is_repeated = plan.ancestry.earlier[node].is_some();
        let along = points.rest.map(|rest| if is_repeated { own * rest + (1.0 - rest) } else { 1.0 });
        let own = if is_repeated { own } else { 1.0 };
        let cold: [f64; Q] = std::array::from_fn(|q| own * points.rest[q] / along[q]);
        let gain = along.map(|along| own / (along * along));
        if answer == YES {
            let yes = cold.map(|cold| 1.0 - no_share * cold);
            let gain = gain.map(|gain| no_share * gain);
            Self { yes, gain, end_yes: 1.0, end_gain: points.end_weight * own * no_share }
        } else {
            let yes = cold.map(|cold| yes_share * cold);
            let gain = gain.map(|gain| -yes_share * gain);
            Self { yes, gain, end_yes: 0.0, end_gain: -(points.end_weight * own * yes_share) }
        }
    }
}
