//! Sessions of the console: opened at sign-in, known by the hash of their token, ended by sign-out, by idleness, by age,
//! or because their account was disabled.
//!
//! They are kept in the database, so that every server on it knows them and ending one ends it everywhere. What a
//! session may do is read from its account at every request.

use std::sync::Arc;

use serde::Serialize;
use time::Duration;

use super::{App, custody::Caller, recorder::LoneEntry, sign_in::SignInError};
use crate::{
    audit::entry::Action,
    auth::session::SessionToken,
    domain::{
        id::RequestId,
        principal::{Permission, Principal},
        timestamp::Timestamp,
    },
    storage::{
        self,
        sessions::{self as table, NewSession, StoredSession},
    },
};

/// How long sessions last, and who may have one.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// A session that was not used for so long has ended.
    pub idle: Duration,
    /// A session that was opened so long ago has ended.
    pub absolute: Duration,
    /// Whether anyone may sign in as any role, without a password.
    pub development: bool,
}

/// An open session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// What a person calls it by to end it.
    pub id: String,
    pub principal: Arc<Principal>,
    pub started_at: Timestamp,
}

/// A session that was just opened, and the token that it is known by.
#[derive(Debug)]
pub struct Opened {
    pub token: SessionToken,
    pub principal: Principal,
}

/// What the shell of every page shows beside the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    pub session: Session,
    /// How many applications await review, at most [`MOST_WAITING`]; none for a role that reads none.
    pub waiting: u32,
}

/// Beyond this many nobody counts those that wait.
pub const MOST_WAITING: u32 = 1_000;

/// What the entry of a session's beginning or end records.
#[derive(Serialize)]
struct SessionRecord<'a> {
    session: &'a str,
}

/// What the entry of several sessions' end records.
#[derive(Serialize)]
struct SessionsRecord {
    sessions: u64,
}

/// Who signs in, from where, by which request.
#[derive(Debug, Clone, Copy)]
pub struct Visit<'a> {
    /// The browser and system, as a person would say them.
    pub client: &'a str,
    pub request_id: RequestId,
}

/// Opens a session as the one entry of a change, which it commits.
pub(super) async fn open(
    app: &App,
    rules: Rules,
    mut change: LoneEntry,
    principal: Principal,
    visit: Visit<'_>,
) -> Result<Opened, SignInError> {
    let now = change.now();
    if let Some(ended_before) = now.checked_add(-rules.absolute) {
        table::remove_old(change.tx(), ended_before).await?;
    }
    let (token, id) = (SessionToken::random()?, app.ids().session(now).to_string());
    let account = principal.subject.as_str();
    let session = NewSession { token_hash: token.hash(), id: &id, account, started_at: now, client: visit.client };
    table::insert(change.tx(), &session).await?;
    let caller = Caller { who: &principal, request_id: visit.request_id };
    let (subject, record) = (subject_of(account), SessionRecord { session: &id });
    app.custody().commit(change, caller, Action::SessionStarted, (&subject, &record)).await?;
    Ok(Opened { token, principal })
}

/// The open session of a token; `None` when there is none, or not any more.
pub async fn find(app: &App, rules: Rules, token: &SessionToken) -> Result<Option<Session>, storage::Error> {
    let mut tx = app.db().read().await?;
    let found = table::find(&mut tx, token.hash()).await?;
    drop(tx);
    let now = app.clock().now();
    let Some(found) = found.filter(|session| is_open(session, rules, now)) else { return Ok(None) };
    if let Err(error) = keep_awake(app, rules, token, &found).await {
        // A store that takes no writes can still be read.
        tracing::warn!(%error, "the use of a session was not noted");
    }
    Ok(Some(session(found)))
}

/// As [`find`], with what the shell of a page shows.
pub async fn arrive(app: &App, rules: Rules, token: &SessionToken) -> Result<Option<Arrival>, storage::Error> {
    let Some(session) = find(app, rules, token).await? else { return Ok(None) };
    let role = session.principal.role;
    let reads = role.may(Permission::ReviewApplication);
    let mut tx = app.db().read().await?;
    let waiting = if reads { storage::applications::waiting(&mut tx, None, MOST_WAITING).await? } else { 0 };
    Ok(Some(Arrival { session, waiting }))
}

/// Ends a session. One that has ended already stays so.
pub async fn sign_out(
    app: &App,
    session: &Session,
    token: &SessionToken,
    request_id: RequestId,
) -> Result<(), storage::Error> {
    let mut change = app.custody().begin().await?;
    if !table::remove(change.tx(), token.hash()).await? {
        return Ok(());
    }
    let caller = Caller { who: &session.principal, request_id };
    let (subject, record) = (subject_of(&session.principal.subject), SessionRecord { session: &session.id });
    app.custody().commit(change, caller, Action::SessionEnded, (&subject, &record)).await?;
    Ok(())
}

/// Notes that a session is used, once in a while: a page is not to wait for the writer each time.
async fn keep_awake(
    app: &App,
    rules: Rules,
    token: &SessionToken,
    session: &StoredSession,
) -> Result<(), storage::Error> {
    let now = app.clock().now();
    let grain = (rules.idle / 10_i32).min(Duration::MINUTE);
    if now.instant() - session.last_seen_at.instant() < grain {
        return Ok(());
    }
    let mut tx = app.db().write().await?;
    table::touch(&mut tx, token.hash(), now).await?;
    tx.commit().await
}

fn is_open(session: &StoredSession, rules: Rules, now: Timestamp) -> bool {
    let since = |earlier: Timestamp| now.instant() - earlier.instant();
    !session.is_disabled
        && (session.has_password || rules.development)
        && since(session.started_at) < rules.absolute
        && since(session.last_seen_at) < rules.idle
}

/// One of somebody's sessions, as they see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OwnSession {
    pub id: String,
    pub started_at: Timestamp,
    pub last_seen_at: Timestamp,
    /// The browser and system.
    pub client: String,
}

/// The open sessions of an account, the newest first.
pub async fn of_account(app: &App, rules: Rules, account: &str) -> Result<Vec<OwnSession>, storage::Error> {
    let mut tx = app.db().read().await?;
    let now = app.clock().now();
    let stored = table::of_account(&mut tx, account).await?;
    let open = stored.into_iter().filter(|session| is_open(session, rules, now));
    Ok(open.map(OwnSession::from).collect())
}

impl From<StoredSession> for OwnSession {
    fn from(stored: StoredSession) -> Self {
        Self { id: stored.id, started_at: stored.started_at, last_seen_at: stored.last_seen_at, client: stored.client }
    }
}

/// Which of their own sessions somebody ends.
#[derive(Debug, Clone, Copy)]
pub enum Ending<'a> {
    /// The one of this id.
    One(&'a str),
    /// All but the one in which it is asked for.
    Others,
}

/// Ends sessions of whoever asks. Answers how many there were.
pub async fn end(app: &App, own: &Session, which: Ending<'_>, request_id: RequestId) -> Result<u64, storage::Error> {
    let account = own.principal.subject.as_str();
    let mut change = app.custody().begin().await?;
    let sessions = match which {
        Ending::One(id) => u64::from(table::remove_one(change.tx(), account, id).await?),
        Ending::Others => table::remove_all(change.tx(), account, Some(&own.id)).await?,
    };
    if sessions > 0 {
        let caller = Caller { who: &own.principal, request_id };
        let subject = subject_of(account);
        let record = SessionsRecord { sessions };
        app.custody().commit(change, caller, Action::SessionEnded, (&subject, &record)).await?;
    }
    Ok(sessions)
}

fn session(stored: StoredSession) -> Session {
    let principal = Principal { subject: stored.account, role: stored.role };
    Session { id: stored.id, principal: Arc::new(principal), started_at: stored.started_at }
}

/// How the audit log names an account.
pub(super) fn subject_of(account: &str) -> String {
    format!("account/{account}")
}
