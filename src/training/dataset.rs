//! Past loans as columns of numbers.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use super::{
    column::Column,
    csv_rows::{self, CsvError, FileFacts},
    rows::Picker,
    schema_file::SchemaFile,
};
use crate::features::{
    extract::{Extractor, FeatureVector, UnseenCategory},
    schema::{Kind, Schema, SchemaError},
};

/// Rows of each outcome that the training part needs at least; with fewer nothing can be held out
/// to choose the number of trees and the calibration by.
const LEAST_OF_EACH_OUTCOME: usize = 10;

/// Categories that are learnt from the data at most, per feature.
const MOST_CATEGORIES: usize = 1_000;

/// Values of the target column that are told apart at most, to count them.
const MOST_OUTCOMES: usize = 100;

/// Some rows of the data.
///
/// Invariant: every column, and `days` where loans have one, has an element per row.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// One column per feature, in the schema's order: values as [`FeatureVector`] holds them, to the bit.
    pub columns: Vec<Column>,
    pub is_bad: Vec<bool>,
    /// The Julian day on which each loan was made; empty where rows are not split by time.
    pub days: Vec<i32>,
}

impl Rows {
    fn with_features(features: usize) -> Self {
        Self { columns: vec![Column::default(); features], ..Self::default() }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.is_bad.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.is_bad.is_empty()
    }

    /// How many went bad.
    #[must_use]
    pub fn bad(&self) -> usize {
        self.is_bad.iter().filter(|&&is_bad| is_bad).count()
    }

    /// One row's values.
    #[must_use]
    pub fn vector(&self, row: usize) -> FeatureVector {
        FeatureVector::new(self.columns.iter().map(|column| column.at(row)).collect::<Vec<f64>>())
    }

    /// The rows for which `keeps` says so.
    #[must_use]
    pub fn select(&self, keeps: impl Fn(usize) -> bool) -> Self {
        let rows: Vec<usize> = (0..self.len()).filter(|&row| keeps(row)).collect();
        Self {
            columns: self.columns.iter().map(|column| rows.iter().map(|&row| column.at(row)).collect()).collect(),
            is_bad: rows.iter().map(|&row| self.is_bad[row]).collect(),
            days: if self.days.is_empty() { Vec::new() } else { rows.iter().map(|&row| self.days[row]).collect() },
        }
    }
}

/// The data of a training run.
///
/// Invariant: the training part has at least ten rows of each outcome, and the test part has rows.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// The schema, with the categories that it left to the data.
    pub schema: Schema,
    pub train: Rows,
    pub test: Rows,
    pub files: Vec<FileFacts>,
    /// What the report parts the test rows by: for each name in `[report] segments` that is not a feature, the
    /// test rows' cells of that column; for a feature no cells.
    pub segments: Vec<(String, Vec<String>)>,
    /// What a person should know, a sentence each.
    pub warnings: Vec<String>,
}

/// Why data cannot be trained on.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    #[error(transparent)]
    Csv(#[from] CsvError),
    #[error(transparent)]
    Schema(#[from] SchemaError),
    #[error("{}, line {line}: {what}", path.display())]
    Row { path: PathBuf, line: u64, what: String },
    #[error(
        "`{feature}`: column `{column}` has more than {MOST_CATEGORIES} different values; \
         it names rows rather than groups of them: leave it out, or list its `categories`"
    )]
    TooManyCategories { feature: String, column: String },
    #[error(
        "`{feature}`: column `{column}` is empty in every row of the training part, so no category can be learnt; leave it out"
    )]
    NoCategories { feature: String, column: String },
    #[error(
        "too few loans: {found}; training needs at least {LEAST_OF_EACH_OUTCOME} bad and {LEAST_OF_EACH_OUTCOME} good \
         ones, and some more to test on"
    )]
    TooFew { found: String },
    #[error("no row is left to {part}: {why}")]
    NoRows { part: &'static str, why: String },
    #[error(
        "the training part has {bad} bad and {good} good loans, and training needs at least {LEAST_OF_EACH_OUTCOME} \
         of each; a loan is bad when column `{column}` is one of {positive:?}{seen}"
    )]
    OneSided { bad: usize, good: usize, column: String, positive: Vec<String>, seen: String },
}

/// Reads the data of a training run: `paths` one after another, as one table.
pub fn load(file: &SchemaFile, paths: &[PathBuf]) -> Result<Dataset, DataError> {
    let schema = with_learnt_categories(file, paths)?;
    let extractor = Extractor::compile(&schema)?;
    let mut columns = extractor.columns().to_vec();
    let mut parts = Picker::new(&file.population, &mut columns);
    let mut segments = SegmentCells::new(file, &mut columns);
    let mut train = Rows::with_features(schema.features.len());
    let mut test = train.clone();
    let mut unseen = vec![0_usize; schema.features.len()];
    let mut files = Vec::new();
    let mut good_outcomes: BTreeSet<String> = BTreeSet::new();
    // The picker's first column is the target.
    let target = extractor.columns().len();
    for path in paths {
        files.push(csv_rows::read(path, &columns, |row| {
            let fault = |what| DataError::Row { path: path.clone(), line: row.line, what };
            let Some(picked) = parts.pick(row).map_err(fault)? else { return Ok(()) };
            if !picked.is_bad && good_outcomes.len() < MOST_OUTCOMES && !good_outcomes.contains(row.cell(target)) {
                good_outcomes.insert(row.cell(target).to_owned());
            }
            let accept = if picked.is_test { UnseenCategory::Accept } else { UnseenCategory::Refuse };
            let vector = extractor
                .from_row(|index| row.cell(index), accept)
                .map_err(|faults| fault(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))?;
            for feature in extractor.unseen_categories(&vector) {
                unseen[feature] += 1;
            }
            if picked.is_test {
                segments.push(row);
            }
            let part = if picked.is_test { &mut test } else { &mut train };
            for (column, &value) in part.columns.iter_mut().zip(vector.values()) {
                column.push(value);
            }
            part.is_bad.push(picked.is_bad);
            part.days.extend(picked.day.map(time::Date::to_julian_day));
            Ok::<(), DataError>(())
        })?);
    }
    check(file, Counts { bad: train.bad(), good: train.len() - train.bad(), test: test.len() }, paths)?;
    let mut warnings = warnings(&schema, &train, &unseen);
    warnings.extend(outcomes_warning(&file.population.target.column, good_outcomes.len()));
    Ok(Dataset { schema, train, test, files, segments: segments.cells, warnings })
}

/// The columns that the report parts rows by, being read.
struct SegmentCells {
    /// Where each column stands among those that are read; `None` for a feature.
    places: Vec<Option<usize>>,
    cells: Vec<(String, Vec<String>)>,
}

impl SegmentCells {
    /// `columns` gets the columns that are to be read beside the others.
    fn new(file: &SchemaFile, columns: &mut Vec<String>) -> Self {
        let is_feature = |name: &String| file.schema.features.iter().any(|feature| feature.name == *name);
        let place = |name: &String| {
            (!is_feature(name)).then(|| {
                columns.push(name.clone());
                columns.len() - 1
            })
        };
        let names = &file.report.segments;
        let places = names.iter().map(place).collect();
        Self { places, cells: names.iter().map(|name| (name.clone(), Vec::new())).collect() }
    }

    fn push(&mut self, row: &csv_rows::Row<'_>) {
        for (place, (_, cells)) in self.places.iter().zip(&mut self.cells) {
            if let Some(place) = place {
                cells.push(row.cell(*place).to_owned());
            }
        }
    }
}

/// Rows that are used: those of the training part by outcome, and those of the test part.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    bad: usize,
    good: usize,
    test: usize,
}

/// Refuses to go on when there are too few rows, of whatever kind.
fn check(file: &SchemaFile, counts: Counts, paths: &[PathBuf]) -> Result<(), DataError> {
    let Counts { bad, good, test } = counts;
    check_rows(file, (bad + good, test), paths)?;
    if bad < LEAST_OF_EACH_OUTCOME || good < LEAST_OF_EACH_OUTCOME {
        let target = file.population.target.clone();
        let seen = outcomes_seen(file, paths)?;
        return Err(DataError::OneSided { bad, good, column: target.column, positive: target.positive, seen });
    }
    Ok(())
}

/// Refuses to go on when a part has no rows.
fn check_rows(file: &SchemaFile, (train, test): (usize, usize), paths: &[PathBuf]) -> Result<(), DataError> {
    let split = &file.population.split;
    if train + test == 0 && !split.filter.is_empty() {
        let why = format!("no row of {} passes the filter {:?}", list(paths), split.filter);
        return Err(DataError::NoRows { part: "train on", why });
    }
    if train + test < 2 * LEAST_OF_EACH_OUTCOME {
        let found = match train + test {
            0 => format!("{} has column names but no rows", list(paths)),
            rows => format!("{rows} to use in {}", list(paths)),
        };
        return Err(DataError::TooFew { found });
    }
    for (rows, part) in [(train, "train on"), (test, "test on")] {
        if rows == 0 {
            let why = format!("of {} rows; the model is {}", train + test, split.describe());
            return Err(DataError::NoRows { part, why });
        }
    }
    Ok(())
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// What the target column says in the data, for a message: a misspelt `positive` shows at once.
fn outcomes_seen(file: &SchemaFile, paths: &[PathBuf]) -> Result<String, DataError> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let columns = [file.population.target.column.clone()];
    for path in paths {
        csv_rows::read(path, &columns, |row| {
            *counts.entry(row.cell(0).to_owned()).or_default() += 1;
            Ok::<(), DataError>(())
        })?;
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    let shown = counts.iter().take(5).map(|(value, rows)| format!("{value:?} ({rows} rows)"));
    Ok(format!("; the column says {}", shown.collect::<Vec<_>>().join(", ")))
}

/// The schema, with the values that occur in the training part, sorted, as the categories of those
/// features that list none.
fn with_learnt_categories(file: &SchemaFile, paths: &[PathBuf]) -> Result<Schema, DataError> {
    let mut schema = file.schema.clone();
    let unlisted: Vec<usize> = file.unlisted_categories().filter(|&i| schema.features[i].column.is_some()).collect();
    if unlisted.is_empty() {
        return Ok(schema);
    }
    let mut columns: Vec<String> = unlisted.iter().filter_map(|&i| schema.features[i].column.clone()).collect();
    let mut parts = Picker::new(&file.population, &mut columns);
    let mut found: Vec<BTreeSet<String>> = vec![BTreeSet::new(); unlisted.len()];
    let mut counts = Counts::default();
    for path in paths {
        csv_rows::read(path, &columns, |row| {
            let fault = |what| DataError::Row { path: path.clone(), line: row.line, what };
            let Some(picked) = parts.pick(row).map_err(fault)? else { return Ok(()) };
            if picked.is_test {
                counts.test += 1;
                return Ok(());
            }
            *(if picked.is_bad { &mut counts.bad } else { &mut counts.good }) += 1;
            for (index, found) in found.iter_mut().enumerate() {
                let feature = &schema.features[unlisted[index]];
                let cell = row.cell(index);
                let category = feature.column_values.get(cell).map_or(cell, String::as_str);
                if !category.is_empty() && !found.contains(category) {
                    found.insert(category.to_owned());
                }
                if found.len() > MOST_CATEGORIES {
                    let (feature, column) = (feature.name.clone(), columns[index].clone());
                    return Err(DataError::TooManyCategories { feature, column });
                }
            }
            Ok(())
        })?;
    }
    // Before anything is said of categories: with too few rows there is nothing to learn them from.
    check(file, counts, paths)?;
    for (index, found) in unlisted.into_iter().zip(found) {
        if found.is_empty() {
            let feature = &schema.features[index];
            let (feature, column) = (feature.name.clone(), feature.column.clone().unwrap_or_default());
            return Err(DataError::NoCategories { feature, column });
        }
        schema.features[index].categories = found.into_iter().collect();
    }
    Ok(schema)
}

/// A target column with more than a good and a bad value may hold loans whose outcome is not known yet.
fn outcomes_warning(column: &str, good_outcomes: usize) -> Option<String> {
    let least = if good_outcomes < MOST_OUTCOMES { "" } else { "at least " };
    (good_outcomes > 1).then(|| {
        format!(
            "column `{column}` has {least}{good_outcomes} different values that are not listed under [target] positive, \
             and all of them were counted as good; leave out loans that are still running"
        )
    })
}

fn warnings(schema: &Schema, train: &Rows, unseen: &[usize]) -> Vec<String> {
    let mut warnings = Vec::new();
    for ((feature, column), &unseen) in schema.features.iter().zip(&train.columns).zip(unseen) {
        let mut known = column.iter().filter(|value| !value.is_nan());
        let name = &feature.name;
        match known.next() {
            None => warnings.push(format!("`{name}` is missing in every row of the training part; it says nothing")),
            Some(first) if known.all(|value| value == first) && !column.iter().any(f64::is_nan) => {
                warnings.push(format!("`{name}` has one value in all of the training part; it says nothing"));
            }
            Some(_) => {}
        }
        if unseen > 0 && feature.kind == Kind::Category {
            warnings.push(format!("`{name}`: {unseen} test rows have a category that the training part has not; they are scored as the average loan"));
        }
    }
    if train.bad() < 500 {
        warnings.push(format!("the training part has only {} bad loans; figures on so few are uncertain", train.bad()));
    }
    warnings
}
