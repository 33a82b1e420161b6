//! Growing symmetric trees by second-order gradient boosting on the logistic loss.
//!
//! Every level of a tree asks one question for all its leaves, the one whose gains over all leaves
//! sum highest; a leaf's value is one shrunken Newton step. The form is that of XGBoost (Chen and
//! Guestrin, 2016), the shape of tree that of CatBoost (Prokhorenkova et al., 2018). The same data
//! and seed give the same bits on any number of threads: see [`gradient`].

pub mod gradient;
mod histogram;
mod monotone;
mod rows;
mod sampling;
mod search;
mod tree;

use rayon::prelude::*;

pub use self::tree::{BinnedTree, Question};
use self::{
    gradient::{Sample, Sums},
    histogram::FeatureHistograms,
    monotone::Lattice,
    rows::GroupedRows,
    sampling::TreeSample,
    search::{Candidate, Terms, best_question},
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
pub struct Booster {
    task: Task,
    parameters: Parameters,
    /// Names this forest's sampling; nothing else is random.
    seed: u64,
    grown: u64,
    margins: Vec<f64>,
    // Buffers, held over from tree to tree.
    rows: GroupedRows,
    histograms: Vec<FeatureHistograms>,
}

impl Booster {
    #[must_use]
    pub fn new(task: Task, parameters: &Parameters, seed: u64) -> Self {
        // The last level's children need no histograms.
        let leaves = 1 << parameters.depth.saturating_sub(1);
        let mut histograms: Vec<FeatureHistograms> = Vec::new();
        histograms.resize_with(parameters.features_per_tree(task.table.columns().len()), FeatureHistograms::default);
        for feature in &mut histograms {
            feature.reserve(leaves);
        }
        let margins = vec![task.base_margin(); task.table.rows()];
        let (parameters, rows) = (parameters.clone(), GroupedRows::default());
        Self { task, parameters, seed, grown: 0, margins, rows, histograms }
    }

    /// What the trees are grown from.
    #[must_use]
    pub const fn task(&self) -> &Task {
        &self.task
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
        let (margins, is_bad) = (&self.margins, &self.task.is_bad);
        self.rows.start(sample.rows().map(|row| Sample::new(row, margins[row as usize], is_bad[row as usize])));
        let mut questions: Vec<Question> = Vec::with_capacity(usize::from(self.parameters.depth));
        for level in 0..self.parameters.depth {
            self.fill_histograms(sample, questions.last().copied(), 1 << level);
            let Some(best) = self.best_candidate(sample, 1 << level) else { break };
            let column = best.question.column(&self.task.table);
            let missing_bin = column.cuts().missing_bin();
            let bins = column.bins();
            self.rows.part(1 << level, |row| best.question.is_above(bins[row as usize], missing_bin));
            questions.push(best.question);
        }
        let values = self.leaf_values(&questions);
        BinnedTree { questions, values }
    }

    /// Brings the sampled features' histograms up to `leaves` leaves, after `asked` has parted them.
    fn fill_histograms(&mut self, sample: &TreeSample, asked: Option<Question>, leaves: usize) {
        let table = &self.task.table;
        let rows = &self.rows;
        let mut by_leaf: Vec<&[Sample]> = vec![&[]; leaves];
        for (leaf, samples) in rows.leaves() {
            by_leaf[leaf] = samples;
        }
        self.histograms.par_iter_mut().zip(sample.features()).for_each(|(histograms, &feature)| {
            let bins = table.columns()[feature as usize].bins();
            if asked.is_none() {
                histograms.count_root(rows.samples(), bins);
                return;
            }
            let parents = leaves / 2;
            for leaf in 0..parents {
                histograms.part(leaf, leaf + parents, [by_leaf[leaf], by_leaf[leaf + parents]], bins);
            }
        });
    }

    /// The best question of all sampled features; the first of equals.
    fn best_candidate(&self, sample: &TreeSample, leaves: usize) -> Option<Candidate> {
        let terms = Terms { l2: self.parameters.l2, min_hessian: self.parameters.min_hessian };
        let found: Vec<Option<Candidate>> = self
            .histograms
            .par_iter()
            .zip(sample.features())
            .map(|(histograms, &feature)| {
                let column = &self.task.table.columns()[feature as usize];
                best_question(feature, column, self.task.directions[feature as usize], (histograms, leaves), terms)
            })
            .collect();
        found.into_iter().flatten().reduce(|best, next| if next.gain > best.gain { next } else { best })
    }

    /// A shrunken Newton step per leaf, −rate · G / (H + λ), moved to where the constraints hold.
    fn leaf_values(&self, questions: &[Question]) -> Vec<f64> {
        let Parameters { rate, l2, .. } = self.parameters;
        let leaves = 1 << questions.len();
        let mut sums = vec![Sums::default(); leaves];
        for (leaf, samples) in self.rows.leaves() {
            for &sample in samples {
                sums[leaf].include(sample);
            }
        }
        // A leaf without rows has no opinion (value 0) and a weight that yields to its neighbours'.
        let weights: Vec<f64> = sums.iter().map(|sums| sums.hessian() + l2.max(1e-6)).collect();
        let mut values: Vec<f64> =
            sums.iter().zip(&weights).map(|(sums, weight)| -rate * sums.gradient() / weight).collect();
        Lattice::new(questions, &self.task.directions).project(&mut values, &weights);
        values
    }
}
