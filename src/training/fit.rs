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

/// Some rows of a table.
#[derive(Debug, Clone)]
struct Part<'a> {
    rows: &'a Rows,
    /// Which; all when there is none.
    picked: Option<Vec<usize>>,
}

impl<'a> Part<'a> {
    fn is_bad(&self) -> Vec<bool> {
        match &self.picked {
            None => self.rows.is_bad.clone(),
            Some(picked) => picked.iter().map(|&row| self.rows.is_bad[row]).collect(),
        }
    }

    /// One feature's values; unpacked one column at a time, because all would take twice the memory.
    fn column(&self, feature: usize) -> Cow<'a, [f64]> {
        let column = &self.rows.columns[feature];
        match &self.picked {
            None => column.values(),
            Some(picked) => Cow::Owned(picked.iter().map(|&row| column.at(row)).collect()),
        }
    }
}

/// What forests are grown from, and rows for them to predict, binned alike.
struct Prepared {
    task: Task,
    scored: Binned,
}

/// One forest being grown without one hold-out.
struct Member<'a> {
    booster: Booster<'a>,
    held_out: &'a Binned,
    margins: Vec<f64>,
}

/// Grows forests without the hold-outs until they predict them no better. `watch` is told each round.
pub fn fit_inner(plan: Plan<'_>, rows: &Rows, hold_outs: &[HoldOut], mut watch: impl FnMut(u32)) -> InnerFit {
    let prepared: Vec<Prepared> = hold_outs.par_iter().map(|hold_out| leave_out(plan, rows, hold_out)).collect();
    let mut groups: Vec<Vec<Member<'_>>> = prepared.iter().map(|prepared| members(plan, prepared)).collect();
    let is_bad: Vec<bool> = hold_outs
        .iter()
        .flat_map(|hold_out| rows.is_bad.iter().zip(hold_out).filter(|row| *row.1).map(|(&is_bad, _)| is_bad))
        .collect();
    let mut best = InnerFit { rounds: 0, margins: Vec::new(), is_bad };
    let mut best_loss = f64::INFINITY;
    let patience = plan.parameters.early_stopping;
    for round in 1..=plan.parameters.trees {
        groups.par_iter_mut().flatten().for_each(|member| {
            member.booster.grow().add_to(&mut member.margins, member.held_out);
        });
        if patience > 0 {
            let margins = blended(&groups);
            let loss = mean_loss(Outcomes { margins: &margins, is_bad: &best.is_bad });
            if loss < best_loss {
                (best_loss, best.rounds, best.margins) = (loss, round, margins);
            }
        }
        watch(round);
        if patience > 0 && round - best.rounds >= patience {
            break;
        }
    }
    if best.rounds == 0 {
        (best.rounds, best.margins) = (plan.parameters.trees, blended(&groups));
    }
    best
}

fn leave_out(plan: Plan<'_>, rows: &Rows, is_held_out: &HoldOut) -> Prepared {
    let pick =
        |wanted: bool| Part { rows, picked: Some((0..rows.len()).filter(|&row| is_held_out[row] == wanted).collect()) };
    let (kept, held_out) = (pick(false), pick(true));
    let task = task(plan, &kept);
    let rates = learn_rates(plan, &kept);
    let scored = task.table.bin_each_alike(|feature| encoded(rates[feature].as_ref(), held_out.column(feature)));
    Prepared { task, scored }
}

/// The members of a hold-out, one per seed.
fn members<'a>(plan: Plan<'_>, prepared: &'a Prepared) -> Vec<Member<'a>> {
    let seeds = seeds(plan.parameters).into_iter();
    let member = |seed| Member {
        booster: Booster::new(&prepared.task, plan.parameters, seed),
        held_out: &prepared.scored,
        margins: vec![prepared.task.base_margin(); prepared.scored.rows()],
    };
    seeds.map(member).collect()
}

/// The mean margin over each hold-out's members, hold-out after hold-out.
fn blended(groups: &[Vec<Member<'_>>]) -> Vec<f64> {
    let blend = |members: &Vec<Member<'_>>| -> Vec<f64> {
        let weight = 1.0 / count(members.len());
        let rows = members.first().map_or(0, |member| member.margins.len());
        (0..rows).map(|row| members.iter().map(|member| member.margins[row]).sum::<f64>() * weight).collect()
    };
    groups.iter().flat_map(blend).collect()
}

/// The mean logistic loss, in chunks of a fixed size, so that any number of threads gives the same bits.
fn mean_loss(Outcomes { margins, is_bad }: Outcomes<'_>) -> f64 {
    const CHUNK_ROWS: usize = 8_192;
    let chunks = margins.par_chunks(CHUNK_ROWS).zip(is_bad.par_chunks(CHUNK_ROWS));
    let sums: Vec<f64> =
        chunks.map(|(margins, is_bad)| log_loss(Outcomes { margins, is_bad }) * count(margins.len())).collect();
    sums.iter().sum::<f64>() / count(margins.len())
}

/// Grows the model on all of `rows`: a forest per seed, their mean folded into one.
pub fn fit_final(plan: Plan<'_>, rows: &Rows, rounds: u32, mut watch: impl FnMut(u32)) -> FinalFit {
    watch(0);
    let all = Part { rows, picked: None };
    let rates = learn_rates(plan, &all);
    let task = task(plan, &all);
    let mut forests: Vec<(Booster<'_>, Vec<BinnedTree>)> = seeds(plan.parameters)
        .into_iter()
        .map(|seed| (Booster::new(&task, plan.parameters, seed), Vec::new()))
        .collect();
    for round in 1..=rounds {
        forests.par_iter_mut().for_each(|(booster, trees)| trees.push(booster.grow()));
        watch(round);
    }
    let weight = 1.0 / count(forests.len());
    let trees: Vec<BinnedTree> = forests.into_iter().flat_map(|(_, trees)| trees).collect();
    // Whoever is scored is encoded from all training rows; so are the rows that covers count.
    let reencoded = rates.iter().any(Option::is_some);
    let scored = reencoded.then(|| task.table.bin_each_alike(|f| encoded(rates[f].as_ref(), all.column(f))));
    let scored = scored.as_ref().unwrap_or(&task.table);
    let trees = trees.par_iter().map(|tree| tree.to_symmetric(scored, weight));
    let trees = trees.filter(|tree| tree.leaf_values.iter().any(|&value| value != 0.0)).collect();
    let forest = SymmetricForest { features: plan.schema.features.len(), bias: task.base_margin(), trees };
    FinalFit { forest, rates }
}

/// The seeds of the forests that are blended.
fn seeds(parameters: &Parameters) -> Vec<u64> {
    (0..u64::from(parameters.seeds)).map(|offset| parameters.seed.wrapping_add(offset)).collect()
}

fn task(plan: Plan<'_>, part: &Part<'_>) -> Task {
    let is_bad = part.is_bad();
    let features = &plan.schema.features;
    let column = |feature: usize| match features[feature].kind {
        Kind::Category => {
            let codes = part.column(feature);
            Cow::Owned(category(plan, feature, &codes, &is_bad).training_rates(plan.parameters.seed))
        }
        _ => part.column(feature),
    };
    let table = Binned::learn_each(features.len(), column, plan.parameters.max_bins);
    let directions = features.iter().map(|feature| feature.monotone).collect();
    Task { table, is_bad, directions }
}

fn category<'a>(plan: Plan<'_>, feature: usize, codes: &'a [f64], is_bad: &'a [bool]) -> CategoryColumn<'a> {
    CategoryColumn {
        codes,
        categories: plan.schema.features[feature].categories.len(),
        is_bad,
        smoothing: plan.parameters.category_smoothing,
    }
}

fn learn_rates(plan: Plan<'_>, part: &Part<'_>) -> Vec<Option<CategoryRates>> {
    let is_bad = part.is_bad();
    let rates = plan.schema.features.iter().enumerate().map(|(index, feature)| {
        (feature.kind == Kind::Category).then(|| category(plan, index, &part.column(index), &is_bad).rates())
    });
    rates.collect()
}

/// A column as the forest reads it.
fn encoded<'a>(rates: Option<&CategoryRates>, column: Cow<'a, [f64]>) -> Cow<'a, [f64]> {
    match rates {
        Some(rates) => Cow::Owned(rates.encode(&column)),
        None => column,
    }
}
