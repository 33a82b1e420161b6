//! A decision as one pure function of application, model, policy and time.

pub mod counterfactual;
pub mod pipeline;
mod reason_map;
pub mod record;
pub mod replay;
