//! Growing symmetric trees by second-order gradient boosting on the logistic loss.
//!
//! Every level of a tree asks one question for all its leaves, the one whose gains over all leaves
//! sum highest; a leaf's value is one shrunken Newton step. The form is that of XGBoost (Chen and
//! Guestrin, 2016), the shape of tree that of CatBoost (Prokhorenkova et al., 2018). The same data
//! and seed give the same bits on any number of threads: see [`gradient`].

pub mod gradient;
mod groups;
mod histogram;
mod monotone;
mod rows;
mod sampling;
mod search;
mod tree;

use rayon::prelude::*;

pub use self::tree::{BinnedTree, Question};
use self::{
    gradient::Sums,
    groups::{FeatureGroup, Fewer},
    monotone::Lattice,
    rows::GroupedRows,
    sampling::TreeSample,
    search::{Candidate, Searched, Terms, best_question},
};
use super::{binning::Binned, evaluate::count, parameters::Parameters};
use crate::features::schema::Monotone;

/// What a forest is grown from.
///
/// Invariant: as many outcomes as the table has rows, as many directions as it has columns, and
/// both outcomes occur.
#[derive(Debug, Clone)]
pub struct Task {
    pub table: Binned,
    /// Whether each row's loan went bad.
    pub is_bad: Vec<bool>,
    /// How risk may move with each feature.
    pub directions: Vec<Monotone>,
}

impl Task {
    /// The margin of the rows' bad rate: what every row starts from.
    #[must_use]
    pub fn base_margin(&self) -> f64 {
        let bad = count(self.is_bad.iter().filter(|&&is_bad| is_bad).count());
        libm::log(bad / (count(self.is_bad.len()) - bad))
    }
}

/// Grows trees one after another, each on what the ones before left over.
pub struct Booster<'a> {
    task: &'a Task,
    parameters: Parameters,
    /// Names this forest's sampling; nothing else is random.
    seed: u64,
    grown: u64,
    margins: Vec<f64>,
    // Buffers, held over from tree to tree.
    rows: GroupedRows,
    groups: Vec<FeatureGroup>,
}

/// A level's question and the sums of the leaves that it makes: of leaf `l` below, of leaf `l + leaves` above.
struct Level {
    question: Question,
    /// Where its feature stands: the group, and the position in it.
    at: (usize, usize),
    sums: Vec<Sums>,
}

impl<'a> Booster<'a> {
    #[must_use]
    pub fn new(task: &'a Task, parameters: &Parameters, seed: u64) -> Self {
        let margins = vec![task.base_margin(); task.table.rows()];
        let (parameters, rows) = (parameters.clone(), GroupedRows::default());
        Self { task, parameters, seed, grown: 0, margins, rows, groups: Vec::new() }
    }

    /// What the trees are grown from.
    #[must_use]
    pub const fn task(&self) -> &Task {
        self.task
    }

    /// Grows the next tree.
    pub fn grow(&mut self) -> BinnedTree {
        let sample = TreeSample::draw(&self.task.table, &self.parameters, (self.seed, self.grown));
        let tree = self.grow_tree(&sample);
        tree.add_to(&mut self.margins, &self.task.table);
        self.grown += 1;
        tree
    }

    fn grow_tree(&mut self, sample: &TreeSample) -> BinnedTree {
        let table = &self.task.table;
        let depth = usize::from(self.parameters.depth);
        self.rows.start(&self.margins, &self.task.is_bad, sample);
        // The last level's children need no histograms.
        let drawn: Vec<&[u32]> = self.rows.drawn().collect();
        let are_all = self.parameters.rows_share >= 1.0;
        groups::regroup(&mut self.groups, table, sample.features(), (&drawn, are_all), 1 << depth.saturating_sub(1));
        let mut questions: Vec<Question> = Vec::with_capacity(depth);
        let mut sums = vec![self.count_root()];
        for level in 0..depth {
            if level > 0 {
                self.part_histograms(1 << (level - 1));
            }
            let Some(next) = self.next_level(&sums) else { break };
            if level + 1 < depth {
                let missing_bin = next.question.column(table).cuts().missing_bin();
                let (group, position) = (&self.groups[next.at.0], next.at.1);
                self.rows.part(1 << level, |place| next.question.is_above(group.bin(place, position), missing_bin));
            }
            questions.push(next.question);
            sums = next.sums;
        }
        let values = self.leaf_values(&questions, &sums);
        BinnedTree { questions, values }
    }

    /// Counts the histograms of the root, and gives its sums.
    fn count_root(&mut self) -> Sums {
        let (table, rows, parts) = (&self.task.table, &self.rows, self.parts());
        self.groups.par_iter_mut().for_each(|group| group.count_root(table, rows, parts));
        rows.sums()
    }

    /// Parts the histograms of `parents` leaves, whose rows have been parted, into those of their children.
    fn part_histograms(&mut self, parents: usize) {
        let (table, rows, parts) = (&self.task.table, &self.rows, self.parts());
        let fewer = (0..parents).map(|leaf| {
            let is_below = rows.count(leaf) < rows.count(leaf + parents);
            Fewer { leaf: if is_below { leaf } else { leaf + parents }, is_below }
        });
        let fewer: Vec<Fewer> = fewer.collect();
        self.groups.par_iter_mut().for_each(|group| group.part(table, rows, &fewer, parts));
    }

    /// In how many parts each group's rows are counted: so many that every thread has work.
    fn parts(&self) -> usize {
        rayon::current_num_threads().div_ceil(self.groups.len().max(1))
    }

    /// The best question of all sampled features for leaves with these sums; the first of equals.
    fn next_level(&self, sums: &[Sums]) -> Option<Level> {
        let terms = Terms { l2: self.parameters.l2, min_hessian: self.parameters.min_hessian };
        let groups = self.groups.iter().enumerate();
        let features =
            groups.flat_map(|(number, group)| (0..group.features.len()).map(move |position| (number, position)));
        let features: Vec<(usize, usize)> = features.collect();
        let found: Vec<Option<Candidate>> = features
            .par_iter()
            .map(|&(group, position)| {
                let feature = self.groups[group].features[position];
                let column = &self.task.table.columns()[feature as usize];
                let direction = self.task.directions[feature as usize];
                let leaves = self.groups[group].leaves.iter().map(|leaf| &leaf[position]).zip(sums.iter().copied());
                best_question(Searched { feature, column, direction }, leaves, terms)
            })
            .collect();
        let candidates = found.into_iter().zip(features).filter_map(|(candidate, at)| Some((candidate?, at)));
        let (best, at) = candidates.reduce(|best, next| if next.0.gain > best.0.gain { next } else { best })?;
        let column = best.question.column(&self.task.table);
        let histograms = self.groups[at.0].leaves.iter().map(|leaf| &leaf[at.1]);
        let below: Vec<Sums> = histograms.zip(sums).map(|(bins, _)| best.question.sums_below(bins, column)).collect();
        let above = sums.iter().zip(&below).map(|(&whole, &below)| whole - below);
        Some(Level { question: best.question, at, sums: below.iter().copied().chain(above).collect() })
    }

    /// A shrunken Newton step per leaf, −rate · G / (H + λ), moved to where the constraints hold.
    fn leaf_values(&self, questions: &[Question], sums: &[Sums]) -> Vec<f64> {
        let Parameters { rate, l2, .. } = self.parameters;
        // A leaf without rows has no opinion (value 0) and a weight that yields to its neighbours'.
        let weights: Vec<f64> = sums.iter().map(|sums| sums.hessian() + l2.max(1e-6)).collect();
        let mut values: Vec<f64> =
            sums.iter().zip(&weights).map(|(sums, weight)| -rate * sums.gradient() / weight).collect();
        Lattice::new(questions, &self.task.directions).project(&mut values, &weights);
        values
    }
}

#[cfg(test)]
mod tests;
