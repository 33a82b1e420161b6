//! What the log says is in force: the last entries that put a model and a policy into force.

use super::{Error, StoredEntry, Tx};
use crate::{audit::entry::Action, storage::db::on_backend};

use super::EntryColumns;

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
      AND action = 'model.activated' ORDER BY sequence DESC LIMIT 1), \
     (SELECT sequence FROM audit_entries WHERE action <> 'application.decided' \
      AND action = 'policy.activated' ORDER BY sequence DESC LIMIT 1)";

/// The entries of one action that is no decision by model and policy, the last first.
const OF_RARE_ACTION: &str = "SELECT sequence, leaf_hash, entry FROM audit_entries \
     WHERE action <> 'application.decided' AND action = $1 \
     ORDER BY sequence DESC LIMIT $2";

pub(super) const QUERIES: [&str; 2] = [MARKS, OF_RARE_ACTION];

/// Where the log says what is in force.
pub async fn marks(tx: &mut Tx) -> Result<Marks, Error> {
    let (model, policy): (Option<i64>, Option<i64>) =
        on_backend!(tx, |connection| sqlx::query_as(MARKS).fetch_one(connection).await?);
    let place = |sequence: Option<i64>| {
        let place = |n: i64| u64::try_from(n).map_err(|_| Error::corrupt("audit_entries", "sequence", n.to_string()));
        sequence.map(place).transpose()
    };
    Ok(Marks { model: place(model)?, policy: place(policy)? })
}

/// The last entries of one action that is no decision by model and policy, the last first.
pub async fn of_rare_action(tx: &mut Tx, action: Action, most: u32) -> Result<Vec<StoredEntry>, Error> {
    let rows: Vec<EntryColumns> = on_backend!(tx, |connection| {
        sqlx::query_as(OF_RARE_ACTION).bind(action.as_str()).bind(i64::from(most)).fetch_all(connection).await?
    });
    rows.into_iter().map(StoredEntry::try_from).collect()
}
