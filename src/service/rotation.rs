//! Changing the key-encryption key: every data key is wrapped anew, and nothing sealed is touched.

use std::collections::BTreeMap;

use serde::Serialize;

use super::custody::{Caller, Custody};
use crate::{
    audit::entry::Action,
    domain::decision::AuditRef,
    storage::{self, data_keys},
};

/// How many data keys one transaction wraps anew.
const CHUNK: u32 = 1_000;
const SUBJECT: &str = "keys";

/// What a rotation came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rotation {
    /// The id of the key that wraps everything now.
    pub to: String,
    /// How many keys were wrapped anew.
    pub rewrapped: u64,
    /// How many are still under other keys: those that another process added meanwhile.
    pub left: BTreeMap<String, u64>,
    /// The entry; left out when nothing was wrapped anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit: Option<AuditRef>,
}

#[derive(Serialize)]
struct RotationRecord<'a> {
    rewrapped: u64,
    to: &'a str,
}

/// Wraps everything that another key than the active one wraps. Can be broken off and begun again: each chunk is
/// durable by itself, and a data key that is destroyed meanwhile stays destroyed.
pub async fn rotate(
    custody: &Custody,
    caller: Caller<'_>,
    mut progress: impl FnMut(u64),
) -> Result<Rotation, storage::Error> {
    let to = custody.vault.active_key().to_owned();
    let mut rewrapped = custody.vault.rewrap_service_keys(&custody.db).await?;
    let mut after = None;
    loop {
        let mut tx = custody.db.write().await?;
        let keys = data_keys::not_under(&mut tx, &to, after, CHUNK).await?;
        let Some((last, _)) = keys.last() else { break };
        after = Some(*last);
        for (application, wrapped) in &keys {
            let anew = custody.vault.rewrap(*application, wrapped)?;
            data_keys::replace(&mut tx, *application, &anew).await?;
            rewrapped += 1;
        }
        tx.commit().await?;
        progress(rewrapped);
    }
    let audit = if rewrapped > 0 {
        let change = custody.begin().await?;
        let record = RotationRecord { rewrapped, to: &to };
        let audit = custody.commit(change, caller, Action::KeysRotated, (SUBJECT, &record)).await?;
        custody.scrub().await;
        Some(audit)
    } else {
        None
    };
    let mut left = data_keys::count_by_kek(&mut custody.db.read().await?).await?;
    left.remove(&to);
    Ok(Rotation { to, rewrapped, left, audit })
}
