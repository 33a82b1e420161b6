//! What callers are answered: the shapes of contract §2.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use crate::domain::decision::Status;
use crate::{
    audit::entry::Action,
    decide::record::ScoredApplication,
    domain::{
        application::Applicant,
        decision::{AuditRef, Decision, Outcome},
        id::{ApplicationId, DecisionId},
        language::Language,
        letter::Letter,
        look::LookReason,
        principal::Principal,
        reason::ReasonCode,
        timestamp::Timestamp,
    },
};

/// A decision with its place in the audit log; a simulation has none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DecisionView {
    #[serde(flatten)]
    pub decision: Decision,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<AuditRef>,
}

/// An application with its latest decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ApplicationView {
    pub id: ApplicationId,
    pub status: Status,
    /// Rises by one with every decision; the `ETag` of the application.
    #[schema(example = 1)]
    pub version: u32,
    pub received_at: Timestamp,
    /// Who applies, as received; null once that person's data was erased.
    pub applicant: Option<Applicant>,
    /// When it was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applicant_erased_at: Option<Timestamp>,
    /// The rest, as received.
    #[serde(flatten)]
    pub application: ScoredApplication,
    pub decision: DecisionView,
}

/// An application with its latest decision and everything that happened to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ApplicationDetail {
    #[serde(flatten)]
    pub view: ApplicationView,
    /// Oldest first.
    pub history: Vec<HistoryEntry>,
    /// The letters to the applicant, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<NoticeEntry>,
    /// Who looked at the applicant's data on a page of the console, oldest first; the last 200. What programs read is not
    /// among it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub looks: Vec<LookEntry>,
}

/// A letter to the applicant, as the audit log records it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NoticeEntry {
    /// The audit entry's number.
    pub sequence: u64,
    pub at: Timestamp,
    pub actor: Principal,
    /// The decision that it is about.
    pub decision_id: DecisionId,
    pub language: Language,
    /// The codes of the reasons that it states, in their order.
    pub reason_codes: Vec<ReasonCode>,
}

/// A letter to the applicant, with its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Notice {
    #[serde(flatten)]
    pub entry: NoticeEntry,
    /// Exactly as it was recorded; null once the applicant's data was erased.
    pub letter: Option<Letter>,
}

/// One look at an applicant's data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LookEntry {
    /// The audit entry's number.
    pub sequence: u64,
    pub at: Timestamp,
    pub actor: Principal,
    pub reason: LookReason,
}

/// One thing that happened to an application.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HistoryEntry {
    /// The audit entry's number.
    pub sequence: u64,
    pub at: Timestamp,
    pub actor: Principal,
    pub action: Action,
    pub decision_id: DecisionId,
    pub outcome: Outcome,
    /// The codes of the reasons that were stated.
    pub reason_codes: Vec<ReasonCode>,
    /// What the reviewer noted; left out once the applicant's data was erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    pub data: Vec<T>,
    /// Whether more follows.
    pub has_more: bool,
    /// What to pass as `after` for the next page; null on the last.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A page of what was read with [`PageLimit::one_more`]: the one more says that there is a next page.
    pub(super) fn cut(mut rows: Vec<T>, limit: PageLimit, cursor: impl Fn(&T) -> String) -> Self {
        let most = limit.value() as usize;
        let has_more = rows.len() > most;
        rows.truncate(most);
        let next = rows.last().filter(|_| has_more).map(cursor);
        Self { data: rows, has_more, next }
    }

    pub(super) fn try_map<U, E>(self, convert: impl Fn(T) -> Result<U, E>) -> Result<Page<U>, E> {
        let data: Result<_, _> = self.data.into_iter().map(convert).collect();
        Ok(Page { data: data?, has_more: self.has_more, next: self.next })
    }
}

/// How many items a page holds.
///
/// Invariant: 1 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLimit(u32);

impl PageLimit {
    /// Parses a limit; `None` outside 1 to 100.
    #[must_use]
    pub const fn new(limit: u32) -> Option<Self> {
        if limit == 0 || limit > 100 {
            return None;
        }
        Some(Self(limit))
    }

    /// From 1 to 100.
    #[must_use]
    pub const fn value(self) -> u32 {
        self.0
    }

    /// How many rows to read, so that it shows whether there is a next page.
    pub(super) const fn one_more(self) -> u32 {
        self.0 + 1
    }
}

impl Default for PageLimit {
    /// 20, when the caller does not say.
    fn default() -> Self {
        Self(20)
    }
}
