//! `underwright audit`.

mod checkpoint;
mod export;
mod proof;
mod replay;
mod verify;
mod verify_file;

use super::Answer;

/// Check the audit log, prove what is in it, take it away, and repeat what it records.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    Verify(verify::Args),
    Proof(proof::Args),
    Checkpoint(checkpoint::Args),
    Keys(checkpoint::KeysArgs),
    Export(export::Args),
    Replay(replay::Args),
}

pub(super) fn run(command: &Command) -> anyhow::Result<Answer> {
    match command {
        Command::Verify(args) => verify::run(args),
        Command::Proof(args) => proof::run(args),
        Command::Checkpoint(args) => checkpoint::run(args),
        Command::Keys(args) => checkpoint::run_keys(args),
        Command::Export(args) => export::run(args),
        Command::Replay(args) => replay::run(args),
    }
}
