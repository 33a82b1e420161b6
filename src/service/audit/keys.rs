//! What is in force, as the log says it: the key that signs, the model that scores, the policy that decides.

use serde::{Deserialize, Serialize};

use super::super::{
    App, BUILD, in_force,
    recorder::{Event, RecordError},
    submit::inconsistent,
};
use crate::{
    audit::{
        entry::{Action, Draft, Entry, Facts, canonical},
        note::VerifierKey,
    },
    domain::principal::{Principal, Role},
    storage::{self, Tx, audit},
};

/// Who puts a key into force.
const SERVER: &str = "underwright-server";

/// What an entry on a signing key says.
#[derive(Debug, Serialize, Deserialize)]
struct KeyPayload {
    key: VerifierKey,
}

/// Records the key that signs now, where the last such entry says another, and puts into force the model and the policy
/// that the server was started with, where they never were. To be called before the server takes its first request, so
/// that the log says what decided when.
pub async fn record_what_is_in_force(app: &App) -> Result<(), RecordError> {
    if let Some(key) = app.signing_key() {
        let subject = format!("signing-key/{}", key.short_name());
        record(app, Action::SigningKeyActivated, &subject, &KeyPayload { key: key.clone() }).await?;
    }
    in_force::settle(app).await
}

async fn record(app: &App, action: Action, subject: &str, payload: &impl Serialize) -> Result<(), RecordError> {
    let payload = canonical(payload).map_err(|error| inconsistent(&error))?;
    let actor = Principal { subject: SERVER.to_owned(), role: Role::Admin };
    let request_id = app.ids().request(app.clock().now());
    let facts = Facts { action, actor: &actor, build: BUILD, request_id, subject };
    let entry = Draft::new(facts, &payload).map_err(|error| inconsistent(&error))?;
    app.recorder().record_event(Event { entry, payload }).await?;
    Ok(())
}

/// The keys that the log says it was signed with, the first one first.
pub(in crate::service) async fn keys_of_log(tx: &mut Tx) -> Result<Vec<VerifierKey>, storage::Error> {
    let entries = audit::entries_of(tx, Action::SigningKeyActivated).await?;
    Ok(entries.iter().filter_map(|entry| key_of(entry)).collect())
}

/// The key that an entry puts into force; `None` when it cannot be read, which verification finds.
fn key_of(entry: &str) -> Option<VerifierKey> {
    let entry: Entry = serde_json::from_str(entry).ok()?;
    let payload: KeyPayload = serde_json::from_str(entry.payload.get()).ok()?;
    Some(payload.key)
}
