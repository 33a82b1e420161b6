//! Repeating many decisions at once, and holding each against its record without writing it anew.
//!
//! What a repeated decision must be is said by [`Inputs::replay`](super::Inputs::replay), and where it differs is found
//! there. This answers only for records that are written as records are and come out the same, which are nearly all.

use time::Date;

use super::application;
use crate::{
    decide::{
        pipeline::{DecidedRow, Decider, Undecided},
        record::plain_zero,
    },
    domain::{
        application::Application,
        canonical::{
            canonical,
            reader::{Reader, needs_no_escape},
        },
        decision::Versioned,
        id::DecisionId,
        timestamp::Timestamp,
    },
    features::schema::Kind,
};

/// A record of a decision as it stands, of which what repeats it is read.
#[derive(Debug)]
pub struct Recorded<'a> {
    undecided: Undecided,
    model_sha256: &'a str,
    policy_sha256: &'a str,
    id: &'a str,
    decided_at: &'a str,
    /// From the comma behind the application on.
    result: &'a str,
}

/// What stands behind the applicant's age in a record: `},"reason_map_sha256":"…"}` with 64 digits.
const BEHIND_AGE: usize = 89;

impl<'a> Recorded<'a> {
    /// Reads a payload in the form in which payloads are written; `None` for any other.
    #[must_use]
    pub fn read(payload: &'a str) -> Option<Self> {
        let mut reader = Reader::inside(1, payload);
        reader.word("{")?;
        if reader.word(r#""applicant":{"ciphertext":"#).is_some() {
            reader.plain()?;
            reader.word(r#","key":"#)?;
            reader.plain()?;
            reader.word("},")?;
        }
        reader.word(r#""application":"#)?;
        let application = application::read(&mut reader)?;
        let result = reader.rest();
        reader.word(r#","baseline":"#)?;
        reader.number()?;
        reader.word(r#","decision":{"automatic":true,"decided_at":"#)?;
        let decided_at = reader.plain()?;
        reader.word(r#","grade":"#)?;
        reader.plain()?;
        reader.word(r#","id":"#)?;
        let id = reader.plain()?;
        reader.word(r#","model":"#)?;
        let model_sha256 = named(&mut reader)?;
        reader.word(r#","outcome":"#)?;
        reader.plain()?;
        reader.word(r#","policy":"#)?;
        let policy_sha256 = named(&mut reader)?;
        let (before, _) = payload.split_at_checked(payload.len().checked_sub(BEHIND_AGE)?)?;
        let (_, age) = before.rsplit_once(':')?;
        let applicant_age_years = whole(age)?;
        id.parse::<DecisionId>().ok()?;
        let today: Date = Timestamp::parse_written(decided_at)?.date();
        let undecided = Undecided { application, applicant_age_years, today };
        Some(Self { undecided, model_sha256, policy_sha256, id, decided_at, result })
    }

    /// The hash by which the decision names its model.
    #[must_use]
    pub const fn model_sha256(&self) -> &'a str {
        self.model_sha256
    }

    /// The hash by which the decision names its policy.
    #[must_use]
    pub const fn policy_sha256(&self) -> &'a str {
        self.policy_sha256
    }

    /// The application as it was decided, of nobody.
    #[must_use]
    pub const fn application(&self) -> &Application {
        &self.undecided.application
    }
}

/// Reads what names a model or a policy, and gives the hash.
fn named<'a>(reader: &mut Reader<'a>) -> Option<&'a str> {
    reader.word(r#"{"name":"#)?;
    reader.plain()?;
    reader.word(r#","sha256":"#)?;
    let sha256 = reader.plain()?;
    reader.word(r#","version":"#)?;
    reader.plain()?;
    reader.word("}")?;
    Some(sha256)
}

/// A whole number in its one spelling.
fn whole<T: std::str::FromStr + ToString>(text: &str) -> Option<T> {
    let number: T = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// A decider that knows how its decisions are written.
#[derive(Debug)]
pub struct Repeater {
    decider: Decider,
    /// What stands between a feature's contribution and its value, for each feature.
    between: Vec<String>,
    model: String,
    policy: String,
    reason_map: String,
}

impl Repeater {
    /// Prepares to repeat what a decider decided.
    #[must_use]
    pub fn new(decider: Decider) -> Self {
        let text = |text: &str| canonical(text).unwrap_or_default();
        let named = |named: &Versioned| canonical(named).unwrap_or_default();
        let model = decider.model();
        let features = model.schema().features.iter().zip(model.reasons());
        let between = features.map(|(feature, reason)| {
            format!(r#","feature":{},"reason":{},"value":"#, text(&feature.name), text(reason.code.as_str()))
        });
        Self {
            between: between.collect(),
            model: named(model.identity()),
            policy: named(decider.policy().identity()),
            reason_map: text(decider.reason_map_sha256()),
            decider,
        }
    }

    /// The decider.
    #[must_use]
    pub const fn decider(&self) -> &Decider {
        &self.decider
    }

    /// Decides again, and says of each record whether what came out is what it says: every number to the bit, all else
    /// to the byte. The records must name this model and policy.
    #[must_use]
    pub fn repeats(&self, records: &[Recorded<'_>]) -> Vec<bool> {
        let decided = self.decider.decide_many(records.iter().map(|record| &record.undecided));
        let holds = |(record, decided): (&Recorded<'_>, Option<DecidedRow>)| {
            decided.is_some_and(|decided| self.hold(record, &decided).is_some())
        };
        records.iter().zip(decided).map(holds).collect()
    }

    fn hold(&self, record: &Recorded<'_>, decided: &DecidedRow) -> Option<()> {
        let DecidedRow { features, assessment, ruling } = decided;
        let mut said = Said { rest: record.result };
        said.word(r#","baseline":"#)?;
        said.number(plain_zero(assessment.baseline))?;
        said.word(r#","decision":{"automatic":true,"decided_at":"#)?;
        said.text(record.decided_at)?;
        said.word(r#","grade":"#)?;
        said.text(&ruling.grade)?;
        said.word(r#","id":"#)?;
        said.text(record.id)?;
        said.word(r#","model":"#)?;
        said.word(&self.model)?;
        said.word(r#","outcome":"#)?;
        said.text(ruling.outcome.as_str())?;
        said.word(r#","policy":"#)?;
        said.word(&self.policy)?;
        said.word(r#","probability_of_default":"#)?;
        said.number(assessment.default_probability.value())?;
        said.word(r#","reasons":["#)?;
        for (place, reason) in ruling.reasons.iter().enumerate() {
            said.word(if place == 0 { r#"{"code":"# } else { r#",{"code":"# })?;
            said.text(reason.code.as_str())?;
            if let Some(contribution) = reason.contribution {
                said.word(r#","contribution":"#)?;
                said.number(contribution)?;
            }
            if let Some(feature) = &reason.feature {
                said.word(r#","feature":"#)?;
                said.text(feature)?;
            }
            said.word(r#","text":"#)?;
            said.text(&reason.text)?;
            said.word("}")?;
        }
        said.word(r#"],"rules":["#)?;
        for (place, rule) in ruling.fired.iter().enumerate() {
            said.word(if place == 0 { r#"{"id":"# } else { r#",{"id":"# })?;
            said.text(&rule.id)?;
            said.word(r#","outcome":"#)?;
            said.text(rule.outcome.as_str())?;
            said.word("}")?;
        }
        said.word(r#"],"score":"#)?;
        said.whole(ruling.score.into())?;
        said.word(r#"},"features":["#)?;
        for (index, (&raw, &contribution)) in features.values().iter().zip(&assessment.contributions).enumerate() {
            said.word(if index == 0 { r#"{"contribution":"# } else { r#",{"contribution":"# })?;
            said.number(plain_zero(contribution))?;
            said.word(&self.between[index])?;
            self.hold_value(&mut said, index, raw)?;
            said.word("}")?;
        }
        said.word(r#"],"margin":"#)?;
        said.number(plain_zero(assessment.margin))?;
        said.word(r#","policy_inputs":{"applicant_age_years":"#)?;
        said.whole(record.undecided.applicant_age_years.into())?;
        said.word(r#"},"reason_map_sha256":"#)?;
        said.word(&self.reason_map)?;
        said.word("}")?;
        said.rest.is_empty().then_some(())
    }

    /// As [`Schema::json_value`](crate::features::schema::Schema::json_value) gives it.
    fn hold_value(&self, said: &mut Said<'_>, index: usize, raw: f64) -> Option<()> {
        let schema = self.decider.model().schema();
        if raw.is_nan() {
            return said.word("null");
        }
        match schema.features[index].kind {
            Kind::Category => said.text(schema.json_value(index, raw).as_str()?),
            Kind::Boolean => said.word(if raw == 0.0 { "false" } else { "true" }),
            Kind::Number | Kind::Date => said.number(raw),
        }
    }
}

/// What a record says, of which as much is left as was not held against anything.
struct Said<'a> {
    rest: &'a str,
}

impl Said<'_> {
    #[inline]
    fn word(&mut self, expected: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(expected)?;
        Some(())
    }

    fn text(&mut self, expected: &str) -> Option<()> {
        if !needs_no_escape(expected) {
            return None;
        }
        self.word("\"")?;
        self.word(expected)?;
        self.word("\"")
    }

    fn number(&mut self, expected: f64) -> Option<()> {
        let number = self.spelling();
        (number.parse::<f64>().ok()?.to_bits() == expected.to_bits()).then_some(())
    }

    fn whole(&mut self, expected: i64) -> Option<()> {
        (whole::<i64>(self.spelling())? == expected).then_some(())
    }

    /// The number that follows, as JSON spells numbers; empty when none does.
    fn spelling(&mut self) -> &str {
        let bytes = self.rest.as_bytes();
        let digits = |from: usize| from + bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let begin = usize::from(bytes.first() == Some(&b'-'));
        let mut end = digits(begin);
        let mut is_number = end == begin + 1 || (end > begin && bytes[begin] != b'0');
        if bytes.get(end) == Some(&b'.') {
            let fraction = end + 1;
            end = digits(fraction);
            is_number &= end > fraction;
        }
        if bytes.get(end) == Some(&b'e') {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            let exponent = end + 1 + sign;
            end = digits(exponent);
            is_number &= end > exponent;
        }
        let (number, rest) = self.rest.split_at(end);
        self.rest = rest;
        if is_number { number } else { "" }
    }
}

#[cfg(test)]
mod tests;
