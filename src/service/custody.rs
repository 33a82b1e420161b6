//! What the care of personal data needs, in a server and in a command: no model, no policy, no recorder.

use super::{Vault, recorder::LoneEntry};
use crate::{
    audit::entry::{Action, Facts, canonical},
    clock::{Clock, Ids},
    crypto::KeyEncryption,
    domain::{decision::AuditRef, id::RequestId, principal::Principal},
    storage::{self, Db, erasure_journal::ErasureJournal},
};

/// The database, the keys over it, and the journal of erasures. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Custody {
    pub(super) db: Db,
    pub(super) vault: Vault,
    pub(super) clock: Clock,
    pub(super) ids: Ids,
    pub(super) journal: ErasureJournal,
}

/// Who acts on personal data, and under which request.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    pub who: &'a Principal,
    pub request_id: RequestId,
}

impl Custody {
    /// Opens the keys over a database's personal data.
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub async fn open(
        db: Db,
        encryption: KeyEncryption,
        journal: ErasureJournal,
        (clock, ids): (Clock, Ids),
    ) -> Result<Self, storage::Error> {
        let vault = Vault::open(&db, encryption).await?;
        Ok(Self { db, vault, clock, ids, journal })
    }

    /// The keys over the database's personal data.
    #[must_use]
    pub const fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Names a request that no HTTP request is: a command's, or one of the server's own.
    #[must_use]
    pub fn request_id(&self) -> RequestId {
        self.ids.request(self.clock.now())
    }

    /// Closes the database.
    pub async fn close(&self) {
        self.db.close().await;
    }

    /// Begins a change that is one entry of the log.
    pub(super) async fn begin(&self) -> Result<LoneEntry, storage::Error> {
        LoneEntry::begin(&self.db, self.clock.now()).await
    }

    /// Ends a change: writes its entry and commits.
    pub(super) async fn commit<T: serde::Serialize>(
        &self,
        change: LoneEntry,
        caller: Caller<'_>,
        action: Action,
        (subject, payload): (&str, &T),
    ) -> Result<AuditRef, storage::Error> {
        let not_canonical = |error: crate::audit::entry::NotCanonical| storage::Error::Conflict(error.to_string());
        let facts = Facts { action, actor: caller.who, build: super::BUILD, request_id: caller.request_id, subject };
        change.commit(facts, &canonical(payload).map_err(not_canonical)?).await
    }

    /// Leaves no copy of what was deleted in the database's files, as far as it can be done at once.
    pub(super) async fn scrub(&self) {
        match self.db.scrub().await {
            Ok(true) => {}
            Ok(false) => tracing::warn!(
                "destroyed keys may stand in the write-ahead log until readers let go of it; the next checkpoint clears it"
            ),
            Err(error) => tracing::warn!(%error, "the write-ahead log was not cleared of destroyed keys; it is later"),
        }
    }
}
