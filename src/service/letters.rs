//! The letter that tells an applicant why a loan was declined: made once for a decision and a language, recorded with
//! every word of it sealed under the applicant's key, and shown ever after exactly as it was recorded.
//!
//! The words are whoever's who writes it: [`issue`] is handed a function that makes them of the [`Grounds`], which are read
//! while the log is locked, so that no letter is about a decision that does not stand.

mod score;

use serde::{Deserialize, Serialize};

pub use score::ScoreFacts;

use super::{
    App, applications,
    applications::ReadError,
    custody::Caller,
    personal::{self, LookError, Opened, payload},
    stored,
    vault::Held,
    view::{ApplicationView, Notice, NoticeEntry, Status},
};
use crate::{
    audit::{
        entry::{Action, Entry, canonical},
        sealed::Sealed,
    },
    domain::{
        application::Applicant,
        decision::Outcome,
        id::{ApplicationId, DecisionId},
        language::Language,
        letter::Letter,
        look::LookReason,
        principal::Principal,
        reason::ReasonCode,
        timestamp::Timestamp,
    },
    storage::{self, Tx, audit::EntryListing},
};

/// More letters than an application ever has: one for each decision and language.
const ALL: u32 = 1_000;

/// What a letter is written from.
#[derive(Debug)]
pub struct Grounds<'a> {
    /// The application and the decision that stands, which is a decline.
    pub view: &'a ApplicationView,
    pub applicant: &'a Applicant,
    pub score: &'a ScoreFacts,
    pub now: Timestamp,
}

/// Which letter is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// The decision that whoever asks has seen; whichever stands when left out.
    pub decision: Option<DecisionId>,
    pub language: Language,
}

/// A setting that a letter cannot be written without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotSet(pub &'static str);

/// Why there is no letter.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    #[error("only a declined application gets this letter")]
    NotDeclined,
    #[error("the application was decided again; read it again before a letter goes out")]
    Changed,
    #[error("{0} is not set, and the letter must hold it: see [lender] in docs/operations.md")]
    NotSet(&'static str),
    #[error(transparent)]
    Look(#[from] LookError),
}

impl From<storage::Error> for LetterError {
    fn from(error: storage::Error) -> Self {
        Self::Look(error.into())
    }
}

impl From<ReadError> for LetterError {
    fn from(error: ReadError) -> Self {
        Self::Look(error.into())
    }
}

/// What came of asking for a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Issued {
    /// It was made and recorded.
    New(Box<Notice>),
    /// It was made before: the entry that holds it.
    Before(u64),
}

/// What the entry of a letter records.
#[derive(Serialize, Deserialize)]
struct NoticeRecord {
    decision_id: DecisionId,
    kind: Kind,
    language: Language,
    /// The letter's canonical JSON.
    letter: Sealed,
    /// Of the reasons that it states, in their order.
    reason_codes: Vec<ReasonCode>,
}

impl NoticeRecord {
    /// As an application's history names it.
    fn noticed(self, sequence: u64, at: Timestamp, actor: Principal) -> NoticeEntry {
        let Self { decision_id, language, reason_codes, .. } = self;
        NoticeEntry { sequence, at, actor, decision_id, language, reason_codes }
    }
}

/// What a letter is about.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// The loan is refused.
    AdverseAction,
}

/// Makes the letter about the decision that stands, and answers once it is recorded. Asked for again it makes no second one.
///
/// # Errors
/// [`LetterError::NotDeclined`], [`LetterError::Changed`], what `write` misses, and as [`personal::look`].
pub async fn issue(
    app: &App,
    caller: Caller<'_>,
    (id, order): (ApplicationId, Order),
    write: impl FnOnce(&Grounds<'_>) -> Result<Letter, NotSet>,
) -> Result<Issued, LetterError> {
    let score = score::facts(app, caller.who, id).await?;
    let Opened { mut change, view, held } = personal::open(app, caller, id).await?;
    let decision = &view.decision.decision;
    if order.decision.is_some_and(|seen| seen != decision.id) {
        return Err(LetterError::Changed);
    }
    if (view.status, decision.outcome) != (Status::Decided, Outcome::Decline) {
        return Err(LetterError::NotDeclined);
    }
    let letters = entries(change.tx(), id).await?;
    let same = |record: &NoticeRecord| (record.decision_id, record.language) == (decision.id, order.language);
    for entry in &letters {
        if same(&payload(entry)?) {
            return Ok(Issued::Before(entry.sequence));
        }
    }
    let (applicant, now) = (view.applicant.as_ref().ok_or(LookError::Erased)?, change.now());
    let grounds = Grounds { view: &view, applicant, score: &score, now };
    let letter = write(&grounds).map_err(|NotSet(key)| LetterError::NotSet(key))?;
    let record = NoticeRecord {
        decision_id: decision.id,
        kind: Kind::AdverseAction,
        language: order.language,
        letter: seal(&held, (decision.id, order.language), &letter)?,
        reason_codes: decision.reasons.iter().map(|reason| reason.code.clone()).collect(),
    };
    let (subject, sequence) = (id.to_string(), change.sequence());
    app.custody().commit(change, caller, Action::NoticeIssued, (&subject, &record)).await?;
    let entry = record.noticed(sequence, now, caller.who.clone());
    Ok(Issued::New(Box::new(Notice { entry, letter: Some(letter) })))
}

/// Opens a letter on a page, and records that somebody looked: it names the applicant.
///
/// # Errors
/// [`LookError::Erased`] once nobody can read it.
pub async fn open(app: &App, caller: Caller<'_>, id: ApplicationId, sequence: u64) -> Result<Notice, LookError> {
    let Opened { mut change, held, .. } = personal::open(app, caller, id).await?;
    let letters = entries(change.tx(), id).await?;
    let entry = letters.into_iter().find(|entry| entry.sequence == sequence).ok_or(ReadError::NotFound)?;
    let notice = notice(entry, Some(&held))?;
    personal::record(app, caller, change, (id, LookReason::Letter)).await?;
    Ok(notice)
}

/// Every letter about an application, oldest first, as they were recorded; without their words once the applicant was erased.
pub async fn of_application(app: &App, who: &Principal, id: ApplicationId) -> Result<Vec<Notice>, ReadError> {
    let mut tx = app.db().read().await?;
    let found = applications::find(&mut tx, who, id).await?;
    let held = stored::held(app.vault(), &found)?;
    let letters = entries(&mut tx, id).await?;
    Ok(letters.into_iter().map(|entry| notice(entry, held.as_ref())).collect::<Result<_, _>>()?)
}

/// The letters about an application as its history names them.
pub(super) async fn history(tx: &mut Tx, id: ApplicationId) -> Result<Vec<NoticeEntry>, storage::Error> {
    entries(tx, id).await?.into_iter().map(|entry| notice(entry, None).map(|notice| notice.entry)).collect()
}

/// The entries of an application's letters, oldest first.
async fn entries(tx: &mut Tx, id: ApplicationId) -> Result<Vec<Entry>, storage::Error> {
    let subject = id.to_string();
    let (action, subject) = (Some(Action::NoticeIssued), Some(subject.as_str()));
    let listing = EntryListing { action, subject, limit: ALL, ..EntryListing::default() };
    storage::audit::list(tx, &listing).await?.iter().map(|row| stored::parse_entry(&row.entry)).collect()
}

fn notice(entry: Entry, held: Option<&Held>) -> Result<Notice, storage::Error> {
    let record: NoticeRecord = payload(&entry)?;
    let letter = held
        .map(|held| {
            let text = held.open_letter(&row(record.decision_id, record.language), &record.letter.ciphertext)?;
            serde_json::from_slice(&text).map_err(|_| stored::corrupt_entry(entry.sequence.to_string()))
        })
        .transpose()?;
    let entry = record.noticed(entry.sequence, entry.time, entry.actor);
    Ok(Notice { entry, letter })
}

/// The place of a letter, which its sealing is bound to.
fn row(decision: DecisionId, language: Language) -> String {
    format!("{decision}/{}", language.tag())
}

fn seal(held: &Held, (decision, language): (DecisionId, Language), letter: &Letter) -> Result<Sealed, storage::Error> {
    let text = canonical(letter).map_err(|error| storage::Error::Conflict(error.to_string()))?;
    let ciphertext = held.seal_letter(&row(decision, language), text.as_bytes())?;
    Ok(Sealed { ciphertext, key: held.id().to_owned() })
}
