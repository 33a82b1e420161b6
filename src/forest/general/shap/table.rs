//! Explaining by what was computed at load: for each unit of a tree and each of its states, the value R of what is below
//! it and what its nodes add to their features, at every point.
//!
//! What is left for an applicant is one pass over the nodes above the units, without a question and without a branch.

use super::{
    answers::{Collector, YES},
    plan::{Plan, rules},
    units::{Cut, Deed, Points, Unit, ways},
};
use crate::forest::general::{Child, lobatto::INNER_POINTS};

/// Trees no path of which asks about more than [`Table::MOST_FEATURES`] features.
#[derive(Debug, Clone)]
pub(super) struct Table<const Q: usize> {
    points: Points<Q>,
    weights: [f64; Q],
    trees: Vec<Tree>,
    units: Vec<UnitPlace>,
    entries: Vec<Entry<Q>>,
    /// R at t = 1; as many as entries.
    end_values: Vec<f64>,
    /// What each node of a unit on the applicant's own path adds at t = 1, with the weight of that end; as many.
    end_gains: Vec<[f64; 3]>,
    inner: Vec<Inner>,
    /// For each inner node two or three: what it does after "no", after "yes", and where it is averaged.
    deeds: Vec<Step<Q>>,
    /// As many as inner nodes.
    ends: Vec<InnerEnd>,
    loose_leaves: Vec<f64>,
}

/// Where a tree's parts stand: the first, and the one after the last.
#[derive(Debug, Clone, Copy)]
struct Tree {
    units: (usize, usize),
    inner: (usize, usize),
    loose_leaves: (usize, usize),
    /// The state of its first unit among all.
    first_state: usize,
}

/// A unit: its states are a run of entries.
#[derive(Debug, Clone, Copy)]
struct UnitPlace {
    first_entry: u32,
    /// Of its nodes; any for one that is not there.
    features: [u32; 3],
}

/// A unit in one state. One line of a processor's cache, for two points: most of an explanation's time is waiting for them.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Entry<const Q: usize> {
    value: [f64; Q],
    /// What each node adds, but for P.
    gains: [[f64; Q]; 3],
}

/// A node above the units.
#[derive(Debug, Clone, Copy)]
struct Inner {
    first_deed: u32,
    feature: u32,
    /// The places of its children: units first, then inner nodes, then loose leaves.
    children: [u32; 2],
}

#[derive(Debug, Clone, Copy)]
struct Step<const Q: usize> {
    yes: [f64; Q],
    gain: [f64; Q],
}

/// An inner node at t = 1.
#[derive(Debug, Clone, Copy)]
struct InnerEnd {
    /// How much of the weight goes to the child after "yes", by what the node does.
    yes: [f64; 3],
    /// What is added, times what "yes" is worth more: after "no" and after "yes".
    gains: [f64; 2],
}

/// Buffers for one tree, an element for each place.
#[derive(Debug, Clone, Default)]
pub(super) struct Lanes<const Q: usize> {
    /// R on the way up, and P on the way down.
    values: Vec<[f64; Q]>,
    /// What an inner node adds, but for P.
    gains: Vec<[f64; Q]>,
    /// R at t = 1.
    ends: Vec<f64>,
}

impl<const Q: usize> Table<Q> {
    /// The integrand has one degree less.
    pub(super) const MOST_FEATURES: usize = 2 * Q + 2;

    pub(super) fn new() -> Self {
        let number = INNER_POINTS.iter().position(|&points| points == Q).expect("a rule that is compiled");
        let rule = &rules()[number];
        let lane = |lane: &[f64]| *lane.first_chunk().expect("a rule of Q points has as many");
        Self {
            points: Points { rest: lane(&rule.rest), end_weight: rule.end_weight },
            weights: lane(&rule.weights),
            trees: Vec::new(),
            units: Vec::new(),
            entries: Vec::new(),
            end_values: Vec::new(),
            end_gains: Vec::new(),
            inner: Vec::new(),
            deeds: Vec::new(),
            ends: Vec::new(),
            loose_leaves: Vec::new(),
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
        let entries: usize = cut.units.iter().map(|unit| unit.states(plan)).sum();
        let bytes = entries * (size_of::<Entry<Q>>() + 4 * size_of::<f64>())
            + cut.inner.len() * (size_of::<Inner>() + size_of::<InnerEnd>() + 3 * size_of::<Step<Q>>());
        if bytes > most_bytes {
            return None;
        }
        let first_state = collector.units();
        let digits = cut.digits(plan, first_state);
        collector.add(plan, &digits, cut.units.len() + cut.inner.len(), self.points.end_weight);
        let (first_unit, first_inner, first_loose) = (self.units.len(), self.inner.len(), self.loose_leaves.len());
        for unit in &cut.units {
            self.push_unit(plan, unit);
        }
        for &index in &cut.inner {
            self.push_inner(plan, &cut, index, first_loose);
        }
        if cut.units.is_empty() {
            // A tree without a question: nothing to explain.
            return Some(0);
        }
        self.trees.push(Tree {
            units: (first_unit, self.units.len()),
            inner: (first_inner, self.inner.len()),
            loose_leaves: (first_loose, self.loose_leaves.len()),
            first_state,
        });
        Some(bytes)
    }

    fn push_unit(&mut self, plan: &Plan<'_>, unit: &Unit) {
        let feature = |node: Option<usize>| node.map_or(0, |node| plan.tree.nodes[node].feature);
        self.units.push(UnitPlace { first_entry: narrow(self.entries.len()), features: unit.nodes.map(feature) });
        for state in 0..unit.states(plan) {
            let (entry, end_value, end_gains) = entries(plan, unit, state, &self.points);
            self.entries.push(entry);
            self.end_values.push(end_value);
            self.end_gains.push(end_gains);
        }
    }

    fn push_inner(&mut self, plan: &Plan<'_>, cut: &Cut, index: usize, first_loose: usize) {
        let node = &plan.tree.nodes[index];
        let above_loose = cut.units.len() + cut.inner.len();
        let children = node.children().map(|child| match child {
            Child::Node(child) => narrow(cut.numbers[child as usize]),
            Child::Leaf(leaf) => {
                self.loose_leaves.push(plan.tree.leaf_values[leaf as usize]);
                narrow(above_loose + self.loose_leaves.len() - 1 - first_loose)
            }
        });
        self.inner.push(Inner { first_deed: narrow(self.deeds.len()), feature: node.feature, children });
        let deeds: Vec<Deed<Q>> =
            (0..ways(plan, index)).map(|answer| Deed::of(plan, index, answer, &self.points)).collect();
        self.deeds.extend(deeds.iter().map(|deed| Step { yes: deed.yes, gain: deed.gain }));
        self.ends.push(InnerEnd {
            yes: [0.0, 1.0, plan.shares[index][usize::from(YES)]],
            gains: [deeds[0].end_gain, deeds[1].end_gain],
        });
    }

    /// Adds to `sums` what each feature adds in these trees, but for t = 0, which [`super::answers`] adds.
    pub(super) fn explain(&self, states: &[u8], lanes: &mut Lanes<Q>, sums: &mut [[f64; 2]]) {
        for tree in &self.trees {
            let view = View {
                table: self,
                units: &self.units[tree.units.0..tree.units.1],
                inner: &self.inner[tree.inner.0..tree.inner.1],
                ends: &self.ends[tree.inner.0..tree.inner.1],
                loose_leaves: &self.loose_leaves[tree.loose_leaves.0..tree.loose_leaves.1],
                states: &states[tree.first_state..],
            };
            view.explain(lanes, sums);
        }
    }
}

/// A unit in a state: at the inner points, and R and gains at t = 1.
fn entries<const Q: usize>(
    plan: &Plan<'_>,
    unit: &Unit,
    state: usize,
    points: &Points<Q>,
) -> (Entry<Q>, f64, [f64; 3]) {
    let answers = unit.answers(plan, state);
    let mut entry = Entry { value: [0.0; Q], gains: [[0.0; Q]; 3] };
    let mut end_gains = [0.0; 3];
    let top = unit.nodes[0].expect("a unit has a top");
    let deed = Deed::of(plan, top, answers[0], points);
    // The values of both sides, at the points and at t = 1.
    let (mut sides, mut end_sides) = ([[0.0; Q]; 2], [0.0; 2]);
    for side in 0..2 {
        let Some(node) = unit.nodes[1 + side] else {
            let Child::Leaf(leaf) = plan.tree.nodes[top].children()[side] else { continue };
            sides[side] = [plan.tree.leaf_values[leaf as usize]; Q];
            end_sides[side] = plan.tree.leaf_values[leaf as usize];
            continue;
        };
        let below = Deed::of(plan, node, answers[1 + side], points);
        let [no, yes] = plan.leaves(node);
        let weights = if side == 1 { deed.yes } else { deed.yes.map(|yes| 1.0 - yes) };
        sides[side] = below.yes.map(|share| no + share * (yes - no));
        entry.gains[1 + side] = std::array::from_fn(|q| weights[q] * below.gain[q] * (yes - no));
        end_sides[side] = no + below.end_yes * (yes - no);
        let is_followed = usize::from(answers[0]) == side;
        end_gains[1 + side] = if is_followed { below.end_gain * (yes - no) } else { 0.0 };
    }
    let above: [f64; Q] = std::array::from_fn(|q| sides[1][q] - sides[0][q]);
    entry.value = std::array::from_fn(|q| sides[0][q] + deed.yes[q] * above[q]);
    entry.gains[0] = std::array::from_fn(|q| deed.gain[q] * above[q]);
    let end_value = end_sides[0] + deed.end_yes * (end_sides[1] - end_sides[0]);
    end_gains[0] = deed.end_gain * (end_sides[1] - end_sides[0]);
    (entry, end_value, end_gains)
}

/// One tree for one applicant.
struct View<'a, const Q: usize> {
    table: &'a Table<Q>,
    units: &'a [UnitPlace],
    inner: &'a [Inner],
    ends: &'a [InnerEnd],
    loose_leaves: &'a [f64],
    /// Of the units, then of the inner nodes.
    states: &'a [u8],
}

impl<const Q: usize> View<'_, Q> {
    /// The passes up and down.
    fn explain(&self, lanes: &mut Lanes<Q>, sums: &mut [[f64; 2]]) {
        let (units, inner) = (self.units.len(), self.inner.len());
        let places = units + inner + self.loose_leaves.len();
        if lanes.ends.len() < places {
            lanes.values.resize(places, [0.0; Q]);
            lanes.gains.resize(places, [0.0; Q]);
            lanes.ends.resize(places, 0.0);
        }
        let (values, gains) = (&mut lanes.values[..places], &mut lanes.gains[..places]);
        let ends = &mut lanes.ends[..places];
        self.rise(values, gains, ends);
        self.follow(ends, sums);
        values[units + inner - 1] = self.table.weights;
        let states = &self.states[units..][..inner];
        for ((place, node), &state) in (units..units + inner).zip(self.inner).zip(states).rev() {
            let yes = self.step(node, state).yes;
            let weight = values[place];
            add(&mut sums[node.feature as usize], &weight, &gains[place]);
            let to_yes: [f64; Q] = std::array::from_fn(|q| weight[q] * yes[q]);
            values[node.children[0] as usize] = std::array::from_fn(|q| weight[q] - to_yes[q]);
            values[node.children[1] as usize] = to_yes;
        }
        for ((weight, unit), &state) in values.iter().zip(self.units).zip(self.states) {
            let entry = self.entry(unit, state);
            for (&feature, gain) in unit.features.iter().zip(&entry.gains) {
                add(&mut sums[feature as usize], weight, gain);
            }
        }
    }

    /// From the units to the root: R at the inner points and at t = 1, and what inner nodes add.
    #[inline]
    fn rise(&self, values: &mut [[f64; Q]], gains: &mut [[f64; Q]], ends: &mut [f64]) {
        let (units, inner) = (self.units.len(), self.inner.len());
        for (((value, end), unit), &state) in values.iter_mut().zip(&mut *ends).zip(self.units).zip(self.states) {
            let entry = unit.first_entry as usize + usize::from(state);
            *value = self.table.entries[entry].value;
            *end = self.table.end_values[entry];
        }
        let loose = values[units + inner..].iter_mut().zip(&mut ends[units + inner..]);
        for ((value, end), &leaf) in loose.zip(self.loose_leaves) {
            *value = [leaf; Q];
            *end = leaf;
        }
        let nodes = self.inner.iter().zip(self.ends).zip(&self.states[units..]);
        for (place, ((node, node_end), &state)) in (units..).zip(nodes) {
            // Copied, so that the compiler sees that nothing written below changes it.
            let step = *self.step(node, state);
            let [no, yes] = node.children.map(|child| child as usize);
            let (below_no, below_yes) = (values[no], values[yes]);
            let above: [f64; Q] = std::array::from_fn(|q| below_yes[q] - below_no[q]);
            values[place] = std::array::from_fn(|q| below_no[q] + step.yes[q] * above[q]);
            gains[place] = std::array::from_fn(|q| step.gain[q] * above[q]);
            ends[place] = ends[no] + node_end.yes[usize::from(state)] * (ends[yes] - ends[no]);
        }
    }

    /// Along the applicant's own path: what each node adds at t = 1. No node on it is averaged.
    #[inline]
    fn follow(&self, ends: &[f64], sums: &mut [[f64; 2]]) {
        let units = self.units.len();
        let mut place = units + self.inner.len() - 1;
        while let Some(number) = place.checked_sub(units).filter(|&number| number < self.inner.len()) {
            let Inner { feature, children: [no, yes], .. } = self.inner[number];
            let answer = usize::from(self.states[place] == YES);
            let above = ends[yes as usize] - ends[no as usize];
            sums[feature as usize][1] += self.ends[number].gains[answer] * above;
            place = [no, yes][answer] as usize;
        }
        if let Some(unit) = self.units.get(place) {
            let gains = &self.table.end_gains[unit.first_entry as usize + usize::from(self.states[place])];
            for (&feature, gain) in unit.features.iter().zip(gains) {
                sums[feature as usize][1] += gain;
            }
        }
    }

    #[inline]
    fn entry(&self, unit: &UnitPlace, state: u8) -> &Entry<Q> {
        &self.table.entries[unit.first_entry as usize + usize::from(state)]
    }

    #[inline]
    fn step(&self, node: &Inner, state: u8) -> &Step<Q> {
        &self.table.deeds[node.first_deed as usize + usize::from(state)]
    }
}

/// Adds the products of the lanes to the two sums in turn.
#[inline]
fn add<const Q: usize>(sums: &mut [f64; 2], weight: &[f64; Q], gain: &[f64; Q]) {
    for q in 0..Q {
        sums[q & 1] += weight[q] * gain[q];
    }
}

fn narrow(index: usize) -> u32 {
    u32::try_from(index).expect("a table has fewer than 2^32 entries")
}
