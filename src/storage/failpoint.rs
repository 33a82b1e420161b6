//! Named places at which a test ends the process, or fails the transaction, as a crash would.
//!
//! `UNDERWRIGHT_FAILPOINT` names one: `recorder.after_entries` ends the process when that place is reached,
//! `recorder.after_entries=error` fails there, and `…@3` waits for the third time. Only debug builds and builds with the
//! feature `failpoints` look at it; in all others reaching a place is nothing at all.

#[cfg(any(debug_assertions, feature = "failpoints"))]
use std::sync::LazyLock;

use super::Error;

/// The places in a transaction of the recorder, in the order in which one application under an idempotency key
/// reaches them: one behind each of its statements.
pub const RECORDER: [&str; 11] = [
    "recorder.after_begin",
    "recorder.after_sift",
    "recorder.after_sweep",
    "recorder.after_nodes",
    "recorder.after_entries",
    "recorder.after_applications",
    "recorder.after_data_keys",
    "recorder.after_decisions",
    "recorder.after_keys",
    "recorder.after_head",
    "recorder.after_commit",
];

/// The places around the end of any transaction that writes: with `…@3` those of the third one of a process.
pub const TRANSACTION: [&str; 2] = ["transaction.before_commit", "transaction.after_commit"];

/// The places in an erasure, in the order in which it reaches them.
pub const ERASURE: [&str; 3] = ["erasure.after_journal", "erasure.after_keys", "erasure.after_commit"];

#[cfg(any(debug_assertions, feature = "failpoints"))]
static WANTED: LazyLock<Option<Wanted>> =
    LazyLock::new(|| Wanted::parse(&std::env::var("UNDERWRIGHT_FAILPOINT").ok()?));

/// Whether a place is named, wherever it is.
#[cfg(any(debug_assertions, feature = "failpoints"))]
pub fn is_awaited() -> bool {
    WANTED.is_some()
}

/// Whether a place is named, which none is in this build.
#[cfg(not(any(debug_assertions, feature = "failpoints")))]
#[inline]
pub const fn is_awaited() -> bool {
    false
}

/// Says that a place was reached.
///
/// # Errors
/// This is the place that is to fail.
#[cfg(any(debug_assertions, feature = "failpoints"))]
pub fn reach(place: &str) -> Result<(), Error> {
    use std::sync::atomic::{AtomicU32, Ordering};

    static REACHED: AtomicU32 = AtomicU32::new(0);

    let Some(wanted) = &*WANTED else { return Ok(()) };
    if wanted.place != place || REACHED.fetch_add(1, Ordering::SeqCst) + 1 != wanted.time {
        return Ok(());
    }
    if wanted.fails {
        return Err(Error::Unavailable(format!("failed at {place}, as was asked for")));
    }
    std::process::abort()
}

/// Says that a place was reached, which means nothing in this build.
///
/// # Errors
/// None.
#[cfg(not(any(debug_assertions, feature = "failpoints")))]
#[inline]
pub const fn reach(_place: &str) -> Result<(), Error> {
    Ok(())
}

/// The place that is asked for.
#[cfg(any(debug_assertions, feature = "failpoints"))]
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    place: String,
    /// Whether the transaction fails there, instead of the process ending.
    fails: bool,
    /// From 1.
    time: u32,
}

#[cfg(any(debug_assertions, feature = "failpoints"))]
impl Wanted {
    fn parse(text: &str) -> Option<Self> {
        let (rest, time) = match text.split_once('@') {
            Some((rest, time)) => (rest, time.parse().ok()?),
            None => (text, 1),
        };
        let (place, fails) = match rest.split_once('=') {
            Some((place, "error")) => (place, true),
            Some((place, "abort")) => (place, false),
            Some(_) => return None,
            None => (rest, false),
        };
        Some(Self { place: place.to_owned(), fails, time })
    }
}

#[cfg(all(test, any(debug_assertions, feature = "failpoints")))]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_named_with_what_happens_there_and_at_which_time() {
        let wanted = |place: &str, fails, time| Some(Wanted { place: place.to_owned(), fails, time });
        assert_eq!(Wanted::parse("a.b"), wanted("a.b", false, 1));
        assert_eq!(Wanted::parse("a.b=error@3"), wanted("a.b", true, 3));
        assert_eq!(Wanted::parse("a.b=burn"), None);
        assert_eq!(Wanted::parse("a.b@x"), None);
    }
}
