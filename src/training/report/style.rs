//! How the report looks: on a screen by day and by night, and on paper.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

/// The report's only style sheet. Nothing in the report has a `style` attribute, so that a page may be
/// served under a content security policy that allows this sheet by its hash and nothing else.
pub(super) const SHEET: &str = include_str!("style.css");

/// What the page asks of the browser: to load nothing, run nothing, and apply this one sheet.
pub(super) fn content_security_policy() -> String {
    let hash = STANDARD.encode(Sha256::digest(SHEET.as_bytes()));
    format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")
}
