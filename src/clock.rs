//! The clock, and the source of identifiers and randomness: passed in, never reached for.
//!
//! Everything that needs the time or a new identifier is handed a [`Clock`] or [`Ids`], so that a test
//! can say what time it is and get the same identifiers again.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::SystemTime,
};

use rand::{Rng, SeedableRng, TryRng, rngs::SysRng};
use rand_chacha::ChaCha12Rng;
use time::{Duration, OffsetDateTime};
use uuid::{Builder, Uuid};

use crate::domain::{
    id::{ApplicationId, DecisionId, RequestId, SessionId},
    timestamp::Timestamp,
};

/// Says what time it is. Cheap to clone; clones of a manual clock move together.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    /// Microseconds since 1970.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `now` until it is moved: for tests, and for repeating what was decided.
    #[must_use]
    pub fn manual(now: Timestamp) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(micros(now)))))
    }

    /// Moves a manual clock, back when `by` is negative. The machine's clock stays as it is.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual(now) = &self.0 {
            now.fetch_add(i64::try_from(by.whole_microseconds()).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }

    /// The time now.
    ///
    /// # Panics
    /// When the clock has left the years 0 to 9999, in which nothing can be recorded.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn now(&self) -> Timestamp {
        let instant = match &self.0 {
            Source::System => OffsetDateTime::from(SystemTime::now()),
            Source::Manual(now) => {
                OffsetDateTime::from_unix_timestamp_nanos(i128::from(now.load(Ordering::SeqCst)) * 1_000)
                    .expect("a manual clock is within the years 0 to 9999")
            }
        };
        Timestamp::new(instant).expect("the clock is within the years 0 to 9999")
    }
}

/// Microseconds since 1970.
fn micros(at: Timestamp) -> i64 {
    i64::try_from(at.instant().unix_timestamp_nanos() / 1_000)
        .expect("the years 0 to 9999 fit in 64 bits of microseconds")
}

/// Makes identifiers: `UUIDv7`, so that their order is the order of their making, to the millisecond.
///
/// Cheap to clone; clones share one generator.
#[derive(Debug, Clone)]
pub struct Ids(Arc<Mutex<ChaCha12Rng>>);

/// The operating system gave no randomness.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no randomness: {0}")]
pub struct NoRandomness(String);

/// 32 random bytes, for a key that is to be made.
pub fn random_key() -> Result<[u8; 32], NoRandomness> {
    let mut key = [0; 32];
    SysRng.try_fill_bytes(&mut key).map_err(|source| NoRandomness(source.to_string()))?;
    Ok(key)
}

/// Random bytes for keys and nonces.
///
/// From AWS-LC's generator, not from that of [`Ids`]: whoever sees its state later cannot work out what it gave
/// before, so that a key that was destroyed stays destroyed.
pub fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| NoRandomness("the generator failed".to_owned()))?;
    Ok(bytes)
}

impl Ids {
    /// Identifiers that nobody can guess, from the operating system's randomness.
    pub fn from_system() -> Result<Self, NoRandomness> {
        let generator = ChaCha12Rng::try_from_rng(&mut SysRng).map_err(|source| NoRandomness(source.to_string()))?;
        Ok(Self(Arc::new(Mutex::new(generator))))
    }

    /// The same identifiers for the same seed and times: for tests.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(ChaCha12Rng::seed_from_u64(seed))))
    }

    /// Names an application received at `at`.
    #[must_use]
    pub fn application(&self, at: Timestamp) -> ApplicationId {
        ApplicationId::new(self.uuid_v7(at))
    }

    /// Names a decision made at `at`.
    #[must_use]
    pub fn decision(&self, at: Timestamp) -> DecisionId {
        DecisionId::new(self.uuid_v7(at))
    }

    /// Names a request received at `at`.
    #[must_use]
    pub fn request(&self, at: Timestamp) -> RequestId {
        RequestId::new(self.uuid_v7(at))
    }

    /// Names a session opened at `at`.
    #[must_use]
    pub fn session(&self, at: Timestamp) -> SessionId {
        SessionId::new(self.uuid_v7(at))
    }

    fn uuid_v7(&self, at: Timestamp) -> Uuid {
        let mut random = [0; 10];
        // A thread that panicked while it drew left a generator that still gives randomness.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut random);
        uuid_v7(at, &random)
    }
}

/// The least identifier that an application received at `at` can have.
#[must_use]
pub fn least_application_id(at: Timestamp) -> ApplicationId {
    ApplicationId::new(uuid_v7(at, &[0; 10]))
}

/// Times before 1970, which no clock in service shows, are taken as 1970.
fn uuid_v7(at: Timestamp, random: &[u8; 10]) -> Uuid {
    let millis = u64::try_from(micros(at) / 1_000).unwrap_or(0);
    Builder::from_unix_timestamp_millis(millis, random).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_manual_clock_stands_until_it_is_moved_and_its_clones_move_with_it() {
        let clock = Clock::manual(at("2026-11-22T13:00:00.000001Z"));
        let twin = clock.clone();
        assert_eq!(clock.now(), at("2026-11-22T13:00:00.000001Z"));
        twin.advance(Duration::hours(-1));
        assert_eq!(clock.now(), at("2026-11-22T12:00:00.000001Z"));
    }

    #[test]
    fn identifiers_sort_by_the_time_they_were_made_at() {
        let ids = Ids::seeded(1);
        let earlier = ids.application(at("2026-11-22T13:00:00Z"));
        let later = ids.application(at("2026-11-22T13:00:00.001Z"));
        assert!(earlier < later);
        assert!(least_application_id(at("2026-11-22T13:00:00Z")) <= earlier);
        assert!(earlier < least_application_id(at("2026-11-22T13:00:00.001Z")));
        assert!(earlier.to_string() < later.to_string(), "as text too: the database sorts text");
    }

    #[test]
    fn the_same_seed_gives_the_same_identifiers_and_the_system_never_the_same() {
        let now = at("2026-11-22T13:00:00Z");
        assert_eq!(Ids::seeded(7).request(now), Ids::seeded(7).request(now));
        assert_ne!(Ids::from_system().unwrap().request(now), Ids::from_system().unwrap().request(now));
    }
}
