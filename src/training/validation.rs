//! What a validator asks of a model, measured: beyond the figures of [`super::evaluate`], whether they
//! hold in every band of risk, in every segment, in every quarter, and what each feature does.

pub mod bands;
pub mod buckets;
pub mod effects;
pub mod leaks;
pub mod segmented;
pub mod stability;

use rayon::prelude::*;

use self::{bands::Band, effects::Effect, segmented::Segmentation, stability::Stability};
use super::{
    dataset::{Dataset, Rows},
    evaluate::{Outcomes, count, log_loss},
    intervals::{Interval, Placements},
};
use crate::model::{Model, Scratch};

/// What is being validated.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub model: &'a Model,
    pub data: &'a Dataset,
    /// The model's margins of the test rows.
    pub margins: &'a [f64],
}

impl<'a> Subject<'a> {
    /// The test rows with what the model says of them.
    #[must_use]
    pub fn outcomes(&self) -> Outcomes<'a> {
        Outcomes { margins: self.margins, is_bad: &self.data.test.is_bad }
    }
}

/// Everything that was measured on the test part, and beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Validation {
    /// Where the AUC lies; `None` when an outcome has fewer than two test rows.
    pub auc: Option<Interval>,
    /// The log-loss of a model that gives everyone the bad rate of the training rows.
    pub flat_loss: f64,
    pub parts: [Part; 2],
    /// Tenths of the test rows, riskiest first.
    pub bands: Vec<Band>,
    /// One per feature, in the schema's order.
    pub effects: Vec<Effect>,
    pub stability: Stability,
    pub segmentations: Vec<Segmentation>,
}

/// The training or the test part.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    pub name: &'static str,
    pub rows: usize,
    pub bad: usize,
    /// The first and the last day on which its loans were made, where that is known.
    pub days: Option<[time::Date; 2]>,
}

/// Measures everything.
#[must_use]
pub fn measure(subject: Subject<'_>) -> Validation {
    let Subject { model, data, .. } = subject;
    let outcomes = subject.outcomes();
    let bad_rate = count(data.train.bad()) / count(data.train.len());
    let flat = vec![libm::log(bad_rate / (1.0 - bad_rate)); data.test.len()];
    Validation {
        auc: Placements::of(outcomes).map(|placements| placements.interval()),
        flat_loss: log_loss(Outcomes { margins: &flat, is_bad: outcomes.is_bad }),
        parts: [part("training", &data.train), part("test", &data.test)],
        bands: bands::tenths(outcomes),
        effects: effects::measure(model, data),
        stability: stability::measure(subject),
        segmentations: segmented::measure(subject),
    }
}

fn part(name: &'static str, rows: &Rows) -> Part {
    let day = |day: Option<&i32>| day.and_then(|&day| time::Date::from_julian_day(day).ok());
    let days = day(rows.days.iter().min()).zip(day(rows.days.iter().max()));
    Part { name, rows: rows.len(), bad: rows.bad(), days: days.map(|(first, last)| [first, last]) }
}

/// The model's margins of some rows.
#[must_use]
pub fn margins(model: &Model, rows: &Rows) -> Vec<f64> {
    let margin = |scratch: &mut Scratch, row: usize| model.margin_with(&rows.vector(row), scratch);
    (0..rows.len()).into_par_iter().map_init(Scratch::default, margin).collect()
}
