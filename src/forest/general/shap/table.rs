//! Explaining by what was computed at load: what each node makes of the values below it, see [`Deed`].
//!
//! What is left for an applicant are two passes over the nodes of a tree, see [`super::passes`], two nodes at a time,
//! without a question and without a branch: which of its three numbers a node uses was found before, see
//! [`super::answers`]. How fast that is depends on how near the numbers are. All that is read of a node takes about a line
//! of a processor's cache, and stands in the order in which it is read; 300 trees of 64 leaves take 1.5 MB and so
//! stay in the second cache.

use super::{
    answers::Collector,
    plan::{Plan, rules},
    units::{Cut, Deed, Unit},
};
use crate::forest::general::{Child, lobatto::INNER_POINTS};

/// The most places of a tree, and the most features that are asked about: their numbers are bytes, which need no check
/// when they are looked up.
pub(super) const MOST_PLACES: usize = 256;

/// The place of what is not there, and of the weight of the root.
pub(super) const NOWHERE: u8 = u8::MAX;

/// A sum for each feature that is asked about.
pub(super) type Sums = [f64; MOST_PLACES];

/// A number for each of two nodes, or of two units.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(16))]
pub(super) struct Lane(pub(super) [f64; 2]);

/// Trees no path of which asks about more than [`Table::MOST_FEATURES`] features.
#[derive(Debug, Clone)]
pub(super) struct Table<const Q: usize> {
    /// 1 − t of each inner point.
    rest: [f64; Q],
    pub(super) weights: [f64; Q],
    pub(super) end_weight: f64,
    pub(super) trees: Vec<Tree>,
    pub(super) units: Vec<Units<Q>>,
    pub(super) inner: Vec<Inner<Q>>,
    pub(super) loose_leaves: Vec<f64>,
    /// The most pairs of inner nodes that a tree has.
    pub(super) most_inner: usize,
}

/// How many of each part a tree has. The parts of one stand behind those of the one before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tree {
    /// In pairs.
    pub(super) units: usize,
    pub(super) inner: usize,
    pub(super) loose_leaves: usize,
    /// The state of its first node among all.
    pub(super) first_state: usize,
}

/// Two units: their tops, their nodes after "no" and those after "yes".
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Units<const Q: usize> {
    pub(super) base: [Lane; 3],
    pub(super) known: [[Lane; Q]; 3],
    pub(super) gains: [[Lane; Q]; 3],
    /// At t = 1.
    pub(super) end_gains: [Lane; 3],
    /// By node and state; tops first.
    pub(super) deltas: [[f64; 3]; 6],
    pub(super) features: [[u8; 2]; 3],
    /// Where the weight of each unit stands.
    pub(super) above: [u8; 2],
}

/// Two nodes above the units.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(super) struct Inner<const Q: usize> {
    pub(super) base: Lane,
    pub(super) known: [Lane; Q],
    pub(super) gains: [Lane; Q],
    /// At t = 1.
    pub(super) end_gains: Lane,
    pub(super) deltas: [[f64; 3]; 2],
    /// The places of their children, those after "no" and those after "yes": units first, then inner nodes, then loose
    /// leaves.
    pub(super) children: [[u8; 2]; 2],
    pub(super) features: [u8; 2],
    /// Where the weight of each stands.
    pub(super) above: [u8; 2],
}

impl<const Q: usize> Table<Q> {
    /// The integrand has one degree less.
    pub(super) const MOST_FEATURES: usize = 2 * Q + 2;

    pub(super) fn new() -> Self {
        let number = INNER_POINTS.iter().position(|&points| points == Q).expect("a rule that is compiled");
        let rule = &rules()[number];
        let lane = |lane: &[f64]| *lane.first_chunk().expect("a rule of Q points has as many");
        Self {
            rest: lane(&rule.rest),
            weights: lane(&rule.weights),
            end_weight: rule.end_weight,
            trees: Vec::new(),
            units: Vec::new(),
            inner: Vec::new(),
            loose_leaves: Vec::new(),
            most_inner: 0,
        }
    }

    /// How many trees there are.
    #[cfg(test)]
    pub(super) const fn trees(&self) -> usize {
        self.trees.len()
    }

    /// Adds a tree if its tables fit into so many bytes; how many they take.
    pub(super) fn push(&mut self, plan: &Plan<'_>, collector: &mut Collector<'_>, most_bytes: usize) -> Option<usize> {
        let cut = Cut::of(plan);
        let (units, inner) = (cut.units.len(), cut.inner.len());
        let loose_leaves = cut.loose_leaves(plan);
        let bytes = units * size_of::<Units<Q>>() + inner * size_of::<Inner<Q>>();
        let places = (2 * (units + inner) + loose_leaves).max(4 * inner);
        if bytes > most_bytes || places > usize::from(NOWHERE) {
            return None;
        }
        if units == 0 {
            // A tree without a question: nothing to explain.
            return Some(0);
        }
        let first_state = collector.add(plan, &cut, self.end_weight);
        for &pair in &cut.units {
            self.push_units(plan, collector, &cut, pair);
        }
        let mut loose = (2 * (units + inner)..).map(byte);
        for &pair in &cut.inner {
            self.push_inner(plan, collector, (&cut, &mut loose), pair);
        }
        self.trees.push(Tree { units, inner, loose_leaves, first_state });
        self.most_inner = self.most_inner.max(inner);
        Some(bytes)
    }

    fn push_units(&mut self, plan: &Plan<'_>, collector: &Collector<'_>, cut: &Cut, pair: [Option<Unit>; 2]) {
        let deed = |node: usize| {
            let (part, Some(unit)) = (node / 2, pair[node % 2]) else { return (Deed::NONE, 0) };
            match unit.nodes[part] {
                Some(node) if part == 0 => (Deed::of(plan, node, &self.rest), collector.number(plan, node)),
                Some(node) => (Deed::of_pair(plan, node, &self.rest), collector.number(plan, node)),
                None => (Deed::of_leaf(plan.leaf(unit.top(), part - 1)), 0),
            }
        };
        let deeds: [(Deed<Q>, u8); 6] = std::array::from_fn(deed);
        let lane = |part: usize, number: fn(&Deed<Q>, usize) -> f64, q: usize| {
            Lane([number(&deeds[2 * part].0, q), number(&deeds[2 * part + 1].0, q)])
        };
        self.units.push(Units {
            base: std::array::from_fn(|part| lane(part, |deed, _| deed.base, 0)),
            known: std::array::from_fn(|part| std::array::from_fn(|q| lane(part, |deed, q| deed.known[q], q))),
            gains: std::array::from_fn(|part| std::array::from_fn(|q| lane(part, |deed, q| deed.gain[q], q))),
            end_gains: std::array::from_fn(|part| lane(part, |deed, _| deed.end_gain, 0)),
            deltas: deeds.map(|(deed, _)| deed.deltas),
            features: std::array::from_fn(|part| [deeds[2 * part].1, deeds[2 * part + 1].1]),
            above: pair.map(|unit| unit.map_or(NOWHERE, |unit| above(plan, cut, unit.top()))),
        });
    }

    /// `loose` gives places to the leaves.
    fn push_inner(
        &mut self,
        plan: &Plan<'_>,
        collector: &Collector<'_>,
        (cut, loose): (&Cut, &mut impl Iterator<Item = u8>),
        pair: [Option<usize>; 2],
    ) {
        let deeds = pair.map(|node| node.map_or(Deed::NONE, |node| Deed::<Q>::of(plan, node, &self.rest)));
        let mut children = [[NOWHERE; 2]; 2];
        for (lane, node) in pair.into_iter().enumerate() {
            let Some(node) = node else { continue };
            for (answer, child) in plan.tree.nodes[node].children().into_iter().enumerate() {
                children[answer][lane] = match child {
                    Child::Node(child) => byte(cut.places[child as usize]),
                    Child::Leaf(leaf) => {
                        self.loose_leaves.push(plan.tree.leaf_values[leaf as usize]);
                        loose.next().expect("places never end")
                    }
                };
            }
        }
        self.inner.push(Inner {
            base: Lane(deeds.map(|deed| deed.base)),
            known: std::array::from_fn(|q| Lane(deeds.map(|deed| deed.known[q]))),
            gains: std::array::from_fn(|q| Lane(deeds.map(|deed| deed.gain[q]))),
            end_gains: Lane(deeds.map(|deed| deed.end_gain)),
            deltas: deeds.map(|deed| deed.deltas),
            children,
            features: pair.map(|node| node.map_or(0, |node| collector.number(plan, node))),
            above: pair.map(|node| node.map_or(NOWHERE, |node| above(plan, cut, node))),
        });
    }
}

/// Where the weight of a node stands among those of what is below inner nodes.
fn above(plan: &Plan<'_>, cut: &Cut, node: usize) -> u8 {
    plan.ancestry.parents[node].map_or(NOWHERE, |above| {
        let place = cut.places[above.node as usize] - 2 * cut.units.len();
        byte(4 * (place / 2) + 2 * usize::from(above.answer) + place % 2)
    })
}

fn byte(place: usize) -> u8 {
    u8::try_from(place).expect("a tree in a table has at most 256 places")
}
