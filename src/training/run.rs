//! A training run, from files to a bundle.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Serialize;

use super::{
    benchmark::{self, Benchmark},
    calibrate::{self, Line},
    column::Column,
    dataset::{self, DataError, Dataset, Rows},
    design,
    engine::{DirectionsRefused, Grown},
    evaluate::{Metrics, Outcomes, count, measure},
    fit::Plan,
    inner::{self, OneSidedHoldOut},
    intervals::Interval,
    parameters::{OutOfRange, Parameters},
    report::{self, ReportFacts},
    schema_file::SchemaFile,
    smartcore_engine::EngineError,
    validation::{self, Subject, Validation, leaks},
};
use crate::{
    domain::decision::Versioned,
    features::{
        extract::FeatureVector,
        schema::{Kind, Schema},
    },
    model::{
        Model,
        bundle::{self, BundleError},
        calibration::Calibration,
        card::{self, BenchmarkFacts, CardFacts},
        file::{DataFile, Encoding, FORMAT, ModelFile, Provenance, TrainingRange},
        reasons,
    },
};

/// Vectors in `parity.jsonl`.
const PARITY_VECTORS: usize = 64;

/// The files of a bundle, and what is to be said of them.
#[derive(Debug, Clone)]
pub struct Trained {
    pub model_json: Vec<u8>,
    pub parity_jsonl: Vec<u8>,
    pub card_md: String,
    pub report_html: String,
    pub summary: Summary,
}

/// What `train` says: the figures on the test part (contract §1), and how they came about.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    #[serde(flatten)]
    pub metrics: Metrics,
    /// Where the AUC lies with 95 % confidence.
    pub auc_interval: Option<Interval>,
    /// Which rows the figures above are of, for a person.
    pub split: String,
    pub train_rows: usize,
    pub train_bad_rate: f64,
    pub trees: usize,
    pub depth: usize,
    pub inner: InnerSummary,
    pub benchmarks: Vec<Benchmark>,
    pub model: Versioned,
    pub warnings: Vec<String>,
}

/// What the inner hold-out told.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InnerSummary {
    /// Figures of margins before calibration, by trees that have not seen these rows. The line under
    /// `calibration` becomes the model's own calibration.
    #[serde(flatten)]
    pub metrics: Metrics,
    /// What is left to correct once each half of the rows is calibrated by the line of the other.
    pub cross_calibrated: Option<Line>,
    /// Which rows were held out, for a person.
    pub split: String,
    /// Rounds of boosting that predicted them best.
    pub rounds: u32,
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub stage: &'static str,
    pub done: u32,
    /// How many steps the stage has at most.
    pub of: u32,
}

/// Why nothing was trained.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Parameters(#[from] OutOfRange),
    #[error(transparent)]
    Inner(#[from] OneSidedHoldOut),
    #[error(transparent)]
    Directions(#[from] DirectionsRefused),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(
        "`{feature}` alone ranks bad loans with an AUC of {auc:.3}: most likely it was known only after a loan had gone bad. \
         Leave it out; or, if it is known when a loan is applied for, allow it: [training] allow_leak_suspects = [\"{feature}\"]"
    )]
    Leak { feature: String, auc: f64 },
    #[error("the trained model does not pass its own checks: {0}")]
    Bundle(#[from] BundleError),
}

/// Trains a model on `paths`, read one after another as one table. The same schema file and data give
/// the same bytes, on any number of threads.
pub fn train(file: &SchemaFile, paths: &[PathBuf], mut watch: impl FnMut(Progress)) -> Result<Trained, TrainError> {
    let mut step = |stage, done, of| watch(Progress { stage, done, of });
    file.training.complete(0)?;
    file.training.engine.check(&file.schema)?;
    step("reading", 0, 1);
    let mut data = dataset::load(file, paths)?;
    let alone = leaks::alone(&data.schema, &data.train);
    refuse_leaks(&file.training.allow_leak_suspects, &mut data, &alone)?;
    let parameters = file.training.complete(data.train.len())?;
    let plan = Plan { schema: &data.schema, parameters: &parameters };
    let (hold_outs, inner_split) = inner::split(&file.population.split.inner, &data.train, parameters.seed)?;
    let grown = file.training.engine.grow(plan, &data.train, &hold_outs, &mut step)?;
    step("training benchmark models", 0, 1);
    let benchmarks = benchmark::run((&data.train, &data.test), &grown.rates, parameters.seed);
    step("writing the report", 0, 1);
    let run = Run { file, data: &data, alone, parameters: &parameters, inner_split, grown, benchmarks };
    run.finish()
}

/// Refuses the first suspected leak that is not allowed by name; warns of those that are.
fn refuse_leaks(allowed: &[String], data: &mut Dataset, alone: &[Option<f64>]) -> Result<(), TrainError> {
    for (feature, auc) in leaks::suspects(&data.schema, alone) {
        if !allowed.iter().any(|name| name == feature) {
            return Err(TrainError::Leak { feature: feature.to_owned(), auc });
        }
        data.warnings.push(format!(
            "`{feature}` alone ranks bad loans with an AUC of {auc:.3}, which is suspicious; the schema allows it by name"
        ));
    }
    Ok(())
}

/// Everything that has been computed, about to become a bundle.
struct Run<'a> {
    file: &'a SchemaFile,
    data: &'a Dataset,
    /// The AUC of each feature alone.
    alone: Vec<Option<f64>>,
    parameters: &'a Parameters,
    inner_split: String,
    grown: Grown,
    benchmarks: Vec<Benchmark>,
}

impl Run<'_> {
    fn finish(mut self) -> Result<Trained, TrainError> {
        let held_out = Outcomes { margins: &self.grown.inner.margins, is_bad: &self.grown.inner.is_bad };
        let inner = InnerSummary {
            metrics: measure(held_out),
            cross_calibrated: calibrate::cross_calibrated(held_out)
                .and_then(|margins| calibrate::fit_line(Outcomes { margins: &margins, is_bad: held_out.is_bad })),
            split: self.inner_split.clone(),
            rounds: self.grown.inner.rounds,
        };
        let mut warnings = self.data.warnings.clone();
        let calibration = usable(inner.metrics.calibration).unwrap_or_else(|| {
            warnings.push("the inner hold-out shows no order of risk; margins are left uncalibrated".to_owned());
            Calibration::IDENTITY
        });
        if let Some(line) = inner.cross_calibrated.filter(|line| !(0.8..=1.25).contains(&line.slope)) {
            warnings.push(format!(
                "the calibration slope on the inner hold-out is {:.2}, and not near 1: take the probabilities as an order",
                line.slope
            ));
        }

        // The figures stand in the model's file, so the file that they are measured on is its draft.
        let mut model_file = self.model_file(calibration);
        let draft = Model::without_parity(&bundle::model_json(&model_file))?;
        let margins = validation::margins(&draft, &self.data.test);
        let test = Outcomes { margins: &margins, is_bad: &self.data.test.is_bad };
        let metrics = measure(test);
        self.benchmarks.iter_mut().for_each(|benchmark| benchmark.compare(test));
        model_file.provenance.metrics = recorded(&metrics, &inner);
        let model_json = bundle::model_json(&model_file);
        let model = Model::without_parity(&model_json)?;

        let validation = validation::measure(Subject { model: &model, data: self.data, margins: &margins });
        let facts = self.card_facts(&model_file, (&metrics, &inner, &validation), &warnings);
        let report_html = report::render(&ReportFacts {
            file: &model_file,
            card: &facts,
            test,
            metrics: &metrics,
            inner: &inner,
            benchmarks: &self.benchmarks,
            validation: &validation,
            alone: &self.alone,
            about: &self.file.card,
            warnings: &warnings,
            sha256: &model.identity().sha256,
        });
        let summary = Summary {
            metrics,
            auc_interval: validation.auc,
            split: self.file.population.split.describe(),
            train_rows: self.data.train.len(),
            train_bad_rate: count(self.data.train.bad()) / count(self.data.train.len()),
            trees: model_file.forest.trees(),
            depth: model_file.forest.depth(),
            inner,
            benchmarks: self.benchmarks,
            model: model.identity().clone(),
            warnings,
        };
        let parity_jsonl = parity(&model, &self.data.test).into_bytes();
        Model::parse(&model_json, &parity_jsonl)?;
        Ok(Trained { model_json, parity_jsonl, card_md: card::render(&model_file, &facts), report_html, summary })
    }

    fn model_file(&self, calibration: Calibration) -> ModelFile {
        let (schema, train) = (&self.data.schema, &self.data.train);
        let encodings = schema.features.iter().zip(&self.grown.rates).filter_map(|(feature, rates)| {
            let rates = rates.as_ref()?;
            let (prior, statistics) = (rates.prior, rates.statistics.clone());
            Some(Encoding { feature: feature.name.clone(), prior, statistics })
        });
        ModelFile {
            format: FORMAT,
            name: schema.name.clone(),
            version: self.file.version.clone(),
            schema: schema.clone(),
            reasons: reasons::resolve(schema, &self.file.reasons),
            encodings: encodings.collect(),
            forest: self.grown.forest.clone(),
            calibration,
            training_ranges: training_ranges(schema, train),
            provenance: self.provenance(),
        }
    }

    fn provenance(&self) -> Provenance {
        let data = self.data.files.iter().cloned().map(|file| DataFile {
            name: file.name,
            sha256: file.sha256,
            content_sha256: file.content_sha256,
            rows: file.rows,
        });
        let Dataset { train, test, .. } = self.data;
        let mut parameters = self.parameters.named();
        parameters.insert("rounds".to_owned(), f64::from(self.grown.inner.rounds));
        Provenance {
            data: data.collect(),
            train_rows: train.len() as u64,
            test_rows: test.len() as u64,
            bad_rate: count(train.bad()) / count(train.len()),
            seed: self.parameters.seed,
            trained_by: self.file.training.engine.trained_by().to_owned(),
            split: format!("{}; inner hold-out: {}", self.file.population.split.describe(), self.inner_split),
            population: Some(self.file.population.clone()),
            parameters,
            metrics: BTreeMap::new(),
        }
    }

    fn card_facts(
        &self,
        file: &ModelFile,
        (metrics, inner, validation): (&Metrics, &InnerSummary, &Validation),
        warnings: &[String],
    ) -> CardFacts {
        let ends = |interval: Interval| [interval.low, interval.high];
        let benchmark = |benchmark: &Benchmark| {
            Some(BenchmarkFacts {
                name: benchmark.name.to_owned(),
                trained_on: benchmark.trained_on,
                auc: benchmark.metrics.auc?,
                auc_interval: benchmark.auc_interval.map(ends),
                auc_gain: benchmark.auc_gain.map(|gain| (gain.value, ends(gain.interval))),
                log_loss: benchmark.metrics.log_loss,
            })
        };
        let about = &self.file.card;
        CardFacts {
            purpose: self.file.purpose(),
            design: design::sentences(file),
            test_metrics: metrics.named(),
            auc_interval: validation.auc.map(ends),
            holdout_metrics: inner.metrics.named(),
            benchmarks: self.benchmarks.iter().filter_map(benchmark).collect(),
            importances: validation.effects.iter().map(|effect| effect.importance).collect(),
            data: about.data.clone(),
            notes: about.limits.clone(),
            warnings: warnings.to_vec(),
        }
    }
}

/// A line as a calibration: with a slope above 0, and both numbers short.
fn usable(line: Option<Line>) -> Option<Calibration> {
    let round = |value: f64| (value * 1e6).round() / 1e6;
    Calibration::new(round(line?.slope), round(line?.intercept)).ok()
}

/// The figures that stand in `model.json`: of the test part, and of the inner hold-out before calibration.
fn recorded(metrics: &Metrics, inner: &InnerSummary) -> BTreeMap<String, f64> {
    let part = |prefix: &'static str, metrics: &Metrics| {
        let figures = [
            ("auc", metrics.auc),
            ("ks", metrics.ks),
            ("log_loss", Some(metrics.log_loss)),
            ("brier", Some(metrics.brier)),
            ("bad_rate", Some(metrics.bad_rate)),
            ("calibration_slope", metrics.calibration.map(|line| line.slope)),
            ("calibration_intercept", metrics.calibration.map(|line| line.intercept)),
        ];
        figures.into_iter().filter_map(move |(name, value)| Some((format!("{prefix}_{name}"), value?)))
    };
    part("test", metrics).chain(part("inner", &inner.metrics)).collect()
}

pub(super) fn training_ranges(schema: &Schema, train: &Rows) -> Vec<TrainingRange> {
    let range = |(feature, column): (&crate::features::schema::Feature, &Column)| {
        let known = || column.iter().filter(|value| !value.is_nan());
        let occurs = |code: usize| known().any(|value| value == count(code));
        let is_category = feature.kind == Kind::Category;
        let (least, greatest) = known().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, greatest), value| {
            (least.min(value), greatest.max(value))
        });
        TrainingRange {
            feature: feature.name.clone(),
            range: (!is_category && least <= greatest).then_some([least, greatest]),
            categories: (0..feature.categories.len())
                .filter(|&code| is_category && occurs(code))
                .map(|code| feature.categories[code].clone())
                .collect(),
            missing: column.iter().any(f64::is_nan),
        }
    };
    schema.features.iter().zip(&train.columns).map(range).collect()
}

/// Rows of the test part, evenly drawn, and one of which nothing is known.
fn parity(model: &Model, test: &Rows) -> String {
    let drawn = PARITY_VECTORS.min(test.len() + 1) - 1;
    let rows = (0..drawn).map(|index| test.vector(index * test.len() / drawn));
    let nothing = FeatureVector::new(vec![f64::NAN; test.columns.len()]);
    rows.chain([nothing]).map(|vector| bundle::parity_line(model, &vector)).collect()
}

#[cfg(test)]
mod tests;
