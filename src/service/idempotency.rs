//! Requests that may be asked for again without being done again.
//!
//! A key stands for one request of one caller on one route: the same method, path and body. What was
//! recorded under it is answered again byte for byte. A refusal (a malformed or invalid body) records
//! nothing and is not kept: the same key may be used again once the body is mended.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    Answer, App, Call, Vault,
    recorder::{AnswerDraft, RecordError},
};
use crate::{
    audit::entry::actor_name,
    storage::{
        self, Db,
        idempotency::{KeyId, StoredAnswer},
    },
};

/// The keys that are being worked on in this process.
#[derive(Debug, Clone, Default)]
pub(super) struct InFlight(Arc<Mutex<HashSet<KeyId>>>);

/// A key that is being worked on, until this is dropped.
#[derive(Debug)]
pub(super) struct Reservation {
    pub(super) id: KeyId,
    pub(super) request_mac: [u8; 32],
    in_flight: InFlight,
}

/// What a caller asks for, as far as a key is concerned.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    /// The method and the path's template.
    pub(super) route: &'static str,
    /// What the path names, when its template has a place for it.
    pub(super) target: &'a str,
    /// What else decides what is done: the version that was seen.
    pub(super) condition: u32,
    pub(super) body: &'a [u8],
}

impl InFlight {
    /// Takes the call's key, when it has one.
    pub(super) fn reserve(
        &self,
        vault: &Vault,
        call: Call<'_>,
        request: Request<'_>,
    ) -> Result<Option<Reservation>, RecordError> {
        let Some(key) = call.idempotency_key else { return Ok(None) };
        let id = KeyId { caller: actor_name(call.who), route: request.route, key: key.as_str().to_owned() };
        if !self.keys().insert(id.clone()) {
            return Err(RecordError::InFlight);
        }
        Ok(Some(Reservation { id, request_mac: fingerprint(vault, request), in_flight: self.clone() }))
    }

    /// A set of texts stays whole whatever a thread that panicked was doing.
    fn keys(&self) -> MutexGuard<'_, HashSet<KeyId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.in_flight.keys().remove(&self.id);
    }
}

impl Reservation {
    /// The answer that is kept for this request, if the kept one is for the same request.
    pub(super) fn replay(&self, vault: &Vault, stored: &StoredAnswer) -> Result<Answer, RecordError> {
        if stored.request_mac != self.request_mac {
            return Err(RecordError::KeyReused);
        }
        let id = stored.application_id;
        let wrapped = stored.data_key.as_ref().ok_or(RecordError::Erased)?;
        let open_json = vault.unwrap(id, wrapped)?.open_answer(&self.id, &stored.response)?;
        let draft = AnswerDraft::reopened(stored.status, open_json);
        let answer = draft.finish(id, stored.version, stored.audit_sequence, stored.leaf_hash);
        Ok(Answer { replayed: true, ..answer })
    }

    /// Looks up what is kept under this key.
    pub(super) async fn stored(&self, app: &App) -> Result<Option<Answer>, RecordError> {
        let stored = find(app.db(), &self.id).await?;
        stored.map(|stored| self.replay(app.vault(), &stored)).transpose()
    }
}

async fn find(db: &Db, id: &KeyId) -> Result<Option<StoredAnswer>, storage::Error> {
    let mut tx = db.read().await?;
    let found = storage::idempotency::find(&mut tx, std::slice::from_ref(id)).await?;
    Ok(found.into_iter().next().map(|(_, stored)| stored))
}

/// A keyed hash of what is asked for.
fn fingerprint(vault: &Vault, request: Request<'_>) -> [u8; 32] {
    let condition = request.condition.to_be_bytes();
    vault.index().request(&[request.route.as_bytes(), request.target.as_bytes(), &condition, request.body])
}
