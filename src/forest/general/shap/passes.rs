//! The passes over the trees of a [`Table`] for one applicant.

use super::{
    answers::State,
    table::{Inner, Lane, MOST_PLACES, NOWHERE, Sums, Table, Units},
};

/// A number for each place of a tree.
type Places = [f64; MOST_PLACES];

/// Buffers for one tree.
#[derive(Debug, Clone, Default)]
pub(super) struct Lanes<const Q: usize> {
    /// At the inner points and then at t = 1: R of each place.
    values: Vec<Places>,
    /// At the same points: P of what is below each pair of inner nodes, after "no" and then after "yes".
    weights: Vec<Places>,
    inner: Vec<Kept<Q>>,
    /// What is added, though nobody reads it here: a pair of sums that goes into memory as a whole is one that the
    /// compiler computes as a whole.
    added: [Lane; 3],
}

/// What the way down leaves for the way up, of a pair of inner nodes.
#[derive(Debug, Clone, Copy)]
struct Kept<const Q: usize> {
    points: [AtPoint; Q],
    end: AtPoint,
}

#[derive(Debug, Clone, Copy, Default)]
struct AtPoint {
    /// How much of the weight goes to the children after "yes".
    yes: Lane,
    /// What is added, but for what "yes" is worth more.
    gain: Lane,
}

impl<const Q: usize> Table<Q> {
    /// Adds to `sums` what each feature adds in these trees, but for t = 0, which [`super::answers`] adds.
    pub(super) fn explain(&self, states: &[State], lanes: &mut Lanes<Q>, sums: &mut Sums) {
        lanes.make_room(self.most_inner);
        let Lanes { values, weights, inner: kept, added } = lanes;
        let mut values = Points::of(values);
        let mut weights = Points::of(weights);
        for (points, &weight) in weights.points.iter_mut().zip(&self.weights) {
            points[usize::from(NOWHERE)] = weight;
        }
        weights.end[usize::from(NOWHERE)] = self.end_weight;
        let (mut units, mut inner) = (self.units.as_slice(), self.inner.as_slice());
        let mut loose_leaves = self.loose_leaves.as_slice();
        for tree in &self.trees {
            let states = &states[tree.first_state..];
            let view = View {
                unit_states: &states.as_chunks().0[..tree.units],
                inner_states: &states[6 * tree.units..].as_chunks().0[..tree.inner],
                units: next(&mut units, tree.units),
                inner: next(&mut inner, tree.inner),
                loose_leaves: next(&mut loose_leaves, tree.loose_leaves),
            };
            let kept = &mut kept[..tree.inner];
            view.fall(&mut weights, kept);
            view.rise_units(&mut values, &weights, added, sums);
            view.rise_inner(&mut values, kept, added, sums);
        }
    }
}

/// Takes the first of what is left.
#[inline]
fn next<'a, T>(left: &mut &'a [T], count: usize) -> &'a [T] {
    let (first, rest) = left.split_at(count);
    *left = rest;
    first
}

/// Numbers at the inner points and at t = 1.
struct Points<'a, const Q: usize> {
    points: &'a mut [Places; Q],
    end: &'a mut Places,
}

impl<'a, const Q: usize> Points<'a, Q> {
    fn of(places: &'a mut [Places]) -> Self {
        let (points, rest) = places.split_first_chunk_mut().expect("room was made");
        Self { points, end: rest.first_mut().expect("room was made") }
    }
}

/// One tree for one applicant.
struct View<'a, const Q: usize> {
    units: &'a [Units<Q>],
    unit_states: &'a [[State; 6]],
    inner: &'a [Inner<Q>],
    inner_states: &'a [[State; 2]],
    loose_leaves: &'a [f64],
}

impl<const Q: usize> View<'_, Q> {
    /// From the root down: gives what is below every inner node its weight.
    #[inline]
    fn fall(&self, weights: &mut Points<'_, Q>, kept: &mut [Kept<Q>]) {
        let count = self.inner.len();
        let (states, kept) = (&self.inner_states[..count], &mut kept[..count]);
        for pair in (0..count).rev() {
            let (nodes, states, kept) = (&self.inner[pair], &states[pair], &mut kept[pair]);
            let delta = Lane([nodes.deltas[0][states[0] as usize], nodes.deltas[1][states[1] as usize]]);
            for q in 0..Q {
                let part = (nodes.known[q].times(delta), nodes.gains[q].times(delta));
                kept.points[q] = fall(nodes, pair, part, &mut weights.points[q]);
            }
            kept.end = fall(nodes, pair, (delta, nodes.end_gains.times(delta)), weights.end);
        }
    }

    /// Gives every unit its value, and its features what they add.
    #[inline]
    fn rise_units(&self, values: &mut Points<'_, Q>, weights: &Points<'_, Q>, added: &mut [Lane; 3], sums: &mut Sums) {
        let count = self.units.len();
        let states = &self.unit_states[..count];
        for pair in 0..count {
            let (units, states) = (&self.units[pair], &states[pair]);
            let delta = |node: usize| units.deltas[node][states[node] as usize];
            let deltas = [Lane([delta(0), delta(1)]), Lane([delta(2), delta(3)]), Lane([delta(4), delta(5)])];
            let at_end = units.at_point(deltas, units.end_gains, gather(weights.end, units.above));
            put(values.end, pair, at_end.0);
            let mut gains = at_end.1;
            for q in 0..Q {
                let [top, no, yes] = units.known;
                let known = [top[q].times(deltas[0]), no[q].times(deltas[1]), yes[q].times(deltas[2])];
                let [top, no, yes] = units.gains;
                let (value, more) =
                    units.at_point(known, [top[q], no[q], yes[q]], gather(&weights.points[q], units.above));
                put(&mut values.points[q], pair, value);
                gains = [gains[0].plus(more[0]), gains[1].plus(more[1]), gains[2].plus(more[2])];
            }
            *added = [gains[0].times(deltas[0]), gains[1].times(deltas[1]), gains[2].times(deltas[2])];
            add(sums, units.features[0], added[0]);
            add(sums, units.features[1], added[1]);
            add(sums, units.features[2], added[2]);
        }
    }

    /// The same of the nodes above, from the units to the root.
    #[inline]
    fn rise_inner(&self, values: &mut Points<'_, Q>, kept: &[Kept<Q>], added: &mut [Lane; 3], sums: &mut Sums) {
        let first_loose = 2 * (self.units.len() + self.inner.len());
        for (place, &leaf) in (first_loose..MOST_PLACES).zip(self.loose_leaves) {
            values.points.iter_mut().for_each(|values| values[place] = leaf);
            values.end[place] = leaf;
        }
        let count = self.inner.len();
        let kept = &kept[..count];
        for pair in 0..count {
            let (nodes, kept, place) = (&self.inner[pair], &kept[pair], self.units.len() + pair);
            let mut gain = rise(nodes, place, kept.end, values.end);
            for q in 0..Q {
                gain = gain.plus(rise(nodes, place, kept.points[q], &mut values.points[q]));
            }
            added[0] = gain;
            add(sums, nodes.features, added[0]);
        }
    }
}

impl<const Q: usize> Units<Q> {
    /// R of two units, and what their nodes add but for their deltas. `known` are the deltas as far as they are known.
    #[inline]
    fn at_point(&self, known: [Lane; 3], gains: [Lane; 3], weight: Lane) -> (Lane, [Lane; 3]) {
        let yes = self.base[0].plus(known[0]);
        let after_no = self.base[1].plus(known[1]);
        let above = self.base[2].plus(known[2]).minus(after_no);
        let to_yes = weight.times(yes);
        let to_no = weight.minus(to_yes);
        let gains = [weight.times(gains[0]).times(above), to_no.times(gains[1]), to_yes.times(gains[2])];
        (after_no.plus(yes.times(above)), gains)
    }
}

/// At one point: shares the weight of two inner nodes out to their children.
#[inline]
fn fall<const Q: usize>(nodes: &Inner<Q>, pair: usize, (known, gain): (Lane, Lane), weights: &mut Places) -> AtPoint {
    let weight = gather(weights, nodes.above);
    let yes = nodes.base.plus(known);
    let to_yes = weight.times(yes);
    put(weights, 2 * pair, weight.minus(to_yes));
    put(weights, 2 * pair + 1, to_yes);
    AtPoint { yes, gain: weight.times(gain) }
}

/// At one point: R of two inner nodes goes to their place; what they add.
#[inline]
fn rise<const Q: usize>(nodes: &Inner<Q>, place: usize, kept: AtPoint, values: &mut Places) -> Lane {
    let [no, yes] = nodes.children;
    let after_no = gather(values, no);
    let above = gather(values, yes).minus(after_no);
    put(values, place, after_no.plus(kept.yes.times(above)));
    kept.gain.times(above)
}

impl<const Q: usize> Lanes<Q> {
    /// For trees of so many pairs of inner nodes.
    fn make_room(&mut self, inner: usize) {
        self.values.resize(Q + 1, [0.0; MOST_PLACES]);
        self.weights.resize(Q + 1, [0.0; MOST_PLACES]);
        if self.inner.len() < inner {
            self.inner.resize(inner, Kept { points: [AtPoint::default(); Q], end: AtPoint::default() });
        }
    }
}

impl Lane {
    #[inline]
    fn each(self, other: Self, with: impl Fn(f64, f64) -> f64) -> Self {
        Self([with(self.0[0], other.0[0]), with(self.0[1], other.0[1])])
    }

    #[inline]
    fn plus(self, other: Self) -> Self {
        self.each(other, |a, b| a + b)
    }

    #[inline]
    fn minus(self, other: Self) -> Self {
        self.each(other, |a, b| a - b)
    }

    #[inline]
    fn times(self, other: Self) -> Self {
        self.each(other, |a, b| a * b)
    }
}

#[inline]
fn gather(values: &Places, places: [u8; 2]) -> Lane {
    Lane([values[usize::from(places[0])], values[usize::from(places[1])]])
}

#[inline]
fn put(values: &mut Places, pair: usize, lane: Lane) {
    // The mask changes nothing; it shows the compiler that the pair is in bounds.
    values.as_chunks_mut::<2>().0[pair & (MOST_PLACES / 2 - 1)] = lane.0;
}

#[inline]
fn add(sums: &mut Sums, features: [u8; 2], added: Lane) {
    sums[usize::from(features[0])] += added.0[0];
    sums[usize::from(features[1])] += added.0[1];
}
