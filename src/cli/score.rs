//! `underwright score`.

use super::Answer;

/// Score a file without a server.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_args: &Args) -> anyhow::Result<Answer> {
    anyhow::bail!("not built yet")
}
