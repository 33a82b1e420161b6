//! What commands on personal data have in common: the store with the keys over it.

use anyhow::Context;

use super::settings::{SettingsArgs, database_url};
use crate::{
    clock::{Clock, Ids},
    config::Settings,
    crypto::KeyEncryption,
    domain::principal::{Principal, Role},
    service::custody::{Caller, Custody},
    storage::{Db, erasure_journal::ErasureJournal},
};

/// Where the store and its keys are, and who acts.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct CustodyArgs {
    #[command(flatten)]
    pub(super) settings: SettingsArgs,
    /// Who acts, as the audit log is to name them
    #[arg(long, default_value = "command-line", value_parser = subject)]
    pub(super) subject: String,
}

fn subject(text: &str) -> Result<String, &'static str> {
    let fits = (1..=255).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fits { Ok(text.to_owned()) } else { Err("write 1 to 255 characters, none of them a control character") }
}

/// Opens a store that exists, with the keys over it.
pub(super) async fn open(settings: &Settings) -> anyhow::Result<Custody> {
    let url = database_url(settings)?;
    // Opening for writing would make a database; a command on one that is not there has the wrong place.
    Db::open_read_only(&url).await.context("the store cannot be opened")?.close().await;
    let keys = KeyEncryption::load(settings, std::env::vars_os())?;
    let journal = journal(settings)?;
    let db = Db::open_with(&url, &settings.database).await.context("the store cannot be opened")?;
    Ok(Custody::open(db, keys, journal, (Clock::system(), Ids::from_system()?)).await?)
}

/// The journal of erasures of the settings.
pub(super) fn journal(settings: &Settings) -> anyhow::Result<ErasureJournal> {
    let path = settings.erasure_journal();
    ErasureJournal::open(&path).with_context(|| {
        format!("the erasure journal {} cannot be written: set privacy.erasure_journal", path.display())
    })
}

/// The principal of a command.
pub(super) fn principal(args: &CustodyArgs) -> Principal {
    Principal { subject: args.subject.clone(), role: Role::Privacy }
}

/// A command's call, under a request id of its own.
pub(super) fn caller<'a>(custody: &Custody, who: &'a Principal) -> Caller<'a> {
    Caller { who, request_id: custody.request_id() }
}
