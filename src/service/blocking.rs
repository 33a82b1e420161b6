//! Computing for long, without holding up the runtime's other work.

use std::panic::resume_unwind;

use tokio::task::JoinHandle;

/// Runs what computes for long on a thread for that. If it panics, its caller does.
pub(super) async fn off_the_runtime<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    finished(tokio::task::spawn_blocking(work)).await
}

/// What came of such work that was begun before.
pub(super) async fn finished<T>(work: JoinHandle<T>) -> T {
    // Nobody gives up work that he waits for, so an error is a panic.
    work.await.unwrap_or_else(|error| resume_unwind(error.into_panic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_the_caller_s_and_ends_nothing_else() {
        let caller = tokio::spawn(off_the_runtime(|| -> u8 { panic!("as if by a fault of ours") }));
        assert!(caller.await.expect_err("it panicked").is_panic());
        assert_eq!(off_the_runtime(|| 7).await, 7);
    }
}
