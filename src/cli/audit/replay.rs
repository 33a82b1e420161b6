//! `underwright audit replay`.

use anyhow::{Context, anyhow};
use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    cli::{
        Answer,
        migrate::{Store, runtime},
        print_line,
    },
    domain::timestamp::Timestamp,
    service::replay::{Finding, Period, Report, What, replay},
    storage::Db,
};

/// How many of one decision's differences are shown in its line.
const SHOWN: usize = 3;

/// Decide every stored application again and compare, bit for bit.
///
/// Each is decided by the model and the policy that its decision names, which the database keeps by their hash.
/// Probability, contributions, margin, reasons, rules and outcome must come out as they are recorded. Reads the
/// database and changes nothing in it; a server may be running on it. Whether the log itself is what it was says
/// `underwright audit verify`. Exit code 0: everything came out the same; 1: something did not, or could not be
/// decided again; 2: the database cannot be read.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "Example:\n  underwright audit replay --from 2026-11-01 --data-dir /var/lib/underwright --json")]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    store: Store,
    #[command(flatten)]
    period: PeriodArgs,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// A part of the log.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub(in crate::cli) struct PeriodArgs {
    /// Only what was recorded at this time or later: RFC 3339, or a day in UTC
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) from: Option<Timestamp>,
    /// Only what was recorded before this time: RFC 3339, or a day in UTC
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) to: Option<Timestamp>,
}

fn time(text: &str) -> anyhow::Result<Timestamp> {
    Timestamp::parse_day_or_time(text)
        .ok_or_else(|| anyhow!("a time such as 2026-11-22T13:00:00Z, or a day such as 2026-11-22"))
}

pub(in crate::cli) fn run(args: &Args) -> anyhow::Result<Answer> {
    let url = args.store.url()?;
    let PeriodArgs { from, to } = args.period;
    // Draws on standard error, and only when that is a terminal.
    let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template("{bar:40} {pos}/{len} entries {eta}")?);
    let report = runtime()?.block_on(async {
        let db = Db::open_read_only(&url).await?;
        let report = replay(&db, Period { from, to }, |done, total| {
            bar.set_length(total);
            bar.set_position(done);
        })
        .await;
        db.close().await;
        report
    });
    bar.finish_and_clear();
    let report = report.context("the log cannot be replayed")?;
    if args.json {
        print_line(&serde_json::to_string(&report)?)?;
    } else {
        for finding in &report.findings {
            print_line(&line(finding))?;
        }
        print_line(&verdict(&report))?;
    }
    Ok(if report.repeated { Answer::Done } else { Answer::No })
}

/// A finding in a line.
fn line(finding: &Finding) -> String {
    let Finding { sequence, application, what } = finding;
    match what {
        What::NotRepeatable(why) => format!("entry {sequence}, {application}: cannot be decided again: {why}"),
        What::Differences(differences) => {
            let shown = differences.iter().take(SHOWN);
            let mut text: Vec<String> = shown
                .map(|difference| {
                    format!("{} is {} and came out {}", difference.pointer, difference.expected, difference.got)
                })
                .collect();
            if differences.len() > SHOWN {
                text.push(format!("{} more", differences.len() - SHOWN));
            }
            format!("entry {sequence}, {application}: {}", text.join("; "))
        }
    }
}

/// The result in a sentence.
fn verdict(report: &Report) -> String {
    let Report { decisions, differing, not_repeatable, other_entries, findings, .. } = report;
    if report.repeated {
        return format!(
            "all {decisions} decisions by model and policy came out the same to the bit ({other_entries} other entries, \
             which nothing repeats)"
        );
    }
    let unlisted = differing + not_repeatable - findings.len() as u64;
    let listed = if unlisted > 0 { format!("; {unlisted} of these are not listed") } else { String::new() };
    format!(
        "{differing} of {decisions} decisions came out otherwise, and {not_repeatable} could not be decided again{listed}"
    )
}
