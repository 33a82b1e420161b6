//! `underwright openapi`.

use anyhow::Context;

use super::{Answer, print_text};
use crate::http::api::document;

/// Print the OpenAPI 3.1 document of the API, the same that the server answers at /openapi.json.
///
/// Example: underwright openapi > openapi.json
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_args: &Args) -> anyhow::Result<Answer> {
    let text = document::json_text().context("cannot write the document")?;
    print_text(&text)?;
    Ok(Answer::Done)
}
