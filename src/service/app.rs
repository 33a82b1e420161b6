//! What the use cases share.

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    clock::{Clock, Ids},
    decide::pipeline::Decider,
    service::{models::Registry, recorder},
    storage::Db,
    telemetry::RecorderMetrics,
};

/// Everything that the use cases need. Cheap to clone: every clone is the same application.
#[derive(Debug, Clone)]
pub struct App(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    parts: Parts,
}

/// What an [`App`] is made of.
#[derive(Debug)]
pub struct Parts {
    pub db: Db,
    /// The model and policy that decide.
    pub decider: Decider,
    /// What is shown of models.
    pub registry: Registry,
    pub clock: Clock,
    pub ids: Ids,
    pub metrics: RecorderMetrics,
    pub recorder: recorder::Settings,
}

/// Whether the service can do its work, and if not, which part cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Readiness {
    /// The database answers a read.
    pub database: bool,
    /// The recorder runs and can open a transaction for writing.
    pub recorder: bool,
    /// The model gives the bits that its parity vectors ask for.
    pub model: bool,
}

impl Readiness {
    /// Whether every part is.
    #[must_use]
    pub const fn is_ready(self) -> bool {
        self.database && self.recorder && self.model
    }
}

impl App {
    /// Starts the recorder. Must be called within a tokio runtime.
    #[must_use]
    pub fn start(parts: Parts) -> Self {
        Self(Arc::new(Shared { parts }))
    }

    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.parts.clock
    }

    #[must_use]
    pub fn ids(&self) -> &Ids {
        &self.0.parts.ids
    }

    #[must_use]
    pub fn decider(&self) -> &Decider {
        &self.0.parts.decider
    }

    /// Asks every part whether it can work.
    pub async fn readiness(&self) -> Readiness {
        todo!()
    }

    /// Records what still waits, then stops: changes asked for from now on are refused. Returns once
    /// everything acknowledged is durable.
    pub async fn stop(&self) {
        todo!()
    }
}
