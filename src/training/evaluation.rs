//! Evaluating a model on files of past loans.

use std::path::PathBuf;

use serde::Serialize;

use super::{
    csv_rows,
    dataset::DataError,
    evaluate::{Metrics, Outcomes, measure},
    intervals::{Interval, Placements},
    rows::Picker,
    segments::Labels,
};
use crate::{
    features::extract::UnseenCategory,
    model::{
        Model, Scratch,
        population::{Population, TestPart},
    },
};

/// What to evaluate, and on which rows.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub model: &'a Model,
    /// What is a bad loan, and which rows are held out.
    pub population: &'a Population,
    /// Every row that passes the filter, those that the model was trained on among them.
    pub all_rows: bool,
    /// A feature, or a column of the file, to show the figures by.
    pub by: Option<&'a str>,
}

/// Figures of a model on files (contract §1).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    #[serde(flatten)]
    pub metrics: Metrics,
    /// Where the AUC lies with 95 % confidence.
    pub auc_interval: Option<Interval>,
    /// Which rows the figures are of.
    pub part: Part,
    /// Rows in the files.
    pub rows_read: u64,
    /// Rows with a category that the model does not know, scored as the average loan.
    pub unseen_category_rows: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<Segment>,
}

/// Which rows figures are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Those held out from training.
    Test,
    /// All that pass the filter.
    All,
}

/// The figures of some of the rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Segment {
    pub value: String,
    #[serde(flatten)]
    pub metrics: Metrics,
    pub auc_interval: Option<Interval>,
}

/// The rows of the files, scored.
#[derive(Default)]
struct Scored {
    margins: Vec<f64>,
    is_bad: Vec<bool>,
    is_test: Vec<bool>,
    has_unseen: Vec<bool>,
    /// What `by` names, where that is a feature.
    values: Vec<f64>,
    /// What `by` names, where that is another column.
    cells: Vec<String>,
}

/// Evaluates a model: on the rows held out from its training, unless all are asked for.
///
/// Rows that were held out by time are known by their date in any file. Rows that were held out at
/// random are known only in the very files that the model was trained on; of other files every row is used,
/// because the model has seen none.
pub fn evaluate(request: Request<'_>, paths: &[PathBuf]) -> Result<Evaluation, DataError> {
    let (scored, contents, rows_read) = score(request, paths)?;
    let trained_on = request.model.provenance().data.iter().map(|file| &file.content_sha256);
    let is_known = matches!(request.population.split.test, TestPart::From { .. }) || trained_on.eq(contents.iter());
    let part = if request.all_rows || !is_known { Part::All } else { Part::Test };
    let used: Vec<usize> = (0..scored.margins.len()).filter(|&row| part == Part::All || scored.is_test[row]).collect();
    if used.is_empty() {
        let why = match part {
            Part::All => "no row passes the filter of the model's population".to_owned(),
            Part::Test => format!(
                "none of {} rows is in the test part ({}); --all-rows takes every row",
                scored.margins.len(),
                request.population.split.describe()
            ),
        };
        return Err(DataError::NoRows { part: "evaluate on", why });
    }
    let (metrics, auc_interval) = measure_rows(&scored, &used);
    Ok(Evaluation {
        metrics,
        auc_interval,
        part,
        rows_read,
        unseen_category_rows: used.iter().filter(|&&row| scored.has_unseen[row]).count(),
        by: request.by.map(str::to_owned),
        segments: segments(request, &scored, &used),
    })
}

fn score(request: Request<'_>, paths: &[PathBuf]) -> Result<(Scored, Vec<String>, u64), DataError> {
    let model = request.model;
    let extractor = model.extractor();
    let mut columns = extractor.columns().to_vec();
    let mut parts = Picker::new(request.population, &mut columns);
    let feature = request.by.and_then(|by| model.schema().features.iter().position(|feature| feature.name == by));
    let by_column = request.by.filter(|_| feature.is_none()).map(|by| {
        columns.push(by.to_owned());
        columns.len() - 1
    });
    let mut scored = Scored::default();
    let (mut contents, mut rows_read) = (Vec::new(), 0);
    let mut scratch = Scratch::default();
    for path in paths {
        let facts = csv_rows::read(path, &columns, |row| {
            let fault = |what| DataError::Row { path: path.clone(), line: row.line, what };
            let Some(picked) = parts.pick(row).map_err(fault)? else { return Ok(()) };
            let vector = extractor
                .from_row(|index| row.cell(index), UnseenCategory::Accept)
                .map_err(|faults| fault(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))?;
            scored.margins.push(model.margin_with(&vector, &mut scratch));
            scored.is_bad.push(picked.is_bad);
            scored.is_test.push(picked.is_test);
            scored.has_unseen.push(extractor.unseen_categories(&vector).next().is_some());
            if let Some(index) = feature {
                scored.values.push(vector.values()[index]);
            } else if let Some(index) = by_column {
                scored.cells.push(row.cell(index).to_owned());
            }
            Ok::<(), DataError>(())
        })?;
        contents.push(facts.content_sha256);
        rows_read += facts.rows;
    }
    Ok((scored, contents, rows_read))
}

fn measure_rows(scored: &Scored, rows: &[usize]) -> (Metrics, Option<Interval>) {
    let margins: Vec<f64> = rows.iter().map(|&row| scored.margins[row]).collect();
    let is_bad: Vec<bool> = rows.iter().map(|&row| scored.is_bad[row]).collect();
    let outcomes = Outcomes { margins: &margins, is_bad: &is_bad };
    (measure(outcomes), Placements::of(outcomes).map(|placements| placements.interval()))
}

/// The figures by what was asked for; none when nothing was.
fn segments(request: Request<'_>, scored: &Scored, used: &[usize]) -> Vec<Segment> {
    let Some(by) = request.by else { return Vec::new() };
    let schema = request.model.schema();
    let labels = match schema.features.iter().position(|feature| feature.name == by) {
        Some(index) => Labels::of_feature(schema, index, scored.values.clone()),
        None => Labels::of_column(scored.cells.clone()),
    };
    let groups = labels.groups(used.iter().copied());
    let segment = |(value, rows): (String, Vec<usize>)| {
        let (metrics, auc_interval) = measure_rows(scored, &rows);
        Segment { value, metrics, auc_interval }
    };
    groups.into_iter().map(segment).collect()
}
