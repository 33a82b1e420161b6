//! The HTTP server: problems, extractors, the API, the console.
//!
//! A handler parses, makes one call to [`crate::service`], and shows the result; who may call it stands
//! in its signature ([`extract::Allowed`]). Everything that is refused becomes a [`problem::Problem`],
//! which [`envelope`] writes out with the request's id.

pub mod api;
pub mod console;
pub mod envelope;
pub mod extract;
pub mod limits;
pub mod problem;
mod refusal;
pub mod server;

use std::time::Duration;

use crate::{
    auth::token::TokenVerifier,
    config::{Lender, Secret},
    service::App,
    telemetry::Metrics,
};

/// Everything that the handlers share.
#[derive(Debug)]
pub struct Context {
    pub app: App,
    pub tokens: TokenVerifier,
    pub metrics: Metrics,
    /// What `/metrics` asks for; anyone may read it when `None`.
    pub metrics_token: Option<Secret>,
    pub body: BodyLimits,
    pub rates: limits::RateLimits,
    /// How long a request may take until its answer begins.
    pub answer_within: Duration,
    pub console: console::Settings,
    /// Who writes letters to applicants; nobody where none is set in production mode.
    pub lender: Option<Lender>,
}

/// How much of a body is read, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimits {
    pub bytes: usize,
    pub deadline: Duration,
}
