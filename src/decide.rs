//! A decision as one pure function of application, model, policy and time.

pub mod pipeline;
pub mod record;
