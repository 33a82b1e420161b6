//! The second engine: second-order boosting around smartcore's weighted regression tree.
//!
//! Each round fits a tree to the Newton steps −g/h of the logistic loss, every row weighing its hessian h, so
//! that a leaf's mean is the step −G/H; the leaf's value is then that step shrunken, −rate · G/(H + λ).
//! Features are bytes: the bins of [`super::binning`] from 1 on, and 0 for a missing value, which smartcore knows
//! nothing of. So a missing value always goes the way of the lowest values, and can be parted from all of them by a
//! question of its own. It keeps to no direction of risk, which is why a schema that declares one is refused.
//!
//! smartcore gives no access to a fitted tree's nodes, but writes them with serde. The version is pinned and
//! a golden test holds the form.

mod nodes;

use std::borrow::Cow;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use smartcore::{
    error::Failed,
    linalg::basic::matrix::DenseMatrix,
    tree::decision_tree_regressor::{DecisionTreeRegressor, DecisionTreeRegressorParameters},
};

use self::nodes::ByteTree;
use super::{
    binning::Binned,
    boosting::gradient::sigmoid,
    column::Column,
    dataset::Rows,
    encode::{CategoryColumn, CategoryRates},
    evaluate::{Outcomes, count, log_loss},
    fit::{InnerFit, Plan},
    inner::HoldOut,
    parameters::Parameters,
};
use crate::{
    features::schema::Kind,
    forest::general::{GeneralForest, GeneralTree},
};

/// smartcore could not fit a tree, which means that the data is not what this engine made of it.
#[derive(Debug, thiserror::Error)]
#[error("smartcore could not fit a tree: {0}")]
pub struct EngineError(String);

impl From<Failed> for EngineError {
    fn from(failed: Failed) -> Self {
        Self(failed.to_string())
    }
}

/// A table as bytes: a column per feature, 0 where missing, else the bin and one more.
pub(super) struct Bytes {
    columns: Vec<Vec<u8>>,
    rows: usize,
}

impl Bytes {
    fn of(table: &Binned) -> Self {
        let columns = table.columns().iter().map(|column| {
            let missing = column.cuts().missing_bin();
            column.bins().iter().map(|&bin| if bin == missing { 0 } else { bin + 1 }).collect()
        });
        Self { columns: columns.collect(), rows: table.rows() }
    }
}

/// Rows prepared to be learnt from, with what the forest will read in place of categories.
struct Prepared {
    table: Binned,
    bytes: Bytes,
    is_bad: Vec<bool>,
    rates: Vec<Option<CategoryRates>>,
}

impl Prepared {
    fn new(plan: Plan<'_>, rows: &Rows) -> Self {
        let values: Vec<Cow<'_, [f64]>> = rows.columns.iter().map(Column::values).collect();
        let category = |feature: usize| CategoryColumn {
            codes: &values[feature],
            categories: plan.schema.features[feature].categories.len(),
            is_bad: &rows.is_bad,
            smoothing: plan.parameters.category_smoothing,
        };
        let is_category = |feature: usize| plan.schema.features[feature].kind == Kind::Category;
        let features = plan.schema.features.len();
        let columns: Vec<Vec<f64>> = (0..features)
            .map(|feature| {
                if is_category(feature) {
                    category(feature).training_rates(plan.parameters.seed)
                } else {
                    values[feature].to_vec()
                }
            })
            .collect();
        let rates = (0..features).map(|feature| is_category(feature).then(|| category(feature).rates())).collect();
        let table = Binned::learn(&columns, plan.parameters.max_bins);
        Self { bytes: Bytes::of(&table), table, is_bad: rows.is_bad.clone(), rates }
    }

    /// Rows as they are scored: categories by their rates over all of the rows learnt from.
    fn scored(&self, rows: &Rows) -> Bytes {
        let columns = self.rates.iter().zip(&rows.columns);
        let columns = columns.map(|(rates, column)| {
            rates.as_ref().map_or_else(|| column.values().into_owned(), |r| r.encode(&column.values()))
        });
        Bytes::of(&self.table.bin_alike(&columns.collect::<Vec<Vec<f64>>>()))
    }

    fn base_margin(&self) -> f64 {
        let bad = count(self.is_bad.iter().filter(|&&is_bad| is_bad).count());
        libm::log(bad / (count(self.is_bad.len()) - bad))
    }
}

/// Grows trees one after another, each on what the ones before left over.
struct Booster<'a> {
    prepared: &'a Prepared,
    parameters: &'a Parameters,
    seed: u64,
    grown: u64,
    margins: Vec<f64>,
}

impl<'a> Booster<'a> {
    fn new(prepared: &'a Prepared, parameters: &'a Parameters, seed: u64) -> Self {
        Self { prepared, parameters, seed, grown: 0, margins: vec![prepared.base_margin(); prepared.bytes.rows] }
    }

    fn grow(&mut self) -> Result<ByteTree, EngineError> {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(self.grown);
        self.grown += 1;
        let features = self.draw_features(&mut random);
        let steps = self.steps(&mut random);
        let tree = self.fit(&features, &steps)?;
        let tree = ByteTree::new(&tree, &features, |leaf_of| self.leaf_values(&steps, leaf_of), &self.prepared.bytes)?;
        tree.add_to(&mut self.margins, &self.prepared.bytes);
        Ok(tree)
    }

    /// Gradient and hessian of every row; both 0 for those that this tree does not see.
    fn steps(&self, random: &mut ChaCha8Rng) -> Vec<(f64, f64)> {
        // A row that is certain has almost no hessian, and a step that would have no bound.
        const LEAST_HESSIAN: f64 = 1e-6;
        let share = self.parameters.rows_share * f64::from(u32::MAX);
        let step = |(&margin, &is_bad): (&f64, &bool)| {
            let is_seen = f64::from(random.next_u32()) <= share;
            let probability = sigmoid(margin);
            let hessian = (probability * (1.0 - probability)).max(LEAST_HESSIAN);
            if is_seen { (probability - f64::from(u8::from(is_bad)), hessian) } else { (0.0, 0.0) }
        };
        self.margins.iter().zip(&self.prepared.is_bad).map(step).collect()
    }

    fn draw_features(&self, random: &mut ChaCha8Rng) -> Vec<usize> {
        let features = self.prepared.bytes.columns.len();
        let wanted = self.parameters.features_per_tree(features);
        let mut drawn = rand::seq::index::sample(random, features, wanted).into_vec();
        drawn.sort_unstable();
        drawn
    }

    fn fit(&self, features: &[usize], steps: &[(f64, f64)]) -> Result<ByteRegressor, EngineError> {
        let rows = self.prepared.bytes.rows;
        let mut values = Vec::with_capacity(rows * features.len());
        for &feature in features {
            values.extend_from_slice(&self.prepared.bytes.columns[feature]);
        }
        let x = DenseMatrix::new(rows, features.len(), values, true)?;
        let weights: Vec<f64> = steps.iter().map(|step| step.1).collect();
        let y: Vec<f64> = steps.iter().map(|&(g, h)| if h > 0.0 { -g / h } else { 0.0 }).collect();
        // A row has a hessian of 0.25 at most, so a leaf with this hessian has at least so many rows.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small number of rows")]
        let least_rows = (4.0 * self.parameters.min_hessian).min(1e6) as usize;
        let parameters = DecisionTreeRegressorParameters {
            // smartcore counts the root as the first level.
            max_depth: Some(u16::from(self.parameters.depth) + 1),
            min_samples_leaf: least_rows.max(1),
            min_samples_split: 2,
            seed: Some(self.seed),
        };
        Ok(DecisionTreeRegressor::fit_with_weights(&x, &y, &weights, parameters)?)
    }

    /// −rate · G/(H + λ) of each leaf, over the rows that the tree has seen.
    fn leaf_values(&self, steps: &[(f64, f64)], leaf_of: &[usize]) -> Vec<f64> {
        let mut sums = vec![(0.0, 0.0); leaf_of.iter().max().map_or(1, |most| most + 1)];
        for (&(gradient, hessian), &leaf) in steps.iter().zip(leaf_of) {
            sums[leaf].0 += gradient;
            sums[leaf].1 += hessian;
        }
        let Parameters { rate, l2, .. } = *self.parameters;
        sums.into_iter().map(|(g, h)| -rate * g / (h + l2).max(f64::MIN_POSITIVE)).collect()
    }
}

type ByteRegressor = DecisionTreeRegressor<u8, f64, DenseMatrix<u8>, Vec<f64>>;

fn seeds(parameters: &Parameters) -> impl Iterator<Item = u64> {
    (0..u64::from(parameters.seeds)).map(|offset| parameters.seed.wrapping_add(offset))
}

/// One forest being grown without one hold-out.
struct Member<'a> {
    booster: Booster<'a>,
    held_out: &'a Bytes,
    margins: Vec<f64>,
}

/// Grows forests without the hold-outs until they predict them no better, as [`super::fit::fit_inner`] does.
pub fn fit_inner(
    plan: Plan<'_>,
    rows: &Rows,
    hold_outs: &[HoldOut],
    mut watch: impl FnMut(u32),
) -> Result<InnerFit, EngineError> {
    let prepare = |hold_out: &HoldOut| {
        let prepared = Prepared::new(plan, &rows.select(|row| !hold_out[row]));
        let held_out = prepared.scored(&rows.select(|row| hold_out[row]));
        (prepared, held_out)
    };
    let prepared: Vec<(Prepared, Bytes)> = hold_outs.par_iter().map(prepare).collect();
    let members = |(prepared, held_out)| -> Vec<Member<'_>> {
        let (prepared, held_out): (&Prepared, &Bytes) = (prepared, held_out);
        let margins = vec![prepared.base_margin(); held_out.rows];
        let member = |seed| Member {
            booster: Booster::new(prepared, plan.parameters, seed),
            held_out,
            margins: margins.clone(),
        };
        seeds(plan.parameters).map(member).collect()
    };
    let mut groups: Vec<Vec<Member<'_>>> =
        prepared.iter().map(|(prepared, held_out)| members((prepared, held_out))).collect();
    let is_bad: Vec<bool> = hold_outs
        .iter()
        .flat_map(|hold_out| rows.is_bad.iter().zip(hold_out).filter(|row| *row.1).map(|(&is_bad, _)| is_bad))
        .collect();
    let mut best = InnerFit { rounds: 0, margins: blended(&groups), is_bad };
    let mut best_loss = f64::INFINITY;
    let patience = plan.parameters.early_stopping;
    for round in 1..=plan.parameters.trees {
        groups.par_iter_mut().flatten().try_for_each(|member| {
            member.booster.grow()?.add_to(&mut member.margins, member.held_out);
            Ok::<(), EngineError>(())
        })?;
        let margins = blended(&groups);
        let loss = log_loss(Outcomes { margins: &margins, is_bad: &best.is_bad });
        if loss < best_loss || patience == 0 {
            (best_loss, best.rounds, best.margins) = (loss, round, margins);
        }
        watch(round);
        if patience > 0 && round - best.rounds >= patience {
            break;
        }
    }
    Ok(best)
}

/// The mean margin over each hold-out's members, hold-out after hold-out.
fn blended(groups: &[Vec<Member<'_>>]) -> Vec<f64> {
    let blend = |members: &Vec<Member<'_>>| -> Vec<f64> {
        let rows = members.first().map_or(0, |member| member.margins.len());
        (0..rows)
            .map(|row| members.iter().map(|member| member.margins[row]).sum::<f64>() / count(members.len()))
            .collect()
    };
    groups.iter().flat_map(blend).collect()
}

/// A forest and what it reads in place of categories.
#[derive(Debug, Clone, PartialEq)]
pub struct EngineFit {
    pub forest: GeneralForest,
    /// One per feature; none for features that are not categories.
    pub rates: Vec<Option<CategoryRates>>,
}

/// Grows the model on all of `rows`: a forest per seed, their mean folded into one.
pub fn fit_final(
    plan: Plan<'_>,
    rows: &Rows,
    rounds: u32,
    mut watch: impl FnMut(u32),
) -> Result<EngineFit, EngineError> {
    let prepared = Prepared::new(plan, rows);
    let mut forests: Vec<(Booster<'_>, Vec<ByteTree>)> =
        seeds(plan.parameters).map(|seed| (Booster::new(&prepared, plan.parameters, seed), Vec::new())).collect();
    for round in 1..=rounds {
        forests.par_iter_mut().try_for_each(|(booster, trees)| {
            trees.push(booster.grow()?);
            Ok::<(), EngineError>(())
        })?;
        watch(round);
    }
    // Whoever is scored is encoded from all training rows; so are the rows that covers count.
    let scored = prepared.scored(rows);
    let weight = 1.0 / count(forests.len());
    let trees =
        forests.iter().flat_map(|(_, trees)| trees).map(|tree| tree.to_general(&prepared.table, &scored, weight));
    let trees: Vec<GeneralTree> = trees.filter(|tree| tree.leaf_values.iter().any(|&value| value != 0.0)).collect();
    let forest = GeneralForest { features: plan.schema.features.len(), bias: prepared.base_margin(), trees };
    Ok(EngineFit { forest, rates: prepared.rates })
}

#[cfg(test)]
mod tests;
