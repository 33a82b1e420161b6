//! `underwright audit`.

use super::Answer;

/// Check the audit log.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    Verify,
}

pub(super) fn run(_command: &Command) -> anyhow::Result<Answer> {
    anyhow::bail!("not built yet")
}
