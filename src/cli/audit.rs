//! `underwright audit`.

mod replay;

use indicatif::{ProgressBar, ProgressStyle};

use super::{
    Answer,
    migrate::{Store, runtime},
    print_line,
};
use crate::{
    service::audit::{Report, verify},
    storage::Db,
};

/// Check the audit log, and repeat what it records.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    Verify(VerifyArgs),
    Replay(replay::Args),
}

/// Recompute every hash of the audit log and name the first bad entry.
///
/// Reads the database and changes nothing in it; a server may be running on it. Exit code 0: the log is intact;
/// 1: it is not; 2: it cannot be read.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "Example:\n  underwright audit verify --data-dir /var/lib/underwright --json")]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    store: Store,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &Command) -> anyhow::Result<Answer> {
    match command {
        Command::Verify(args) => run_verify(args),
        Command::Replay(args) => replay::run(args),
    }
}

fn run_verify(args: &VerifyArgs) -> anyhow::Result<Answer> {
    let url = args.store.url()?;
    // Draws on standard error, and only when that is a terminal.
    let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template("{bar:40} {pos}/{len} entries {eta}")?);
    let report = runtime()?.block_on(async {
        let db = Db::open_read_only(&url).await?;
        let report = verify(&db, |done, total| {
            bar.set_length(total);
            bar.set_position(done);
        })
        .await;
        db.close().await;
        report
    })?;
    bar.finish_and_clear();
    if args.json {
        print_line(&serde_json::to_string(&report)?)?;
    } else {
        print_line(&verdict(&report))?;
    }
    eprintln!(
        "not checked: whether the whole log was rewritten, or cut off, together with all of its hashes. That shows \
         only against a checkpoint that was kept outside this database, and none was given. Nor: the keys that \
         personal data is sealed under (data_keys) and the answers kept for repeated requests (idempotency_keys), of \
         which the log holds nothing."
    );
    Ok(if report.intact { Answer::Done } else { Answer::No })
}

/// The result in a sentence.
fn verdict(report: &Report) -> String {
    match (&report.log, &report.message) {
        (Some(log), _) => format!("the audit log is intact: {} entries, root {}", log.size, log.root_hash),
        (None, Some(message)) => format!("the audit log is broken: {message} ({} entries before hold)", report.entries),
        (None, None) => "the audit log is broken".to_owned(),
    }
}
