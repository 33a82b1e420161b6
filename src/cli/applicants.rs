//! `underwright applicants`.

use super::{
    Answer,
    custody::{CustodyArgs, caller, open, principal},
    migrate::runtime,
    print_line,
};
use crate::service::privacy::{self, PrivacyError};

/// Erase an applicant's data, or hold it.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    Erase(EraseArgs),
    Hold(HoldArgs),
    Release(HoldArgs),
}

/// Erase an applicant: destroy the keys that its data is sealed under, for good.
///
/// A server may be running. Exit code 0: it is erased, now or before; 1: a legal hold stands against it, or there is no
/// application of this applicant.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  underwright applicants erase --reference C-88121 --data-dir /var/lib/underwright --json"
)]
pub(super) struct EraseArgs {
    /// The lender's own number for the applicant, as applications give it in applicant.reference
    #[arg(long)]
    reference: String,
    #[command(flatten)]
    custody: CustodyArgs,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Place a legal hold on an applicant's data (`hold`), or end it (`release`).
///
/// While it is held neither an erasure nor the end of a retention period destroys it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  underwright applicants hold --reference C-88121 --data-dir /var/lib/underwright")]
pub(super) struct HoldArgs {
    /// The lender's own number for the applicant
    #[arg(long)]
    reference: String,
    #[command(flatten)]
    custody: CustodyArgs,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &Command) -> anyhow::Result<Answer> {
    match command {
        Command::Erase(args) => erase(args),
        Command::Hold(args) => set_hold(args, true),
        Command::Release(args) => set_hold(args, false),
    }
}

fn erase(args: &EraseArgs) -> anyhow::Result<Answer> {
    let settings = args.custody.settings.load()?;
    let result = runtime()?.block_on(async {
        let custody = open(&settings).await?;
        let who = principal(&args.custody);
        let result = privacy::erase(&custody, caller(&custody, &who), &args.reference).await;
        custody.close().await;
        anyhow::Ok(result)
    })?;
    let erasure = match result {
        Ok(erasure) => erasure,
        Err(error) => return refused(error),
    };
    if args.json {
        print_line(&serde_json::to_string(&erasure)?)?;
    } else {
        print_line(&format!(
            "erased in {} applications, at {}; entry {}",
            erasure.applications, erasure.erased_at, erasure.audit.sequence
        ))?;
    }
    Ok(Answer::Done)
}

fn set_hold(args: &HoldArgs, hold: bool) -> anyhow::Result<Answer> {
    let settings = args.custody.settings.load()?;
    let result = runtime()?.block_on(async {
        let custody = open(&settings).await?;
        let who = principal(&args.custody);
        let caller = caller(&custody, &who);
        let result = if hold {
            privacy::hold(&custody, caller, &args.reference).await
        } else {
            privacy::release(&custody, caller, &args.reference).await
        };
        custody.close().await;
        anyhow::Ok(result)
    })?;
    let state = match result {
        Ok(state) => state,
        Err(error) => return refused(error),
    };
    if args.json {
        print_line(&serde_json::to_string(&state)?)?;
    } else {
        let said = if state.held { "held" } else { "not held" };
        let entry = state.audit.map_or("nothing changed".to_owned(), |audit| format!("entry {}", audit.sequence));
        print_line(&format!("{said}; {entry}"))?;
    }
    Ok(Answer::Done)
}

/// What is a "no" is said and ends with exit code 1; the rest could not run.
fn refused(error: PrivacyError) -> anyhow::Result<Answer> {
    match error {
        PrivacyError::OnHold | PrivacyError::NotFound => {
            eprintln!("{error}");
            Ok(Answer::No)
        }
        other => Err(other.into()),
    }
}
