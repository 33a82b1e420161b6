//! `underwright evaluate`.

use std::{fmt::Write, path::PathBuf};

use anyhow::Context;

use super::{Answer, print_line};
use crate::{
    service::models::LoadedModel,
    training::{
        evaluate::Metrics,
        evaluation::{self, Evaluation, Part, Request},
        intervals::Interval,
    },
};

/// Measure a model on files of past loans: how well it parts good from bad, and whether it means what it says.
///
/// Only the rows that its training held out are used, by the rule that stands in the bundle: from a date on, or, in
/// the very file that it was trained on, the share drawn for the test. A file that it has not seen is used whole.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: underwright evaluate --model models/personal-loan/1 --data loans.csv.gz --by term_months"
)]
pub(super) struct Args {
    /// The folder of a model bundle
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Past loans: CSV with the columns that the model was trained on and its target column, plain or gzip
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    data: Vec<PathBuf>,
    /// Show the figures also by the values of this feature or column
    #[arg(long, value_name = "FEATURE")]
    by: Option<String>,
    /// Use every row, those that the model was trained on among them
    #[arg(long)]
    all_rows: bool,
    /// Print the figures as JSON on standard output
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Answer> {
    let model = LoadedModel::from_directory(&args.model).context("the model cannot be used")?.model;
    let population = model.provenance().population.as_ref().context(
        "the model does not say which column tells bad loans from good ones; only models trained by `underwright train` do",
    )?;
    let request = Request { model: &model, population, all_rows: args.all_rows, by: args.by.as_deref() };
    let evaluation = evaluation::evaluate(request, &args.data)?;
    say(&evaluation, &population.split.describe());
    if args.json {
        print_line(&serde_json::to_string(&evaluation)?)?;
    }
    Ok(Answer::Done)
}

fn say(evaluation: &Evaluation, split: &str) {
    let part = match evaluation.part {
        Part::Test => format!("the test part ({split})"),
        Part::All => "all rows that pass the model's filter".to_owned(),
    };
    eprintln!("{} of {} rows: {part}", evaluation.metrics.rows, evaluation.rows_read);
    if evaluation.unseen_category_rows > 0 {
        let rows = evaluation.unseen_category_rows;
        eprintln!(
            "warning: {rows} rows have a category that the model does not know; they are scored as the average loan"
        );
    }
    eprint!("{}", figures(&evaluation.metrics, evaluation.auc_interval));
    let Some(by) = &evaluation.by else { return };
    eprintln!("\n{by:<32} {:>8} {:>9} {:>8} {:>9}", "rows", "bad rate", "AUC", "log-loss");
    for segment in &evaluation.segments {
        let Metrics { rows, bad_rate, auc, log_loss, .. } = &segment.metrics;
        let auc = auc.map_or_else(|| "-".to_owned(), |auc| format!("{auc:.4}"));
        eprintln!("{:<32} {rows:>8} {:>7.2} % {auc:>8} {log_loss:>9.4}", segment.value, bad_rate * 100.0);
    }
}

/// The figures, a line each.
pub(super) fn figures(metrics: &Metrics, auc_interval: Option<Interval>) -> String {
    let mut text = String::new();
    for (name, value) in metrics.named() {
        let value = if name == "Rows" { format!("{value}") } else { format!("{value:.4}") };
        let range = auc_interval.filter(|_| name == "AUC");
        let range = range.map_or_else(String::new, |range| format!("  ({:.4} to {:.4}, 95 %)", range.low, range.high));
        let _ = writeln!(text, "  {name:<24} {value}{range}");
    }
    text
}
