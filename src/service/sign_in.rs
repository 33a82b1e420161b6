//! Signing in to the console: with an account's password, or in development mode as a role.
//!
//! Whoever fails waits, longer each time; nobody is locked out. Failures are counted for the account, for the address,
//! and apart from both for a browser that its owner signed in from before, so that guessing from elsewhere never keeps
//! the owner out. Whether an account exists is told neither by the answer nor by the time that it takes.

use std::sync::LazyLock;

use serde::Serialize;
use time::Duration;

use super::{
    App,
    custody::Caller,
    sessions::{Opened, Rules, Visit, open, subject_of},
};
use crate::{
    audit::entry::Action,
    auth::{
        password::{HashingError, PasswordHashing},
        session::SessionToken,
    },
    clock::NoRandomness,
    crypto::IndexTag,
    domain::{
        account::{AccountName, MOST_BYTES},
        principal::{Principal, Role},
        timestamp::Timestamp,
    },
    storage::{
        self, Tx,
        accounts::{self, StoredAccount},
        sign_ins,
    },
};

/// Passwords are hashed in all of a process a few at a time.
pub(super) static PASSWORDS: LazyLock<PasswordHashing> = LazyLock::new(PasswordHashing::default);

/// How many failures under a tag cost nothing: of an account or a browser, and of an address, behind which many may sit.
const FREE_FAILURES: u32 = 5;
const FREE_FAILURES_OF_ADDRESS: u32 = 30;
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::minutes(15);
/// Failures are forgotten when nothing failed for so long.
const REMEMBERED: Duration = Duration::days(1);

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Only development mode signs in without a password.
    #[error("this server does not run in development mode")]
    NotInDevelopment,
    /// Name and password are not those of an account that may sign in.
    #[error("the name or the password is not right")]
    Refused,
    /// Too much has failed.
    #[error("too many attempts have failed; try again in {seconds} s")]
    Wait { seconds: u32 },
    #[error(transparent)]
    Hashing(#[from] HashingError),
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// What somebody signs in with.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    pub name: &'a str,
    pub password: &'a str,
    /// What the browser was given when somebody signed in from it before.
    pub browser: Option<&'a SessionToken>,
    /// The network that it comes from, where that is known.
    pub network: Option<&'a str>,
}

/// What the entry of a refusal records. A name that is no account's stands there as a keyed hash: it may be a password
/// that was typed into the wrong field.
#[derive(Serialize)]
struct RefusalRecord {
    cause: Cause,
    name_tag: String,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Cause {
    NoSuchAccount,
    WrongPassword,
    Disabled,
}

/// What failures are counted under.
struct Tags {
    /// The account's name, or the browser that is known for it.
    own: IndexTag,
    /// Left out for a known browser.
    network: Option<IndexTag>,
}

/// Signs in with a password. Answers the session, and the token that the browser is known by from now on.
pub async fn sign_in(
    app: &App,
    rules: Rules,
    attempt: Attempt<'_>,
    visit: Visit<'_>,
) -> Result<(Opened, SessionToken), SignInError> {
    // What is no account's name is counted and refused like one that nobody has.
    let name = attempt.name.parse::<AccountName>().map_or_else(|_| attempt.name.to_owned(), |name| name.to_string());
    let tags = tags(app, &name, attempt).await?;
    let account = count(app, &name, &tags).await?;
    let may_sign_in = account.as_ref().filter(|account| account.disabled_at.is_none());
    let hash = may_sign_in.and_then(|account| account.password_hash.as_deref());
    let is_right = attempt.password.len() <= MOST_BYTES && PASSWORDS.verify(attempt.password, hash).await?;
    let Some(account) = may_sign_in.filter(|_| is_right) else {
        record_refusal(app, &name, account.as_ref(), visit).await?;
        return Err(SignInError::Refused);
    };
    let browser = match attempt.browser {
        Some(browser) => browser.clone(),
        None => SessionToken::random()?,
    };
    let mut change = app.custody().begin().await?;
    let now = change.now();
    // It may have been disabled, or got another password, since it was read.
    if accounts::find(change.tx(), &name).await?.as_ref() != Some(account) {
        return Err(SignInError::Refused);
    }
    sign_ins::forget(change.tx(), tags.own).await?;
    sign_ins::know(change.tx(), browser.hash(), &name, now).await?;
    let principal = Principal { subject: account.name.clone(), role: account.role };
    Ok((open(app, rules, change, principal, visit).await?, browser))
}

/// Signs in as a role in development mode. The account is `dev-` and the role, and is made when it is not there.
pub async fn sign_in_as(app: &App, rules: Rules, role: Role, visit: Visit<'_>) -> Result<Opened, SignInError> {
    if !rules.development {
        return Err(SignInError::NotInDevelopment);
    }
    let principal = Principal { subject: format!("dev-{role}"), role };
    let mut change = app.custody().begin().await?;
    if accounts::find(change.tx(), &principal.subject).await?.is_none() {
        let account = StoredAccount {
            name: principal.subject.clone(),
            role,
            password_hash: None,
            created_at: change.now(),
            disabled_at: None,
        };
        accounts::insert(change.tx(), &account).await?;
    }
    open(app, rules, change, principal, visit).await
}

async fn tags(app: &App, name: &str, attempt: Attempt<'_>) -> Result<Tags, storage::Error> {
    let index = app.vault().index();
    if let Some(browser) = attempt.browser {
        let mut tx = app.db().read().await?;
        if sign_ins::is_known(&mut tx, browser.hash(), name).await? {
            let own = index.sign_in(&format!("browser\0{}\0{name}", hex::encode(browser.hash())));
            return Ok(Tags { own, network: None });
        }
    }
    let network = attempt.network.map(|network| index.sign_in(&format!("network\0{network}")));
    Ok(Tags { own: index.sign_in(&format!("account\0{name}")), network })
}

/// Counts an attempt as failed before its password is looked at, so that many at once are not free; answers the account,
/// when there is one.
async fn count(app: &App, name: &str, tags: &Tags) -> Result<Option<StoredAccount>, SignInError> {
    let now = app.clock().now();
    // Whoever has to wait costs a look, and no turn of the writer.
    refuse_while_waiting(&mut app.db().read().await?, tags, now).await?;
    let mut tx = app.db().write().await?;
    refuse_while_waiting(&mut tx, tags, now).await?;
    sign_ins::count(&mut tx, tags.own, now).await?;
    if let Some(network) = tags.network {
        sign_ins::count(&mut tx, network, now).await?;
    }
    if let Some(before) = now.checked_add(-REMEMBERED) {
        sign_ins::forget_old(&mut tx, before).await?;
    }
    let account = accounts::find(&mut tx, name).await?;
    tx.commit().await?;
    Ok(account)
}

async fn refuse_while_waiting(tx: &mut Tx, tags: &Tags, now: Timestamp) -> Result<(), SignInError> {
    let counted = [(Some(tags.own), FREE_FAILURES), (tags.network, FREE_FAILURES_OF_ADDRESS)];
    for (tag, free) in counted {
        let Some(tag) = tag else { continue };
        let Some(failures) = sign_ins::failures(tx, tag).await? else { continue };
        let passed = now.instant() - failures.last_at.instant();
        let left = wait_after(failures.count, free) - passed;
        if passed < REMEMBERED && left > Duration::ZERO {
            let seconds = u32::try_from(left.whole_seconds()).unwrap_or(u32::MAX).saturating_add(1);
            return Err(SignInError::Wait { seconds });
        }
    }
    Ok(())
}

/// How long to wait after so many failures: nothing at first, then twice as long each time.
fn wait_after(failures: u32, free: u32) -> Duration {
    let Some(doublings) = failures.checked_sub(free) else { return Duration::ZERO };
    Duration::seconds(1 << doublings.min(20)).min(LONGEST_WAIT)
}

async fn record_refusal(
    app: &App,
    name: &str,
    account: Option<&StoredAccount>,
    visit: Visit<'_>,
) -> Result<(), storage::Error> {
    let (subject, cause) = match account {
        None => ("sign-in".to_owned(), Cause::NoSuchAccount),
        Some(account) if account.disabled_at.is_some() => (subject_of(&account.name), Cause::Disabled),
        Some(account) => (subject_of(&account.name), Cause::WrongPassword),
    };
    let server = Principal { subject: "server".to_owned(), role: Role::Admin };
    let name_tag = hex::encode(app.vault().index().sign_in(&format!("name\0{name}")).as_bytes());
    let change = app.custody().begin().await?;
    let caller = Caller { who: &server, request_id: visit.request_id };
    let record = RefusalRecord { cause, name_tag };
    app.custody().commit(change, caller, Action::SignInRefused, (&subject, &record)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_from_a_second_and_ends_at_a_quarter_of_an_hour() {
        assert_eq!(wait_after(0, 5), Duration::ZERO);
        assert_eq!(wait_after(4, 5), Duration::ZERO);
        assert_eq!(wait_after(5, 5), Duration::SECOND);
        assert_eq!(wait_after(8, 5), Duration::seconds(8));
        assert_eq!(wait_after(u32::MAX, 5), LONGEST_WAIT);
    }
}
