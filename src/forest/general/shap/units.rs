//! A tree, cut into pairs of parts that are computed side by side.
//!
//! Two doubles are what one instruction of SSE2 takes, and every x86-64 has it. So nodes are taken in pairs, none of
//! which stands above the other, and each of the two has a lane.

use super::plan::Plan;
use crate::forest::general::Child;

/// A node at the bottom of a tree, with those of its children that are nodes; their children are leaves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unit {
    /// The top, which is always there, and the nodes after "no" and after "yes".
    pub(super) nodes: [Option<usize>; 3],
}

impl Unit {
    pub(super) fn top(self) -> usize {
        self.nodes[0].expect("a unit has a top")
    }
}

/// A tree as units and the nodes above them, in pairs. Where a pair lacks its second, there is none.
pub(super) struct Cut {
    pub(super) units: Vec<[Option<Unit>; 2]>,
    /// The other nodes, children in earlier pairs than their parents; the root is the first of the last pair.
    pub(super) inner: Vec<[Option<usize>; 2]>,
    /// For each node that is the top of a unit, or inner: its place. Units come first, then inner nodes.
    pub(super) places: Vec<usize>,
}

impl Cut {
    pub(super) fn of(plan: &Plan<'_>) -> Self {
        let nodes = &plan.tree.nodes;
        let is_pair = |child: &Child| matches!(child, Child::Node(node) if plan.is_pair(*node as usize));
        let is_leaf = |child: &Child| matches!(child, Child::Leaf(_));
        let is_top = |index: usize| nodes[index].children().iter().all(|child| is_leaf(child) || is_pair(child));
        let is_within = |index: usize| plan.ancestry.parents[index].is_some_and(|above| is_top(above.node as usize));
        let mut units = Vec::new();
        // How many nodes lie between an inner node and the farthest unit below it; those with as many are independent.
        let (mut heights, mut by_height) = (vec![0; nodes.len()], Vec::<Vec<usize>>::new());
        for index in (0..nodes.len()).rev() {
            let below = nodes[index].children().map(|child| match child {
                Child::Node(node) => Some(node as usize),
                Child::Leaf(_) => None,
            });
            if !is_top(index) {
                let height = below.iter().flatten().map(|&node| heights[node]).max().unwrap_or(0);
                heights[index] = height + 1;
                by_height.resize(by_height.len().max(height + 1), Vec::new());
                by_height[height].push(index);
            } else if !is_within(index) {
                units.push(Unit { nodes: [Some(index), below[0], below[1]] });
            }
        }
        let inner: Vec<_> = by_height.iter().flat_map(|nodes| in_pairs(nodes)).collect();
        let units = in_pairs(&units);
        let mut places = vec![usize::MAX; nodes.len()];
        let tops = units.iter().flatten().map(|unit| unit.and_then(|unit| unit.nodes[0]));
        for (place, node) in tops.chain(inner.iter().flatten().copied()).enumerate() {
            if let Some(node) = node {
                places[node] = place;
            }
        }
        Self { units, inner, places }
    }

    /// How many children of inner nodes are leaves.
    pub(super) fn loose_leaves(&self, plan: &Plan<'_>) -> usize {
        let nodes = self.inner.iter().flatten().flatten();
        let children = nodes.flat_map(|&node| plan.tree.nodes[node].children());
        children.filter(|child| matches!(child, Child::Leaf(_))).count()
    }

    /// The nodes in the order in which their answers are kept: of each pair of units the tops, the nodes after "no" and
    /// those after "yes"; then the inner nodes.
    pub(super) fn order(&self) -> impl Iterator<Item = Option<usize>> {
        let of_units = self.units.iter().flat_map(|pair| {
            let node = |unit: usize, part: usize| pair[unit].and_then(|unit| unit.nodes[part]);
            (0..3).flat_map(move |part| [node(0, part), node(1, part)])
        });
        of_units.chain(self.inner.iter().flatten().copied())
    }
}

fn in_pairs<T: Copy>(parts: &[T]) -> Vec<[Option<T>; 2]> {
    parts.chunks(2).map(|pair| [pair.first().copied(), pair.get(1).copied()]).collect()
}

/// What a node makes of the values below it, for each answer and at each point of a rule.
///
/// At a point, `base + known · delta` of the weight goes to the child after "yes"; what is added to the node's feature is
/// `gain · delta`, times what "yes" is worth more than "no". At t = 1 `known` is 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deed<const Q: usize> {
    /// The share of the training rows that answered "yes".
    pub(super) base: f64,
    /// How far "no", "yes" and no answer at all (the node is averaged) are from that share.
    pub(super) deltas: [f64; 3],
    /// t / f, or t where the feature is new.
    pub(super) known: [f64; Q],
    /// r / f², or 1 where the feature is new.
    pub(super) gain: [f64; Q],
    /// The gain at t = 1: r.
    pub(super) end_gain: f64,
}

impl<const Q: usize> Deed<Q> {
    /// Of no node: passes on the value after "no" and adds nothing.
    pub(super) const NONE: Self = Self { base: 0.0, deltas: [0.0; 3], known: [0.0; Q], gain: [0.0; Q], end_gain: 0.0 };

    pub(super) fn of(plan: &Plan<'_>, node: usize, rest: &[f64; Q]) -> Self {
        let [no_share, yes_share] = plan.shares[node];
        let is_repeated = plan.ancestry.earlier[node].is_some();
        let own = if is_repeated { plan.own_reach[node] } else { 1.0 };
        // f: 1 where the feature is new.
        let along = rest.map(|rest| own * rest + (1.0 - rest));
        Self {
            base: yes_share,
            deltas: [-yes_share, no_share, 0.0],
            known: std::array::from_fn(|q| (1.0 - rest[q]) / along[q]),
            gain: along.map(|along| own / (along * along)),
            end_gain: own,
        }
    }

    /// Of a node whose children are leaves: `base` and `deltas` are values of the leaves.
    pub(super) fn of_pair(plan: &Plan<'_>, node: usize, rest: &[f64; Q]) -> Self {
        let [no, yes] = plan.leaves(node);
        let deed = Self::of(plan, node, rest);
        let worth = yes - no;
        Self { base: no + deed.base * worth, deltas: deed.deltas.map(|delta| delta * worth), ..deed }
    }

    /// Of a leaf in the place of such a node.
    pub(super) fn of_leaf(value: f64) -> Self {
        Self { base: value, ..Self::NONE }
    }
}
