//! `underwright keys`.

use indicatif::ProgressBar;

use super::{
    Answer,
    custody::{CustodyArgs, caller, open, principal},
    migrate::runtime,
    print_line,
};
use crate::{config::Mode, crypto::kek::make_development_key, service::rotation};

/// Change the keys over personal data.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    Rotate(RotateArgs),
}

/// Wrap every data key by the active key-encryption key.
///
/// Add the new key to [[keys.encryption]], set keys.active to it and restart every server; then run this; then take the old
/// key out and destroy it: from then on no backup from before opens, so make a new one first. In development mode this
/// command makes the new key itself. Exit code 1: a server has meanwhile added data keys under an old key; restart
/// it and run this again.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  underwright keys rotate --config /etc/underwright.toml")]
pub(super) struct RotateArgs {
    #[command(flatten)]
    custody: CustodyArgs,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &Command) -> anyhow::Result<Answer> {
    let Command::Rotate(args) = command;
    let settings = args.custody.settings.load()?;
    if settings.mode == Mode::Development && settings.keys.encryption.is_empty() {
        let directory = settings.development_keys_dir();
        let id = make_development_key(&directory)?;
        eprintln!("made the key {id} in {}; restart a running server so that it takes it up", directory.display());
    }
    let bar = ProgressBar::new_spinner();
    let rotation = runtime()?.block_on(async {
        let custody = open(&settings).await?;
        let who = principal(&args.custody);
        let rotation = rotation::rotate(&custody, caller(&custody, &who), |done| bar.set_position(done)).await;
        custody.close().await;
        anyhow::Ok(rotation?)
    })?;
    bar.finish_and_clear();
    if args.json {
        print_line(&serde_json::to_string(&rotation)?)?;
    } else {
        print_line(&format!("{} keys wrapped by {}", rotation.rewrapped, rotation.to))?;
    }
    if rotation.left.is_empty() {
        eprintln!("nothing is wrapped by another key: take old ones out of keys.encryption, back up, and destroy them");
        return Ok(Answer::Done);
    }
    for (kek, count) in &rotation.left {
        eprintln!("{count} data keys are still wrapped by {kek}: restart the server that uses it, then run this again");
    }
    Ok(Answer::No)
}
