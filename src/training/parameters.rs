//! How a model is trained.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{binning::MOST_BINS, engine::Engine};

/// How a model is trained: the `[training]` table of a schema file, complete.
///
/// Invariant: every value is within the range its documentation gives; [`Wanted::complete`] checks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Trees per forest at most, 1 to 5000; early stopping may keep fewer.
    pub trees: u32,
    /// Questions per tree, 1 to 8.
    pub depth: u8,
    /// How much of a Newton step each tree takes, above 0 and up to 1.
    pub rate: f64,
    /// λ, added to every leaf's hessian: pulls small leaves towards 0.
    pub l2: f64,
    /// A question is asked only if in some leaf both sides have this much hessian (a row has at most 0.25).
    pub min_hessian: f64,
    /// Share of the rows that a tree is grown from, above 0 and up to 1.
    pub rows_share: f64,
    /// Share of the features that a tree may ask about, above 0 and up to 1.
    pub features_share: f64,
    /// Bins per feature at most, 2 to 254.
    pub max_bins: usize,
    /// Stop when this many trees have not lowered the inner log-loss; 0 grows all trees.
    pub early_stopping: u32,
    /// How many rows' worth of the overall bad rate a category's own rate is mixed with.
    pub category_smoothing: f64,
    /// Forests grown from different seeds and averaged into one, 1 to 16.
    pub seeds: u32,
    /// Where all sampling starts from.
    pub seed: u64,
}

impl Parameters {
    /// How many of `features` a tree may ask about; at least one when there is one.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share, from 0 to 1, of a small number"
    )]
    pub fn features_per_tree(&self, features: usize) -> usize {
        ((self.features_share * features as f64).round() as usize).clamp(features.min(1), features)
    }
}

impl Parameters {
    /// Every parameter by name, for the bundle.
    #[must_use]
    pub fn named(&self) -> BTreeMap<String, f64> {
        #[expect(clippy::cast_precision_loss, reason = "at most 254")]
        let max_bins = self.max_bins as f64;
        // The seed, which may be too large for a float, stands apart.
        let named = [
            ("trees", f64::from(self.trees)),
            ("depth", f64::from(self.depth)),
            ("rate", self.rate),
            ("l2", self.l2),
            ("min_hessian", self.min_hessian),
            ("rows_share", self.rows_share),
            ("features_share", self.features_share),
            ("max_bins", max_bins),
            ("early_stopping", f64::from(self.early_stopping)),
            ("category_smoothing", self.category_smoothing),
            ("seeds", f64::from(self.seeds)),
        ];
        named.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// What a schema file says of training; what it leaves out is chosen from the size of the data.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    pub trees: Option<u32>,
    pub depth: Option<u8>,
    pub rate: Option<f64>,
    pub l2: Option<f64>,
    pub min_hessian: Option<f64>,
    pub rows_share: Option<f64>,
    pub features_share: Option<f64>,
    pub max_bins: Option<usize>,
    pub early_stopping: Option<u32>,
    pub category_smoothing: Option<f64>,
    pub seeds: Option<u32>,
    pub seed: Option<u64>,
    /// What grows the trees.
    #[serde(default)]
    pub engine: Engine,
    /// Features that may tell nearly everything alone: known to be known when a loan is applied for.
    #[serde(default)]
    pub allow_leak_suspects: Vec<String>,
}

/// A training parameter is outside its range.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("[training] {name} must be {range}")]
pub struct OutOfRange {
    name: &'static str,
    range: &'static str,
}

impl Wanted {
    /// Fills in what was left out and checks the whole.
    ///
    /// Small data gets shallow trees: with a thousand rows a tree of depth 6 has more leaves than
    /// there are bad loans to fill them.
    ///
    /// # Errors
    /// Names the first parameter that is outside its range.
    pub fn complete(&self, rows: usize) -> Result<Parameters, OutOfRange> {
        let is_small = rows < 5_000;
        // A tree of 200,000 rows asks the same questions as one of a million.
        #[expect(clippy::cast_precision_loss, reason = "a number of rows")]
        let rows_share = (200_000.0 / rows.max(1) as f64).clamp(0.1, 0.7);
        let complete = Parameters {
            trees: self.trees.unwrap_or(1_500),
            depth: self.depth.unwrap_or(if is_small { 4 } else { 6 }),
            rate: self.rate.unwrap_or(0.04),
            l2: self.l2.unwrap_or(10.0),
            min_hessian: self.min_hessian.unwrap_or(if is_small { 1.0 } else { 5.0 }),
            rows_share: self.rows_share.unwrap_or(rows_share),
            features_share: self.features_share.unwrap_or(if is_small { 0.4 } else { 0.5 }),
            max_bins: self.max_bins.unwrap_or(if rows < 50_000 { 64 } else { MOST_BINS }),
            early_stopping: self.early_stopping.unwrap_or(50),
            category_smoothing: self.category_smoothing.unwrap_or(20.0),
            seeds: self.seeds.unwrap_or(if rows < 100_000 { 2 } else { 1 }),
            seed: self.seed.unwrap_or(0),
        };
        complete.check()?;
        Ok(complete)
    }
}

impl Parameters {
    fn check(&self) -> Result<(), OutOfRange> {
        let is_share = |share: f64| share > 0.0 && share <= 1.0;
        let is_amount = |amount: f64| amount >= 0.0 && amount.is_finite();
        let checks = [
            ((1..=5_000).contains(&self.trees), "trees", "from 1 to 5000"),
            ((1..=8).contains(&self.depth), "depth", "from 1 to 8"),
            (is_share(self.rate), "rate", "above 0 and at most 1"),
            (is_amount(self.l2), "l2", "0 or above"),
            (is_amount(self.min_hessian), "min_hessian", "0 or above"),
            (is_share(self.rows_share), "rows_share", "above 0 and at most 1"),
            (is_share(self.features_share), "features_share", "above 0 and at most 1"),
            ((2..=MOST_BINS).contains(&self.max_bins), "max_bins", "from 2 to 254"),
            (is_amount(self.category_smoothing), "category_smoothing", "0 or above"),
            ((1..=16).contains(&self.seeds), "seeds", "from 1 to 16"),
        ];
        match checks.into_iter().find(|(holds, ..)| !holds) {
            None => Ok(()),
            Some((_, name, range)) => Err(OutOfRange { name, range }),
        }
    }
}
