//! Applications as a list shows them: without what was received and without the applicant.

use super::{
    Error, Tx,
    applications::{of_reference, parts},
    db::on_backend,
};
use crate::{
    clock::least_application_id,
    domain::{decision::Outcome, id::ApplicationId, timestamp::Timestamp},
};

const TABLE: &str = "applications";

/// An application in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    pub id: ApplicationId,
    pub external_reference: Option<String>,
    pub received_at: Timestamp,
    pub outcome: Outcome,
    pub amount_minor: i64,
    pub currency: String,
    /// JSON: the latest decision.
    pub decision: String,
}

/// Which applications to list. Every filter of it has an index, or is a range of identifiers; what is `None` does not
/// matter.
#[derive(Debug, Clone, Copy, Default)]
pub struct Selection<'a> {
    pub submitted_by: Option<&'a str>,
    pub external_reference: Option<&'a str>,
    pub outcome: Option<Outcome>,
    /// Received at this time or later.
    pub from: Option<Timestamp>,
    /// Received before this time.
    pub to: Option<Timestamp>,
    /// Only those beyond this one: older ones, or later ones when the oldest stand first.
    pub beyond: Option<ApplicationId>,
    pub oldest_first: bool,
}

/// What is read, and in which order. Each condition that an index is for is stated without its "or does not matter",
/// which would keep the planner from using it.
macro_rules! list {
    ($condition:expr, $order:literal) => {
        concat!(
            "SELECT a.id, a.external_reference, a.received_at, a.outcome, a.amount_minor, a.currency, \
             (SELECT e.entry FROM audit_entries e WHERE e.sequence = d.audit_sequence) AS entry \
             FROM applications a JOIN decisions d ON d.application_id = a.id AND d.number = a.version \
             WHERE a.id > $1 AND a.id < $2 AND ",
            $condition,
            " ORDER BY a.id ",
            $order,
            " LIMIT $6"
        )
    };
}

macro_rules! both_orders {
    ($condition:expr) => {
        [list!($condition, "DESC"), list!($condition, "ASC")]
    };
}

const ALL: [&str; 2] = both_orders!(
    "(a.submitted_by = $3 OR $3 IS NULL) AND (a.external_reference = $4 OR $4 IS NULL) AND (a.outcome = $5 OR $5 IS NULL)"
);
const BY_OUTCOME: [&str; 2] = both_orders!(
    "(a.submitted_by = $3 OR $3 IS NULL) AND (a.external_reference = $4 OR $4 IS NULL) AND a.outcome = $5"
);
const BY_REFERENCE: [&str; 2] = both_orders!(concat!(
    of_reference!("$4"),
    " AND (a.submitted_by = $3 OR $3 IS NULL) AND (a.outcome = $5 OR $5 IS NULL)"
));
const BY_SUBMITTER: [&str; 2] = both_orders!(
    "a.submitted_by = $3 AND (a.external_reference = $4 OR $4 IS NULL) AND (a.outcome = $5 OR $5 IS NULL)"
);
/// The last decisions, people's too.
const LATEST: &str = "SELECT a.id, a.external_reference, a.received_at, d.outcome, a.amount_minor, a.currency, \
                      (SELECT e.entry FROM audit_entries e WHERE e.sequence = d.audit_sequence) AS entry \
                      FROM decisions d JOIN applications a ON a.id = d.application_id \
                      ORDER BY d.audit_sequence DESC LIMIT $1";

pub(super) const QUERIES: [&str; 9] = [
    ALL[0],
    ALL[1],
    BY_OUTCOME[0],
    BY_OUTCOME[1],
    BY_REFERENCE[0],
    BY_REFERENCE[1],
    BY_SUBMITTER[0],
    BY_SUBMITTER[1],
    LATEST,
];

/// Before every identifier, and after every one.
const LEAST: &str = "app_";
const BEYOND: &str = "app_~";

/// Lists applications, the newest first unless the oldest are asked for first.
pub async fn list(tx: &mut Tx, selection: &Selection<'_>, limit: u32) -> Result<Vec<Summary>, Error> {
    let texts = match selection {
        Selection { external_reference: Some(_), .. } => BY_REFERENCE,
        Selection { outcome: Some(_), submitted_by: None, .. } => BY_OUTCOME,
        Selection { submitted_by: Some(_), .. } => BY_SUBMITTER,
        _ => ALL,
    };
    let (least, most) = range(selection);
    let rows: Vec<Columns> = on_backend!(tx, |connection| {
        sqlx::query_as(texts[usize::from(selection.oldest_first)])
            .bind(least)
            .bind(most)
            .bind(selection.submitted_by)
            .bind(selection.external_reference)
            .bind(selection.outcome.map(|outcome| outcome.to_string()))
            .bind(i64::from(limit))
            .fetch_all(connection)
            .await?
    });
    rows.into_iter().map(Summary::try_from).collect()
}

/// The identifiers between which a selection lies. They begin with the time of receipt, to the millisecond; that an
/// application was received within the millisecond of an end but beyond it, the caller sees.
fn range(selection: &Selection<'_>) -> (String, String) {
    let before_from = selection.from.and_then(|from| from.checked_add(-time::Duration::MILLISECOND));
    let mut least = before_from.map_or(LEAST.to_owned(), |from| least_application_id(from).to_string());
    let after_to = selection.to.and_then(|to| to.checked_add(time::Duration::MILLISECOND));
    let mut most = after_to.map_or(BEYOND.to_owned(), |to| least_application_id(to).to_string());
    if let Some(beyond) = selection.beyond.map(|id| id.to_string()) {
        if selection.oldest_first {
            least = least.max(beyond);
        } else {
            most = most.min(beyond);
        }
    }
    (least, most)
}

/// The applications of the last decisions, the last one first, each with the outcome of that decision.
pub async fn latest(tx: &mut Tx, limit: u32) -> Result<Vec<Summary>, Error> {
    let rows: Vec<Columns> =
        on_backend!(tx, |connection| sqlx::query_as(LATEST).bind(i64::from(limit)).fetch_all(connection).await?);
    rows.into_iter().map(Summary::try_from).collect()
}

#[derive(sqlx::FromRow)]
struct Columns {
    id: String,
    external_reference: Option<String>,
    received_at: String,
    outcome: String,
    amount_minor: i64,
    currency: String,
    /// The latest decision's.
    entry: Option<String>,
}

impl TryFrom<Columns> for Summary {
    type Error = Error;

    fn try_from(row: Columns) -> Result<Self, Error> {
        let corrupt = |column| Error::corrupt(TABLE, column, &row.id);
        let decision = row.entry.as_deref().and_then(parts).map(|payload| payload.decision.get().to_owned());
        Ok(Self {
            id: row.id.parse().map_err(|_| corrupt("id"))?,
            received_at: Timestamp::parse(&row.received_at).ok_or_else(|| corrupt("received_at"))?,
            outcome: Outcome::parse(&row.outcome).ok_or_else(|| corrupt("outcome"))?,
            external_reference: row.external_reference,
            amount_minor: row.amount_minor,
            currency: row.currency,
            decision: decision.ok_or_else(|| Error::corrupt("audit_entries", "entry", &row.id))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::{DatabaseUrl, Db, tests::plan};

    #[tokio::test]
    async fn every_list_walks_an_index_in_its_order_and_sorts_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&DatabaseUrl::Sqlite(folder.path().join("underwright.db"))).await.unwrap();
        let Tx::Sqlite(mut tx) = db.read().await.unwrap() else { panic!("SQLite") };
        for query in QUERIES {
            let plan = plan(&mut tx, query).await;
            assert!(!plan.contains("TEMP B-TREE"), "{plan}\n{query}");
            // The last decisions are read from the end of their table, and segments one after the other; everything else
            // is found.
            let of_segments = ["SCAN s", "SCAN CONSTANT ROW"];
            let scans = plan.lines().filter(|step| step.contains("SCAN") && !of_segments.contains(step)).count();
            assert_eq!(scans, usize::from(query == LATEST), "{plan}\n{query}");
            let index = match query {
                query if BY_OUTCOME.contains(&query) => "applications_by_outcome (outcome=? AND id>? AND id<?)",
                query if BY_REFERENCE.contains(&query) => {
                    "applications_by_reference (segment=? AND external_reference=?)"
                }
                query if BY_SUBMITTER.contains(&query) => {
                    "applications_by_submitter (submitted_by=? AND id>? AND id<?)"
                }
                query if ALL.contains(&query) => "(id>? AND id<?)",
                _ => "d",
            };
            assert!(plan.contains(index), "{plan}\n{query}");
        }
    }
}
