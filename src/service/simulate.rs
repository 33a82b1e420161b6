//! What would be decided, without recording anything.

use crate::domain::fault::Refusal;

use super::{App, view::ApplicationView};

/// Decides an application as [`super::submit::submit`] would, and keeps nothing of it: the identifiers
/// in the answer name nothing, and its decision has no place in the audit log.
pub fn simulate(app: &App, body: &[u8]) -> Result<ApplicationView, Refusal> {
    let _ = (app, body);
    todo!()
}
