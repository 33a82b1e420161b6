//! Instants in UTC, to the microsecond.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::{Date, Duration, Month, OffsetDateTime, Time, UtcOffset, format_description::well_known::Rfc3339};
use utoipa::ToSchema;

/// An instant in UTC with microseconds, written `2026-11-22T13:00:00.000000Z`.
///
/// Invariant: UTC, whole microseconds, years 0 to 9999. The written form has one fixed width, so
/// its order as text is its order in time; the database relies on that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-11-22T13:00:00.000000Z")]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// Takes an instant, cut to whole microseconds. `None` outside the years 0 to 9999.
    #[must_use]
    pub fn new(instant: OffsetDateTime) -> Option<Self> {
        let utc = instant.checked_to_offset(UtcOffset::UTC)?;
        let whole = utc.replace_nanosecond(utc.microsecond() * 1_000).ok()?;
        (0..=9_999).contains(&whole.year()).then_some(Self(whole))
    }

    /// Parses RFC 3339 with any offset.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        OffsetDateTime::parse(text, &Rfc3339).ok().and_then(Self::new)
    }

    /// Parses the written form alone: `Some` exactly when the instant is written as this text.
    #[must_use]
    pub fn parse_written(text: &str) -> Option<Self> {
        let bytes: &[u8; WRITTEN] = text.as_bytes().try_into().ok()?;
        let is_mark = |&(place, mark): &(usize, u8)| bytes[place] == mark;
        let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.'), (26, b'Z')];
        if !marks.iter().all(is_mark) {
            return None;
        }
        let number = |from: usize, to: usize| {
            bytes[from..to]
                .iter()
                .try_fold(0_u32, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))
        };
        let two = |from: usize| u8::try_from(number(from, from + 2)?).ok();
        let (year, month) = (i32::try_from(number(0, 4)?).ok()?, Month::try_from(two(5)?).ok()?);
        let date = Date::from_calendar_date(year, month, two(8)?).ok()?;
        let time = Time::from_hms_micro(two(11)?, two(14)?, two(17)?, number(20, 26)?).ok()?;
        Some(Self(OffsetDateTime::new_utc(date, time)))
    }

    /// Parses RFC 3339 with any offset, or a day such as `2026-11-22`, which means its beginning in UTC.
    #[must_use]
    pub fn parse_day_or_time(text: &str) -> Option<Self> {
        Self::parse(text).or_else(|| Self::parse(&format!("{text}T00:00:00Z")))
    }

    /// The calendar day in UTC.
    #[must_use]
    pub const fn date(self) -> Date {
        self.0.date()
    }

    /// The instant as the `time` crate's type.
    #[must_use]
    pub const fn instant(self) -> OffsetDateTime {
        self.0
    }

    /// This instant moved by `duration`; `None` when it leaves the years 0 to 9999.
    #[must_use]
    pub fn checked_add(self, duration: Duration) -> Option<Self> {
        self.0.checked_add(duration).and_then(Self::new)
    }
}

/// How long the written form is.
const WRITTEN: usize = 27;

impl Timestamp {
    /// The written form. A decision writes many, so its digits are put into their places without a formatter.
    fn with_written<T>(self, take: impl FnOnce(&str) -> T) -> T {
        let (date, time) = (self.0.date(), self.0.time());
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        let mut put = |from: usize, to: usize, number: u32| {
            let mut rest = number;
            for digit in text[from..to].iter_mut().rev() {
                *digit = b'0' + u8::try_from(rest % 10).unwrap_or_default();
                rest /= 10;
            }
        };
        // From 0 to 9999, which is the invariant.
        put(0, 4, date.year().unsigned_abs());
        put(5, 7, u32::from(u8::from(date.month())));
        put(8, 10, u32::from(date.day()));
        put(11, 13, u32::from(time.hour()));
        put(14, 16, u32::from(time.minute()));
        put(17, 19, u32::from(time.second()));
        put(20, 26, time.microsecond());
        take(std::str::from_utf8(&text).expect("digits and marks are ASCII"))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_written(|text| f.write_str(text))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with_written(|text| serializer.serialize_str(text))
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("a timestamp is RFC 3339, such as 2026-11-22T13:00:00Z"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_timestamp_reads_back_as_it_was_written_in_utc() {
        let at = Timestamp::parse("2026-11-22T14:00:00.1234567+01:00").expect("valid");
        assert_eq!(at.to_string(), "2026-11-22T13:00:00.123456Z");
        assert_eq!(Timestamp::parse(&at.to_string()), Some(at));
    }

    proptest! {
        #[test]
        fn the_written_form_alone_is_parsed_as_such(micros in -62_167_219_200_000_000_i64..253_402_300_800_000_000, place in 0_usize..27, byte in any::<u8>()) {
            let instant = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).expect("in range");
            let at = Timestamp::new(instant).expect("in range");
            let text = at.to_string();
            prop_assert_eq!(Timestamp::parse_written(&text), Some(at));
            let mut other = text.into_bytes();
            other[place] = byte;
            let Ok(other) = String::from_utf8(other) else { return Ok(()) };
            let defined = Timestamp::parse(&other).filter(|at| at.to_string() == other);
            prop_assert_eq!(Timestamp::parse_written(&other), defined);
            prop_assert_eq!(Timestamp::parse_written(&other[1..]), None);
        }
    }
}
