//! Query parameters, read strictly: every fault is reported, and so is a parameter that nobody knows.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Query};

use crate::{
    domain::{
        fault::{Fault, FaultCode},
        timestamp::Timestamp,
    },
    http::problem::{Code, Problem},
    service::view::PageLimit,
};

/// Reads a query, a parameter at a time, and collects what is wrong with it.
#[derive(Debug)]
pub struct QueryReader {
    /// What is yet to be read, in the order sent.
    pairs: Vec<(String, String)>,
    faults: Vec<Fault>,
    /// What is well formed, each by itself, but cannot be meant together.
    contradictions: Vec<Fault>,
}

impl FromRequest for QueryReader {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::new(request.query_string()))
    }
}

impl QueryReader {
    fn new(query: &str) -> Result<Self, Problem> {
        let pairs = Query::<Vec<(String, String)>>::from_query(query)
            .map_err(|_| Problem::new(Code::InvalidQuery, "The query is not of the form `name=value&name=value`."))?;
        Ok(Self { pairs: pairs.into_inner(), faults: Vec::new(), contradictions: Vec::new() })
    }

    /// Reads a parameter with `parse`, which gives `None` for what is not `expected`.
    pub fn read<T>(&mut self, name: &str, expected: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let text = self.take(name)?;
        let value = parse(&text);
        if value.is_none() {
            self.fault(name, FaultCode::UnknownValue, &format!("must be {expected}"));
        }
        value
    }

    /// As [`QueryReader::read`], of a parameter that must be there.
    pub fn required<T>(&mut self, name: &str, expected: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        if !self.pairs.iter().any(|(other, _)| other == name) {
            self.fault(name, FaultCode::Required, &format!("must be given: {expected}"));
        }
        self.read(name, expected, parse)
    }

    /// Reads a text of 1 to 255 characters.
    pub fn text(&mut self, name: &str) -> Option<String> {
        let text = self.take(name)?;
        if (1..=255).contains(&text.chars().count()) {
            return Some(text);
        }
        self.fault(name, FaultCode::WrongLength, "must have 1 to 255 characters");
        None
    }

    /// Reads a time, or a day, which means its beginning in UTC.
    pub fn time(&mut self, name: &str) -> Option<Timestamp> {
        self.read(name, "a time such as 2026-11-22T13:00:00Z or a day such as 2026-11-22", |text| {
            // An unescaped `+` of an offset arrives as a space.
            let text = text.replace(' ', "+");
            Timestamp::parse_day_or_time(&text)
        })
    }

    /// Reads `from` and `to`, of which `to` is the later one.
    pub fn period(&mut self) -> (Option<Timestamp>, Option<Timestamp>) {
        let (from, to) = (self.time("from"), self.time("to"));
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            self.contradictions.push(Fault::new("?to", FaultCode::Contradiction, "must not be before `from`"));
        }
        (from, to)
    }

    /// Reads `limit`, from 1 to 100.
    pub fn limit(&mut self) -> PageLimit {
        self.read("limit", "a number from 1 to 100", |text| text.parse().ok().and_then(PageLimit::new))
            .unwrap_or_default()
    }

    /// Ends the reading: every parameter that was not read is unknown.
    pub fn finish(mut self) -> Result<(), Problem> {
        for (name, _) in std::mem::take(&mut self.pairs) {
            // A name that nobody knows may hold anything: it is not repeated.
            let shown = if name.len() <= 64 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
                name
            } else {
                String::new()
            };
            self.fault(&shown, FaultCode::UnknownField, "is no parameter of this address");
        }
        if self.faults.is_empty() && self.contradictions.is_empty() {
            return Ok(());
        }
        if self.faults.is_empty() {
            let detail = "The query's values contradict each other; see errors.";
            return Err(Problem::new(Code::InvalidValues, detail).with_errors(self.contradictions));
        }
        self.faults.append(&mut self.contradictions);
        self.faults.sort();
        Err(Problem::new(Code::InvalidQuery, "The query is not as it must be; see errors.").with_errors(self.faults))
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.pairs.iter().position(|(other, _)| other == name)?;
        let (_, value) = self.pairs.remove(at);
        if self.pairs.iter().any(|(other, _)| other == name) {
            self.pairs.retain(|(other, _)| other != name);
            self.fault(name, FaultCode::DuplicateField, "must stand once");
        }
        Some(value)
    }

    fn fault(&mut self, name: &str, code: FaultCode, message: &str) {
        self.faults.push(Fault::new(format!("?{name}"), code, message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_a_query_is_reported_at_once() {
        let mut query = QueryReader::new("limit=0&from=yesterday&colour=red&to=2026-11-22&to=2026-11-23").unwrap();
        let (limit, from, to) = (query.limit(), query.time("from"), query.time("to"));
        assert_eq!((limit, from), (PageLimit::default(), None));
        assert_eq!(to, Timestamp::parse("2026-11-22T00:00:00Z"));
        assert_eq!(query.finish().unwrap_err().code(), Code::InvalidQuery);
    }

    #[test]
    fn an_end_before_the_beginning_contradicts_it() {
        let mut query = QueryReader::new("from=2026-11-23&to=2026-11-22").unwrap();
        query.period();
        assert_eq!(query.finish().unwrap_err().code(), Code::InvalidValues);
        let mut query = QueryReader::new("from=2026-11-22&to=2026-11-22").unwrap();
        query.period();
        assert!(query.finish().is_ok(), "an empty period is one");
    }

    #[test]
    fn an_offset_may_come_with_its_plus_unescaped() {
        let mut query = QueryReader::new("from=2026-11-22T14:00:00+01:00").unwrap();
        assert_eq!(query.time("from"), Timestamp::parse("2026-11-22T13:00:00Z"));
        assert!(query.finish().is_ok());
    }
}
