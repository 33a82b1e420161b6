//! What the use cases share.

use std::sync::{Arc, Weak};

use serde::Serialize;
use tokio::task::JoinHandle;
use utoipa::ToSchema;

use super::{
    audit::{
        checkpoints::{self, Checkpointer},
        verification::Verification,
    },
    comparable::Samples,
    custody::Custody,
    earlier::Earlier,
    idempotency::InFlight,
    in_force::{self, Current},
    recorder::{Recorder, Settings},
    vault::Vault,
};
use crate::{
    audit::note::VerifierKey,
    clock::{Clock, Ids},
    decide::pipeline::Decider,
    storage::{self, Db, erasure_journal::ErasureJournal},
    telemetry::RecorderMetrics,
};

/// Everything that the use cases need. Cheap to clone: every clone is the same application.
#[derive(Debug, Clone)]
pub struct App(Arc<Shared>);

#[derive(Debug)]
pub(super) struct Shared {
    custody: Custody,
    current: Current,
    earlier: Earlier,
    samples: Samples,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
    checkpointer: Option<Checkpointer>,
    signing_key: Option<VerifierKey>,
    in_flight: InFlight,
    verification: Verification,
    /// Looks for what is in force.
    looking: JoinHandle<()>,
    metrics: RecorderMetrics,
}

/// What an [`App`] is made of.
#[derive(Debug)]
pub struct Parts {
    pub db: Db,
    /// The keys over the personal data in it.
    pub vault: Vault,
    /// What was erased, kept outside it.
    pub journal: ErasureJournal,
    /// The model and policy that decide until the log says which do.
    pub decider: Decider,
    pub clock: Clock,
    pub ids: Ids,
    pub metrics: RecorderMetrics,
    pub recorder: Settings,
    /// How the head of the log is signed. A server always signs; without it no checkpoint is written or answered.
    pub checkpoints: Option<checkpoints::Settings>,
}

/// Whether the service can do its work, and if not, which part cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Readiness {
    /// The database answers a read.
    pub database: bool,
    /// The recorder runs and can open a transaction for writing.
    pub recorder: bool,
    /// The model and the policy that are in force are loaded. A model is loaded only when it gave the bits that its
    /// parity vectors ask for.
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
        let Parts { db, vault, journal, decider, clock, ids, metrics, recorder, checkpoints } = parts;
        let recorder = Recorder::start((db.clone(), vault.clone()), clock.clone(), metrics.clone(), recorder);
        let signing_key = checkpoints.as_ref().map(|settings| settings.signer.verifier().clone());
        let checkpointer = checkpoints.map(|settings| Checkpointer::start(db.clone(), clock.clone(), settings));
        let in_flight = InFlight::default();
        let custody = Custody { db, vault, clock: clock.clone(), ids: ids.clone(), journal };
        Self(Arc::new_cyclic(|shared| Shared {
            custody,
            current: Current::new(decider),
            earlier: Earlier::default(),
            samples: Samples::default(),
            clock,
            ids,
            recorder,
            checkpointer,
            signing_key,
            in_flight,
            verification: Verification::default(),
            looking: tokio::spawn(in_force::keep_looking(Weak::clone(shared))),
            metrics,
        }))
    }

    pub(super) fn upgrade(shared: &Weak<Shared>) -> Option<Self> {
        shared.upgrade().map(Self)
    }

    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    #[must_use]
    pub fn ids(&self) -> &Ids {
        &self.0.ids
    }

    /// What the care of personal data needs.
    #[must_use]
    pub fn custody(&self) -> &Custody {
        &self.0.custody
    }

    pub(super) fn db(&self) -> &Db {
        &self.0.custody.db
    }

    pub(super) fn vault(&self) -> &Vault {
        &self.0.custody.vault
    }

    pub(super) fn verification(&self) -> &Verification {
        &self.0.verification
    }

    pub(super) fn current(&self) -> &Current {
        &self.0.current
    }

    pub(super) fn earlier(&self) -> &Earlier {
        &self.0.earlier
    }

    pub(super) fn samples(&self) -> &Samples {
        &self.0.samples
    }

    pub(super) fn recorder(&self) -> &Recorder {
        &self.0.recorder
    }

    pub(super) fn checkpointer(&self) -> Option<&Checkpointer> {
        self.0.checkpointer.as_ref()
    }

    /// The key that signs the log's checkpoints.
    #[must_use]
    pub fn signing_key(&self) -> Option<&VerifierKey> {
        self.0.signing_key.as_ref()
    }

    pub(super) fn metrics(&self) -> &RecorderMetrics {
        &self.0.metrics
    }

    pub(super) fn in_flight(&self) -> &InFlight {
        &self.0.in_flight
    }

    /// Asks every part whether it can work.
    pub async fn readiness(&self) -> Readiness {
        Readiness {
            database: self.reads().await.is_ok(),
            recorder: self.0.recorder.is_writable().await,
            model: self.in_force().is_ok(),
        }
    }

    async fn reads(&self) -> Result<(), storage::Error> {
        let mut tx = self.db().read().await?;
        storage::audit::head(&mut tx).await?;
        Ok(())
    }

    /// Records what still waits, signs the head that it leaves, then stops: changes asked for from now on are
    /// refused. Returns once everything acknowledged is durable and the database is closed.
    pub async fn stop(&self) {
        self.0.looking.abort();
        self.0.verification.stop();
        self.0.recorder.stop().await;
        if let Some(checkpointer) = &self.0.checkpointer {
            checkpointer.stop().await;
        }
        self.db().close().await;
    }
}
