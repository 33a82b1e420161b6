//! The probabilities that part applications into approve, review and decline.

use serde::Serialize;

use crate::domain::{decision::Outcome, probability::Probability};

/// The two probabilities that part applications into approve, review and decline.
///
/// Invariant: `approve_below < decline_from`, so every probability falls in exactly one band.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CutOffs {
    approve_below: Probability,
    decline_from: Probability,
}

/// The two numbers are no cut-offs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cut_offs: approve_below and decline_from are probabilities from 0 to 1, and approve_below is the smaller")]
pub struct NotCutOffs;

impl CutOffs {
    /// Takes two probabilities.
    pub fn new(approve_below: f64, decline_from: f64) -> Result<Self, NotCutOffs> {
        let approve_below = Probability::new(approve_below).ok_or(NotCutOffs)?;
        let decline_from = Probability::new(decline_from).ok_or(NotCutOffs)?;
        if approve_below < decline_from { Ok(Self { approve_below, decline_from }) } else { Err(NotCutOffs) }
    }

    /// The lowest probability that is not approved.
    #[must_use]
    pub const fn approve_below(&self) -> Probability {
        self.approve_below
    }

    /// The lowest probability that is declined.
    #[must_use]
    pub const fn decline_from(&self) -> Probability {
        self.decline_from
    }

    /// Places a probability of default in its band. A value on a cut-off takes the stricter band.
    #[must_use]
    pub fn outcome(&self, default_probability: Probability) -> Outcome {
        if default_probability < self.approve_below {
            return Outcome::Approve;
        }
        if default_probability < self.decline_from {
            return Outcome::Review;
        }
        Outcome::Decline
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0.0, Outcome::Approve)]
    #[case(0.12_f64.next_down(), Outcome::Approve)]
    #[case(0.12, Outcome::Review)]
    #[case(0.25_f64.next_down(), Outcome::Review)]
    #[case(0.25, Outcome::Decline)]
    #[case(1.0, Outcome::Decline)]
    fn a_value_on_a_cut_off_takes_the_stricter_band(#[case] probability: f64, #[case] outcome: Outcome) {
        let cut_offs = CutOffs::new(0.12, 0.25).expect("cut-offs");
        assert_eq!(cut_offs.outcome(Probability::new(probability).expect("a probability")), outcome);
    }

    #[test]
    fn bands_that_overlap_or_leave_the_probabilities_are_refused() {
        for (approve_below, decline_from) in [(0.25, 0.12), (0.12, 0.12), (-0.1, 0.5), (0.1, 1.1), (f64::NAN, 0.5)] {
            assert_eq!(CutOffs::new(approve_below, decline_from), Err(NotCutOffs));
        }
    }
}
