//! `underwright openapi`.

use std::io::Write;

use anyhow::Context;

use super::Answer;
use crate::http::api::document;

/// Print the OpenAPI 3.1 document of the API, the same that the server answers at /openapi.json.
///
/// Example: underwright openapi > openapi.json
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_args: &Args) -> anyhow::Result<Answer> {
    let text = document::json_text().context("cannot write the document")?;
    std::io::stdout().write_all(text.as_bytes()).context("cannot write to standard output")?;
    Ok(Answer::Done)
}
