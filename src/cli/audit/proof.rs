//! `underwright audit proof`.

use crate::{
    cli::{
        Answer,
        migrate::{Store, runtime},
        print_line,
    },
    service::audit::proof,
    storage::Db,
};

/// Prove that one entry is in the log: a file that can be handed out and checked offline.
///
/// Prints JSON: the entry, the hashes from it to the root of the log's tree, that root signed, and how to check it.
/// `underwright audit verify --proof` checks it. Exit code 2: there is no such entry, or no checkpoint covers it yet.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  underwright audit proof --sequence 123 --data-dir /var/lib/underwright > proof.json"
)]
pub(in crate::cli) struct Args {
    /// The entry's place in the log, from 0; a decision's answer names it in `audit.sequence`
    #[arg(long)]
    sequence: u64,
    #[command(flatten)]
    store: Store,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Answer> {
    let url = args.store.url()?;
    let file = runtime()?.block_on(async {
        let db = Db::open_read_only(&url).await?;
        let file = proof(&db, args.sequence).await;
        db.close().await;
        anyhow::Ok(file?)
    })?;
    print_line(&serde_json::to_string_pretty(&file)?)?;
    Ok(Answer::Done)
}
