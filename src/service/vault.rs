//! Sealing what applications say of people, and opening it for those who may read it.

use std::sync::Arc;

use crate::{
    audit::entry::canonical,
    crypto::{self, BlindIndex, DataKey, KeyEncryption, Place, SecretKey, WrappedKey},
    domain::{
        application::Applicant,
        id::{ApplicationId, DecisionId},
    },
    storage::{
        self, Db,
        data_keys::{self, NewDataKey, unreadable, unwrapping},
        idempotency::KeyId,
    },
};

const DATA_KEYS: &str = "data_keys";
const WRAPPED_KEYS: &str = "wrapped_keys";
/// The name of the blind index's secret among the service's keys.
const INDEX: &str = "blind-index";

/// The keys over personal data. Cheap to clone; clones are the same vault.
#[derive(Debug, Clone)]
pub struct Vault(Arc<Keys>);

#[derive(Debug)]
struct Keys {
    encryption: KeyEncryption,
    index: BlindIndex,
}

/// One application's data key, unwrapped.
#[derive(Debug)]
pub(super) struct Held {
    application: ApplicationId,
    /// The application's id as text, which is also the data key's.
    id: String,
    key: DataKey,
}

impl Vault {
    /// Opens the vault of a database, and makes the secret of its blind index when there is none.
    ///
    /// # Errors
    /// [`storage::Error::KeyNotAtHand`] when the database's keys are wrapped by one that is not given.
    pub async fn open(db: &Db, encryption: KeyEncryption) -> Result<Self, storage::Error> {
        let mut tx = db.write().await?;
        let wrapped = if let Some(wrapped) = data_keys::service_key(&mut tx, INDEX).await? {
            wrapped
        } else {
            let made = SecretKey::random().map_err(|cause| not_sealed(cause.into()))?;
            let wrapped = encryption.wrap(WRAPPED_KEYS, INDEX, &made).map_err(not_sealed)?;
            data_keys::keep_service_key(&mut tx, INDEX, &wrapped).await?;
            tx.commit().await?;
            tx = db.write().await?;
            // Another process may have been first.
            data_keys::service_key(&mut tx, INDEX).await?.unwrap_or(wrapped)
        };
        let secret = encryption
            .unwrap(WRAPPED_KEYS, INDEX, &wrapped)
            .map_err(|error| unreadable(error, WRAPPED_KEYS, "wrapped", INDEX))?;
        Ok(Self(Arc::new(Keys { encryption, index: BlindIndex::new(&secret) })))
    }

    /// What applicants are found by.
    pub(super) fn index(&self) -> &BlindIndex {
        &self.0.index
    }

    /// Makes the data key of a new application.
    pub(super) fn make(
        &self,
        application: ApplicationId,
        applicant: &Applicant,
    ) -> Result<(Held, NewDataKey), storage::Error> {
        let secret = SecretKey::random().map_err(|cause| not_sealed(cause.into()))?;
        let id = application.to_string();
        let wrapped = self.0.encryption.wrap(DATA_KEYS, &id, &secret).map_err(not_sealed)?;
        let new = NewDataKey {
            application_id: application,
            applicant_index: self.0.index.reference(&applicant.reference),
            national_id_index: applicant.national_id.as_deref().and_then(|id| self.0.index.national_id(id)),
            wrapped,
        };
        Ok((Held { application, id, key: DataKey::new(&secret) }, new))
    }

    /// Unwraps an application's data key.
    pub(super) fn unwrap(&self, application: ApplicationId, wrapped: &WrappedKey) -> Result<Held, storage::Error> {
        let id = application.to_string();
        let secret = self.0.encryption.unwrap(DATA_KEYS, &id, wrapped);
        let secret = secret.map_err(|error| unwrapping(error, application))?;
        Ok(Held { application, id, key: DataKey::new(&secret) })
    }

    /// The id of the key that wraps what is new.
    pub(super) fn active_key(&self) -> &str {
        self.0.encryption.active()
    }

    /// Wraps an application's data key by the active key.
    pub(super) fn rewrap(
        &self,
        application: ApplicationId,
        wrapped: &WrappedKey,
    ) -> Result<WrappedKey, storage::Error> {
        let id = application.to_string();
        let secret = self.0.encryption.unwrap(DATA_KEYS, &id, wrapped);
        let secret = secret.map_err(|error| unwrapping(error, application))?;
        self.0.encryption.wrap(DATA_KEYS, &id, &secret).map_err(not_sealed)
    }

    /// Wraps the keys of the whole service by the active key, and says how many were not.
    pub(super) async fn rewrap_service_keys(&self, db: &Db) -> Result<u64, storage::Error> {
        let mut tx = db.write().await?;
        let found = data_keys::service_key(&mut tx, INDEX).await?;
        let Some(wrapped) = found.filter(|wrapped| wrapped.kek != self.active_key()) else { return Ok(0) };
        let secret = self.0.encryption.unwrap(WRAPPED_KEYS, INDEX, &wrapped);
        let secret = secret.map_err(|error| unreadable(error, WRAPPED_KEYS, "wrapped", INDEX))?;
        let anew = self.0.encryption.wrap(WRAPPED_KEYS, INDEX, &secret).map_err(not_sealed)?;
        data_keys::replace_service_key(&mut tx, INDEX, &anew).await?;
        tx.commit().await?;
        Ok(1)
    }
}

impl Held {
    /// The data key's id.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    fn place<'a>(&'a self, table: &'a str, row: &'a str, column: &'a str) -> Place<'a> {
        Place { table, row, column, key: &self.id }
    }

    pub(super) fn seal_applicant(&self, applicant: &Applicant) -> Result<Vec<u8>, storage::Error> {
        let text = canonical(applicant).map_err(|error| storage::Error::Conflict(error.to_string()))?;
        self.key.seal(&self.place("applications", &self.id, "applicant"), text.as_bytes()).map_err(not_sealed)
    }

    pub(super) fn open_applicant(&self, sealed: &[u8]) -> Result<Applicant, storage::Error> {
        let place = self.place("applications", &self.id, "applicant");
        let text = self.key.open(&place, sealed).map_err(|error| self.not_opened(error, place))?;
        serde_json::from_slice(&text).map_err(|_| self.not_opened(crypto::Error::NotAuthentic, place))
    }

    pub(super) fn seal_note(&self, decision: DecisionId, note: &str) -> Result<Vec<u8>, storage::Error> {
        let row = decision.to_string();
        self.key.seal(&self.place("audit_entries", &row, "note"), note.as_bytes()).map_err(not_sealed)
    }

    pub(super) fn open_note(&self, decision: DecisionId, sealed: &[u8]) -> Result<String, storage::Error> {
        let row = decision.to_string();
        let place = self.place("audit_entries", &row, "note");
        let text = self.key.open(&place, sealed).map_err(|error| self.not_opened(error, place))?;
        String::from_utf8(text).map_err(|_| self.not_opened(crypto::Error::NotAuthentic, place))
    }

    /// Seals a letter; `row` names it among the application's letters.
    pub(super) fn seal_letter(&self, row: &str, letter: &[u8]) -> Result<Vec<u8>, storage::Error> {
        self.key.seal(&self.place("audit_entries", row, "letter"), letter).map_err(not_sealed)
    }

    pub(super) fn open_letter(&self, row: &str, sealed: &[u8]) -> Result<Vec<u8>, storage::Error> {
        let place = self.place("audit_entries", row, "letter");
        self.key.open(&place, sealed).map_err(|error| self.not_opened(error, place))
    }

    pub(super) fn seal_answer(&self, key: &KeyId, open_json: &[u8]) -> Result<Vec<u8>, storage::Error> {
        let row = answer_row(key);
        self.key.seal(&self.place("idempotency_keys", &row, "response"), open_json).map_err(not_sealed)
    }

    pub(super) fn open_answer(&self, key: &KeyId, sealed: &[u8]) -> Result<Vec<u8>, storage::Error> {
        let row = answer_row(key);
        let place = self.place("idempotency_keys", &row, "response");
        self.key.open(&place, sealed).map_err(|error| self.not_opened(error, place))
    }

    fn not_opened(&self, error: crypto::Error, place: Place<'_>) -> storage::Error {
        let table = if place.table == "audit_entries" { "audit_entries" } else { "applications" };
        unreadable(error, table, "the sealed part", &self.application.to_string())
    }
}

/// None of the three can hold a line break.
fn answer_row(key: &KeyId) -> String {
    format!("{}\n{}\n{}", key.caller, key.route, key.key)
}

/// Sealing fails only where the machine has no randomness left.
fn not_sealed(error: crypto::Error) -> storage::Error {
    unreadable(error, DATA_KEYS, "wrapped", "a new key")
}
