//! Exact Shapley values of trees of any shape.
//!
//! The game is that of path-dependent TreeSHAP, as in [`crate::forest::shap`]. Written as an integral
//! (G. Owen, "Multilinear extensions of games", Management Science 18, 1972), the value of feature i is
//!
//! ∫₀¹ Σ over leaves: v · (oᵢ − rᵢ) · Π over the other features j of the path: (rⱼ + t (oⱼ − rⱼ)) dt
//!
//! where o is 1 when the applicant gives the answers that lead to the leaf and else 0, and r is the
//! share of the training rows that does. The integrand is a polynomial whose degree is one less than the
//! features of the path, so a few points of [`super::lobatto`] integrate it exactly.
//!
//! At one point t, one pass from the leaves to the root gives each node the value R of what is below
//! it, and one pass back gives each the weight P of what is above it. With `cold` for the child that the
//! applicant does not go to, c for its share, and s = 1 − t:
//!
//! R = R(hot) − c s (R(hot) − R(cold)), P(cold) = P c s, P(hot) = P − P(cold),
//!
//! and the node adds P c (R(hot) − R(cold)) to its feature. Where the feature was asked about above, with a
//! share r along the path so far, f = r s + t takes part: c s becomes c s r / f, and what is added is multiplied by
//! r / f²; but when that answer led elsewhere, the node only averages. At t = 0 nothing depends on the applicant but the
//! answer itself, and at t = 1 only the applicant's own path has weight, so both ends are almost free.
//!
//! With δ for the answer (1 is yes, 0 is no) less the share of the rows that answer yes, the weight that goes to the child
//! after "yes" is that share plus δ t / f, and what the node adds is P δ r / f² times what "yes" is worth more. Only δ
//! depends on the applicant, and it is one of three numbers: all else is computed once, at load, see [`table`]. Trees that
//! are too large for that are computed anew each time, see [`kernel`].

mod answers;
mod kernel;
mod passes;
mod plan;
mod table;
mod units;

use super::{
    GeneralForest,
    questions::{Places, Questions},
};
use answers::{Answers, Collector, State};
use passes::Lanes;
use plan::{Inner, Pair, Plan, Repeat, TreePlan};
use table::{MOST_PLACES, Sums, Table};

/// Explains the margins of a forest.
///
/// Invariant: contributions and baseline sum to the margin within 1e-9.
#[derive(Debug, Clone)]
pub struct Explainer {
    baseline: f64,
    features: usize,
    /// The features that are asked about.
    asked: Vec<usize>,
    answers: Answers,
    /// The trees no path of which asks about more than 6 features.
    short: Table<2>,
    /// Those with up to 10.
    long: Table<4>,
    /// All others.
    rest: Quadrature,
}

/// What is made ready at load, at most.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Bytes of tables: 64 MiB.
    bytes: usize,
    /// Steps that finding the answers takes: of order 100 ms.
    steps: usize,
}

const LIMITS: Limits = Limits { bytes: 1 << 26, steps: 1 << 24 };

/// Trees that are explained by quadrature alone.
#[derive(Debug, Clone)]
struct Quadrature {
    rules: Vec<RuleLanes>,
    trees: Vec<TreePlan>,
    pairs: Vec<Pair>,
    inner: Vec<Inner>,
    /// The values of leaves whose parent is not a [`Pair`].
    loose_leaves: Vec<f64>,
    repeats: Vec<Repeat>,
    /// What [`Repeat`]s need at each point: first r s / f of each point, then r / f².
    lanes: Vec<f64>,
}

/// A quadrature rule, laid out for the kernel.
#[derive(Debug, Clone)]
struct RuleLanes {
    /// 1 − t of each inner point.
    rest: Vec<f64>,
    weights: Vec<f64>,
    end_weight: f64,
}

/// Buffers that explaining fills, so that a caller who explains many rows allocates once.
#[derive(Debug, Clone, Default)]
pub struct Scratch {
    /// R of each node and loose leaf, at each point.
    values: Vec<f64>,
    /// The same at t = 1.
    end_values: Vec<f64>,
    /// What each node adds to its feature, but for P, at each point.
    gains: Vec<f64>,
    /// c s of each inner node, at each point.
    cold: Vec<f64>,
    /// P of each node and loose leaf, at each point.
    weights: Vec<f64>,
    /// Whether the answer above leads to each [`Repeat`].
    is_reached: Vec<bool>,
    /// The contribution of each feature, as two sums.
    sums: Vec<[f64; 2]>,
    /// What each node of the tables does for the applicant.
    states: Vec<State>,
    short: Lanes<2>,
    long: Lanes<4>,
}

impl Explainer {
    /// Prepares a forest. Its invariants must hold.
    #[must_use]
    pub fn build(forest: &GeneralForest) -> Self {
        Self::within(forest, LIMITS)
    }

    fn within(forest: &GeneralForest, limits: Limits) -> Self {
        let mut asked = Vec::new();
        let questions = Questions::collect(forest, |question| asked.push(question));
        let mut collector = Collector::new(&questions, &asked, forest);
        let mut explainer = Self {
            baseline: forest.bias,
            features: forest.features,
            asked: questions.asked().iter().map(|asked| asked.feature).collect(),
            answers: Answers::default(),
            short: Table::new(),
            long: Table::new(),
            rest: Quadrature::new(),
        };
        let mut left = limits;
        let mut rest = asked.as_slice();
        for tree in &forest.trees {
            let (questions, others) = rest.split_at(tree.nodes.len());
            rest = others;
            let plan = Plan::of(tree, questions);
            explainer.baseline += plan.mean;
            explainer.push(&plan, &mut collector, &mut left);
        }
        explainer.answers = collector.finish();
        explainer
    }

    /// Puts a tree where it is explained fastest within what is left of the limits.
    fn push(&mut self, plan: &Plan<'_>, collector: &mut Collector<'_>, left: &mut Limits) {
        let features = plan.ancestry.most_features();
        let steps = collector.steps(plan).filter(|&steps| steps <= left.steps && collector.features() <= MOST_PLACES);
        let bytes = if features <= Table::<2>::MOST_FEATURES {
            steps.and_then(|_| self.short.push(plan, collector, left.bytes))
        } else if features <= Table::<4>::MOST_FEATURES {
            steps.and_then(|_| self.long.push(plan, collector, left.bytes))
        } else {
            None
        };
        match (steps, bytes) {
            (Some(steps), Some(bytes)) => {
                left.steps -= steps;
                left.bytes -= bytes;
            }
            _ => plan.push(&mut self.rest),
        }
    }

    /// The margin before anything is known of an applicant: the bias and the mean of every tree over
    /// its training rows.
    #[must_use]
    pub const fn baseline(&self) -> f64 {
        self.baseline
    }

    /// Adds to `contributions`, one per feature of the forest, what each moved the margin by.
    ///
    /// `places` is the row, quantised by [`super::Scorer::score`] of the same forest. Contributions and
    /// baseline sum to the margin within 1e-9.
    pub fn explain(&self, places: &Places, scratch: &mut Scratch, contributions: &mut [f64]) {
        let mut sums = std::mem::take(&mut scratch.sums);
        sums.clear();
        sums.resize(self.features, [0.0; 2]);
        let mut by_number: Sums = [0.0; MOST_PLACES];
        self.answers.find(places, &mut scratch.states, &mut by_number);
        self.short.explain(&scratch.states, &mut scratch.short, &mut by_number);
        self.long.explain(&scratch.states, &mut scratch.long, &mut by_number);
        for (&feature, sum) in self.asked.iter().zip(by_number) {
            sums[feature][0] += sum;
        }
        scratch.sums = sums;
        for tree in &self.rest.trees {
            kernel::explain(&self.rest, tree, places, scratch);
        }
        for (contribution, sums) in contributions.iter_mut().zip(&scratch.sums) {
            *contribution += sums[0] + sums[1];
        }
    }
}

#[cfg(test)]
impl Explainer {
    /// With no tables at all.
    pub(super) fn by_quadrature(forest: &GeneralForest) -> Self {
        Self::within_bytes(forest, 0)
    }

    /// With tables of so many bytes.
    pub(super) fn within_bytes(forest: &GeneralForest, bytes: usize) -> Self {
        Self::within(forest, Limits { bytes, ..LIMITS })
    }

    /// How many trees are in tables, and how many go by quadrature.
    pub(super) fn shares(&self) -> (usize, usize) {
        (self.short.trees() + self.long.trees(), self.rest.trees.len())
    }
}

impl Quadrature {
    fn new() -> Self {
        let (trees, pairs, inner) = (Vec::new(), Vec::new(), Vec::new());
        let (loose_leaves, repeats, lanes) = (Vec::new(), Vec::new(), Vec::new());
        Self { rules: plan::rules(), trees, pairs, inner, loose_leaves, repeats, lanes }
    }
}
