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

mod kernel;
mod plan;

use super::{GeneralForest, questions::Places};
use plan::{Inner, Pair, Repeat, TreePlan};

/// Explains the margins of a forest.
///
/// Invariant: contributions and baseline sum to the margin within 1e-9.
#[derive(Debug, Clone)]
pub struct Explainer {
    baseline: f64,
    features: usize,
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
}

impl Explainer {
    /// Prepares a forest. Its invariants must hold.
    #[must_use]
    pub fn build(forest: &GeneralForest) -> Self {
        plan::build(forest)
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
        scratch.sums.clear();
        scratch.sums.resize(self.features, [0.0; 2]);
        for tree in &self.trees {
            kernel::explain(self, tree, places, scratch);
        }
        for (contribution, sums) in contributions.iter_mut().zip(&scratch.sums) {
            *contribution += sums[0] + sums[1];
        }
    }
}
