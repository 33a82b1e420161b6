//! Every single-byte change of a stored row, every removal, swap, insertion and truncation of a log, found and named.
//!
//! `cargo run --release --example tamper -- --entries 10000`. The log is recorded as the server records it, with a
//! checkpoint that is kept; its rows are then changed one byte at a time, in memory, and given to the verifier as the
//! database would give them. The tests do the same in the file itself, for samples.

mod bytes;
#[path = "../../benches/audit/log.rs"]
mod log;
mod order;

use std::{env, time::Instant};

use underwright::{
    audit::{
        note::VerifierKey,
        verify::{AnswerRow, CheckpointRow, Row, StoredHead, examine_checkpoint},
    },
    service::audit::{checkpoint, signing_keys},
    storage::{Db, audit},
};

/// A log as it stands in the database.
pub(crate) struct Stored {
    pub(crate) rows: Vec<Row>,
    pub(crate) head: StoredHead,
    pub(crate) checkpoints: Vec<CheckpointRow>,
    /// The answers kept under an `Idempotency-Key`: of every tenth application.
    pub(crate) answers: Vec<AnswerRow>,
    pub(crate) keys: Vec<VerifierKey>,
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let place = arguments.iter().position(|argument| argument == "--entries");
    let entries: u64 =
        place.and_then(|place| arguments.get(place + 1)).map_or(10_000, |text| text.parse().expect("a number"));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
    let stored = runtime.block_on(record(entries));
    let begun = Instant::now();
    let found = [
        ("changed bytes of rows and their copies", bytes::of_rows(&stored)),
        ("changed bytes of kept answers", bytes::of_answers(&stored)),
        ("changed bytes of the head", bytes::of_head(&stored)),
        ("changed bytes of checkpoints", bytes::of_checkpoints(&stored)),
        ("removals", order::removals(&stored)),
        ("swaps", order::swaps(&stored)),
        ("insertions", order::insertions(&stored)),
        ("truncations with every hash made to fit", order::truncations(&stored)),
    ];
    for (what, count) in found {
        println!("{count:>12} {what}: each was found and named");
    }
    println!("{} entries, {:.0} s", stored.rows.len(), begun.elapsed().as_secs_f64());
}

async fn record(entries: u64) -> Stored {
    let folder = tempfile::tempdir().expect("a folder");
    let (app, db) = log::open(folder.path()).await;
    let keyed = entries.div_ceil(10);
    log::fill(&app, 0..keyed, true).await;
    log::fill(&app, keyed..entries, false).await;
    checkpoint(&app).await.expect("signed");
    let stored = read(&db).await;
    app.stop().await;
    for row in &stored.checkpoints {
        examine_checkpoint(row, &stored.keys).expect("sound before it is changed");
    }
    stored
}

async fn read(db: &Db) -> Stored {
    let keys = signing_keys(db).await.expect("keys");
    let mut tx = db.read().await.expect("a transaction");
    let fetched = audit::rows_to_verify(&mut tx, i64::MIN, u32::MAX >> 1).await.expect("rows");
    let answers = audit::answers_to_verify(&mut tx, None, u32::MAX >> 1).await.expect("answers");
    Stored {
        rows: (0..fetched.count()).map(|index| fetched.read(index)).collect(),
        head: audit::head(&mut tx).await.expect("read").expect("a head"),
        checkpoints: audit::checkpoints_to_verify(&mut tx).await.expect("checkpoints"),
        answers: (0..answers.count()).map(|index| answers.read(index)).collect(),
        keys,
    }
}
