//! `underwright audit verify`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::verify_file::verify_file;
use crate::{
    audit::{checkpoint::SignedCheckpoint, exported, note::VerifierKey, proof::ProofFile},
    cli::{
        Answer,
        migrate::{Store, runtime},
        print_line,
    },
    service::audit::{NamedCheckpoint, Outside, Report, verify_against},
    storage::Db,
};

/// Recompute every hash of the audit log and name the first bad entry.
///
/// Reads the database and changes nothing in it; a server may be running on it. With --checkpoint it holds the log
/// against checkpoints that were kept elsewhere, which shows that it was not cut off or rewritten as a whole. With
/// --proof it checks the proof of one entry, and with --file a whole export, and reads no database at all. Exit code 0: all of it holds; 1: it does not;
/// 2: it cannot be read.
#[derive(Debug, Default, clap::Args)]
#[command(
    after_help = "Examples:\n  underwright audit verify --data-dir /var/lib/underwright --json\n  underwright audit verify \
                  --checkpoint kept/latest.checkpoint --key keys.txt\n  underwright audit verify --proof proof.json --key \
                  'bank.example/lending+1a2b3c4d+AQ…'"
)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    store: Store,
    /// Signed checkpoints that were kept outside the database
    #[arg(long, value_name = "FILE", num_args = 1..)]
    checkpoint: Vec<PathBuf>,
    /// The lender's published keys: each a verifier key, or a file with one in each line
    #[arg(long, value_name = "KEY|FILE", num_args = 1..)]
    key: Vec<String>,
    /// Check this export (JSON Lines) offline; --checkpoint holds it against checkpoints that were kept elsewhere
    #[arg(long, value_name = "FILE", conflicts_with_all = ["proof", "database_url", "data_dir"])]
    file: Option<PathBuf>,
    /// Check this proof of one entry, offline
    #[arg(long, value_name = "FILE", conflicts_with_all = ["checkpoint", "database_url", "data_dir"])]
    proof: Option<PathBuf>,
    /// Read every page of the database file, those of indexes too; slower
    #[arg(long, conflicts_with = "proof")]
    deep: bool,
    /// The database is an archive that was made without the table of data keys: do not miss them
    #[arg(long, conflicts_with_all = ["proof", "file"])]
    archive: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Answer> {
    let keys = read_keys(&args.key)?;
    match &args.proof {
        Some(file) => verify_proof(file, &keys, args.json),
        None if args.file.is_some() => verify_export(args, keys),
        None => verify_log(args, keys),
    }
}

/// Checks an export. With keys, a checkpoint from elsewhere is believed only when one of them signed it.
fn verify_export(args: &Args, keys: Vec<VerifierKey>) -> anyhow::Result<Answer> {
    let mut heads = Vec::new();
    for file in &args.checkpoint {
        let NamedCheckpoint { name, checkpoint } = read_checkpoint(file)?;
        if !keys.is_empty()
            && let Err(unsigned) = checkpoint.verify(&keys)
        {
            print_line(&format!("the checkpoint {name} is not to be trusted: {unsigned}"))?;
            return Ok(Answer::No);
        }
        heads.push(checkpoint.head());
    }
    let file = args.file.as_deref().unwrap_or(Path::new(""));
    verify_file(file, exported::Outside { keys, heads }, args.json)
}

fn verify_log(args: &Args, keys: Vec<VerifierKey>) -> anyhow::Result<Answer> {
    let url = args.store.url()?;
    let checkpoints: anyhow::Result<_> = args.checkpoint.iter().map(|file| read_checkpoint(file)).collect();
    let outside = Outside { checkpoints: checkpoints?, keys, whole_file: args.deep, without_keys: args.archive };
    // Draws on standard error, and only when that is a terminal.
    let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template("{bar:40} {pos}/{len} entries {eta}")?);
    let report = runtime()?.block_on(async {
        let db = Db::open_read_only(&url).await?;
        let report = verify_against(&db, &outside, |done, total| {
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
    for unchecked in &report.unchecked {
        eprintln!("not checked: {}", unchecked.sentence());
    }
    Ok(if report.intact { Answer::Done } else { Answer::No })
}

/// The result in a sentence.
fn verdict(report: &Report) -> String {
    let held = match (report.checkpoints.stored, report.checkpoints.outside) {
        (stored, 0) => format!("{stored} checkpoints in the database"),
        (stored, outside) => format!("{stored} checkpoints in the database and {outside} kept elsewhere"),
    };
    match (&report.log, &report.message) {
        (Some(log), _) => {
            format!("the audit log is intact: {} entries, root {}, held against {held}", log.size, log.root_hash)
        }
        (None, Some(message)) => format!("the audit log is broken: {message} ({} entries before hold)", report.entries),
        (None, None) => "the audit log is broken".to_owned(),
    }
}

/// Checks a proof of one entry.
fn verify_proof(file: &Path, keys: &[VerifierKey], as_json: bool) -> anyhow::Result<Answer> {
    let name = file.display();
    let text = fs::read_to_string(file).with_context(|| format!("cannot read the proof {name}"))?;
    let proof: ProofFile =
        serde_json::from_str(&text).with_context(|| format!("{name} is not a proof of an audit entry"))?;
    let checked = proof.check(keys);
    if as_json {
        let message = checked.as_ref().err().map(ToString::to_string);
        let key = checked.as_ref().ok().map(|proved| proved.key.to_string());
        let trusted = checked.is_ok() && !keys.is_empty();
        let report = json!({
            "holds": checked.is_ok(), "sequence": proof.sequence, "tree_size": proof.tree_size, "key": key,
            "key_trusted": trusted, "message": message,
        });
        print_line(&report.to_string())?;
    }
    let Ok(proved) = checked.as_ref().map_err(|fault| {
        if !as_json {
            // What is said last is the answer, whether or not it can be written.
            let _ = print_line(&format!("the proof does not hold: {fault}"));
        }
    }) else {
        return Ok(Answer::No);
    };
    if !as_json {
        print_line(&format!(
            "the proof holds: entry {} ({} on {}, {}) is in the log `{}` of {} entries, signed by {}",
            proof.sequence,
            proved.entry.action.as_str(),
            proved.entry.subject,
            proved.entry.time,
            proved.checkpoint.checkpoint().origin,
            proof.tree_size,
            proved.key.short_name(),
        ))?;
    }
    if keys.is_empty() {
        eprintln!(
            "not checked: whether {} is the lender's key: it is named by the proof alone. Give the published key with \
             --key",
            proved.key
        );
    }
    Ok(Answer::Done)
}

fn read_checkpoint(file: &Path) -> anyhow::Result<NamedCheckpoint> {
    let name = file.display().to_string();
    let text = fs::read_to_string(file).with_context(|| format!("cannot read the checkpoint {name}"))?;
    let checkpoint = SignedCheckpoint::parse(&text).with_context(|| format!("{name} is not a checkpoint"))?;
    Ok(NamedCheckpoint { name, checkpoint })
}

/// Reads verifier keys, and files of them.
fn read_keys(given: &[String]) -> anyhow::Result<Vec<VerifierKey>> {
    let mut keys = Vec::new();
    for text in given {
        if let Ok(key) = text.parse() {
            keys.push(key);
            continue;
        }
        let lines = fs::read_to_string(text)
            .map_err(|cause| anyhow!("{text} is neither a verifier key nor a file that can be read ({cause})"))?;
        let before = keys.len();
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            keys.push(line.parse().with_context(|| format!("{text} holds a line that is no verifier key"))?);
        }
        if keys.len() == before {
            return Err(anyhow!("{text} holds no verifier key"));
        }
    }
    Ok(keys)
}
