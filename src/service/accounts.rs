//! The accounts that sign in to the console, as whoever runs the server manages them. Every change is an entry of the log.

use serde::Serialize;

use super::{
    custody::{Caller, Custody},
    sessions::{OwnSession, subject_of},
    sign_in::PASSWORDS,
};
use crate::{
    audit::entry::Action,
    auth::password::HashingError,
    domain::{
        account::{AccountName, WeakPassword, check_password},
        principal::Role,
        timestamp::Timestamp,
    },
    storage::{
        self,
        accounts::{self as table, StoredAccount},
        sessions, sign_ins,
    },
};

/// Why an account was not changed. Nothing of it is kept.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error("there is an account of this name already; `users password` gives it another password")]
    Exists,
    #[error("there is no account of this name")]
    NotFound,
    #[error(transparent)]
    Weak(#[from] WeakPassword),
    #[error(transparent)]
    Hashing(#[from] HashingError),
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// An account, without its password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountView {
    pub name: String,
    pub role: Role,
    pub created_at: Timestamp,
    pub disabled_at: Option<Timestamp>,
    /// Whether development mode made it: it signs in there alone.
    pub development: bool,
}

/// What is changed of an account.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case", tag = "change")]
pub enum Change<'a> {
    Disabled,
    Enabled,
    Role {
        role: Role,
    },
    Password {
        #[serde(skip)]
        password: &'a str,
    },
    /// Nothing but that its sessions end.
    SignedOut,
}

/// What an entry records of a new account.
#[derive(Serialize)]
struct AdditionRecord {
    role: Role,
}

/// What an entry records of a change.
#[derive(Serialize)]
struct ChangeRecord<'a> {
    #[serde(flatten)]
    change: Change<'a>,
    /// How many sessions it ended.
    sessions: u64,
}

/// Adds an account.
pub async fn add(
    custody: &Custody,
    caller: Caller<'_>,
    name: &AccountName,
    (role, password): (Role, &str),
) -> Result<(), AccountError> {
    check_password(name, password)?;
    let hash = PASSWORDS.hash(password).await?;
    let mut change = custody.begin().await?;
    if table::find(change.tx(), name.as_str()).await?.is_some() {
        return Err(AccountError::Exists);
    }
    let account = StoredAccount {
        name: name.to_string(),
        role,
        password_hash: Some(hash),
        created_at: change.now(),
        disabled_at: None,
    };
    table::insert(change.tx(), &account).await?;
    let subject = subject_of(name.as_str());
    custody.commit(change, caller, Action::AccountAdded, (&subject, &AdditionRecord { role })).await?;
    Ok(())
}

/// Every account, by name.
pub async fn list(custody: &Custody) -> Result<Vec<AccountView>, storage::Error> {
    let mut tx = custody.db.read().await?;
    Ok(table::list(&mut tx).await?.into_iter().map(AccountView::from).collect())
}

/// Changes an account, and ends its sessions unless it is only enabled. Answers how many ended.
pub async fn change(
    custody: &Custody,
    caller: Caller<'_>,
    name: &AccountName,
    what: Change<'_>,
) -> Result<u64, AccountError> {
    let hash = match what {
        Change::Password { password } => {
            check_password(name, password)?;
            Some(PASSWORDS.hash(password).await?)
        }
        _ => None,
    };
    let name = name.as_str();
    let mut change = custody.begin().await?;
    let (now, tx) = (change.now(), change.tx());
    table::find(tx, name).await?.ok_or(AccountError::NotFound)?;
    match (what, &hash) {
        (Change::Disabled, _) => table::set_disabled(tx, name, Some(now)).await?,
        (Change::Enabled, _) => table::set_disabled(tx, name, None).await?,
        (Change::Role { role }, _) => table::set_role(tx, name, role).await?,
        (Change::Password { .. }, Some(hash)) => {
            table::set_password(tx, name, hash).await?;
            sign_ins::forget_browsers(tx, name).await?;
        }
        (Change::Password { .. } | Change::SignedOut, _) => {}
    }
    let sessions = if matches!(what, Change::Enabled) { 0 } else { sessions::remove_all(tx, name, None).await? };
    let (subject, record) = (subject_of(name), ChangeRecord { change: what, sessions });
    custody.commit(change, caller, Action::AccountChanged, (&subject, &record)).await?;
    Ok(sessions)
}

/// The sessions of an account that were opened and not ended, those that lie idle included.
pub async fn sessions(custody: &Custody, name: &AccountName) -> Result<Vec<OwnSession>, AccountError> {
    let mut tx = custody.db.read().await?;
    table::find(&mut tx, name.as_str()).await?.ok_or(AccountError::NotFound)?;
    Ok(sessions::of_account(&mut tx, name.as_str()).await?.into_iter().map(OwnSession::from).collect())
}

impl From<StoredAccount> for AccountView {
    fn from(stored: StoredAccount) -> Self {
        Self {
            development: stored.password_hash.is_none(),
            name: stored.name,
            role: stored.role,
            created_at: stored.created_at,
            disabled_at: stored.disabled_at,
        }
    }
}
