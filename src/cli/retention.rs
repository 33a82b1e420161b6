//! `underwright retention`.

use serde_json::json;

use super::{
    Answer,
    custody::{CustodyArgs, caller, open, principal},
    migrate::runtime,
    print_line,
};
use crate::service::retention::{self, Periods};

/// Apply the retention periods of the settings.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    Apply(ApplyArgs),
}

/// Erase the applicants whose applications' retention period has ended.
///
/// The periods are those of [retention] in the settings; a running server applies them too, at its interval. What is under
/// a legal hold stays. With --dry-run, prints the ids of the applications that it would be, and changes nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  underwright retention apply --config /etc/underwright.toml --dry-run")]
pub(super) struct ApplyArgs {
    #[command(flatten)]
    custody: CustodyArgs,
    /// List what would be erased, by application id, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &Command) -> anyhow::Result<Answer> {
    let Command::Apply(args) = command;
    let settings = args.custody.settings.load()?;
    let periods = Periods::from(&settings.retention);
    if !periods.end() {
        anyhow::bail!("no period is set: set retention.approve_days, review_days or decline_days in the settings");
    }
    let (done, listed) = runtime()?.block_on(async {
        let custody = open(&settings).await?;
        let mut listed = Vec::new();
        let done = if args.dry_run {
            let each = |outcome, ids: &[_]| listed.extend(ids.iter().map(|id| (outcome, *id)));
            retention::due(&custody, periods, each).await.map(|()| 0)
        } else {
            let who = principal(&args.custody);
            retention::apply(&custody, caller(&custody, &who), periods).await
        };
        custody.close().await;
        anyhow::Ok((done?, listed))
    })?;
    let ended = if args.dry_run { listed.len() } else { done };
    if args.json {
        let ids: Vec<_> = listed.iter().map(|(outcome, id)| json!({"application": id, "outcome": outcome})).collect();
        print_line(&json!({"dry_run": args.dry_run, "applications": ended, "due": ids}).to_string())?;
    } else {
        for (outcome, id) in &listed {
            print_line(&format!("{id} {outcome}"))?;
        }
    }
    let verb = if args.dry_run { "would lose" } else { "lost" };
    eprintln!("{ended} applications {verb} their applicant: their retention period has ended");
    Ok(Answer::Done)
}
