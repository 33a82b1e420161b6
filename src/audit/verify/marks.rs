//! Which applications are marked as erased, and when, as a number that does not depend on their order.

use sha2::{Digest, Sha256};

use crate::audit::tree::finish;

/// How many marks there are, and the sum of their hashes: equal for equal marks, in whatever order they come.
///
/// It is held against what the log says, which an outside checkpoint holds fast. Whoever wants other marks of the same sum
/// has to find 256 bits again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Marks {
    pub count: u64,
    /// Modulo 2^64 in each of four places.
    sum: [u64; 4],
}

impl Marks {
    /// Adds the mark of an application that was erased at a time, as both are written.
    pub fn add(&mut self, application: &str, erased_at: &str) {
        let hasher = Sha256::new().chain_update(application).chain_update([0]).chain_update(erased_at);
        let hash = finish(hasher);
        let (words, _) = hash.as_bytes().as_chunks::<8>();
        let mut sum = [0; 4];
        for (place, word) in sum.iter_mut().zip(words) {
            *place = u64::from_be_bytes(*word);
        }
        self.join(Self { count: 1, sum });
    }

    /// Adds other marks.
    pub fn join(&mut self, other: Self) {
        self.count += other.count;
        for (place, other) in self.sum.iter_mut().zip(other.sum) {
            *place = place.wrapping_add(other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(marks: &[(&str, &str)]) -> Marks {
        let mut all = Marks::default();
        for (application, time) in marks {
            all.add(application, time);
        }
        all
    }

    #[test]
    fn marks_are_the_same_in_any_order_and_others_are_not() {
        let (one, two) = (("app_1", "10:00"), ("app_2", "11:00"));
        let mut joined = of(&[two]);
        joined.join(of(&[one]));
        assert_eq!((joined, joined.count), (of(&[one, two]), 2));
        for other in [[("app_1", "11:00"), ("app_2", "10:00")], [one, one], [("app_11", "0:00"), two]] {
            assert_ne!(of(&other), of(&[one, two]), "{other:?}");
        }
    }
}
