//! What people type, as the JSON that an application is made of.
//!
//! Amounts with groups of digits, shares in percent, days in the usual ways. What can be read in two ways, or in none, is
//! handed on as the text that it is: the rules of [`crate::domain::intake`] refuse it at its place.

use serde_json::{Number, Value};
use time::{Date, Month};

use crate::http::console::format::minor_digits;

/// Signs that part the groups of a long number: a comma, an apostrophe, and spaces of several widths.
const GROUP_SIGNS: [char; 7] = [',', '\'', '’', ' ', '\u{a0}', '\u{2009}', '\u{202f}'];
/// Signs before or behind an amount, and the currencies that are meant by them.
const CURRENCY_SIGNS: [(&str, &[&str]); 5] = [
    ("$", &["USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN"]),
    ("€", &["EUR"]),
    ("£", &["GBP"]),
    ("¥", &["CNY", "JPY"]),
    ("元", &["CNY"]),
];

/// A number as it was written: digits before and behind the point.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    is_negative: bool,
    whole: String,
    fraction: String,
}

/// An amount in the currency's minor unit: `12,000.00` is 1200000 in USD.
pub(super) fn money(text: &str, currency: &str) -> Value {
    let narrowed = narrow(text);
    let places = minor_digits(currency);
    match decimal(without_currency(&narrowed, currency)) {
        Some(Decimal { is_negative, whole, fraction }) if fraction.len() <= places => {
            whole_number(is_negative, &format!("{whole}{fraction:0<places$}"))
        }
        _ => text.into(),
    }
}

/// A whole number. One with a fraction is handed on as it is.
pub(super) fn whole(text: &str) -> Value {
    match decimal(&narrow(text)) {
        Some(Decimal { is_negative, whole, fraction }) if fraction.bytes().all(|digit| digit == b'0') => {
            whole_number(is_negative, &whole)
        }
        _ => text.into(),
    }
}

/// A number with or without a fraction.
pub(super) fn number(text: &str) -> Value {
    decimal(&narrow(text)).map_or_else(|| text.into(), |decimal| decimal.shifted(0))
}

/// A share, typed in percent: `43.1` is 0.431.
pub(super) fn share(text: &str) -> Value {
    let narrowed = narrow(text);
    let percent = narrowed.strip_suffix('%').unwrap_or(&narrowed).trim_end();
    decimal(percent).map_or_else(|| text.into(), |decimal| decimal.shifted(2))
}

/// A day, written with its year first or with the month's name: `1988-03-14`, `1988/3/14`, `1988年3月14日`, `14 March 1988`.
/// Whether 3/4/1988 is in March or in April nobody knows.
pub(super) fn day(text: &str) -> Value {
    read_day(&narrow(text)).map_or_else(|| text.into(), |date| date.to_string().into())
}

/// A telephone number without the signs that part its groups: `+1 (555) 0100` is `+15550100`.
pub(super) fn phone(text: &str) -> Value {
    let digits: String =
        narrow(text).chars().filter(|sign| !sign.is_whitespace() && !"-‐‑–().·/".contains(*sign)).collect();
    match digits.strip_prefix("00") {
        Some(rest) => format!("+{rest}").into(),
        None => digits.into(),
    }
}

/// A code of a list of codes, which are written in upper case.
pub(super) fn code(text: &str) -> String {
    narrow(text).to_ascii_uppercase()
}

/// The lines of a text that say something.
pub(super) fn lines(text: &str) -> Value {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(Value::from).collect()
}

/// A yes or a no.
pub(super) fn boolean(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => text.into(),
    }
}

/// Digits and signs in the width that keyboards for Chinese and Japanese also give them (Unicode, "Halfwidth and
/// Fullwidth Forms"), and a true minus, as ASCII.
fn narrow(text: &str) -> String {
    let narrowed = |sign: char| match sign {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(sign) - 0xfee0).unwrap_or(sign),
        '\u{3000}' => ' ',
        '\u{2212}' => '-',
        '￥' => '¥',
        other => other,
    };
    text.chars().map(narrowed).collect::<String>().trim().to_owned()
}

fn without_currency<'text>(text: &'text str, currency: &str) -> &'text str {
    let signs = CURRENCY_SIGNS.iter().filter(|(_, currencies)| currencies.contains(&currency)).map(|(sign, _)| *sign);
    for sign in signs.chain([currency]).filter(|sign| !sign.is_empty()) {
        let stripped = text.strip_prefix(sign).or_else(|| text.strip_suffix(sign));
        if let Some(amount) = stripped {
            return amount.trim();
        }
    }
    text
}

/// Reads a number. Groups have three digits each and are parted by one and the same sign.
fn decimal(text: &str) -> Option<Decimal> {
    let (is_negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest.trim_start()));
    let (grouped, fraction) = match digits.split_once('.') {
        Some((grouped, fraction)) => (grouped, are_digits(fraction).then_some(fraction)?),
        None => (digits, ""),
    };
    let sign = grouped.chars().find(|sign| GROUP_SIGNS.contains(sign));
    let groups: Vec<&str> = sign.map_or_else(|| vec![grouped], |sign| grouped.split(sign).collect());
    let is_group = |(index, group): (usize, &&str)| {
        are_digits(group) && (groups.len() == 1 || if index == 0 { group.len() <= 3 } else { group.len() == 3 })
    };
    let well_formed = groups.iter().enumerate().all(is_group);
    well_formed.then(|| Decimal { is_negative, whole: groups.concat(), fraction: fraction.to_owned() })
}

fn are_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl Decimal {
    /// The number with its point so many places to the left. Exact: the text is shifted, not the number.
    fn shifted(&self, places: usize) -> Value {
        if places == 0 && self.fraction.is_empty() {
            return whole_number(self.is_negative, &self.whole);
        }
        let sign = if self.is_negative { "-" } else { "" };
        let padded = format!("{:0>width$}", self.whole, width = places + 1);
        let (whole, shifted) = padded.split_at(padded.len() - places);
        finite(&format!("{sign}{whole}.{shifted}{}", self.fraction))
    }
}

/// A whole number; one without end is a large one, which is out of every range.
fn whole_number(is_negative: bool, digits: &str) -> Value {
    let text = format!("{}{digits}", if is_negative { "-" } else { "" });
    text.parse::<i64>().map_or_else(|_| finite(&text), Value::from)
}

fn finite(text: &str) -> Value {
    let number: f64 = text.parse().unwrap_or(f64::MAX);
    Number::from_f64(number.clamp(f64::MIN, f64::MAX)).map_or(Value::Null, Value::Number)
}

fn read_day(text: &str) -> Option<Date> {
    if are_digits(text) && text.len() == 8 {
        return date(&text[..4], month_numbered(&text[4..6])?, &text[6..]);
    }
    let parted = text.split(|sign: char| sign.is_whitespace() || "-/.,年月日".contains(sign));
    let parts: Vec<&str> = parted.filter(|part| !part.is_empty()).collect();
    let [first, second, third] = parts[..] else { return None };
    if let Some(month) = month_named(first) {
        return date(third, month, second);
    }
    match month_named(second) {
        Some(month) if first.len() == 4 => date(first, month, third),
        Some(month) => date(third, month, first),
        None => date(first, month_numbered(second)?, third),
    }
}

/// A year has four digits, a day one or two.
fn date(year: &str, month: Month, day: &str) -> Option<Date> {
    let well_formed = are_digits(year) && year.len() == 4 && are_digits(day) && day.len() <= 2;
    well_formed.then(|| Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()).flatten()
}

fn month_numbered(text: &str) -> Option<Month> {
    let number: u8 = text.parse().ok().filter(|_| are_digits(text) && text.len() <= 2)?;
    Month::try_from(number).ok()
}

/// A month by its English name or the first three letters of it.
fn month_named(text: &str) -> Option<Month> {
    let name = text.to_ascii_lowercase();
    let is_named = |month: &Month| {
        let whole = month.to_string().to_ascii_lowercase();
        whole == name || whole[..3] == name
    };
    (1..=12).filter_map(|number| Month::try_from(number).ok()).find(is_named)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::http::console::format;

    #[test]
    fn an_amount_is_read_as_people_write_it() {
        for text in [
            "12000",
            "12,000",
            "12,000.00",
            "12 000.0",
            "12'000.00",
            "12’000",
            "$12,000.00",
            "12,000 USD",
            "１２，０００．００",
            " USD 12000 ",
        ] {
            assert_eq!(money(text, "USD"), json!(1_200_000), "{text}");
        }
        assert_eq!(money("1,234,567", "JPY"), json!(1_234_567));
        assert_eq!(money("1,234.567", "KWD"), json!(1_234_567));
        assert_eq!(money("0.05", "USD"), json!(5));
        assert_eq!(money("0012", "USD"), json!(1_200));
        assert_eq!(money("-5", "USD"), json!(-500));
        assert_eq!(money("￥88", "CNY"), json!(8_800));
    }

    #[test]
    fn an_amount_that_could_be_two_amounts_or_none_is_left_as_it_is() {
        for text in [
            "12,00",
            "1,2000",
            "12.000.00",
            "12,000,00",
            "1 234,567",
            "12.005",
            "12.",
            ".5",
            "12k",
            "€12",
            "12,000 EUR",
            "1e3",
            "-",
            ",",
            "twelve",
            "٣",
        ] {
            assert_eq!(money(text, "USD"), json!(text), "{text}");
        }
        assert_eq!(money("12.50", "JPY"), json!("12.50"));
    }

    #[test]
    fn digits_without_end_are_a_number_that_is_out_of_every_range() {
        let nines = "9".repeat(10_000);
        for value in [money(&nines, "USD"), whole(&nines), number(&nines), share(&nines)] {
            assert!(value.as_f64().is_some_and(|number| number > 1e300), "{value}");
        }
        assert!(money(&format!("-{nines}"), "USD").as_f64().is_some_and(|number| number < -1e300));
    }

    #[test]
    fn a_share_in_percent_is_the_number_that_the_interface_is_sent() {
        for (text, expected) in
            [("43.1", 0.431), ("43.1%", 0.431), ("43.1 %", 0.431), ("7", 0.07), ("0.5", 0.005), ("128.44", 1.2844)]
        {
            assert_eq!(share(text), json!(expected), "{text}");
        }
        assert_eq!(share("43,1"), json!("43,1"));
        assert_eq!(share("%"), json!("%"));
    }

    #[test]
    fn counters_and_years_are_read_and_what_has_a_fraction_is_no_counter() {
        assert_eq!(whole("36"), json!(36));
        assert_eq!(whole("36.0"), json!(36));
        assert_eq!(whole("36.5"), json!("36.5"));
        assert_eq!(number("4.5"), json!(4.5));
        assert_eq!(number("4"), json!(4));
        assert_eq!(number("four"), json!("four"));
    }

    #[test]
    fn a_day_is_read_when_its_order_is_plain() {
        for text in [
            "1988-03-14",
            "1988-3-14",
            "1988/03/14",
            "1988.3.14",
            "1988年3月14日",
            "19880314",
            "14 March 1988",
            "14 Mar 1988",
            "14-Mar-1988",
            "March 14, 1988",
            "１９８８－０３－１４",
        ] {
            assert_eq!(day(text), json!("1988-03-14"), "{text}");
        }
        for text in [
            "3/4/1988",
            "14.3.1988",
            "1988-02-30",
            "88-03-14",
            "1988-03",
            "yesterday",
            "14031988",
            "+1988-03-14",
            "1988-003-14",
        ] {
            assert_eq!(day(text), json!(text), "{text}");
        }
    }

    #[test]
    fn a_telephone_number_loses_the_signs_between_its_digits_alone() {
        for text in ["+15550100", "+1 (555) 0100", "+1-555-0100", "001 555 0100", "＋1 555 0100"] {
            assert_eq!(phone(text), json!("+15550100"), "{text}");
        }
        assert_eq!(phone("+1 555 CALL"), json!("+1555CALL"));
    }

    #[test]
    fn lines_that_say_nothing_are_left_out() {
        assert_eq!(lines(" 1 Main St \r\n\r\n  Flat 2\n"), json!(["1 Main St", "Flat 2"]));
    }

    proptest! {
        #[test]
        fn an_amount_as_the_console_writes_it_is_read_as_the_same_amount(
            amount_minor in 0_i64..=9_007_199_254_740_991,
            currency in prop::sample::select(vec!["USD", "JPY", "KWD"]),
        ) {
            prop_assert_eq!(money(&format::amount(amount_minor, currency), currency), json!(amount_minor));
            prop_assert_eq!(money(&format::money(amount_minor, currency), currency), json!(amount_minor));
        }

        #[test]
        fn nothing_that_is_typed_breaks_the_reading(text in any::<String>()) {
            for value in [money(&text, "USD"), whole(&text), number(&text), share(&text), day(&text)] {
                prop_assert!(value.is_number() || value.is_string());
            }
            let _ = (phone(&text), code(&text), lines(&text));
        }
    }
}
