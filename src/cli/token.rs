//! `underwright token`.

use super::Answer;

/// Sign a token with the development key.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_args: &Args) -> anyhow::Result<Answer> {
    anyhow::bail!("not built yet")
}
