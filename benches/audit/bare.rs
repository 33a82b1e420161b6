//! Recording, held against the same rows written plainly: no tree, no seals, no signatures, and no canonical form.
//!
//! Both decide every application and write its answer; both group as many as wait into one durable transaction. The
//! plain one inserts rows that were read from a log before, so it is spared making them too: the ratio flatters it.

use std::{sync::Arc, time::Instant};

use tokio::sync::{mpsc, oneshot};
use underwright::{
    audit::{entry::Action, tree::Hash, verify::Row},
    domain::{decision::Outcome, timestamp::Timestamp},
    service::{App, simulate::simulate},
    storage::{
        Db,
        applications::{self, NewApplication},
        audit::{self, NewEntry},
        decisions::{self, NewDecision},
    },
};

use crate::{log, rate};

/// Rounds of both, one after the other; the best of each counts, as what the machine can do.
const ROUNDS: u32 = 3;

/// Records `count` applications in both ways and says how the two compare.
pub(crate) async fn compare(source: &Db, count: u64) {
    let rows = rows(source, count).await;
    let count = rows.len() as u64;
    let (mut full, mut plain) = (0.0_f64, 0.0_f64);
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir().expect("a folder");
        let (app, _) = log::open(folder.path()).await;
        let begun = Instant::now();
        log::fill(&app, 0..count, false).await;
        full = full.max(rate("recorded with tree, seals and signatures", count, begun.elapsed()));
        app.stop().await;
        let folder = tempfile::tempdir().expect("a folder");
        let (app, db) = log::open(folder.path()).await;
        let begun = Instant::now();
        write_plainly(&app, db, &rows).await;
        plain = plain.max(rate("decided, and the same rows written plainly", count, begun.elapsed()));
        app.stop().await;
    }
    println!("recording at {:.2} of the throughput without", full / plain);
}

/// Rows of decisions, as they stand in a log.
async fn rows(db: &Db, count: u64) -> Arc<Vec<Row>> {
    let mut tx = db.read().await.expect("a transaction");
    let limit = u32::try_from(count + 10).expect("a few");
    let fetched = audit::rows_to_verify(&mut tx, -1, limit).await.expect("rows");
    let rows = (0..fetched.count()).map(|index| fetched.read(index)).filter(|row| row.application.is_some());
    Arc::new(rows.take(usize::try_from(count).expect("a few")).collect())
}

type Job = (usize, oneshot::Sender<()>);

async fn write_plainly(app: &App, db: Db, rows: &Arc<Vec<Row>>) {
    let (queue, waiting) = mpsc::channel::<Job>(4_096);
    let writer = tokio::spawn(write_groups(db, waiting, Arc::clone(rows)));
    let at_once = usize::try_from(log::AT_ONCE).expect("a few");
    for start in (0..rows.len()).step_by(at_once) {
        let end = rows.len().min(start + at_once);
        let tasks: Vec<_> = (start..end)
            .map(|index| {
                let (app, queue) = (app.clone(), queue.clone());
                tokio::spawn(async move {
                    let view = simulate(&app, &log::body(index as u64)).unwrap_or_else(|error| panic!("{error:?}"));
                    let answer = serde_json::to_vec(&view).expect("JSON");
                    let (reply, done) = oneshot::channel();
                    queue.send((index, reply)).await.expect("the writer runs");
                    done.await.expect("written");
                    answer.len()
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic");
        }
    }
    drop(queue);
    writer.await.expect("no panic");
}

async fn write_groups(db: Db, mut waiting: mpsc::Receiver<Job>, rows: Arc<Vec<Row>>) {
    // Behind the entries that open the log.
    let mut sequence = 1_000;
    let mut jobs = Vec::new();
    while waiting.recv_many(&mut jobs, usize::try_from(log::AT_ONCE).expect("a few")).await > 0 {
        let (mut entries, mut applications, mut decisions) = (Vec::new(), Vec::new(), Vec::new());
        for (index, _) in &jobs {
            let (entry, application, decision) = plain_rows(&rows[*index], sequence);
            entries.push(entry);
            applications.push((sequence, application));
            decisions.push(decision);
            sequence += 1;
        }
        let mut tx = db.write().await.expect("a transaction");
        let mut writing = tx.writing();
        audit::insert_entries(&mut writing, &mut entries).await.expect("inserted");
        applications::insert(&mut writing, &mut applications).await.expect("inserted");
        decisions::insert(&mut writing, &mut decisions).await.expect("inserted");
        assert!(writing.send().await.expect("inserted"), "every row");
        tx.commit().await.expect("committed");
        for (_, reply) in jobs.drain(..) {
            let _ = reply.send(());
        }
    }
}

fn plain_rows(row: &Row, sequence: u64) -> (NewEntry, NewApplication, NewDecision) {
    let time = |text: &str| Timestamp::parse(text).expect("a time");
    let (application, decision) = row.application.as_ref().zip(row.decision.as_ref()).expect("a decision");
    let outcome: Outcome = serde_json::from_value(decision.outcome.clone().into()).expect("an outcome");
    let (id, leaf_hash) = (row.subject.parse().expect("an id"), Hash::from([0; 32]));
    let entry = NewEntry {
        sequence,
        leaf_hash,
        recorded_at: time(&row.recorded_at),
        action: Action::parse(&row.action).expect("an action"),
        actor: row.actor.clone(),
        request_id: row.request_id.parse().expect("an id"),
        subject: row.subject.clone(),
        entry: row.entry.clone(),
    };
    let new = NewApplication {
        id,
        external_reference: application.external_reference.clone(),
        submitted_by: application.submitted_by.clone(),
        received_at: time(&application.received_at),
        outcome,
        amount_minor: application.amount_minor,
        currency: application.currency.clone(),
    };
    let decision = NewDecision {
        audit_sequence: sequence,
        leaf_hash,
        application_id: id,
        number: 1,
        id: decision.id.parse().expect("an id"),
        decided_at: time(&decision.decided_at),
        outcome,
        automatic: decision.automatic,
        score: i32::try_from(decision.score).expect("a score"),
    };
    (entry, new, decision)
}
