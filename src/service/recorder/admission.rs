//! Who may join the queue: a change that would wait too long is refused before anything is made of it.
//!
//! How many changes the store records a second is known only by watching it, so the queue's length is ruled by what
//! the changes in it went through: when the first of a batch waited longer than was asked for until it was durable,
//! fewer may wait from now on; when the bound turned senders away and all went quickly, more. A bound of
//! [`LEAST_QUEUE`] stays always: where every commit is slow, waiting for the next one is no overload.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// How many changes may wait, however slow the store is.
const LEAST_QUEUE: usize = 128;
/// How many may wait before anything is known of the store.
const FIRST_QUEUE: usize = 256;
/// A batch that takes this many times as long as a change may wait is not slow: the store has fallen silent.
const SILENT_TIMES: u32 = 8;
/// What is never called silence, however short a change may wait.
const LEAST_SILENCE: Duration = Duration::from_secs(1);

/// The bound on the queue. Cheap to clone; clones are the same bound.
#[derive(Debug, Clone)]
pub(super) struct Admission(Option<Arc<Bound>>);

#[derive(Debug)]
struct Bound {
    within: Duration,
    capacity: usize,
    queue_max: AtomicUsize,
    /// Whether the bound has turned anyone away since a batch was last judged.
    turned_away: AtomicBool,
    /// When the batch that is being written was begun.
    begun: Mutex<Option<Instant>>,
}

/// Why a change may not join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TurnedAway {
    /// As many wait as can be recorded in time.
    Backlog,
    /// The store does not answer.
    Silence,
}

impl Admission {
    /// Without `within` everyone may join, until the queue is full.
    pub(super) fn new(within: Option<Duration>, capacity: usize) -> Self {
        Self(within.map(|within| {
            Arc::new(Bound {
                within,
                capacity,
                queue_max: AtomicUsize::new(FIRST_QUEUE.min(capacity)),
                turned_away: AtomicBool::new(false),
                begun: Mutex::new(None),
            })
        }))
    }

    /// Whether a change may join the `waiting` ones.
    pub(super) fn admit(&self, waiting: usize, now: Instant) -> Result<(), TurnedAway> {
        let Some(bound) = &self.0 else { return Ok(()) };
        let begun = *bound.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let silence = LEAST_SILENCE.max(bound.within * SILENT_TIMES);
        if begun.is_some_and(|begun| now.saturating_duration_since(begun) > silence) {
            return Err(TurnedAway::Silence);
        }
        if waiting < bound.queue_max.load(Ordering::Relaxed) {
            return Ok(());
        }
        bound.turned_away.store(true, Ordering::Relaxed);
        Err(TurnedAway::Backlog)
    }

    /// A batch is begun.
    pub(super) fn begin(&self, now: Instant) {
        self.set_begun(Some(now));
    }

    /// The batch is over, whatever became of it.
    pub(super) fn end(&self) {
        self.set_begun(None);
    }

    /// Judges a batch that was recorded: its first change had joined so long before it was durable, and as many
    /// as `waited` were in the queue when the batch was taken.
    pub(super) fn judge(&self, longest_wait: Duration, waited: usize) {
        let Some(bound) = &self.0 else { return };
        let turned_away = bound.turned_away.swap(false, Ordering::Relaxed);
        let queue_max = bound.queue_max.load(Ordering::Relaxed);
        let next = if longest_wait > bound.within {
            (queue_max.min(waited.max(LEAST_QUEUE)) * 4 / 5).max(LEAST_QUEUE.min(bound.capacity))
        } else if turned_away && longest_wait < bound.within * 4 / 5 {
            (queue_max + queue_max / 8 + 1).min(bound.capacity)
        } else {
            queue_max
        };
        bound.queue_max.store(next, Ordering::Relaxed);
    }

    fn set_begun(&self, to: Option<Instant>) {
        if let Some(bound) = &self.0 {
            *bound.begun.lock().unwrap_or_else(PoisonError::into_inner) = to;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITHIN: Duration = Duration::from_millis(150);

    fn bound(admission: &Admission) -> usize {
        let now = Instant::now();
        (0..10_000).find(|&waiting| admission.admit(waiting, now).is_err()).unwrap_or(10_000)
    }

    /// Fifty full queues at a store that records so many changes a second; says how long the queue may be then.
    fn settle(admission: &Admission, changes_a_second: f64) -> usize {
        for _ in 0..50 {
            let waited = bound(admission);
            let changes = f64::from(u32::try_from(waited).expect("a queue"));
            admission.judge(Duration::from_secs_f64(changes / changes_a_second), waited);
        }
        bound(admission)
    }

    #[test]
    fn whoever_sets_no_time_is_bound_by_the_queue_alone() {
        let admission = Admission::new(None, 4_096);
        admission.begin(Instant::now());
        let later = Instant::now() + Duration::from_hours(1);
        assert_eq!(admission.admit(1_000_000, later), Ok(()));
    }

    #[test]
    fn a_queue_that_takes_too_long_is_kept_shorter_until_it_does_not() {
        let admission = Admission::new(Some(WITHIN), 4_096);
        // Of a store that records 2,000 a second 300 wait as long as is allowed.
        let settled = settle(&admission, 2_000.0);
        assert!((200..=300).contains(&settled), "{settled}");
        // It becomes four times as fast.
        let settled = settle(&admission, 8_000.0);
        assert!((900..=1_200).contains(&settled), "{settled}");
    }

    #[test]
    fn where_every_commit_is_slow_some_may_wait_for_the_next() {
        let admission = Admission::new(Some(WITHIN), 4_096);
        for _ in 0..100 {
            admission.judge(Duration::from_millis(400), 64);
        }
        assert_eq!(bound(&admission), LEAST_QUEUE);
        assert_eq!(bound(&Admission::new(Some(WITHIN), 4)), 4, "no more than the queue holds");
    }

    #[test]
    fn nobody_joins_while_the_store_is_silent() {
        let admission = Admission::new(Some(WITHIN), 4_096);
        let begun = Instant::now();
        admission.begin(begun);
        assert_eq!(admission.admit(0, begun + Duration::from_millis(900)), Ok(()));
        assert_eq!(admission.admit(0, begun + Duration::from_secs(2)), Err(TurnedAway::Silence));
        admission.end();
        assert_eq!(admission.admit(0, begun + Duration::from_secs(2)), Ok(()));
    }
}
