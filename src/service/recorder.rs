//! Group commit: one task writes everything that waits in one durable transaction.
//!
//! A change is handed to the task through a bounded queue and its sender waits. While one transaction is
//! being made durable the next changes gather; the task then takes all of them (up to [`Settings::batch_max`])
//! into one transaction, and answers each only after its commit. So the cost of a durable write is shared by
//! everyone who waits for one, and the audit log has one writer in this process.
//!
//! What is answered is durable; what could not be recorded is answered with a [`RecordError`] and has left
//! nothing. A change whose sender went away is recorded all the same, or not at all.

mod admission;
mod batch;
mod change;
mod lone;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::{
    sync::{
        Notify,
        mpsc::{self, error::TrySendError},
        oneshot,
    },
    task::JoinHandle,
};

pub(super) use change::{AnswerDraft, Change, DecisionDraft, Effect, Event, Rejection};
pub(super) use lone::LoneEntry;

use self::admission::{Admission, TurnedAway};
use super::{Answer, Vault};
use crate::{
    clock::Clock,
    storage::{self, Db},
    telemetry::{
        RecorderMetrics,
        metrics::{RefusedCause, Stage},
    },
};

/// What a caller is told to wait when the store is behind: a second is many commits.
const RETRY_AFTER_SECONDS: u32 = 1;

/// How the recorder works.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How many changes may wait; one more is refused with [`RecordError::Busy`].
    pub queue_capacity: usize,
    /// How many changes one transaction may write.
    pub batch_max: usize,
    /// How long a change may wait, as far as that can be ruled by refusing others with [`RecordError::Busy`].
    pub record_within: Option<Duration>,
    /// How long a transaction may take until it is given up.
    pub write_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { queue_capacity: 4_096, batch_max: 512, record_within: None, write_timeout: Duration::from_secs(15) }
    }
}

/// Why a change was not recorded. Nothing of it is kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Another request under the same idempotency key is being worked on (409).
    #[error("a request with this Idempotency-Key is being worked on; wait for its answer")]
    InFlight,
    /// The idempotency key stands for another request (422).
    #[error("this Idempotency-Key was used for a different request; use a new one")]
    KeyReused,
    /// The answer that was kept cannot be read any more (410).
    #[error("the applicant's data was erased, and with it the answer kept under this Idempotency-Key")]
    Erased,
    /// More waits than the store can write (503 with `Retry-After`).
    #[error("too many changes are waiting to be recorded; try again in {retry_after_seconds} s")]
    Busy { retry_after_seconds: u32 },
    /// The server is stopping (503 with `Retry-After`).
    #[error("the server is stopping; try again in {retry_after_seconds} s")]
    Stopping { retry_after_seconds: u32 },
    /// Something was put into force that this server cannot load (503 with `Retry-After`).
    #[error("what is in force cannot be loaded: {0}")]
    NotLoaded(String),
    /// The store did not take it (503 with `Retry-After`).
    #[error("the store did not record the change: {0}")]
    Storage(storage::Error),
}

impl From<storage::Error> for RecordError {
    fn from(error: storage::Error) -> Self {
        Self::Storage(error)
    }
}

impl RecordError {
    const fn busy() -> Self {
        Self::Busy { retry_after_seconds: RETRY_AFTER_SECONDS }
    }

    const fn stopping() -> Self {
        Self::Stopping { retry_after_seconds: RETRY_AFTER_SECONDS }
    }
}

/// The way to the task that writes.
#[derive(Debug)]
pub(super) struct Recorder {
    queue: mpsc::Sender<Message>,
    stop: Arc<Notify>,
    task: Mutex<Option<JoinHandle<()>>>,
    metrics: RecorderMetrics,
    admission: Admission,
}

#[derive(Debug)]
enum Message {
    Record(Box<Job>),
    Event(Box<EventJob>),
    /// Asks whether a transaction can be opened for writing.
    Probe(oneshot::Sender<bool>),
}

/// A change, and who waits for it.
#[derive(Debug)]
struct Job {
    change: Change,
    queued_at: Instant,
    reply: oneshot::Sender<Verdict>,
}

/// An event, and who waits for it.
#[derive(Debug)]
struct EventJob {
    event: Event,
    reply: oneshot::Sender<Result<Option<u64>, RecordError>>,
}

/// What became of a change.
type Verdict = Result<Answer, Rejection>;

impl Recorder {
    /// Starts the task. Must be called within a tokio runtime.
    pub(super) fn start((db, vault): (Db, Vault), clock: Clock, metrics: RecorderMetrics, settings: Settings) -> Self {
        let (queue, waiting) = mpsc::channel(settings.queue_capacity);
        let stop = Arc::new(Notify::new());
        let admission = Admission::new(settings.record_within, settings.queue_capacity);
        let (own_metrics, own_admission) = (metrics.clone(), admission.clone());
        let writer = Writer { db, vault, clock, metrics: own_metrics, admission: own_admission, settings };
        let task = tokio::spawn(writer.run(waiting, Arc::clone(&stop)));
        Self { queue, stop, task: Mutex::new(Some(task)), metrics, admission }
    }

    /// Refuses a change that would wait too long, before anything is made of it.
    pub(super) fn admit(&self) -> Result<(), RecordError> {
        self.admission.admit(self.waiting(), Instant::now()).map_err(|why| {
            self.metrics.refused(match why {
                TurnedAway::Backlog => RefusedCause::Backlog,
                TurnedAway::Silence => RefusedCause::StoreSilent,
            });
            RecordError::busy()
        })
    }

    /// Records a change, and answers once that is durable.
    pub(super) async fn record(&self, change: Change) -> Verdict {
        let (reply, verdict) = oneshot::channel();
        self.send(Message::Record(Box::new(Job { change, queued_at: Instant::now(), reply })))?;
        // The task answers every job it takes; it is gone only when it was killed with its runtime.
        verdict.await.unwrap_or_else(|_| Err(RecordError::stopping().into()))
    }

    /// Records an event, and answers with its sequence once that is durable; `None` when the last entry of its action
    /// says the same.
    pub(super) async fn record_event(&self, event: Event) -> Result<Option<u64>, RecordError> {
        let (reply, recorded) = oneshot::channel();
        self.send(Message::Event(Box::new(EventJob { event, reply })))?;
        recorded.await.unwrap_or_else(|_| Err(RecordError::stopping()))
    }

    /// How many changes wait for their commit.
    pub(super) fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Whether the task runs and can open a transaction for writing.
    pub(super) async fn is_writable(&self) -> bool {
        let (reply, answer) = oneshot::channel();
        self.send(Message::Probe(reply)).is_ok() && answer.await.unwrap_or(false)
    }

    /// Refuses what comes from now on, records what waits, and returns when that is done.
    pub(super) async fn stop(&self) {
        self.stop.notify_one();
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            // A task that panicked has nothing left to wait for.
            let _ = task.await;
        }
    }

    fn send(&self, message: Message) -> Result<(), RecordError> {
        let sent = self.queue.try_send(message);
        self.metrics.queue_depth(self.queue.max_capacity() - self.queue.capacity());
        sent.map_err(|refused| match refused {
            TrySendError::Full(_) => {
                self.metrics.refused(RefusedCause::QueueFull);
                RecordError::busy()
            }
            TrySendError::Closed(_) => {
                self.metrics.refused(RefusedCause::ShuttingDown);
                RecordError::stopping()
            }
        })
    }
}

/// The task that writes.
#[derive(Debug)]
struct Writer {
    db: Db,
    vault: Vault,
    clock: Clock,
    metrics: RecorderMetrics,
    admission: Admission,
    settings: Settings,
}

impl Writer {
    async fn run(self, mut queue: mpsc::Receiver<Message>, stop: Arc<Notify>) {
        let mut messages = Vec::with_capacity(self.settings.batch_max);
        loop {
            tokio::select! {
                biased;
                // What is in the queue by now is still taken; then it is empty for good.
                () = stop.notified(), if !queue.is_closed() => queue.close(),
                taken = queue.recv_many(&mut messages, self.settings.batch_max) => {
                    if taken == 0 {
                        return;
                    }
                    self.metrics.queue_depth(queue.len());
                    let waited = taken + queue.len();
                    self.admission.begin(Instant::now());
                    self.take(&mut messages, waited).await;
                    self.admission.end();
                }
            }
        }
    }

    /// Writes what was taken of the `waited` ones, and answers.
    async fn take(&self, messages: &mut Vec<Message>, waited: usize) {
        let taken_at = Instant::now();
        let mut oldest = None;
        let mut changes = Vec::with_capacity(messages.len());
        let mut replies = Vec::with_capacity(messages.len());
        let (mut events, mut probes) = (Vec::new(), Vec::new());
        for message in messages.drain(..) {
            match message {
                Message::Record(job) => {
                    let Job { change, queued_at, reply } = *job;
                    self.metrics.stage(Stage::Queue, taken_at.saturating_duration_since(queued_at));
                    oldest = oldest.or(Some(queued_at));
                    changes.push(change);
                    replies.push(reply);
                }
                Message::Event(job) => events.push(*job),
                Message::Probe(reply) => probes.push(reply),
            }
        }
        if !changes.is_empty() {
            let verdicts = self.write(&changes).await;
            if let Some(oldest) = oldest {
                self.admission.judge(oldest.elapsed(), waited);
            }
            // Keys are free again before anybody hears of the answers under them.
            drop(changes);
            for (reply, verdict) in replies.into_iter().zip(verdicts) {
                // Whoever went away does not hear that their change was recorded.
                let _ = reply.send(verdict);
            }
        }
        for EventJob { event, reply } in events {
            let recorded = self.in_time(batch::write_event(&self.db, self.clock.now(), &event)).await;
            let _ = reply.send(recorded.map_err(RecordError::Storage));
        }
        if !probes.is_empty() {
            let writable = self.in_time(self.db.write()).await.is_ok();
            for probe in probes {
                let _ = probe.send(writable);
            }
        }
    }

    /// Writes changes together; when one of them makes that impossible, each alone.
    async fn write(&self, changes: &[Change]) -> Vec<Verdict> {
        match self.write_batch(changes).await {
            Ok(verdicts) => verdicts,
            Err(storage::Error::Conflict(_)) if changes.len() > 1 => {
                let mut verdicts = Vec::with_capacity(changes.len());
                for change in changes.chunks(1) {
                    match self.write_batch(change).await {
                        Ok(verdict) => verdicts.extend(verdict),
                        Err(error) => verdicts.push(self.failed(error)),
                    }
                }
                verdicts
            }
            Err(error) => {
                tracing::error!(changes = changes.len(), %error, "a batch was not recorded");
                changes.iter().map(|_| self.failed(error.clone())).collect()
            }
        }
    }

    async fn write_batch(&self, changes: &[Change]) -> Result<Vec<Verdict>, storage::Error> {
        let begun = Instant::now();
        let verdicts = self.in_time(batch::write(&self.db, &self.vault, self.clock.now(), changes)).await?;
        let took = begun.elapsed();
        self.metrics.committed(changes.len(), took);
        self.metrics.stage(Stage::Commit, took);
        for (change, verdict) in changes.iter().zip(&verdicts) {
            if verdict.as_ref().is_ok_and(|answer| !answer.replayed) {
                self.metrics.decided(change.decision.outcome, change.decision.automatic);
            }
        }
        Ok(verdicts)
    }

    /// Gives a transaction up when the database falls silent in it. Whether it was recorded is not known then.
    async fn in_time<T>(&self, writing: impl Future<Output = Result<T, storage::Error>>) -> Result<T, storage::Error> {
        let timeout = self.settings.write_timeout;
        let written = tokio::time::timeout(timeout, writing).await;
        let written = written.unwrap_or_else(|_| {
            self.db.renew_writer();
            Err(storage::Error::Unavailable(format!("no answer within {} ms", timeout.as_millis())))
        });
        if matches!(written, Err(storage::Error::ReadOnly)) {
            // What may not write stays so for as long as it is connected: another may find what can be written again.
            self.db.renew_writer();
        }
        written
    }

    fn failed(&self, error: storage::Error) -> Verdict {
        self.metrics.refused(RefusedCause::StoreUnavailable);
        Err(RecordError::Storage(error).into())
    }
}
