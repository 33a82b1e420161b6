//! The stored hashes that a proof is made of.

use super::{
    super::{Error, Tx, db::on_backend},
    signed,
};
use crate::audit::tree::{Hash, proof::Plan, tiles::Run};

const LEAVES: &str = "SELECT leaf_hash FROM audit_entries WHERE sequence >= $1 AND sequence < $2 ORDER BY sequence";
const NODES: &str =
    "SELECT hash FROM audit_nodes WHERE level = $3 AND position >= $1 AND position < $2 ORDER BY position";

pub(super) const QUERIES: [&str; 2] = [LEAVES, NODES];

/// Makes a proof from what is stored: one read of at most 256 hashes for each tile that it touches.
pub async fn proof_hashes(tx: &mut Tx, plan: &Plan) -> Result<Vec<Hash>, Error> {
    let mut read = Vec::new();
    for run in plan.runs() {
        read.push((run, hashes(tx, run).await?));
    }
    plan.assemble_from_runs(&read).ok_or_else(|| missing(0, 0))
}

async fn hashes(tx: &mut Tx, run: Run) -> Result<Vec<Hash>, Error> {
    let (first, end) = (signed(run.first)?, signed(run.first.saturating_add(run.count))?);
    let stored: Vec<Vec<u8>> = on_backend!(tx, |connection| {
        if run.level == 0 {
            sqlx::query_scalar(LEAVES).bind(first).bind(end).fetch_all(connection).await?
        } else {
            let query = sqlx::query_scalar(NODES).bind(first).bind(end);
            query.bind(i64::from(run.level)).fetch_all(connection).await?
        }
    });
    let hashes: Option<Vec<Hash>> = stored.iter().map(|hash| Hash::from_slice(hash)).collect();
    let whole = hashes.filter(|hashes| hashes.len() as u64 == run.count);
    whole.ok_or_else(|| missing(run.level, run.first))
}

fn missing(level: u32, first: u64) -> Error {
    match level {
        0 => Error::corrupt("audit_entries", "leaf_hash", first.to_string()),
        level => Error::corrupt("audit_nodes", "hash", format!("level {level}, position {first}")),
    }
}
