//! `underwright audit checkpoint` and `underwright audit keys`.

use anyhow::bail;

use crate::{
    cli::{
        Answer,
        migrate::{Store, runtime},
        print_line, print_text,
    },
    service::audit::{latest_checkpoint, signing_keys},
    storage::Db,
};

/// Print the last signed checkpoint of the log.
///
/// A C2SP `tlog-checkpoint`: the log's name, its size and its root, signed. Keep it outside the database, and hold the
/// log against it later with `underwright audit verify --checkpoint`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  underwright audit checkpoint --data-dir /var/lib/underwright > kept.checkpoint")]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    store: Store,
}

/// Print the keys that the log says it was signed with, the last one last.
///
/// Each is a verifier key: a name, a short hash and an Ed25519 public key. Publish them, so that others can check
/// checkpoints and proofs with `--key`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  underwright audit keys --data-dir /var/lib/underwright > keys.txt")]
pub(in crate::cli) struct KeysArgs {
    #[command(flatten)]
    store: Store,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Answer> {
    let url = args.store.url()?;
    let latest = runtime()?.block_on(async {
        let db = Db::open_read_only(&url).await?;
        let latest = latest_checkpoint(&db).await;
        db.close().await;
        anyhow::Ok(latest?)
    })?;
    let Some(latest) = latest else {
        bail!("no checkpoint was signed yet; a running server signs one every minute, and when it stops");
    };
    print_text(&latest.note)?;
    if latest.uncovered > 0 {
        eprintln!("{} entries came in after it was signed", latest.uncovered);
    }
    Ok(Answer::Done)
}

pub(super) fn run_keys(args: &KeysArgs) -> anyhow::Result<Answer> {
    let url = args.store.url()?;
    let keys = runtime()?.block_on(async {
        let db = Db::open_read_only(&url).await?;
        let keys = signing_keys(&db).await;
        db.close().await;
        anyhow::Ok(keys?)
    })?;
    if keys.is_empty() {
        bail!("the log names no key yet; a server writes its key into the log when it starts");
    }
    for key in keys {
        print_line(&key.to_string())?;
    }
    Ok(Answer::Done)
}
