//! Computing for long, without holding up the runtime's other work.

use std::{
    future::pending,
    num::NonZero,
    panic::resume_unwind,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::task::JoinHandle;

/// What threads need in turn, and would else make anew each time: buffers, and what was learnt. There are no more of them
/// than were needed at once.
#[derive(Debug)]
pub(super) struct Spares<T>(Arc<Mutex<Vec<T>>>);

impl<T> Clone for Spares<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for Spares<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: Default> Spares<T> {
    /// One that somebody gave back, as it was given; a new one when there is none.
    pub(super) fn take(&self) -> T {
        self.all().pop().unwrap_or_default()
    }

    pub(super) fn give_back(&self, spare: T) {
        self.all().push(spare);
    }

    /// A panic elsewhere leaves them as they are.
    fn all(&self) -> MutexGuard<'_, Vec<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an allocator is shown once, of which it then keeps as much: more than a chunk's texts take in all their copies.
const KEPT_BYTES: usize = 8 << 20;

/// Has the allocator keep what is freed, for what is asked for next.
///
/// glibc gives large pieces back to the system, and every page of the next is then made anew: a quarter of the time that
/// verifying takes. Once a large piece was freed it keeps those that are smaller (mallopt(3), `M_MMAP_THRESHOLD`). No page of
/// this one is ever touched.
pub(super) fn keep_freed_memory() {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(KEPT_BYTES)));
}

/// Runs what computes for long on a thread for that. If it panics, its caller does.
pub(super) async fn off_the_runtime<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    finished(tokio::task::spawn_blocking(work)).await
}

/// What came of such work that was begun before.
pub(super) async fn finished<T>(work: JoinHandle<T>) -> T {
    match work.await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // Nobody gives up work that is waited for but a runtime that ends, and with it whoever waits.
            Err(_) => pending().await,
        },
    }
}

/// How many pieces of work, each for one thread, are begun before the first is waited for: enough that no processor waits
/// for one to be handed over.
pub(super) fn chunks_at_once() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get) + 2
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_the_caller_s_and_ends_nothing_else() {
        let caller = tokio::spawn(off_the_runtime(|| -> u8 { panic!("as if by a fault of ours") }));
        assert!(caller.await.expect_err("it panicked").is_panic());
        assert_eq!(off_the_runtime(|| 7).await, 7);
    }

    #[tokio::test]
    async fn work_that_an_ending_runtime_gives_up_is_no_panic_of_whoever_waits_for_it() {
        let work = tokio::spawn(pending::<u8>());
        work.abort();
        while !work.is_finished() {
            tokio::task::yield_now().await;
        }
        assert!(finished(work).now_or_never().is_none());
    }
}
