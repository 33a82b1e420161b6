//! Looking at many rows together, at what is nearly always so: that each agrees with itself and with its copies.
//!
//! What a row must be is said by [`examine()`](super::examine()), and what is wrong with one is found there. This goes
//! once over the bytes and copies nothing. It answers for rows only when nothing about any of them is unusual; of the
//! others it says nothing, and they are looked at one by one. So it may refuse what is sound, never the other way round.

use super::{
    Examined, Marks,
    forms::Forms,
    texts::{RowText, Texts},
};
use crate::{
    audit::{SEGMENT_ENTRIES, entry::Action, tree},
    domain::{
        canonical::reader::Reader,
        decision::{Outcome, Status},
        id::{DecisionId, RequestId},
        principal::Role,
        timestamp::Timestamp,
    },
};

/// The forms that payloads of decisions have.
pub type DecisionForms = Forms<ASKED>;

/// Looks at rows together, with the `forms` that others had; `None` when one of them must be looked at by itself.
#[must_use]
pub fn glance(texts: &Texts<'_>, forms: &mut DecisionForms) -> Option<Vec<(i64, Examined)>> {
    let rows = texts.rows()?;
    let examined: Vec<_> = rows.iter().map(|row| glance_at(row, forms)).collect::<Option<_>>()?;
    examined.is_sorted_by(|(before, _), (after, _)| before < after).then_some(examined)
}

fn glance_at(row: &RowText<'_>, forms: &mut DecisionForms) -> Option<(i64, Examined)> {
    let leaf = tree::leaf_hash(row.entry.as_bytes());
    if !is_hex_of(row.leaf_hash, leaf.as_bytes()) {
        return None;
    }
    let said = Said::read(row.entry, forms)?;
    let (role, name) = row.actor.split_once(':')?;
    let agrees = said.sequence == row.sequence
        && said.time == row.recorded_at
        && said.action.as_str() == row.action
        && said.role.as_str() == role
        && said.actor_subject == name
        && said.request_id == row.request_id
        && said.subject == row.subject
        && !row.subject.is_empty();
    if !agrees {
        return None;
    }
    let time = Timestamp::parse_written(said.time)?;
    let (is_decision, is_latest) = match &said.payload {
        Some(payload) => (true, is_latest(row, &said, payload)?),
        None if row.decided.is_empty() => (false, false),
        None => return None,
    };
    let mut erased = Marks::default();
    said.erased.iter().for_each(|application| erased.add(application, said.time));
    let examined = Examined { leaf, time, is_decision, is_latest, erased, names_answer: said.names_answer };
    Some((row.sequence.parse().ok()?, examined))
}

/// Holds the copies against the entry, and says whether the application stands at this decision.
fn is_latest(row: &RowText<'_>, said: &Said<'_>, payload: &Payload<'_>) -> Option<bool> {
    let outcome = Outcome::parse(payload.outcome?)?;
    let agrees = row.decided == said.sequence
        && row.has_same_hash == "="
        && said.subject == row.application_id
        && payload.id?.parse::<DecisionId>().is_ok()
        && payload.id? == row.id
        && Timestamp::parse_written(payload.decided_at?).is_some()
        && payload.decided_at? == row.decided_at
        && payload.outcome? == row.outcome
        && match payload.automatic? {
            "true" => row.automatic == "1",
            "false" => row.automatic == "0",
            _ => false,
        }
        && payload.score? == row.score
        && payload.version.unwrap_or("1") == row.number;
    let (number, version) = (row.number.parse::<i64>().ok()?, row.version.parse::<i64>().ok()?);
    let is_latest = number == version;
    let stands_there = row.stands_at == row.outcome && row.status == Status::after(outcome).as_str();
    if !agrees || number > version || (is_latest && !stands_there) {
        return None;
    }
    let is_first = said.action == Action::ApplicationDecided;
    (!is_first || holds_application(row, payload)?).then_some(is_latest)
}

/// Whether the table of applications has what was received, and who sent it.
fn holds_application(row: &RowText<'_>, payload: &Payload<'_>) -> Option<bool> {
    let is_copied = row.external_reference.strip_prefix('=') == payload.external_reference
        && row.external_reference.is_empty() == payload.external_reference.is_none()
        && payload.amount? == row.amount_minor
        && payload.currency? == row.currency
        && !row.currency.is_empty()
        && row.submitted_by == row.actor
        && row.received_at == row.decided_at
        && row.segment.parse() == Ok(row.sequence.parse::<u64>().ok()? / SEGMENT_ENTRIES);
    Some(is_copied)
}

/// Whether a text says these bytes in hexadecimal, in either case.
fn is_hex_of(text: &str, bytes: &[u8]) -> bool {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let same = |(pair, byte): (&[u8; 2], &u8)| {
        digit(pair[0]) == Some(u32::from(byte >> 4)) && digit(pair[1]) == Some(u32::from(byte & 0xf))
    };
    rest.is_empty() && pairs.len() == bytes.len() && pairs.iter().zip(bytes).all(same)
}

/// What an entry says, where it is written as entries are and its texts need no escapes.
struct Said<'a> {
    action: Action,
    role: Role,
    actor_subject: &'a str,
    request_id: &'a str,
    names_answer: bool,
    sequence: &'a str,
    subject: &'a str,
    time: &'a str,
    /// Of a decision.
    payload: Option<Payload<'a>>,
    /// The applications of which it says that their data keys were destroyed.
    erased: Vec<&'a str>,
}

/// How many values of a decision's payload are asked for.
const ASKED: usize = 9;

/// What of a decision's payload is repeated in other tables.
#[derive(Default)]
struct Payload<'a> {
    id: Option<&'a str>,
    outcome: Option<&'a str>,
    automatic: Option<&'a str>,
    score: Option<&'a str>,
    decided_at: Option<&'a str>,
    version: Option<&'a str>,
    external_reference: Option<&'a str>,
    amount: Option<&'a str>,
    currency: Option<&'a str>,
}

impl<'a> Said<'a> {
    fn read(entry: &'a str, forms: &mut DecisionForms) -> Option<Self> {
        let mut reader = Reader::inside(1, entry);
        reader.word(r#"{"action":"#)?;
        let action = Action::parse(reader.plain()?)?;
        reader.word(r#","actor":{"role":"#)?;
        let role = reader.plain()?.parse().ok()?;
        reader.word(r#","subject":"#)?;
        let actor_subject = reader.plain()?;
        reader.word(r#"},"build":"#)?;
        reader.quoted()?;
        reader.word(r#","payload":"#)?;
        let (mut payload, mut erased) = (None, Vec::new());
        if action.is_decision() {
            payload = Some(Payload::read_by_form(&mut reader, forms)?);
        } else if action.is_erasure() {
            erased = erased_in(&mut reader)?;
        } else {
            reader.skip()?;
        }
        reader.word(r#","request_id":"#)?;
        let request_id = reader.plain()?;
        request_id.parse::<RequestId>().ok()?;
        let names_answer = reader.word(r#","response_sha256":"#).is_some();
        if names_answer {
            reader.plain()?;
        }
        reader.word(r#","sequence":"#)?;
        let sequence = reader.number()?;
        sequence.parse::<u64>().ok()?;
        reader.word(r#","subject":"#)?;
        let subject = reader.plain()?;
        reader.word(r#","time":"#)?;
        let time = reader.plain()?;
        reader.word("}")?;
        let said =
            Self { action, role, actor_subject, request_id, names_answer, sequence, subject, time, payload, erased };
        reader.is_at_end().then_some(said)
    }
}

/// Reads what an erasure says, and gives the applications in it.
fn erased_in<'a>(reader: &mut Reader<'a>) -> Option<Vec<&'a str>> {
    let mut erased = None;
    reader.object(|name, reader| {
        if name != "applications" {
            return reader.skip();
        }
        let erased = erased.insert(Vec::new());
        reader.array(|reader| {
            erased.push(reader.plain()?);
            Some(())
        })
    })?;
    erased
}

/// The values that are asked for, as they stand.
type Asked<'a> = [Option<&'a str>; ASKED];

/// Reads one of them.
fn ask<'a>(reader: &mut Reader<'a>, value: &mut Option<&'a str>) -> Option<()> {
    *value = Some(reader.scalar()?);
    Some(())
}

impl<'a> Payload<'a> {
    /// Reads a payload, by the form that one before had where there was such a one.
    fn read_by_form(reader: &mut Reader<'a>, forms: &mut DecisionForms) -> Option<Self> {
        let beginning = reader.clone();
        let asked = if let Some(asked) = forms.read(reader) {
            asked
        } else {
            *reader = beginning;
            let mut asked = Asked::default();
            let text = reader.spanned(|reader| read_payload(reader, &mut asked))?;
            forms.learn(text, asked);
            asked
        };
        Self::of(asked)
    }

    /// Takes the quotes off what must be texts; `None` when something is not what it must be.
    fn of(
        [id, outcome, automatic, score, decided_at, version, external_reference, amount, currency]: Asked<'a>,
    ) -> Option<Self> {
        Some(Self {
            id: optional(id, unquoted)?,
            outcome: optional(outcome, unquoted)?,
            automatic,
            score: optional(score, number)?,
            decided_at: optional(decided_at, unquoted)?,
            version: optional(version, number)?,
            external_reference: optional(external_reference, unquoted)?,
            amount: optional(amount, number)?,
            currency: optional(currency, unquoted)?,
        })
    }
}

/// What is not there is as good as what is as it must be.
#[expect(clippy::option_option, reason = "the outer one says whether it is as it must be")]
fn optional<'a>(value: Option<&'a str>, read: fn(&'a str) -> Option<&'a str>) -> Option<Option<&'a str>> {
    match value {
        Some(value) => read(value).map(Some),
        None => Some(None),
    }
}

fn unquoted(value: &str) -> Option<&str> {
    value.strip_prefix('"')?.strip_suffix('"')
}

fn number(value: &str) -> Option<&str> {
    value.starts_with(|sign: char| sign == '-' || sign.is_ascii_digit()).then_some(value)
}

fn read_payload<'a>(reader: &mut Reader<'a>, asked: &mut Asked<'a>) -> Option<()> {
    let [id, outcome, automatic, score, decided_at, version, external_reference, amount, currency] = asked;
    reader.object(|name, reader| match name {
        "application" => reader.object(|name, reader| match name {
            "external_reference" => ask(reader, external_reference),
            "loan" => reader.object(|name, reader| match name {
                "amount" => ask(reader, amount),
                "currency" => ask(reader, currency),
                _ => reader.skip(),
            }),
            _ => reader.skip(),
        }),
        "decision" => reader.object(|name, reader| match name {
            "automatic" => ask(reader, automatic),
            "decided_at" => ask(reader, decided_at),
            "id" => ask(reader, id),
            "outcome" => ask(reader, outcome),
            "score" => ask(reader, score),
            _ => reader.skip(),
        }),
        "version" => ask(reader, version),
        _ => reader.skip(),
    })
}
