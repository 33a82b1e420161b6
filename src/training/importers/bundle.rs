//! From a model file to the files of a bundle.

use std::path::PathBuf;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::{
    ImportError, Library, Options, directions,
    fit::{Fitted, fit},
    page::{self, Part},
    read,
};
use crate::{
    domain::decision::Versioned,
    features::{
        extract::FeatureVector,
        schema::{Feature, Kind, Monotone, Schema, SchemaError},
    },
    forest::{Forest, general::Test},
    model::{
        Model,
        bundle::{self, BundleError},
        calibration::Calibration,
        file::{DataFile, FORMAT, ModelFile, Provenance},
        population::TestPart,
        reasons,
    },
    training::{
        dataset::{self, DataError, Dataset},
        evaluate::{Metrics, Outcomes, count, measure},
        run::training_ranges,
        schema_file::SchemaFile,
        validation::margins,
    },
};

/// What to import.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub library: Library,
    pub options: Options,
    /// The name of the model's file, without its folder.
    pub file_name: &'a str,
    pub bytes: &'a [u8],
    pub schema: &'a SchemaFile,
    /// What the model was trained and is to be tested on, as far as it is there.
    pub data: &'a [PathBuf],
}

/// The files of a bundle, and what is to be said of them.
#[derive(Debug, Clone)]
pub struct Imported {
    pub model_json: Vec<u8>,
    pub parity_jsonl: Vec<u8>,
    pub card_md: String,
    pub report_html: String,
    pub summary: Summary,
}

/// What `import` says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    pub model: Versioned,
    /// The library and its version.
    pub source: String,
    pub trees: usize,
    pub depth: usize,
    /// Figures on the test part of the data, where data was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Metrics>,
    /// What a person should know, a sentence each.
    pub notes: Vec<String>,
}

/// Why no bundle was made.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Schema(#[from] SchemaError),
    #[error(transparent)]
    Data(#[from] DataError),
    #[error("the imported model does not pass its own checks: {0}")]
    Bundle(#[from] BundleError),
}

/// Vectors in `parity.jsonl`: so many from data, so many made up around the thresholds, and one of which nothing is known.
const DRAWN_VECTORS: usize = 32;
const MADE_UP_VECTORS: usize = 63;

/// Makes a bundle from a model file. The same files give the same bytes.
pub fn import(request: Request<'_>) -> Result<Imported, Failure> {
    let source = read(request.library, request.bytes, request.options)?;
    let trained_by = source.trained_by.clone();
    let mut notes = source.notes.clone();
    let Fitted { mut schema, forest, encodings, notes: fitting } = fit(source, &request.schema.schema)?;
    notes.extend(fitting);
    schema.check()?;
    notes.extend(check_directions(&mut schema, &forest));
    let data = if request.data.is_empty() {
        None
    } else {
        let file = SchemaFile { schema: schema.clone(), ..request.schema.clone() };
        Some(dataset::load(&file, request.data)?)
    };
    notes.extend(data.iter().flat_map(|data| data.warnings.iter().cloned()));
    let mut file = ModelFile {
        format: FORMAT,
        name: schema.name.clone(),
        version: request.schema.version.clone(),
        reasons: reasons::resolve(&schema, &request.schema.reasons),
        encodings,
        forest,
        calibration: Calibration::IDENTITY,
        training_ranges: data.as_ref().map(|data| training_ranges(&schema, &data.train)).unwrap_or_default(),
        provenance: provenance(request, &trained_by, data.as_ref()),
        schema,
    };
    let mut model = Model::without_parity(&bundle::model_json(&file))?;
    let metrics = data.as_ref().map(|data| {
        let margins = margins(&model, &data.test);
        measure(Outcomes { margins: &margins, is_bad: &data.test.is_bad })
    });
    if let Some(metrics) = &metrics {
        file.provenance.metrics =
            metrics.named().into_iter().map(|(name, value)| (format!("test {name}"), value)).collect();
        model = Model::without_parity(&bundle::model_json(&file))?;
        notes.extend(judge(metrics));
    }
    let model_json = bundle::model_json(&file);
    let parity_jsonl = parity(&model, &file, data.as_ref()).into_bytes();
    let model = Model::parse(&model_json, &parity_jsonl)?;
    let title = format!("{} {}", file.name, file.version);
    let parts = parts(request, &file, metrics.as_ref(), &notes);
    Ok(Imported {
        parity_jsonl,
        card_md: page::markdown(&title, &parts),
        report_html: page::html(&title, &parts),
        summary: Summary {
            model: model.identity().clone(),
            source: trained_by,
            trees: file.forest.trees(),
            depth: file.forest.depth(),
            metrics,
            notes,
        },
        model_json,
    })
}

/// A direction stands in the bundle only when every tree keeps to it: it is a promise to whoever reads it.
fn check_directions(schema: &mut Schema, forest: &Forest) -> Vec<String> {
    let mut notes = Vec::new();
    for (place, feature) in (0..).zip(&mut schema.features) {
        let direction = match feature.monotone {
            Monotone::Free => continue,
            Monotone::Increasing => "never falls",
            Monotone::Decreasing => "never rises",
        };
        let unproven = directions::unproven_trees(forest, place, feature.monotone);
        let name = &feature.name;
        notes.push(if unproven == 0 {
            format!("`{name}`: as it rises, risk {direction}. Every tree keeps to that, which was checked leaf by leaf.")
        } else {
            feature.monotone = Monotone::Free;
            format!(
                "`{name}`: the schema says that as it rises, risk {direction}. {unproven} of {} trees do not keep to that for certain, so \
                 the bundle does not promise it; train with a monotone constraint.",
                forest.trees()
            )
        });
    }
    notes
}

fn judge(metrics: &Metrics) -> Option<String> {
    let auc = metrics.auc.filter(|auc| *auc < 0.5)?;
    Some(format!(
        "The AUC is {auc:.4}, below one half: the model may have been trained to predict the good loans; its positive class must be the bad ones."
    ))
}

fn provenance(request: Request<'_>, trained_by: &str, data: Option<&Dataset>) -> Provenance {
    let population = &request.schema.population;
    let is_by_time = matches!(population.split.test, TestPart::From { .. });
    let files = data.filter(|_| is_by_time).into_iter().flat_map(|data| &data.files).cloned().map(|file| DataFile {
        name: file.name,
        sha256: file.sha256,
        content_sha256: file.content_sha256,
        rows: file.rows,
    });
    let split = match data {
        None => "what it was trained on is not known".to_owned(),
        Some(_) if is_by_time => population.split.describe(),
        Some(_) => format!("{}; whether its training kept to these rows is not known", population.split.describe()),
    };
    Provenance {
        data: files.collect(),
        train_rows: data.map_or(0, |data| data.train.len() as u64),
        test_rows: data.map_or(0, |data| data.test.len() as u64),
        bad_rate: data.map_or(0.0, |data| count(data.train.bad()) / count(data.train.len())),
        trained_by: format!(
            "{trained_by}; imported by underwright {} from {}, SHA-256 {}",
            env!("CARGO_PKG_VERSION"),
            request.file_name,
            bundle::sha256_hex(request.bytes)
        ),
        split,
        population: Some(population.clone()),
        ..Provenance::default()
    }
}

/// Rows of the test part, rows made up of values at the trees' thresholds, and one of which nothing is known.
fn parity(model: &Model, file: &ModelFile, data: Option<&Dataset>) -> String {
    let drawn = data.map_or(0, |data| DRAWN_VECTORS.min(data.test.len()));
    let rows = data.into_iter().flat_map(|data| (0..drawn).map(|row| data.test.vector(row * data.test.len() / drawn)));
    let candidates = candidates(file);
    let mut random = ChaCha8Rng::seed_from_u64(0);
    let made_up = std::iter::repeat_with(|| {
        let value = |candidates: &Vec<f64>| candidates[random.next_u32() as usize % candidates.len()];
        FeatureVector::new(candidates.iter().map(value).collect::<Vec<f64>>())
    });
    let nothing = FeatureVector::new(vec![f64::NAN; file.schema.features.len()]);
    let rows = rows.chain(made_up.take(MADE_UP_VECTORS)).chain([nothing]);
    rows.map(|vector| bundle::parity_line(model, &vector)).collect()
}

/// Values of each feature that the trees tell apart, and a missing one.
fn candidates(file: &ModelFile) -> Vec<Vec<f64>> {
    let codes = |count: usize| (0..=u32::try_from(count).unwrap_or(0)).map(f64::from);
    let mut candidates: Vec<Vec<f64>> = file
        .schema
        .features
        .iter()
        .map(|feature| {
            let values: Vec<f64> = match feature.kind {
                Kind::Category => codes(feature.categories.len()).collect(),
                Kind::Boolean => vec![0.0, 1.0],
                Kind::Number | Kind::Date => vec![0.0],
            };
            [vec![f64::NAN], values].concat()
        })
        .collect();
    let thresholds: Vec<(u32, f64)> = match &file.forest {
        Forest::Symmetric(forest) => {
            forest.trees.iter().flat_map(|tree| &tree.splits).map(|split| (split.feature, split.threshold)).collect()
        }
        Forest::General(forest) => {
            let threshold = |node: &crate::forest::general::Node| match node.test {
                Test::Above { threshold, .. } => Some((node.feature, threshold)),
                Test::OneOf(_) => None,
            };
            forest.trees.iter().flat_map(|tree| &tree.nodes).filter_map(threshold).collect()
        }
    };
    for (feature, threshold) in thresholds {
        if file.schema.features[feature as usize].kind == Kind::Number {
            let above = threshold.next_up();
            candidates[feature as usize].extend([threshold, above].into_iter().filter(|value| value.is_finite()));
        }
    }
    candidates
}

/// What card and report say.
fn parts(request: Request<'_>, file: &ModelFile, metrics: Option<&Metrics>, notes: &[String]) -> Vec<Part> {
    let mut parts = vec![
        Part::Paragraph(request.schema.purpose()),
        Part::Heading("Where it comes from"),
        Part::Paragraph(format!(
            "{}. {} {} of depth {} or less. Its margins and contributions are those of the library, with sums in 64 bits; it is not \
             calibrated again. Split: {}.",
            file.provenance.trained_by,
            file.forest.trees(),
            file.forest.kind(),
            file.forest.depth(),
            file.provenance.split
        )),
    ];
    if !request.schema.card.data.is_empty() {
        parts.push(Part::Paragraph(request.schema.card.data.clone()));
    }
    if let Some(metrics) = metrics {
        parts.push(Part::Heading("Figures on the test rows"));
        let rows = metrics.named().into_iter().map(|(name, value)| {
            let value = if name == "Rows" { format!("{value}") } else { format!("{value:.4}") };
            vec![name, value]
        });
        parts.push(Part::Table { head: vec!["figure", "value"], rows: rows.collect() });
    }
    parts.extend([Part::Heading("What it reads"), features(file), Part::Heading("What to know")]);
    let mut known = request.schema.card.limits.clone();
    known.extend_from_slice(notes);
    known.push(if file.training_ranges.is_empty() {
        "The values that it was trained on are not known, so no application is sent to review for being outside them; `import --data` \
         learns them from the training data."
            .to_owned()
    } else {
        "Values outside the training range send an application to review.".to_owned()
    });
    known.push(
        "Explanations are exact path-dependent Shapley values; with the baseline they sum to the log-odds within 1e-9."
            .to_owned(),
    );
    parts.push(Part::List(known));
    parts
}

fn features(file: &ModelFile) -> Part {
    let row = |(place, feature): (usize, &Feature)| {
        let trained_on = file.training_ranges.get(place).map_or_else(
            || "not known".to_owned(),
            |range| {
                let values = range.range.map_or_else(|| range.categories.join(", "), |[a, b]| format!("{a} to {b}"));
                if range.missing { format!("{values}, or missing") } else { values }
            },
        );
        let direction = match (feature.kind, feature.monotone) {
            (Kind::Category, _) => "by category",
            (_, Monotone::Free) => "moves freely",
            (_, Monotone::Increasing) => "never falls",
            (_, Monotone::Decreasing) => "never rises",
        };
        let reason = feature.reason.as_ref().and_then(|code| file.reasons.get_key_value(code));
        vec![
            feature.display_label(),
            feature.derive.clone().or_else(|| feature.source.clone()).unwrap_or_default(),
            direction.to_owned(),
            trained_on,
            reason.map_or_else(String::new, |(code, text)| format!("{code}: {text}")),
        ]
    };
    Part::Table {
        head: vec!["feature", "read from", "as it rises, risk", "trained on", "reason"],
        rows: file.schema.features.iter().enumerate().map(row).collect(),
    }
}
