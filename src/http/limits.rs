//! How often one caller may ask.
//!
//! Two rates, both off unless they are set. A *caller* is the subject of a verified token. Of a request whose token was
//! not verified before nobody knows who sent it, so its *address* is looked at before a signature is checked: whoever
//! guesses tokens is stopped there, and a caller who is known is never held up by others behind the same address.
//!
//! Invariant: what is remembered of callers and of addresses is bounded, whoever calls.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use actix_web::HttpRequest;
use governor::{
    DefaultKeyedRateLimiter, Quota,
    clock::{Clock, DefaultClock},
};

use super::problem::{Code, Problem};
use crate::{config, domain::principal::Principal};

/// How many callers, and how many addresses, have a count of their own.
const KEYS_MAX: usize = 100_000;
/// How many counts the others share.
const SHARED_KEYS: u64 = 1_024;
/// After how many requests those are forgotten who have been quiet for long.
const FORGET_EVERY: u32 = 4_096;

/// The rates that callers are held to.
#[derive(Debug)]
pub struct RateLimits {
    callers: Option<Rate>,
    addresses: Option<Rate>,
    trusted_proxies: Vec<IpAddr>,
    /// Callers are counted under a hash that nobody can aim at another's.
    names: RandomState,
}

/// A rate for each key.
struct Rate {
    limiter: DefaultKeyedRateLimiter<u64>,
    clock: DefaultClock,
    requests: AtomicU32,
}

impl RateLimits {
    /// The rates of the settings.
    #[must_use]
    pub fn new(settings: &config::Limits) -> Self {
        Self {
            callers: Rate::new(settings.caller_per_minute, settings.caller_burst),
            addresses: Rate::new(settings.address_per_minute, settings.address_burst),
            trusted_proxies: settings.trusted_proxies.clone(),
            names: RandomState::new(),
        }
    }

    /// Counts a request of a caller who is known.
    pub fn count_caller(&self, who: &Principal) -> Result<(), Problem> {
        let Some(rate) = &self.callers else { return Ok(()) };
        rate.count(self.names.hash_one(&who.subject)).map_err(|wait| too_many("this caller", wait))
    }

    /// Counts a request of which nobody knows who sent it.
    pub fn count_stranger(&self, request: &HttpRequest) -> Result<(), Problem> {
        let Some(rate) = &self.addresses else { return Ok(()) };
        let Some(network) = self.network_of(request) else { return Ok(()) };
        rate.count(self.names.hash_one(network)).map_err(|wait| too_many("this address", wait))
    }

    /// The network that a request came from: the same for all addresses that one caller has.
    #[must_use]
    pub fn network_of(&self, request: &HttpRequest) -> Option<IpAddr> {
        let peer = request.peer_addr()?;
        let forwarded = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
        Some(network(origin(peer.ip(), forwarded, &self.trusted_proxies)))
    }
}

/// Where a request came from: the last address that is not one of the trusted proxies, in the chain that these vouch
/// for. What stands before it anyone may have written.
fn origin<'a>(peer: IpAddr, forwarded: impl Iterator<Item = &'a str>, trusted: &[IpAddr]) -> IpAddr {
    let mut chain: Vec<&str> = forwarded.flat_map(|value| value.split(',')).collect();
    let mut origin = peer;
    while trusted.contains(&origin) {
        let Some(before) = chain.pop().and_then(|text| text.trim().parse().ok()) else { break };
        origin = before;
    }
    origin
}

/// What one caller has of addresses: in IPv6 a network of 64 bits (RFC 6177).
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) if v6.to_ipv4_mapped().is_none() => {
            IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)))
        }
        other => other.to_canonical(),
    }
}

fn too_many(whose: &str, wait: Duration) -> Problem {
    // Rounded up: whoever comes back then is let in.
    let seconds = u32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX).max(1);
    let detail = format!("There are too many requests of {whose}; try again in {seconds} s.");
    Problem::retry_later(Code::RateLimited, detail, seconds)
}

impl Rate {
    fn new(per_minute: u32, burst: u32) -> Option<Self> {
        let quota = Quota::per_minute(NonZeroU32::new(per_minute)?).allow_burst(NonZeroU32::new(burst)?);
        let limiter = DefaultKeyedRateLimiter::keyed(quota);
        Some(Self { limiter, clock: DefaultClock::default(), requests: AtomicU32::new(0) })
    }

    /// Counts a request; says how long to wait when there are too many.
    fn count(&self, key: u64) -> Result<(), Duration> {
        if self.requests.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
        let key = if self.limiter.len() < KEYS_MAX { key } else { key % SHARED_KEYS };
        self.limiter.check_key(&key).map_err(|until| until.wait_time_from(self.clock.now()))
    }
}

impl fmt::Debug for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rate").field("keys", &self.limiter.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::domain::principal::Role;

    #[test]
    fn a_caller_may_ask_as_often_as_is_set_and_others_do_not_count() {
        let settings = config::Limits { caller_per_minute: 1, caller_burst: 3, ..config::Limits::default() };
        let limits = RateLimits::new(&settings);
        let caller = |subject: &str| Principal { subject: subject.to_owned(), role: Role::Service };
        for _ in 0..3 {
            assert!(limits.count_caller(&caller("los-1")).is_ok());
        }
        assert_eq!(limits.count_caller(&caller("los-1")).unwrap_err().code(), Code::RateLimited);
        assert!(limits.count_caller(&caller("los-2")).is_ok());
    }

    #[test]
    fn without_a_rate_nobody_is_counted() {
        let limits = RateLimits::new(&config::Limits::default());
        assert!(limits.callers.is_none() && limits.addresses.is_none());
    }

    #[test]
    fn what_is_remembered_is_bounded_whoever_calls() {
        let rate = Rate::new(1, 1).unwrap();
        for key in 0..2 * KEYS_MAX as u64 {
            // Some of those who come when it is full share a count that is used up.
            let _ = rate.count(key.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        }
        assert!(rate.limiter.len() <= KEYS_MAX + 1_024, "{rate:?}");
    }

    #[rstest]
    #[case::nobody_in_between("192.0.2.7", &[], "192.0.2.7")]
    #[case::a_stranger_may_write_what_he_likes("192.0.2.7", &["198.51.100.1"], "192.0.2.7")]
    #[case::a_proxy_of_ours("10.0.0.1", &["198.51.100.1"], "198.51.100.1")]
    #[case::what_stands_before_is_not_believed("10.0.0.1", &["203.0.113.9, 198.51.100.1"], "198.51.100.1")]
    #[case::two_proxies_of_ours("10.0.0.1", &["203.0.113.9", "198.51.100.1, 10.0.0.2"], "198.51.100.1")]
    #[case::a_proxy_that_says_nothing("10.0.0.1", &[], "10.0.0.1")]
    #[case::a_proxy_that_says_nonsense("10.0.0.1", &["unknown"], "10.0.0.1")]
    fn a_request_comes_from_the_last_address_that_is_no_proxy_of_ours(
        #[case] peer: &str,
        #[case] forwarded: &[&str],
        #[case] expected: &str,
    ) {
        let trusted = ["10.0.0.1", "10.0.0.2"].map(|address| address.parse().unwrap());
        let found = origin(peer.parse().unwrap(), forwarded.iter().copied(), &trusted);
        assert_eq!(found, expected.parse::<IpAddr>().unwrap());
    }

    #[test]
    fn a_network_of_ipv6_is_one_caller() {
        let names = RandomState::new();
        let hash = |address: &str| names.hash_one(network(address.parse().unwrap()));
        assert_eq!(hash("2001:db8::1"), hash("2001:db8::ffff:1"));
        assert_ne!(hash("2001:db8::1"), hash("2001:db8:0:1::1"));
        assert_eq!(hash("192.0.2.7"), hash("::ffff:192.0.2.7"));
        assert_ne!(hash("192.0.2.7"), hash("192.0.2.8"));
    }
}
