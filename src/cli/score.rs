//! `underwright score`.

mod input;
mod judge;
mod table;

use std::{collections::BTreeMap, fs, io::Write, path::PathBuf, sync::Arc};

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;
use serde::Serialize;
use time::Date;

use super::partial_file::{PartialFile, is_same_file};
use super::{Answer, print_line};
use crate::{
    clock::Clock,
    decide::pipeline::Decider,
    domain::decision::{Outcome, Versioned},
    model::Model,
    policy::Policy,
    service::{models::LoadedModel, shipped},
};
use input::{Input, Record};
use judge::{Judge, Verdict};
use table::{Explain, Table};

/// Records that are judged and written together, by one core: a few blocks of the scorer.
const PART_RECORDS: usize = 512;

/// Score a file of applicants without a server, also one that is larger than memory.
///
/// The input is CSV with the columns that the model was trained on (any order, others are ignored, an empty cell is
/// missing), or JSON Lines with an application on each line; either may be compressed with gzip. The output is CSV
/// with one row per row, in order. A row that cannot be scored has the outcome "error" and says why in the column
/// `error`; the others are scored all the same, and the exit code is 1.
///
/// A rule that asks what a CSV row does not say (the applicant's age, say) sends it to review.
///
/// Example: underwright score --model models/personal-loan/1 --policy config/policy.toml --input loans.csv.gz --output
/// scores.csv --explain 4
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder of a model bundle
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// The policy that decides [default: the shipped one where it is for this product, else none: scores, but no
    /// outcomes and no rules]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// CSV or JSON Lines, plain or gzip
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// Where the CSV goes; it appears when it is complete
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// Add the N strongest reasons that raised the risk, or every feature's contribution with `all`
    #[arg(long, value_name = "N|all")]
    explain: Option<Explain>,
    /// Decide applications as of this UTC day, such as 2026-11-22 [default: today]
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    as_of: Option<Date>,
    /// Print a summary as JSON on standard output
    #[arg(long)]
    json: bool,
}

/// What came of a file.
#[derive(Debug, Default, Serialize)]
struct Summary {
    rows: u64,
    errors: u64,
    /// How many rows had each outcome; empty without a policy.
    outcomes: BTreeMap<String, u64>,
    model: Option<Versioned>,
    policy: Option<Versioned>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Answer> {
    let model = LoadedModel::from_directory(&args.model).context("the model cannot be used")?.model;
    let decider = match &args.policy {
        Some(file) => Some(decider(&model, file)?),
        None => shipped_decider(&model),
    };
    if decider.is_none() {
        eprintln!("no policy is given and the shipped one is not for this model: outcomes and rules stay empty");
    }
    let summary = score_file(args, &model, decider)?;
    let Summary { rows, errors, .. } = summary;
    eprintln!("scored {rows} rows into {}; {errors} of them have errors", args.output.display());
    if args.json {
        print_line(&serde_json::to_string(&summary)?)?;
    }
    Ok(if errors == 0 { Answer::Done } else { Answer::No })
}

fn decider(model: &Arc<Model>, file: &PathBuf) -> anyhow::Result<Decider> {
    let named = || format!("the policy {} cannot be used", file.display());
    let text = fs::read_to_string(file).with_context(named)?;
    let policy = Policy::parse(&text).with_context(named)?;
    Decider::new(Arc::clone(model), Arc::new(policy)).with_context(named)
}

/// The shipped policy, where it is for the model's product and fits the model.
fn shipped_decider(model: &Arc<Model>) -> Option<Decider> {
    let policy = Policy::parse(shipped::POLICY).ok()?;
    let is_for_product = policy.identity().name == model.identity().name;
    is_for_product.then(|| Decider::new(Arc::clone(model), Arc::new(policy)).ok()).flatten()
}

/// Reads a chunk while the one before it is scored, so memory holds two chunks, however long the file is.
fn score_file(args: &Args, model: &Arc<Model>, decider: Option<Decider>) -> anyhow::Result<Summary> {
    if is_same_file(&args.input, &args.output) {
        bail!("{} is the input as well; give --output the name of another file", args.output.display());
    }
    let mut summary = Summary {
        model: Some(model.identity().clone()),
        policy: decider.as_ref().map(|decider| decider.policy().identity().clone()),
        ..Summary::default()
    };
    let progress = progress_bar(&args.input);
    let (mut input, layout) = Input::open(&args.input, model.extractor().columns(), &progress)?;
    let today = args.as_of.unwrap_or_else(|| Clock::system().now().date());
    let judge = Judge::new(Arc::clone(model), decider, layout, today);
    let output = PartialFile::create(&args.output)?;
    let mut writer = output.writer();
    let table = Table::new(model, args.explain);
    writer.write_all(&table.header()?)?;
    let (mut chunk, mut next) = (Vec::new(), Vec::new());
    input.fill(&mut chunk)?;
    while !chunk.is_empty() {
        let first_row = summary.rows + 1;
        let (read, parts) = rayon::join(|| input.fill(&mut next), || parts(&judge, table, &chunk, first_row));
        for part in parts {
            let Part { bytes, counts } = part?;
            writer.write_all(&bytes)?;
            summary.add(counts);
        }
        read?;
        std::mem::swap(&mut chunk, &mut next);
    }
    writer.flush()?;
    drop(writer);
    output.keep()?;
    progress.finish_and_clear();
    Ok(summary)
}

/// Judges records on all cores, and writes their rows; the parts are in the order of the records.
fn parts(judge: &Judge, table: Table<'_>, records: &[Record], first_row: u64) -> Vec<csv::Result<Part>> {
    let first_rows = (first_row..).step_by(PART_RECORDS);
    let parts: Vec<(u64, &[Record])> = first_rows.zip(records.chunks(PART_RECORDS)).collect();
    let part = |(first_row, records): (u64, &[Record])| {
        let verdicts = judge.judge(records);
        let mut counts = Counts::default();
        for verdict in &verdicts {
            counts.count(verdict);
        }
        Ok(Part { bytes: table.rows(first_row, &verdicts)?, counts })
    };
    parts.into_par_iter().map(part).collect()
}

/// What some consecutive records came to.
struct Part {
    /// Their rows in the output.
    bytes: Vec<u8>,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    rows: u64,
    errors: u64,
    outcomes: BTreeMap<Outcome, u64>,
}

impl Counts {
    fn count(&mut self, verdict: &Verdict) {
        self.rows += 1;
        match &verdict.result {
            Err(_) => self.errors += 1,
            Ok(scored) => {
                if let Some(ruling) = &scored.ruling {
                    *self.outcomes.entry(ruling.outcome).or_default() += 1;
                }
            }
        }
    }
}

impl Summary {
    fn add(&mut self, counts: Counts) {
        self.rows += counts.rows;
        self.errors += counts.errors;
        for (outcome, rows) in counts.outcomes {
            *self.outcomes.entry(outcome.to_string()).or_default() += rows;
        }
    }
}

/// Bytes of the input that are read; drawn on standard error, and only when that is a terminal.
fn progress_bar(input: &PathBuf) -> ProgressBar {
    let length = fs::metadata(input).map_or(0, |file| file.len());
    let style = ProgressStyle::with_template("{bar:40} {percent} %  {bytes_per_sec}  {eta} left");
    let bar = ProgressBar::new(length);
    style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style))
}

fn parse_date(text: &str) -> Result<Date, String> {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    Date::parse(text, format).map_err(|_| "write a date such as 2026-11-22".to_owned())
}

#[cfg(test)]
mod tests;
