//! Taking the log away: as JSON Lines, CSV or Parquet, in memory that does not grow with the log.
//!
//! An export is of a tree of a fixed size, which is settled first; entries are never changed, so the same request
//! for the same tree gives the same bytes at any time, whatever is recorded meanwhile. It is read in short
//! transactions, a chunk at a time: a slow reader holds nothing open.

mod plan;

use std::ops::Range;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

pub use plan::{Plan, Request, plan};

use super::{App, applications::ReadError};
use crate::{
    audit::{
        exported::{BLOCK, Line, Manifest},
        tree::{
            Hash, leaf_hash,
            proof::Plan as Nodes,
            range::{Builder, subtrees},
        },
    },
    export::{Beside, ExportError, Format, Leaf, Writer},
    storage::{
        self, Db, audit,
        entries::{self, Entries},
    },
};

/// How many entries are read at a time: a block, about a megabyte. A few times as much is held for each export.
const CHUNK: u64 = BLOCK;

/// Why an export broke off.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Storage(#[from] storage::Error),
    #[error(transparent)]
    Export(#[from] ExportError),
    /// Whoever was to take the bytes does not.
    #[error("{0}")]
    Sink(String),
    #[error("the log has {size} entries; tree_size must not be above")]
    TreeTooLarge { size: u64 },
}

/// Writes an export, handing `sink` its bytes as they come, and gives its manifest, which JSON Lines end with.
/// `progress` is told how many entries are done.
pub async fn write(
    db: &Db,
    plan: &Plan,
    mut sink: impl AsyncFnMut(Vec<u8>) -> Result<(), String>,
    mut progress: impl FnMut(u64),
) -> Result<Manifest, Error> {
    let mut export = Export::begin(db, plan).await?;
    while export.next < plan.end {
        let chunk = read(db, plan, export.next).await?;
        // Hashing and compressing would hold up the runtime's other work.
        let encoded = tokio::task::spawn_blocking(move || export.encode(chunk)).await;
        let (going_on, bytes) = encoded.map_err(|error| Error::Sink(error.to_string()))??;
        export = going_on;
        progress(export.next - plan.first);
        if !bytes.is_empty() {
            sink(bytes).await.map_err(Error::Sink)?;
        }
    }
    let (last, manifest) = export.finish(plan)?;
    sink(last).await.map_err(Error::Sink)?;
    Ok(manifest)
}

/// Settles an export of a running server. The head of the log is signed first, so that every entry is covered.
pub async fn plan_from_server(app: &App, request: Request) -> Result<Plan, Error> {
    if request.tree_size.is_none() {
        match super::audit::checkpoint(app).await {
            // A log without entries, or a server without a key, signs nothing.
            Ok(_) | Err(ReadError::NotFound) => {}
            Err(ReadError::Storage(error)) => return Err(error.into()),
            // A log that contradicts itself is taken away all the same: it is evidence.
            Err(ReadError::Contradicted(reason)) => tracing::error!(reason, "an export is not signed"),
        }
    }
    plan(app.db(), request, app.clock().now()).await
}

/// As [`write()`], of a running server.
pub async fn write_from_server(
    app: &App,
    plan: &Plan,
    sink: impl AsyncFnMut(Vec<u8>) -> Result<(), String>,
) -> Result<Manifest, Error> {
    write(app.db(), plan, sink, |_| ()).await
}

/// The manifest of an export, for which it is written and thrown away.
pub async fn manifest(app: &App, plan: &Plan) -> Result<Manifest, Error> {
    write(app.db(), plan, async |_| Ok(()), |_| ()).await
}

/// An export that is under way.
struct Export {
    writer: Writer,
    /// The tree up to `next`.
    left: Builder,
    next: u64,
    bytes: u64,
    hasher: Sha256,
}

impl Export {
    /// Takes up the tree before the first entry.
    async fn begin(db: &Db, plan: &Plan) -> Result<Self, Error> {
        let mut tx = db.read().await?;
        let left = plan::tree(&mut tx, plan.first).await?;
        let writer = Writer::begin(plan.format, &plan.head)?;
        Ok(Self { writer, left, next: plan.first, bytes: 0, hasher: Sha256::new() })
    }

    /// Writes the next entries, and gives what is ready of the file.
    fn encode(mut self, chunk: Chunk) -> Result<(Self, Vec<u8>), Error> {
        let Chunk { rows, end, right } = chunk;
        let rows: Vec<(u64, &str)> = rows.part(0..rows.len()).collect();
        let leaves = rows.into_par_iter().map(|(sequence, entry)| {
            let hash = leaf_hash(entry.as_bytes());
            Leaf { sequence, entry: entry.to_owned(), hash }
        });
        let leaves: Vec<Leaf> = leaves.collect();
        let in_place = (self.next..).zip(&leaves).take_while(|(sequence, leaf)| leaf.sequence == *sequence).count();
        let missing = self.next + in_place as u64;
        if missing < end {
            return Err(ExportError::NotAnEntry(missing).into());
        }
        if right.is_empty() {
            self.writer.write(&leaves, None)?;
        }
        let mut rest = leaves.as_slice();
        for (block, right) in blocks(self.next, end).zip(right) {
            let count = usize::try_from(block.end - block.start).unwrap_or(rest.len());
            let (own, others) = rest.split_at(count.min(rest.len()));
            self.writer.write(own, Some(&Beside { left: self.left.subtrees(), right }))?;
            for leaf in own {
                self.left.push(0, leaf.hash);
            }
            rest = others;
        }
        self.next = end;
        let written = self.writer.take();
        self.count(&written);
        Ok((self, written))
    }

    fn count(&mut self, written: &[u8]) {
        self.hasher.update(written);
        self.bytes += written.len() as u64;
    }

    /// The rest of the file, and the manifest.
    fn finish(self, plan: &Plan) -> Result<(Vec<u8>, Manifest), Error> {
        let Self { writer, mut bytes, mut hasher, .. } = self;
        let mut last = writer.finish()?;
        hasher.update(&last);
        bytes += last.len() as u64;
        let any = plan.end > plan.first;
        let manifest = Manifest {
            head: plan.head.clone(),
            count: plan.end - plan.first,
            first_sequence: any.then_some(plan.first),
            last_sequence: any.then(|| plan.end - 1),
            bytes,
            sha256: hex::encode(hasher.finalize()),
        };
        if plan.format == Format::Jsonl {
            last.extend_from_slice(Line::Manifest(Box::new(manifest.clone())).to_text().as_bytes());
        }
        Ok((last, manifest))
    }
}

/// Neighbouring entries, and the subtrees to the right of each of their blocks where these are written.
struct Chunk {
    rows: Entries,
    end: u64,
    right: Vec<Vec<Hash>>,
}

/// Reads the entries from `next` on, up to the end of their chunk.
async fn read(db: &Db, plan: &Plan, next: u64) -> Result<Chunk, storage::Error> {
    let end = (next / CHUNK * CHUNK + CHUNK).min(plan.end);
    let mut tx = db.read().await?;
    let rows = entries::range(&mut tx, next, end).await?;
    let mut right = Vec::new();
    if plan.format == Format::Jsonl {
        for block in blocks(next, end) {
            let nodes = Nodes::of(subtrees(block.end, plan.head.tree_size));
            right.push(audit::proof_hashes(&mut tx, &nodes).await?);
        }
    }
    Ok(Chunk { rows, end, right })
}

/// The blocks that the entries from `start` to before `end` are proved in.
fn blocks(start: u64, end: u64) -> impl Iterator<Item = Range<u64>> {
    let mut next = start;
    std::iter::from_fn(move || {
        let first = next;
        next = (first / BLOCK * BLOCK + BLOCK).min(end);
        (first < end).then_some(first..next)
    })
}
