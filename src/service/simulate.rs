//! What would be decided, without recording anything.

use super::{
    App,
    submit::{self, SubmitError},
    view::ApplicationView,
};

/// Decides an application as [`submit::submit`] would, and keeps nothing of it: the identifiers in the
/// answer name nothing, and its decision has no place in the audit log.
pub fn simulate(app: &App, body: &[u8]) -> Result<ApplicationView, SubmitError> {
    let now = app.clock().now();
    let in_force = app.in_force()?;
    let (application, decided) = submit::decide(app, &in_force, body, now)?;
    Ok(submit::view(app.ids().application(now), now, application.applicant, decided))
}
