//! What an export is of: which entries, in which tree, under which checkpoint.

use super::Error;
use crate::{
    audit::{
        checkpoint::SignedCheckpoint,
        exported::{FORMAT, Filters, Head, to_hex},
        tree::{
            Hash,
            proof::{self, Plan as Nodes},
            range::{Builder, subtrees},
        },
    },
    domain::timestamp::Timestamp,
    export::Format,
    service::{BUILD, audit::keys::keys_of_log},
    storage::{
        self, Db, Tx,
        audit::{self, checkpoints},
    },
};

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    pub format: Format,
    pub filters: Filters,
    /// The log as it was at so many entries; as it is now when left out.
    pub tree_size: Option<u64>,
}

/// What an export is of.
#[derive(Debug, Clone)]
pub struct Plan {
    pub format: Format,
    pub head: Head,
    /// The log that was exported, by its size: asking for it again gives the same entries.
    pub asked_tree_size: u64,
    /// The first entry,
    pub first: u64,
    /// and the one behind the last.
    pub end: u64,
}

/// Settles what an export is of.
///
/// The entries are proved in the tree of the smallest stored checkpoint that covers them all; where none does, in the
/// tree as it stands, of which the last checkpoint is proved to be the beginning.
pub async fn plan(db: &Db, request: Request, now: Timestamp) -> Result<Plan, Error> {
    let Request { format, filters, tree_size } = request;
    let mut tx = db.read().await?;
    let stored = audit::head(&mut tx).await?.ok_or_else(corrupt_head)?;
    let whole = tree_size.unwrap_or(stored.size);
    if whole > stored.size {
        return Err(Error::TreeTooLarge { size: stored.size });
    }
    let end = since(&mut tx, filters.to, whole).await?.unwrap_or(whole).min(whole);
    let first = since(&mut tx, filters.from, whole).await?.unwrap_or(0).min(end);
    let signed = signed(&mut tx, end, whole).await?;
    let covering = signed.as_ref().map(|signed| signed.head().size).filter(|size| *size >= end);
    let tree_size = covering.unwrap_or(whole);
    let root = match &signed {
        Some(signed) if signed.head().size == tree_size => signed.head().root,
        _ if tree_size == stored.size => stored.root,
        _ => tree(&mut tx, tree_size).await?.root(),
    };
    let (mut key, mut consistency) = (None, Vec::new());
    if let Some(signed) = &signed {
        key = signed.verify(&keys_of_log(&mut tx).await?).ok().cloned();
        if let Some(plan) = proof::consistency(signed.head().size, tree_size) {
            consistency = audit::proof_hashes(&mut tx, &plan).await?;
        }
    }
    let head = Head {
        format: FORMAT.to_owned(),
        written_by: format!("underwright {BUILD}"),
        exported_at: now,
        filters,
        tree_size,
        root_hash: root.to_string(),
        checkpoint: signed.as_ref().map(ToString::to_string),
        key,
        consistency: to_hex(&consistency),
    };
    Ok(Plan { format, head, asked_tree_size: whole, first, end })
}

/// The tree of the first `size` entries, from what is stored of it.
pub(super) async fn tree(tx: &mut Tx, size: u64) -> Result<Builder, storage::Error> {
    let nodes = subtrees(0, size);
    let hashes: Vec<Hash> = audit::proof_hashes(tx, &Nodes::of(nodes.clone())).await?;
    let mut builder = Builder::default();
    for (node, hash) in nodes.iter().zip(hashes) {
        builder.push(node.height, hash);
    }
    Ok(builder)
}

/// The first entry recorded at a time or later, or behind all of them; `None` when no time is given.
async fn since(tx: &mut Tx, time: Option<Timestamp>, size: u64) -> Result<Option<u64>, storage::Error> {
    let Some(time) = time else { return Ok(None) };
    Ok(Some(audit::first_since(tx, time).await?.unwrap_or(size)))
}

/// The smallest checkpoint of at least `end` entries and at most `whole`, else the last one before.
async fn signed(tx: &mut Tx, end: u64, whole: u64) -> Result<Option<SignedCheckpoint>, storage::Error> {
    let covering = checkpoints::first_covering(tx, end.saturating_sub(1)).await?;
    let covering = covering.filter(|stored| stored.size <= whole);
    let stored = match covering {
        Some(stored) => Some(stored),
        None => checkpoints::latest_within(tx, whole).await?,
    };
    let parse = |note: &str| SignedCheckpoint::parse(note);
    let corrupt =
        |number: u64| storage::Error::Corrupt { table: "audit_checkpoints", column: "note", id: number.to_string() };
    stored.map(|stored| parse(&stored.note).map_err(|_| corrupt(stored.number))).transpose()
}

fn corrupt_head() -> storage::Error {
    storage::Error::Corrupt { table: "audit_head", column: "id", id: "1".to_owned() }
}
