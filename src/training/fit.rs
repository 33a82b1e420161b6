//! Fitting: how many trees, what they are, and how their margins are calibrated.
//!
//! First, models that leave out the inner hold-out are grown, and the number of trees is the one
//! that predicts it best; what they say of it is what the calibration is fitted to. Then the model
//! itself is grown on the whole training part, to that number of trees.

use std::borrow::Cow;

use rayon::prelude::*;

use super::{
    binning::Binned,
    boosting::{BinnedTree, Booster, Task},
    dataset::Rows,
    encode::{CategoryColumn, CategoryRates},
    evaluate::{Outcomes, count, log_loss},
    inner::HoldOut,
    parameters::Parameters,
};
use crate::{
    features::schema::{Kind, Schema},
    forest::tree::SymmetricForest,
};

/// What is being fitted.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    pub schema: &'a Schema,
    pub parameters: &'a Parameters,
}

/// What the inner hold-out told.
#[derive(Debug, Clone, PartialEq)]
pub struct InnerFit {
    /// Rounds of boosting that predict the hold-out best.
    pub rounds: u32,
    /// The margins of the held-out rows by models that have not seen them, not calibrated.
    pub margins: Vec<f64>,
    pub is_bad: Vec<bool>,
}

/// A forest and what it reads in place of categories.
#[derive(Debug, Clone, PartialEq)]
pub struct FinalFit {
    pub forest: SymmetricForest,
    /// One per feature; none for features that are not categories.
    pub rates: Vec<Option<CategoryRates>>,
}

/// One forest being grown without one hold-out.
struct Member {
    booster: Booster,
    held_out: Binned,
    margins: Vec<f64>,
}

/// Grows forests without the hold-outs until they predict them no better. `watch` is told each round.
pub fn fit_inner(plan: Plan<'_>, rows: &Rows, hold_outs: &[HoldOut], mut watch: impl FnMut(u32)) -> InnerFit {
    let mut groups: Vec<Vec<Member>> = hold_outs.par_iter().map(|hold_out| members(plan, rows, hold_out)).collect();
    let is_bad: Vec<bool> = hold_outs
        .iter()
        .flat_map(|hold_out| rows.is_bad.iter().zip(hold_out).filter(|row| *row.1).map(|(&is_bad, _)| is_bad))
        .collect();
    let mut best = InnerFit { rounds: 0, margins: blended(&groups), is_bad };
    let mut best_loss = f64::INFINITY;
    let patience = plan.parameters.early_stopping;
    for round in 1..=plan.parameters.trees {
        groups.par_iter_mut().flatten().for_each(|member| {
            member.booster.grow().add_to(&mut member.margins, &member.held_out);
        });
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
    best
}

/// The members of a hold-out, one per seed.
fn members(plan: Plan<'_>, rows: &Rows, is_held_out: &HoldOut) -> Vec<Member> {
    let (kept, held_out) = (rows.select(|row| !is_held_out[row]), rows.select(|row| is_held_out[row]));
    let rates = learn_rates(plan, &kept);
    let held_out_columns = encode(&rates, &held_out);
    seeds(plan.parameters)
        .into_par_iter()
        .map(|seed| {
            let booster = booster(plan, &kept, seed);
            let margins = vec![booster.task().base_margin(); held_out.len()];
            Member { held_out: booster.task().table.bin_alike(&held_out_columns), booster, margins }
        })
        .collect()
}

/// The mean margin over each hold-out's members, hold-out after hold-out.
fn blended(groups: &[Vec<Member>]) -> Vec<f64> {
    let blend = |members: &Vec<Member>| -> Vec<f64> {
        let weight = 1.0 / count(members.len());
        let rows = members.first().map_or(0, |member| member.margins.len());
        (0..rows).map(|row| members.iter().map(|member| member.margins[row]).sum::<f64>() * weight).collect()
    };
    groups.iter().flat_map(blend).collect()
}

/// Grows the model on all of `rows`: a forest per seed, their mean folded into one.
pub fn fit_final(plan: Plan<'_>, rows: &Rows, rounds: u32, mut watch: impl FnMut(u32)) -> FinalFit {
    let rates = learn_rates(plan, rows);
    let columns = encode(&rates, rows);
    let mut forests: Vec<(Booster, Vec<BinnedTree>)> =
        seeds(plan.parameters).into_par_iter().map(|seed| (booster(plan, rows, seed), Vec::new())).collect();
    for round in 1..=rounds {
        forests.par_iter_mut().for_each(|(booster, trees)| trees.push(booster.grow()));
        watch(round);
    }
    let weight = 1.0 / count(forests.len());
    let bias = forests.first().map_or(0.0, |(booster, _)| booster.task().base_margin());
    let trees = forests.par_iter().flat_map(|(booster, trees)| {
        // Whoever is scored is encoded from all training rows; so are the rows that covers count.
        let scored_alike = booster.task().table.bin_alike(&columns);
        trees.par_iter().map(move |tree| tree.to_symmetric(&scored_alike, weight)).collect::<Vec<_>>()
    });
    let trees = trees.filter(|tree| tree.leaf_values.iter().any(|&value| value != 0.0)).collect();
    FinalFit { forest: SymmetricForest { features: plan.schema.features.len(), bias, trees }, rates }
}

/// The seeds of the forests that are blended.
fn seeds(parameters: &Parameters) -> Vec<u64> {
    (0..u64::from(parameters.seeds)).map(|offset| parameters.seed.wrapping_add(offset)).collect()
}

fn booster(plan: Plan<'_>, rows: &Rows, seed: u64) -> Booster {
    let columns = plan.schema.features.iter().enumerate().map(|(index, feature)| match feature.kind {
        Kind::Category => Cow::Owned(category(plan, rows, index).ordered_rates(seed)),
        _ => Cow::Borrowed(rows.columns[index].as_slice()),
    });
    let columns: Vec<Cow<'_, [f64]>> = columns.collect();
    let table = Binned::learn(&columns, plan.parameters.max_bins);
    let directions = plan.schema.features.iter().map(|feature| feature.monotone).collect();
    Booster::new(Task { table, is_bad: rows.is_bad.clone(), directions }, plan.parameters, seed)
}

fn category<'a>(plan: Plan<'a>, rows: &'a Rows, feature: usize) -> CategoryColumn<'a> {
    CategoryColumn {
        codes: &rows.columns[feature],
        categories: plan.schema.features[feature].categories.len(),
        is_bad: &rows.is_bad,
        smoothing: plan.parameters.category_smoothing,
    }
}

fn learn_rates(plan: Plan<'_>, rows: &Rows) -> Vec<Option<CategoryRates>> {
    let features = plan.schema.features.iter().enumerate();
    let rates =
        features.map(|(index, feature)| (feature.kind == Kind::Category).then(|| category(plan, rows, index).rates()));
    rates.collect()
}

/// The columns as the forest reads them.
pub(super) fn encode<'a>(rates: &[Option<CategoryRates>], rows: &'a Rows) -> Vec<Cow<'a, [f64]>> {
    let columns = rates.iter().zip(&rows.columns).map(|(rates, column)| match rates {
        Some(rates) => Cow::Owned(rates.encode(column)),
        None => Cow::Borrowed(column.as_slice()),
    });
    columns.collect()
}
