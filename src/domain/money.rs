//! Money as an integer.

use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::ToSchema;

/// An amount of money in its currency's minor unit (cents for USD): `1200000` is 12,000.00 USD.
///
/// Invariant: `0 <= amount_minor <= 2^53 - 1`. Canonical JSON (RFC 8785) turns larger integers
/// into other integers, so a larger amount could not be recorded faithfully.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[schema(value_type = i64, minimum = 0, maximum = 9_007_199_254_740_991_i64, example = 1_200_000)]
pub struct Money(i64);

impl Money {
    /// The largest amount that canonical JSON keeps exactly: 2^53 − 1.
    pub const MAX_MINOR: i64 = 9_007_199_254_740_991;

    /// Parses an amount in minor units; `None` when it is negative or above [`Money::MAX_MINOR`].
    #[must_use]
    pub const fn from_minor(amount_minor: i64) -> Option<Self> {
        if amount_minor < 0 || amount_minor > Self::MAX_MINOR {
            return None;
        }
        Some(Self(amount_minor))
    }

    /// The amount in minor units.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.0
    }

    /// The amount in minor units as a feature value. Exact, because it is below 2^53.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "exact below 2^53, which the type guarantees")]
    pub const fn as_f64(self) -> f64 {
        self.0 as f64
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let amount_minor = i64::deserialize(deserializer)?;
        Self::from_minor(amount_minor)
            .ok_or_else(|| de::Error::custom("an amount is an integer from 0 to 2^53 - 1 in minor units"))
    }
}
