//! Applications as they stand.

use std::{mem::take, sync::LazyLock};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Error, Tx,
    db::on_backend,
    rows::{Column, Insertion, Writing, insert_rows},
};
use crate::{
    audit::{sealed::Sealed, tree::Hash},
    clock::least_application_id,
    crypto::WrappedKey,
    domain::{
        decision::{Outcome, Status},
        id::ApplicationId,
        timestamp::Timestamp,
    },
};

const TABLE: &str = "applications";

/// An application with its first decision's outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApplication {
    pub id: ApplicationId,
    pub external_reference: Option<String>,
    /// Role and subject: `service:los-1`.
    pub submitted_by: String,
    pub received_at: Timestamp,
    pub outcome: Outcome,
    pub amount_minor: i64,
    pub currency: String,
}

/// An application as it stands, with its latest decision. What it says is taken from its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredApplication {
    pub id: ApplicationId,
    pub submitted_by: String,
    pub received_at: Timestamp,
    pub outcome: Outcome,
    pub version: u32,
    /// JSON, without the applicant.
    pub body: String,
    /// Sealed under the data key.
    pub applicant: Vec<u8>,
    /// `None` once it is destroyed: nobody can read the applicant then.
    pub data_key: Option<WrappedKey>,
    /// When it was destroyed.
    pub erased_at: Option<Timestamp>,
    /// JSON: the latest decision.
    pub decision: String,
    /// The entry of the latest decision.
    pub audit_sequence: u64,
    pub leaf_hash: Hash,
}

/// Which applications to list, newest first. What is `None` does not matter.
#[derive(Debug, Clone, Copy, Default)]
pub struct Listing<'a> {
    pub submitted_by: Option<&'a str>,
    pub external_reference: Option<&'a str>,
    pub outcome: Option<Outcome>,
    pub status: Option<Status>,
    /// Received at this time or later.
    pub from: Option<Timestamp>,
    /// Received before this time.
    pub to: Option<Timestamp>,
    /// Only applications before this one.
    pub before: Option<ApplicationId>,
    pub limit: u32,
}

pub(super) static INSERT: LazyLock<Insertion> = LazyLock::new(|| {
    Insertion::new(
        "INSERT INTO applications (id, external_reference, submitted_by, received_at, status, outcome, version, \
         amount_minor, currency, segment)",
        &[
            Column::Text,
            Column::Text,
            Column::Text,
            Column::Text,
            Column::Text,
            Column::Text,
            Column::Integer,
            Column::Integer,
            Column::Text,
            Column::Integer,
        ],
    )
});

/// Moves an application to its next version, unless somebody else has.
const ADVANCE: &str = "UPDATE applications SET version = version + 1, status = $1, outcome = $2 \
                       WHERE id = $3 AND version = $4";

/// Notes when the applicant became unreadable.
const MARK_ERASED: &str = "UPDATE applications SET erased_at = $1 WHERE id = $2";

/// How many await review; nobody counts beyond a limit.
const WAITING: &str =
    "SELECT COUNT(*) FROM (SELECT 1 AS one FROM applications WHERE outcome = 'review' AND id < $1 LIMIT $2) AS counted";

const VERSION: &str = "SELECT version FROM applications WHERE id = $1";

/// Asks each segment for the applications `a` of a sender's reference, which stands in `$parameter`.
macro_rules! of_reference {
    ($parameter:literal) => {
        concat!(
            "a.id IN (",
            $crate::storage::dialect::segments!(),
            " SELECT r.id FROM s CROSS JOIN applications r WHERE r.segment = s.n AND r.external_reference = ",
            $parameter,
            ")"
        )
    };
}
pub(super) use of_reference;

macro_rules! select {
    ($($condition:expr),+) => {
        concat!(
            "SELECT a.id, a.submitted_by, a.received_at, a.outcome, a.version, a.erased_at, k.kek, k.wrapped, \
             d.audit_sequence, d.leaf_hash, (SELECT e.entry FROM decisions o \
             JOIN audit_entries e ON e.sequence = o.audit_sequence WHERE o.application_id = a.id AND o.number = 1) \
             AS first_entry, CASE WHEN a.version > 1 THEN (SELECT e.entry FROM audit_entries e \
             WHERE e.sequence = d.audit_sequence) END AS latest_entry FROM applications a \
             JOIN decisions d ON d.application_id = a.id AND d.number = a.version \
             LEFT JOIN data_keys k ON k.application_id = a.id WHERE ",
            $($condition),+
        )
    };
}

const FIND: &str = select!("a.id = $1");

/// One text per index that leads to what is asked for. Each takes the same parameters; the filter that the
/// index is for is stated without its "or does not matter", which would keep the planner from using it. The column
/// stands before it: PostgreSQL takes a parameter's type from where it first meets it.
macro_rules! list {
    ($submitter:literal, $reference:expr, $outcome:literal) => {
        select!(
            $submitter,
            " AND ",
            $reference,
            " AND ",
            $outcome,
            " AND (a.status = $4 OR $4 IS NULL) AND a.received_at >= $5 AND a.received_at < $6 \
             AND a.id >= $7 AND a.id < $8 ORDER BY a.id DESC LIMIT $9"
        )
    };
}

const LIST: &str = list!(
    "(a.submitted_by = $1 OR $1 IS NULL)",
    "(a.external_reference = $2 OR $2 IS NULL)",
    "(a.outcome = $3 OR $3 IS NULL)"
);
const LIST_BY_SUBMITTER: &str =
    list!("a.submitted_by = $1", "(a.external_reference = $2 OR $2 IS NULL)", "(a.outcome = $3 OR $3 IS NULL)");
const LIST_BY_REFERENCE: &str =
    list!("(a.submitted_by = $1 OR $1 IS NULL)", of_reference!("$2"), "(a.outcome = $3 OR $3 IS NULL)");
const LIST_BY_OUTCOME: &str =
    list!("(a.submitted_by = $1 OR $1 IS NULL)", "(a.external_reference = $2 OR $2 IS NULL)", "a.outcome = $3");

/// Before every time and identifier, and after every one.
const LEAST: &str = "";
const BEYOND_TIMES: &str = "~";
const BEYOND_IDS: &str = "app_~";

pub(super) fn queries() -> impl Iterator<Item = &'static str> {
    let fixed =
        [ADVANCE, MARK_ERASED, VERSION, WAITING, FIND, LIST, LIST_BY_SUBMITTER, LIST_BY_REFERENCE, LIST_BY_OUTCOME];
    fixed.into_iter()
}

/// Inserts applications at version 1, each with the sequence of its first decision, and takes their texts.
pub async fn insert(writing: &mut Writing<'_>, applications: &mut [(u64, NewApplication)]) -> Result<(), Error> {
    insert_rows!(writing, INSERT, applications, |new| [
        new.1.id.to_string(),
        take(&mut new.1.external_reference),
        take(&mut new.1.submitted_by),
        new.1.received_at.to_string(),
        Status::after(new.1.outcome).as_str(),
        new.1.outcome.as_str(),
        first_version(new),
        new.1.amount_minor,
        take(&mut new.1.currency),
        super::audit::segment(new.0)?,
    ])
}

const fn first_version(_: &(u64, NewApplication)) -> i64 {
    1
}

/// Moves an application from the version that was seen to the next, with a new outcome. False when its
/// version is another by now.
pub async fn advance(tx: &mut Tx, id: ApplicationId, seen_version: u32, outcome: Outcome) -> Result<bool, Error> {
    let changed = on_backend!(tx, |connection| {
        sqlx::query(ADVANCE)
            .bind(Status::after(outcome).as_str())
            .bind(outcome.to_string())
            .bind(id.to_string())
            .bind(i64::from(seen_version))
            .execute(connection)
            .await?
            .rows_affected()
    });
    Ok(changed == 1)
}

/// Notes when an application's data key was destroyed.
pub async fn mark_erased(tx: &mut Tx, id: ApplicationId, erased_at: Timestamp) -> Result<(), Error> {
    on_backend!(tx, |connection| {
        sqlx::query(MARK_ERASED).bind(erased_at.to_string()).bind(id.to_string()).execute(connection).await?;
    });
    Ok(())
}

/// The version that an application stands at; `None` when there is none of this name.
pub async fn version(tx: &mut Tx, id: ApplicationId) -> Result<Option<u32>, Error> {
    let version: Option<i64> = on_backend!(tx, |connection| {
        sqlx::query_scalar(VERSION).bind(id.to_string()).fetch_optional(connection).await?
    });
    version
        .map(|version| u32::try_from(version).map_err(|_| Error::corrupt(TABLE, "version", id.to_string())))
        .transpose()
}

/// How many applications await review, of those with an identifier below one where that is given; counted up to `most`.
pub async fn waiting(tx: &mut Tx, below: Option<&str>, most: u32) -> Result<u32, Error> {
    let count: i64 = on_backend!(tx, |connection| {
        sqlx::query_scalar(WAITING)
            .bind(below.unwrap_or(BEYOND_IDS))
            .bind(i64::from(most))
            .fetch_one(connection)
            .await?
    });
    Ok(u32::try_from(count).unwrap_or(most))
}

/// One application.
pub async fn find(tx: &mut Tx, id: ApplicationId) -> Result<Option<StoredApplication>, Error> {
    let row: Option<Columns> =
        on_backend!(tx, |connection| sqlx::query_as(FIND).bind(id.to_string()).fetch_optional(connection).await?);
    row.map(StoredApplication::try_from).transpose()
}

/// Lists applications, newest first.
pub async fn list(tx: &mut Tx, listing: &Listing<'_>) -> Result<Vec<StoredApplication>, Error> {
    let text = match listing {
        Listing { external_reference: Some(_), .. } => LIST_BY_REFERENCE,
        Listing { outcome: Some(Outcome::Review), .. } | Listing { outcome: Some(_), submitted_by: None, .. } => {
            LIST_BY_OUTCOME
        }
        Listing { submitted_by: Some(_), .. } => LIST_BY_SUBMITTER,
        _ => LIST,
    };
    // Identifiers begin with the time of receipt, so a time range is also a range of identifiers.
    let from_id = listing.from.map_or(LEAST.to_owned(), |from| least_application_id(from).to_string());
    let before_id = listing.before.map_or(BEYOND_IDS.to_owned(), |before| before.to_string());
    let to_id = listing.to.and_then(|to| to.checked_add(time::Duration::MILLISECOND));
    let to_id = to_id.map_or(BEYOND_IDS.to_owned(), |to| least_application_id(to).to_string());
    let rows: Vec<Columns> = on_backend!(tx, |connection| {
        sqlx::query_as(text)
            .bind(listing.submitted_by)
            .bind(listing.external_reference)
            .bind(listing.outcome.map(|outcome| outcome.to_string()))
            .bind(listing.status.map(Status::as_str))
            .bind(listing.from.map_or(LEAST.to_owned(), |from| from.to_string()))
            .bind(listing.to.map_or(BEYOND_TIMES.to_owned(), |to| to.to_string()))
            .bind(from_id)
            .bind(before_id.min(to_id))
            .bind(i64::from(listing.limit))
            .fetch_all(connection)
            .await?
    });
    rows.into_iter().map(StoredApplication::try_from).collect()
}

#[derive(sqlx::FromRow)]
struct Columns {
    id: String,
    submitted_by: String,
    received_at: String,
    outcome: String,
    version: i64,
    erased_at: Option<String>,
    kek: Option<String>,
    wrapped: Option<Vec<u8>>,
    audit_sequence: i64,
    leaf_hash: Vec<u8>,
    first_entry: Option<String>,
    /// Where it is another than the first.
    latest_entry: Option<String>,
}

/// An entry of a decision, as far as an application is shown by it.
#[derive(Deserialize)]
struct EntryParts<'a> {
    #[serde(borrow)]
    payload: PayloadParts<'a>,
}

#[derive(Deserialize)]
pub(super) struct PayloadParts<'a> {
    #[serde(borrow)]
    pub(super) decision: &'a RawValue,
    #[serde(borrow, default)]
    application: Option<&'a RawValue>,
    #[serde(default)]
    applicant: Option<Sealed>,
}

/// What an entry says of a decision; `None` where it is not an entry of one.
pub(super) fn parts(entry: &str) -> Option<PayloadParts<'_>> {
    serde_json::from_str::<EntryParts<'_>>(entry).ok().map(|entry| entry.payload)
}

impl TryFrom<Columns> for StoredApplication {
    type Error = Error;

    fn try_from(row: Columns) -> Result<Self, Error> {
        let id = row.id.parse().map_err(|_| Error::corrupt(TABLE, "id", &row.id))?;
        let corrupt = |column| Error::corrupt(TABLE, column, &row.id);
        let no_entry = || Error::corrupt("audit_entries", "entry", &row.id);
        let first = row.first_entry.as_deref().and_then(parts).ok_or_else(no_entry)?;
        let latest = match row.latest_entry.as_deref() {
            Some(entry) => parts(entry).ok_or_else(no_entry)?.decision,
            None => first.decision,
        };
        let (body, applicant) = first.application.zip(first.applicant).ok_or_else(no_entry)?;
        let (body, decision, applicant) = (body.get().to_owned(), latest.get().to_owned(), applicant.ciphertext);
        let erased_at = match &row.erased_at {
            Some(text) => Some(Timestamp::parse(text).ok_or_else(|| corrupt("erased_at"))?),
            None => None,
        };
        Ok(Self {
            id,
            erased_at,
            data_key: row.kek.zip(row.wrapped).map(|(kek, bytes)| WrappedKey { kek, bytes }),
            received_at: Timestamp::parse(&row.received_at).ok_or_else(|| corrupt("received_at"))?,
            outcome: Outcome::parse(&row.outcome).ok_or_else(|| corrupt("outcome"))?,
            version: u32::try_from(row.version).map_err(|_| corrupt("version"))?,
            audit_sequence: u64::try_from(row.audit_sequence)
                .map_err(|_| Error::corrupt("decisions", "audit_sequence", &row.id))?,
            leaf_hash: Hash::from_slice(&row.leaf_hash)
                .ok_or_else(|| Error::corrupt("decisions", "leaf_hash", &row.id))?,
            submitted_by: row.submitted_by,
            body,
            applicant,
            decision,
        })
    }
}
