//! `underwright train`.

use std::{fs, path::PathBuf, time::Instant};

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::{Answer, evaluate::figures, print_line};
use crate::{
    storage::bundle_files::{self, BundleFiles},
    training::{
        engine,
        run::{self, Progress, Summary, Trained},
        schema_file::SchemaFile,
    },
};

/// Train a model on a file of past loans, and write its bundle.
///
/// The schema says what is a bad loan, which columns are read, in which direction risk may move, and which rows
/// are held out for the test. Parameters it leaves out are chosen from the size of the data. Files may be compressed
/// with gzip; several are read one after another. The same schema and data give the same bytes, on any number of threads.
/// A bundle that exists is never overwritten: a model's version stays what it is.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: underwright train --schema fixtures/german_credit.toml --data fixtures/german_credit.csv --out models/german-credit/1"
)]
pub(super) struct Args {
    /// The training schema
    #[arg(long, value_name = "FILE")]
    schema: PathBuf,
    /// Past loans: CSV, plain or gzip
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    data: Vec<PathBuf>,
    /// The folder of the bundle; it appears when it is complete
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Print the figures as JSON on standard output
    #[arg(long)]
    json: bool,
    /// Use this many threads [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Answer> {
    let text = fs::read_to_string(&args.schema)
        .with_context(|| format!("cannot read the schema {}", args.schema.display()))?;
    let schema = SchemaFile::parse(&text).with_context(|| format!("{} cannot be used", args.schema.display()))?;
    if args.out.is_file() {
        bail!("{} is a file; --out names the folder that the bundle is written to", args.out.display());
    }
    let threads = rayon::ThreadPoolBuilder::new().num_threads(args.threads.unwrap_or(0).into()).build()?;
    let bar = progress_bar();
    let mut fit = FitMeter::default();
    let trained = threads.install(|| {
        run::train(&schema, &args.data, |progress| {
            fit.observe(progress.stage);
            show(&bar, progress);
        })
    });
    bar.finish_and_clear();
    let Trained { model_json, parity_jsonl, card_md, report_html, summary } = trained?;
    let files = BundleFiles { model_json, parity_jsonl, card_md, report_html: Some(report_html) };
    bundle_files::write_bundle(&args.out, &files)?;
    say(args, &summary);
    if args.json {
        let FitMeter { seconds, peak_mb, .. } = fit;
        print_line(&serde_json::to_string(&Report { summary: &summary, fit_s: seconds, fit_mb: peak_mb })?)?;
    }
    Ok(Answer::Done)
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    /// Seconds from the table in memory to the finished forest, without the inner hold-outs.
    fit_s: Option<f64>,
    /// The peak memory of the process until then, in MiB; on Linux alone.
    fit_mb: Option<f64>,
}

/// Takes the time of the final fit, which begins and ends with a stage of training.
#[derive(Default)]
struct FitMeter {
    started: Option<Instant>,
    seconds: Option<f64>,
    peak_mb: Option<f64>,
}

impl FitMeter {
    fn observe(&mut self, stage: &str) {
        match (stage == engine::GROWING, self.started) {
            (true, None) => self.started = Some(Instant::now()),
            (false, Some(started)) if self.seconds.is_none() => {
                self.seconds = Some(started.elapsed().as_secs_f64());
                self.peak_mb = peak_mb();
            }
            _ => {}
        }
    }
}

/// The peak of this process's memory so far, where the system tells.
fn peak_mb() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

fn say(args: &Args, summary: &Summary) {
    for warning in &summary.warnings {
        eprintln!("warning: {warning}");
    }
    eprintln!("{} trees of depth {}, grown from {} rows", summary.trees, summary.depth, summary.train_rows);
    eprintln!("{}", summary.split);
    eprint!("{}", figures(&summary.metrics, summary.auc_interval));
    for benchmark in &summary.benchmarks {
        if let Some(auc) = benchmark.metrics.auc {
            eprintln!("  {:<32} AUC {auc:.4}, log-loss {:.4}", benchmark.name, benchmark.metrics.log_loss);
        }
    }
    eprintln!(
        "{} {} is in {}; see card.md and report.html there",
        summary.model.name,
        summary.model.version,
        args.out.display()
    );
}

/// Drawn on standard error, and only when that is a terminal.
fn progress_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:32} {bar:40} {pos}/{len}");
    let bar = ProgressBar::new(1);
    style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style))
}

fn show(bar: &ProgressBar, Progress { stage, done, of }: Progress) {
    bar.set_message(stage);
    bar.set_length(of.into());
    bar.set_position(done.into());
}
