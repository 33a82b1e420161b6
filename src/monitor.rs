//! What is watched once a model decides.

pub mod drift;
pub mod standing;
