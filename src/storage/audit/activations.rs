//! What the log says is in force: the last entries that put a model and a policy into force.

use super::{Error, StoredEntry, Tx};
use crate::{
    audit::{entry::Action, verify::StoredHead},
    storage::db::on_backend,
};

use super::{EntryColumns, HeadColumns};

/// The entries that put into force what decides now. Equal marks mean the same model and the same policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Marks {
    /// The last entry that put a model into force; `None` in a log that has none.
    pub model: Option<u64>,
    /// The last entry that put a policy into force; `None` in a log that has none.
    pub policy: Option<u64>,
}

/// Two looks into an index: every transaction that records decisions takes them.
const MARKS: &str = "SELECT \
     (SELECT sequence FROM audit_entries WHERE action <> 'application.decided' \
      AND action = 'model.activated' ORDER BY sequence DESC LIMIT 1) AS model, \
     (SELECT sequence FROM audit_entries WHERE action <> 'application.decided' \
      AND action = 'policy.activated' ORDER BY sequence DESC LIMIT 1) AS policy";

/// The entries of one action that is no decision by model and policy, the last first.
const OF_RARE_ACTION: &str = "SELECT sequence, leaf_hash, entry FROM audit_entries \
     WHERE action <> 'application.decided' AND action = $1 \
     ORDER BY sequence DESC LIMIT $2";

/// The head of the log with them, in one message.
const HEAD_AND_MARKS: &str = "SELECT size, root_hash, frontier, updated_at, \
     (SELECT sequence FROM audit_entries WHERE action <> 'application.decided' \
      AND action = 'model.activated' ORDER BY sequence DESC LIMIT 1) AS model, \
     (SELECT sequence FROM audit_entries WHERE action <> 'application.decided' \
      AND action = 'policy.activated' ORDER BY sequence DESC LIMIT 1) AS policy FROM audit_head WHERE id = 1";

pub(super) const QUERIES: [&str; 3] = [MARKS, HEAD_AND_MARKS, OF_RARE_ACTION];

/// Where the log says what is in force.
pub async fn marks(tx: &mut Tx) -> Result<Marks, Error> {
    let marks: MarkColumns = on_backend!(tx, |connection| sqlx::query_as(MARKS).fetch_one(connection).await?);
    marks.try_into()
}

/// The head of the log, and where it says what is in force; without the row of the head there is neither.
pub async fn head_and_marks(tx: &mut Tx) -> Result<(Option<StoredHead>, Marks), Error> {
    let row: Option<HeadAndMarks> =
        on_backend!(tx, |connection| sqlx::query_as(HEAD_AND_MARKS).fetch_optional(connection).await?);
    match row {
        Some(HeadAndMarks { head, marks }) => Ok((Some(head.try_into()?), marks.try_into()?)),
        None => Ok((None, Marks::default())),
    }
}

#[derive(sqlx::FromRow)]
struct HeadAndMarks {
    #[sqlx(flatten)]
    head: HeadColumns,
    #[sqlx(flatten)]
    marks: MarkColumns,
}

#[derive(sqlx::FromRow)]
struct MarkColumns {
    model: Option<i64>,
    policy: Option<i64>,
}

impl TryFrom<MarkColumns> for Marks {
    type Error = Error;

    fn try_from(row: MarkColumns) -> Result<Self, Error> {
        let place = |n: i64| u64::try_from(n).map_err(|_| Error::corrupt("audit_entries", "sequence", n.to_string()));
        Ok(Self { model: row.model.map(place).transpose()?, policy: row.policy.map(place).transpose()? })
    }
}

/// The last entries of one action that is no decision by model and policy, the last first.
pub async fn of_rare_action(tx: &mut Tx, action: Action, most: u32) -> Result<Vec<StoredEntry>, Error> {
    let rows: Vec<EntryColumns> = on_backend!(tx, |connection| {
        sqlx::query_as(OF_RARE_ACTION).bind(action.as_str()).bind(i64::from(most)).fetch_all(connection).await?
    });
    rows.into_iter().map(StoredEntry::try_from).collect()
}
