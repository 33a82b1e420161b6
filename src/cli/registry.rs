//! What the commands on models and policies have in common: the store, and who acts.

use anyhow::Context;

use super::{
    custody::CustodyArgs,
    migrate::runtime,
    settings::{SettingsArgs, database_url},
};
use crate::{
    clock::{Clock, Ids},
    domain::{
        principal::{Principal, Role},
        timestamp::Timestamp,
    },
    service::{
        custody::Caller,
        promotion::{Promoted, Promotion, PromotionError, promote},
    },
    storage::Db,
};

/// Does something with a store that exists, which it leaves as it is.
pub(super) fn read<T>(args: &SettingsArgs, work: impl AsyncFnOnce(&Db) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let url = database_url(&args.load()?)?;
    runtime()?.block_on(async {
        let db = Db::open_read_only(&url).await.context("the store cannot be opened")?;
        let done = work(&db).await;
        db.close().await;
        done
    })
}

/// Puts something into force in a store that exists.
pub(super) fn put_into_force(
    args: &CustodyArgs,
    promotion: Promotion<'_>,
) -> anyhow::Result<Result<Promoted, PromotionError>> {
    let settings = args.settings.load()?;
    let url = database_url(&settings)?;
    let who = Principal { subject: args.subject.clone(), role: Role::Risk };
    runtime()?.block_on(async {
        // Opening for writing would make a database; a command on one that is not there has the wrong place.
        Db::open_read_only(&url).await.context("the store cannot be opened")?.close().await;
        let db = Db::open_with(&url, &settings.database).await.context("the store cannot be opened")?;
        let (now, ids) = (Clock::system().now(), Ids::from_system()?);
        let caller = Caller { who: &who, request_id: ids.request(now) };
        let promoted = promote(&db, now, caller, promotion).await;
        db.close().await;
        Ok(promoted)
    })
}

/// When something was in force, for a person.
pub(super) fn period(from: Timestamp, to: Option<Timestamp>) -> String {
    to.map_or_else(|| format!("since {from}"), |to| format!("{from} to {to}"))
}

/// What a promotion came to, in a line.
pub(super) fn said(promoted: &Promoted) -> String {
    let Promoted { model, policy, audit } = promoted;
    let entries: Vec<String> = audit.iter().map(|entry| entry.sequence.to_string()).collect();
    let what = format!("model {}@{} and policy {}@{}", model.name, model.version, policy.name, policy.version);
    if entries.is_empty() {
        return format!("{what} were in force already; nothing changed");
    }
    format!("{what} are in force; entry {}. Every server takes them for its next decision", entries.join(" and "))
}
