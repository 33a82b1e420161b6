//! The passes over one tree for one applicant.

use super::{
    Quadrature, Scratch,
    plan::{Inner, NEW, Pair, Repeat, TreePlan},
};
use crate::forest::general::{lobatto::INNER_POINTS, questions::Places};

/// Adds to `scratch.sums` what each feature adds in one tree.
pub(super) fn explain(quadrature: &Quadrature, tree: &TreePlan, places: &Places, scratch: &mut Scratch) {
    match tree.rule {
        0 => Kernel::<{ INNER_POINTS[0] }>::new(quadrature, tree, places).run(scratch),
        1 => Kernel::<{ INNER_POINTS[1] }>::new(quadrature, tree, places).run(scratch),
        2 => Kernel::<{ INNER_POINTS[2] }>::new(quadrature, tree, places).run(scratch),
        3 => Kernel::<{ INNER_POINTS[3] }>::new(quadrature, tree, places).run(scratch),
        4 => Kernel::<{ INNER_POINTS[4] }>::new(quadrature, tree, places).run(scratch),
        5 => Kernel::<{ INNER_POINTS[5] }>::new(quadrature, tree, places).run(scratch),
        6 => Kernel::<{ INNER_POINTS[6] }>::new(quadrature, tree, places).run(scratch),
        _ => Kernel::<{ INNER_POINTS[7] }>::new(quadrature, tree, places).run(scratch),
    }
}

/// One tree at `Q` inner points.
struct Kernel<'a, const Q: usize> {
    pairs: &'a [Pair],
    inner: &'a [Inner],
    loose_leaves: &'a [f64],
    repeats: &'a [Repeat],
    /// Two for each repeat: see [`Quadrature`].
    lanes: &'a [[f64; Q]],
    rest: &'a [f64; Q],
    weights: &'a [f64; Q],
    end_weight: f64,
    places: &'a Places,
}

/// What the features above make of a node, at each point.
struct Role<'a, const Q: usize> {
    /// c s = `share of the cold child` · `cold`.
    cold: &'a [f64; Q],
    /// What is added is multiplied by it.
    gain: &'a [f64; Q],
    /// The same at t = 1.
    end_gain: f64,
    /// Whether an answer above led elsewhere.
    is_averaged: bool,
}

impl<'a, const Q: usize> Kernel<'a, Q> {
    fn new(quadrature: &'a Quadrature, tree: &TreePlan, places: &'a Places) -> Self {
        let rule = &quadrature.rules[tree.rule];
        let repeats = &quadrature.repeats[tree.repeats.0..tree.repeats.1];
        let (lanes, _) = quadrature.lanes[tree.first_lane..][..2 * Q * repeats.len()].as_chunks::<Q>();
        Self {
            pairs: &quadrature.pairs[tree.pairs.0..tree.pairs.1],
            inner: &quadrature.inner[tree.inner.0..tree.inner.1],
            loose_leaves: &quadrature.loose_leaves[tree.loose_leaves.0..tree.loose_leaves.1],
            repeats,
            lanes,
            rest: rule.rest.first_chunk().expect("a rule of Q points has as many"),
            weights: rule.weights.first_chunk().expect("a rule of Q points has as many"),
            end_weight: rule.end_weight,
            places,
        }
    }

    fn run(&self, scratch: &mut Scratch) {
        let nodes = self.pairs.len() + self.inner.len();
        let places = nodes + self.loose_leaves.len();
        let Scratch { values, end_values, gains, cold, weights, is_reached, sums, .. } = scratch;
        if nodes == 0 {
            return;
        }
        for lanes in [&mut *values, &mut *gains, &mut *cold, &mut *weights] {
            if lanes.len() < places * Q {
                lanes.resize(places * Q, 0.0);
            }
        }
        if end_values.len() < places {
            end_values.resize(places, 0.0);
        }
        let mut lanes = Lanes {
            values: &mut values.as_chunks_mut::<Q>().0[..places],
            end_values: &mut end_values[..places],
            gains: &mut gains.as_chunks_mut::<Q>().0[..nodes],
            cold: &mut cold.as_chunks_mut::<Q>().0[..nodes],
            weights: &mut weights.as_chunks_mut::<Q>().0[..places],
        };
        self.find_reached(is_reached);
        for (place, &value) in (nodes..).zip(self.loose_leaves) {
            lanes.values[place] = [value; Q];
            lanes.end_values[place] = value;
        }
        self.sum_pairs(is_reached, &mut lanes, sums);
        self.sum_inner(is_reached, &mut lanes, sums);
        self.weigh(&mut lanes, sums);
        self.follow(is_reached, &lanes, sums);
    }

    /// Finds which repeated questions are asked of the applicant's own path of that feature.
    fn find_reached(&self, is_reached: &mut Vec<bool>) {
        is_reached.clear();
        for repeat in self.repeats {
            let before = repeat.before == NEW || is_reached[repeat.before as usize];
            is_reached.push(before && repeat.earlier.is_yes(self.places) == repeat.answer);
        }
    }

    #[inline]
    fn role(&self, repeat: u32, is_reached: &[bool]) -> Role<'_, Q> {
        if repeat == NEW {
            return Role { cold: self.rest, gain: &[1.0; Q], end_gain: 1.0, is_averaged: false };
        }
        let index = repeat as usize;
        if is_reached[index] {
            let end_gain = self.repeats[index].at_one;
            return Role {
                cold: &self.lanes[2 * index],
                gain: &self.lanes[2 * index + 1],
                end_gain,
                is_averaged: false,
            };
        }
        Role { cold: &[1.0; Q], gain: &[0.0; Q], end_gain: 0.0, is_averaged: true }
    }

    fn sum_pairs(&self, is_reached: &[bool], lanes: &mut Lanes<'_, Q>, sums: &mut [[f64; 2]]) {
        let nodes = lanes.values.iter_mut().zip(&mut *lanes.end_values).zip(&mut *lanes.gains);
        for (pair, ((value, end_value), gain)) in self.pairs.iter().zip(nodes) {
            let answer = usize::from(pair.question.is_yes(self.places));
            let outcome = pair.outcomes[answer];
            let role = self.role(pair.repeat, is_reached);
            for q in 0..Q {
                value[q] = outcome.value - role.cold[q] * outcome.gain;
                gain[q] = role.gain[q] * outcome.gain;
            }
            if role.is_averaged {
                *end_value = outcome.value - outcome.gain;
            } else {
                *end_value = outcome.value;
                sums[pair.feature as usize][0] += pair.at_zero[answer];
            }
        }
    }

    fn sum_inner(&self, is_reached: &[bool], lanes: &mut Lanes<'_, Q>, sums: &mut [[f64; 2]]) {
        for (place, inner) in (self.pairs.len()..).zip(self.inner) {
            let answer = usize::from(inner.question.is_yes(self.places));
            let (hot, cold) = (inner.children[answer] as usize, inner.children[1 - answer] as usize);
            let share = inner.shares[1 - answer];
            let role = self.role(inner.repeat, is_reached);
            for q in 0..Q {
                let above = lanes.values[hot][q] - lanes.values[cold][q];
                let part = share * role.cold[q];
                lanes.cold[place][q] = part;
                lanes.gains[place][q] = role.gain[q] * share * above;
                lanes.values[place][q] = lanes.values[hot][q] - part * above;
            }
            let end_hot = lanes.end_values[hot];
            if role.is_averaged {
                lanes.end_values[place] = end_hot - share * (end_hot - lanes.end_values[cold]);
            } else {
                lanes.end_values[place] = end_hot;
                sums[inner.feature as usize][0] += inner.at_zero[answer];
            }
        }
    }

    /// From the root down: gives every node its weight, and its feature what it adds.
    fn weigh(&self, lanes: &mut Lanes<'_, Q>, sums: &mut [[f64; 2]]) {
        let pairs = self.pairs.len();
        let root = pairs + self.inner.len() - 1;
        lanes.weights[root] = *self.weights;
        for (index, inner) in self.inner.iter().enumerate().rev() {
            let place = pairs + index;
            let answer = usize::from(inner.question.is_yes(self.places));
            let weight = lanes.weights[place];
            add(&mut sums[inner.feature as usize], &weight, &lanes.gains[place]);
            let mut hot = [0.0; Q];
            let mut cold = [0.0; Q];
            for q in 0..Q {
                cold[q] = weight[q] * lanes.cold[place][q];
                hot[q] = weight[q] - cold[q];
            }
            lanes.weights[inner.children[answer] as usize] = hot;
            lanes.weights[inner.children[1 - answer] as usize] = cold;
        }
        for ((pair, weight), gain) in self.pairs.iter().zip(&*lanes.weights).zip(&*lanes.gains) {
            add(&mut sums[pair.feature as usize], weight, gain);
        }
    }

    /// Along the applicant's own path: what each node adds at t = 1.
    fn follow(&self, is_reached: &[bool], lanes: &Lanes<'_, Q>, sums: &mut [[f64; 2]]) {
        let pairs = self.pairs.len();
        let mut place = pairs + self.inner.len() - 1;
        while place < pairs + self.inner.len() {
            if place < pairs {
                let pair = &self.pairs[place];
                let gain = pair.outcomes[usize::from(pair.question.is_yes(self.places))].gain;
                let end_gain = self.role(pair.repeat, is_reached).end_gain;
                sums[pair.feature as usize][1] += self.end_weight * end_gain * gain;
                return;
            }
            let inner = &self.inner[place - pairs];
            let answer = usize::from(inner.question.is_yes(self.places));
            let (hot, cold) = (inner.children[answer] as usize, inner.children[1 - answer] as usize);
            let above = lanes.end_values[hot] - lanes.end_values[cold];
            let end_gain = self.role(inner.repeat, is_reached).end_gain;
            sums[inner.feature as usize][1] += self.end_weight * end_gain * inner.shares[1 - answer] * above;
            place = hot;
        }
    }
}

/// The buffers of [`Scratch`] for one tree.
struct Lanes<'a, const Q: usize> {
    values: &'a mut [[f64; Q]],
    end_values: &'a mut [f64],
    gains: &'a mut [[f64; Q]],
    cold: &'a mut [[f64; Q]],
    weights: &'a mut [[f64; Q]],
}

/// Adds the products of the lanes to the two sums in turn.
#[inline]
fn add<const Q: usize>(sums: &mut [f64; 2], weight: &[f64; Q], gain: &[f64; Q]) {
    for q in 0..Q {
        sums[q & 1] += weight[q] * gain[q];
    }
}
