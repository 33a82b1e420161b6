//! Money, shares and times as people read them: the one place that says how.

use std::borrow::Borrow;

use time::{Date, Duration, Month, OffsetDateTime};

use super::texts::Texts;
use crate::domain::{language::Language, timestamp::Timestamp};

/// Currencies whose minor unit is not a hundredth (ISO 4217).
const WHOLE_UNITS: [&str; 16] =
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"];
const THOUSANDTHS: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

/// How many digits of a currency's amount in minor units stand behind the point (ISO 4217).
#[must_use]
pub fn minor_digits(currency: &str) -> usize {
    if WHOLE_UNITS.contains(&currency) {
        return 0;
    }
    if THOUSANDTHS.contains(&currency) { 3 } else { 2 }
}

/// Puts a comma between every three digits of a whole number, which may begin with a sign.
#[must_use]
pub fn grouped(digits: &str) -> String {
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(rest) => ("\u{2212}", rest),
        None => ("", digits),
    };
    let mut written = String::with_capacity(digits.len() + digits.len() / 3 + 3);
    written.push_str(sign);
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    written
}

/// A whole number in groups: `12,345`.
#[must_use]
pub fn count(number: u64) -> String {
    grouped(&number.to_string())
}

/// An amount in minor units: `12,000.00 USD`.
#[must_use]
pub fn money(amount_minor: i64, currency: &str) -> String {
    format!("{} {currency}", amount(amount_minor, currency))
}

/// As [`money`], without the currency: `12,000.00`.
#[must_use]
pub fn amount(amount_minor: i64, currency: &str) -> String {
    let places = minor_digits(currency);
    let sign = if amount_minor < 0 { "\u{2212}" } else { "" };
    let digits = format!("{:0width$}", amount_minor.unsigned_abs(), width = places + 1);
    let (whole, minor) = digits.split_at(digits.len() - places);
    let point = if places == 0 { "" } else { "." };
    format!("{sign}{}{point}{minor}", grouped(whole))
}

/// A share from 0 to 1 with one digit behind the point: `18.3%`.
#[must_use]
pub fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

/// A number with its sign and so many digits behind the point: `+0.41`, `−0.13`, `0.00`.
#[must_use]
pub fn signed(number: f64, places: usize) -> String {
    let written = format!("{:.places$}", number.abs());
    if written.bytes().all(|byte| matches!(byte, b'0' | b'.')) {
        return written;
    }
    format!("{}{written}", if number < 0.0 { '\u{2212}' } else { '+' })
}

/// For templates, which call methods and hand over references.
#[expect(clippy::unused_self, reason = "a template calls it on what it has at hand")]
impl Texts {
    /// As [`money`].
    #[must_use]
    pub fn money(self, amount_minor: impl Borrow<i64>, currency: &str) -> String {
        money(*amount_minor.borrow(), currency)
    }

    /// As [`percent`].
    #[must_use]
    pub fn percent(self, share: impl Borrow<f64>) -> String {
        percent(*share.borrow())
    }

    /// As [`signed`], with two digits behind the point.
    #[must_use]
    pub fn signed(self, number: impl Borrow<f64>) -> String {
        signed(*number.borrow(), 2)
    }

    /// As [`count`].
    #[must_use]
    pub fn count(self, number: impl Borrow<u64>) -> String {
        count(*number.borrow())
    }
}

impl Texts {
    /// An instant at the console's offset from UTC.
    #[must_use]
    pub fn local(self, at: Timestamp) -> OffsetDateTime {
        at.instant().to_offset(self.offset())
    }

    /// The day at the console's offset: `22 Nov 2026`, `2026年11月22日`.
    #[must_use]
    pub fn day(self, at: &Timestamp) -> String {
        self.date(self.local(*at).date())
    }

    /// A calendar day: `22 Nov 2026`, `2026年11月22日`.
    #[must_use]
    pub fn date(self, date: Date) -> String {
        match self.language() {
            Language::English => format!("{} {} {}", date.day(), english_month(date.month()), date.year()),
            Language::Chinese => format!("{}年{}月{}日", date.year(), u8::from(date.month()), date.day()),
        }
    }

    /// A calendar day without its year: `22 Nov`, `11月22日`.
    #[must_use]
    pub fn short_date(self, date: Date) -> String {
        match self.language() {
            Language::English => format!("{} {}", date.day(), english_month(date.month())),
            Language::Chinese => format!("{}月{}日", u8::from(date.month()), date.day()),
        }
    }

    /// The time of day: `13:00`.
    #[must_use]
    pub fn clock(self, at: &Timestamp) -> String {
        let local = self.local(*at);
        format!("{:02}:{:02}", local.hour(), local.minute())
    }

    /// Day and time: `22 Nov 2026, 13:00`.
    #[must_use]
    pub fn moment(self, at: &Timestamp) -> String {
        let comma = if self.language() == Language::English { "," } else { "" };
        format!("{}{comma} {}", self.day(at), self.clock(at))
    }

    /// Day and time to the millisecond, with the offset: for logs and history. `22 Nov 2026, 13:00:00.214 UTC`.
    #[must_use]
    pub fn exact(self, at: &Timestamp) -> String {
        let local = self.local(*at);
        let comma = if self.language() == Language::English { "," } else { "" };
        let time =
            format!("{:02}:{:02}:{:02}.{:03}", local.hour(), local.minute(), local.second(), local.millisecond());
        format!("{}{comma} {time} {}", self.day(at), self.zone())
    }

    /// The console's offset: `UTC`, `UTC+08:00`.
    #[must_use]
    pub fn zone(self) -> String {
        let offset = self.offset();
        if offset.is_utc() {
            return "UTC".to_owned();
        }
        let sign = if offset.is_negative() { '\u{2212}' } else { '+' };
        format!("UTC{sign}{:02}:{:02}", offset.whole_hours().abs(), offset.minutes_past_hour().abs())
    }

    /// How long something lasted, in its largest unit: `3 hours`, `5 分钟`.
    #[must_use]
    pub fn span(self, duration: impl Borrow<Duration>) -> String {
        let minutes = duration.borrow().whole_minutes().max(0);
        match minutes {
            0 => self.shell_span_moment().to_owned(),
            1..60 => self.shell_span_minutes(minutes),
            60..2_880 => self.shell_span_hours(minutes / 60),
            _ => self.shell_span_days(minutes / 1_440),
        }
    }

    /// How long ago something was: `3 hours ago`.
    #[must_use]
    pub fn ago(self, at: &Timestamp, now: &Timestamp) -> String {
        let passed = now.instant() - at.instant();
        if passed < Duration::MINUTE {
            return self.shell_just_now().to_owned();
        }
        self.shell_ago(self.span(passed))
    }
}

fn english_month(month: Month) -> &'static str {
    match month {
        Month::January => "Jan",
        Month::February => "Feb",
        Month::March => "Mar",
        Month::April => "Apr",
        Month::May => "May",
        Month::June => "Jun",
        Month::July => "Jul",
        Month::August => "Aug",
        Month::September => "Sep",
        Month::October => "Oct",
        Month::November => "Nov",
        Month::December => "Dec",
    }
}

#[cfg(test)]
mod tests {
    use time::{UtcOffset, macros::offset};

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn an_amount_is_written_in_its_currency_s_own_minor_unit() {
        assert_eq!(money(1_200_000, "USD"), "12,000.00 USD");
        assert_eq!(money(5, "EUR"), "0.05 EUR");
        assert_eq!(money(1_234_567, "JPY"), "1,234,567 JPY");
        assert_eq!(money(1_234_567, "KWD"), "1,234.567 KWD");
        assert_eq!(money(-99, "USD"), "\u{2212}0.99 USD");
        assert_eq!(money(9_007_199_254_740_991, "USD"), "90,071,992,547,409.91 USD");
    }

    #[test]
    fn shares_and_signed_numbers_are_rounded_and_nothing_is_minus_zero() {
        assert_eq!(percent(0.1834), "18.3%");
        assert_eq!(signed(0.4123, 2), "+0.41");
        assert_eq!(signed(-0.131, 2), "\u{2212}0.13");
        assert_eq!(signed(-0.001, 2), "0.00");
    }

    #[test]
    fn times_are_shown_at_the_console_s_offset_in_both_languages() {
        let instant = at("2026-11-22T18:05:09.214Z");
        let english = Texts::new(Language::English, UtcOffset::UTC);
        let chinese = Texts::new(Language::Chinese, offset!(+8));
        assert_eq!(english.moment(&instant), "22 Nov 2026, 18:05");
        assert_eq!(english.exact(&instant), "22 Nov 2026, 18:05:09.214 UTC");
        assert_eq!(chinese.moment(&instant), "2026年11月23日 02:05");
        assert_eq!(chinese.exact(&instant), "2026年11月23日 02:05:09.214 UTC+08:00");
    }

    #[test]
    fn an_age_is_told_in_its_largest_unit() {
        let english = Texts::new(Language::English, UtcOffset::UTC);
        let now = at("2026-11-22T13:00:00Z");
        for (earlier, expected) in [
            ("2026-11-22T12:59:30Z", "just now"),
            ("2026-11-22T13:00:05Z", "just now"),
            ("2026-11-22T12:58:00Z", "2 minutes ago"),
            ("2026-11-22T12:00:00Z", "1 hour ago"),
            ("2026-11-21T06:00:00Z", "31 hours ago"),
            ("2026-11-19T12:00:00Z", "3 days ago"),
        ] {
            assert_eq!(english.ago(&at(earlier), &now), expected);
        }
        assert_eq!(Texts::new(Language::Chinese, UtcOffset::UTC).ago(&at("2026-11-19T12:00:00Z"), &now), "3 天前");
    }
}
