//! The filters of a list, as they stand in its address and in its form.

use std::fmt::{Display, Write};

use time::{Date, Duration, UtcOffset, macros::format_description};

use super::forms::Fields;
use crate::{
    domain::{
        decision::{Outcome, Status},
        id::ApplicationId,
        timestamp::Timestamp,
    },
    service::listing::Filter,
};

/// The names of the fields, in the order of the form.
const FIELDS: [&str; 9] =
    ["status", "outcome", "score_from", "score_to", "amount_from", "amount_to", "from", "to", "reference"];

/// What was asked for, as it was typed and as it is understood.
#[derive(Debug, Default)]
pub struct Filters {
    typed: Vec<(&'static str, String)>,
    /// The fields that cannot be understood.
    pub wrong: Vec<&'static str>,
    pub filter: Filter,
    pub after: Option<ApplicationId>,
}

impl Filters {
    /// Reads a query. Days begin at the console's offset from UTC.
    #[must_use]
    pub fn parse(query: &str, offset: UtcOffset) -> Self {
        let fields = Fields::parse(query.as_bytes());
        let mut filters = Self { after: fields.text("after").parse().ok(), ..Self::default() };
        for name in FIELDS {
            let text = fields.text(name);
            if text.is_empty() {
                continue;
            }
            filters.typed.push((name, text.chars().take(255).collect()));
            if filters.understand(name, text, offset).is_none() {
                filters.wrong.push(name);
            }
        }
        filters
    }

    fn understand(&mut self, name: &str, text: &str, offset: UtcOffset) -> Option<()> {
        let filter = &mut self.filter;
        match name {
            "status" => filter.status = Some(Status::parse(text)?),
            "outcome" => filter.outcome = Some(Outcome::parse(text)?),
            "score_from" => filter.score_from = Some(text.parse().ok()?),
            "score_to" => filter.score_to = Some(text.parse().ok()?),
            "amount_from" => filter.amount_from = Some(amount(text)?),
            "amount_to" => filter.amount_to = Some(amount(text)?),
            "from" => filter.from = Some(beginning(day(text)?, offset)?),
            // The day itself is meant too.
            "to" => filter.to = Some(beginning(day(text)?.checked_add(Duration::DAY)?, offset)?),
            _ => filter.external_reference = Some(text.chars().take(255).collect()),
        }
        Some(())
    }

    /// What was typed into a field.
    #[must_use]
    pub fn typed(&self, name: &str) -> &str {
        self.typed.iter().find(|(other, _)| *other == name).map_or("", |(_, text)| text)
    }

    /// Whether a field cannot be understood.
    #[must_use]
    pub fn is_wrong(&self, name: &str) -> bool {
        self.wrong.contains(&name)
    }

    /// Whether a field that has a closed list is set to a word.
    #[must_use]
    pub fn is(&self, name: &str, word: &str) -> bool {
        self.typed(name) == word
    }

    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.typed.is_empty()
    }

    /// The query that asks for the same: for links and saved views.
    #[must_use]
    pub fn query(&self) -> String {
        let mut query = String::new();
        for (name, text) in &self.typed {
            let joint = if query.is_empty() { "" } else { "&" };
            write!(query, "{joint}{name}={}", escaped(text)).expect("a String takes all text");
        }
        query
    }

    /// As [`Filters::query`], of the page behind an application.
    #[must_use]
    pub fn query_after(&self, after: impl Display) -> String {
        let query = self.query();
        let joint = if query.is_empty() { "" } else { "&" };
        format!("{query}{joint}after={after}")
    }
}

/// An amount in the main unit; commas between its digits are read over.
fn amount(text: &str) -> Option<f64> {
    text.replace(',', "").parse().ok().filter(|amount: &f64| amount.is_finite() && *amount >= 0.0)
}

fn day(text: &str) -> Option<Date> {
    Date::parse(text, format_description!("[year]-[month]-[day]")).ok()
}

fn beginning(day: Date, offset: UtcOffset) -> Option<Timestamp> {
    Timestamp::new(day.midnight().assume_offset(offset))
}

/// A value of a query.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            written.push(char::from(byte));
        } else {
            write!(written, "%{byte:02X}").expect("a String takes all text");
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use time::macros::offset;

    use super::*;

    #[test]
    fn filters_live_in_the_address_and_read_back_as_they_were() {
        let query =
            "status=awaiting_review&score_from=500&amount_to=12%2C000.50&from=2026-11-22&to=2026-11-22&reference=A%26B";
        let filters = Filters::parse(query, offset!(+8));
        assert!(filters.wrong.is_empty(), "{:?}", filters.wrong);
        assert_eq!(filters.filter.amount_to, Some(12_000.5));
        assert_eq!(filters.filter.from, Timestamp::parse("2026-11-21T16:00:00Z"));
        assert_eq!(filters.filter.to, Timestamp::parse("2026-11-22T16:00:00Z"));
        assert_eq!(filters.filter.external_reference.as_deref(), Some("A&B"));
        assert_eq!(Filters::parse(&filters.query(), offset!(+8)).filter, filters.filter);
    }

    #[test]
    fn what_cannot_be_understood_is_named_and_left_out() {
        let query = "status=lost&outcome=%3Cb%3E&score_from=x&amount_from=-1&amount_to=NaN&from=yesterday&to=2026-02-30&colour=red";
        let filters = Filters::parse(query, UtcOffset::UTC);
        assert_eq!(filters.wrong, ["status", "outcome", "score_from", "amount_from", "amount_to", "from", "to"]);
        assert_eq!(filters.filter, Filter::default());
        assert!(!filters.query().contains("colour"));
    }
}
