//! Many applicants at once: the bits of one by one, for symmetric trees in about a third of the time for each.

use super::{Assessment, Model, Scratch};
use crate::{
    domain::probability::Probability,
    features::extract::FeatureVector,
    forest::{
        engine::Engine,
        score::{BlockScratch, Lane, ROWS, Scorer},
        shap::Tables,
    },
};

/// Fewer rows than this are scored one by one: a block costs the same however full it is.
const WORTH_A_BLOCK: usize = ROWS / 3;

/// Buffers that a block of rows fills.
struct Block {
    /// A lane for each feature: what the forest reads.
    encoded: Vec<Lane>,
    /// A lane for each feature.
    contributions: Vec<Lane>,
    scratch: BlockScratch,
}

impl Model {
    /// The log-odds of default of many applicants, in order: the same bits as [`Model::margin`] gives.
    ///
    /// `rows` must come from this model's [`Model::extractor`].
    #[must_use]
    pub fn margins(&self, rows: &[FeatureVector]) -> Vec<f64> {
        let mut margins = Vec::with_capacity(rows.len());
        let (mut block, mut scratch) = (self.block(), Scratch::default());
        for rows in rows.chunks(ROWS) {
            match &self.engine {
                Engine::Symmetric { scorer, .. } if rows.len() >= WORTH_A_BLOCK => {
                    self.encode_block(rows, &mut block.encoded);
                    let lane = scorer.score_block(&block.encoded, &mut block.scratch, |_, _| {});
                    margins.extend_from_slice(&lane[..rows.len()]);
                }
                _ => margins.extend(rows.iter().map(|row| self.margin_with(row, &mut scratch))),
            }
        }
        margins
    }

    /// Scores and explains many applicants, in order: the same bits as [`Model::assess`] gives.
    ///
    /// `rows` must come from this model's [`Model::extractor`].
    #[must_use]
    pub fn assess_all(&self, rows: &[FeatureVector]) -> Vec<Assessment> {
        let mut assessments = Vec::with_capacity(rows.len());
        let (mut block, mut scratch) = (self.block(), Scratch::default());
        for rows in rows.chunks(ROWS) {
            match &self.engine {
                Engine::Symmetric { scorer, tables } if rows.len() >= WORTH_A_BLOCK => {
                    self.assess_block((scorer, tables), rows, &mut block, &mut assessments);
                }
                _ => assessments.extend(rows.iter().map(|row| self.assess_with(row, &mut scratch))),
            }
        }
        assessments
    }

    fn assess_block(
        &self,
        (scorer, tables): (&Scorer, &Tables),
        rows: &[FeatureVector],
        block: &mut Block,
        assessments: &mut Vec<Assessment>,
    ) {
        let Block { encoded, contributions, scratch } = block;
        self.encode_block(rows, encoded);
        contributions.fill([0.0; ROWS]);
        let margins = scorer.score_block(encoded, scratch, |tree, leaves| {
            tables.explain_block(tree, leaves, contributions);
        });
        for (place, (row, &margin)) in rows.iter().zip(&margins).enumerate() {
            assessments.push(Assessment {
                margin,
                default_probability: Probability::from_margin(margin),
                baseline: self.baseline(),
                contributions: contributions.iter().map(|lane| lane[place]).collect(),
                outside_training_range: self.outside_training_range(row),
            });
        }
    }

    fn block(&self) -> Block {
        let lanes = vec![[0.0; ROWS]; self.schema.features.len()];
        Block { encoded: lanes.clone(), contributions: lanes, scratch: BlockScratch::default() }
    }

    /// Puts the rows side by side, feature by feature, and categories in their encoding. Places behind the last row
    /// keep what was there: they are scored with the others, and nobody reads their score.
    fn encode_block(&self, rows: &[FeatureVector], encoded: &mut [Lane]) {
        for (place, row) in rows.iter().enumerate() {
            for (lane, &value) in encoded.iter_mut().zip(row.values()) {
                lane[place] = value;
            }
        }
        for encoder in &self.encoders {
            encoder.encode(&mut encoded[encoder.index][..rows.len()]);
        }
    }
}
