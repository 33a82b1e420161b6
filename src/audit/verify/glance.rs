//! Looking at many rows together, at what is nearly always so: that each agrees with itself and with its copies.
//!
//! What a row must be is said by [`examine()`](super::examine()), and what is wrong with one is found there. This goes
//! once over the bytes and copies nothing. It answers for rows only when nothing about any of them is unusual; of the
//! others it says nothing, and they are looked at one by one. So it may refuse what is sound, never the other way round.

use rayon::prelude::*;

use super::{
    Examined,
    texts::{RowText, Texts},
};
use crate::{
    audit::{entry::Action, tree},
    domain::{
        canonical::reader::Reader,
        decision::{Outcome, Status},
        id::{DecisionId, RequestId},
        principal::Role,
        timestamp::Timestamp,
    },
};

/// How many neighbouring rows one thread looks at.
const RUN: usize = 32;

/// Looks at rows together, on all threads; `None` when one of them must be looked at by itself.
#[must_use]
pub fn glance(texts: &Texts) -> Option<Vec<(i64, Examined)>> {
    let rows = texts.rows()?;
    let runs: Option<Vec<Vec<_>>> =
        rows.par_chunks(RUN).map(|run| run.iter().map(glance_at).collect::<Option<Vec<_>>>()).collect();
    let examined = runs?.concat();
    examined.is_sorted_by(|(before, _), (after, _)| before < after).then_some(examined)
}

fn glance_at(row: &RowText<'_>) -> Option<(i64, Examined)> {
    let leaf = tree::leaf_hash(row.entry.as_bytes());
    if !is_hex_of(row.leaf_hash, leaf.as_bytes()) {
        return None;
    }
    let said = Said::read(row.entry)?;
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
    Some((row.sequence.parse().ok()?, Examined { leaf, time, is_decision, is_latest, erased: said.erased }))
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
        && row.automatic == if payload.automatic? { "1" } else { "0" }
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
        && row.received_at == row.decided_at;
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
    sequence: &'a str,
    subject: &'a str,
    time: &'a str,
    /// Of a decision.
    payload: Option<Payload<'a>>,
    /// Of how many applications it says that their data keys were destroyed.
    erased: u64,
}

/// What of a decision's payload is repeated in other tables.
#[derive(Default)]
struct Payload<'a> {
    id: Option<&'a str>,
    outcome: Option<&'a str>,
    automatic: Option<bool>,
    decided_at: Option<&'a str>,
    version: Option<&'a str>,
    external_reference: Option<&'a str>,
    amount: Option<&'a str>,
    currency: Option<&'a str>,
}

impl<'a> Said<'a> {
    fn read(entry: &'a str) -> Option<Self> {
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
        let (mut payload, mut erased) = (None, 0);
        if action.is_decision() {
            payload = Some(Payload::read(&mut reader)?);
        } else if action.is_erasure() {
            erased = count_erased(&mut reader)?;
        } else {
            reader.value()?;
        }
        reader.word(r#","request_id":"#)?;
        let request_id = reader.plain()?;
        request_id.parse::<RequestId>().ok()?;
        reader.word(r#","sequence":"#)?;
        let sequence = reader.number()?;
        sequence.parse::<u64>().ok()?;
        reader.word(r#","subject":"#)?;
        let subject = reader.plain()?;
        reader.word(r#","time":"#)?;
        let time = reader.plain()?;
        reader.word("}")?;
        let said = Self { action, role, actor_subject, request_id, sequence, subject, time, payload, erased };
        reader.is_at_end().then_some(said)
    }
}

/// Reads what an erasure says, and counts the applications in it.
fn count_erased(reader: &mut Reader<'_>) -> Option<u64> {
    let mut count = None;
    reader.object(|name, reader| {
        if name != "applications" {
            return reader.value().map(drop);
        }
        let counted = count.insert(0);
        reader.array(|reader| {
            *counted += 1;
            reader.value().map(drop)
        })
    })?;
    count
}

impl<'a> Payload<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let mut payload = Self::default();
        reader.object(|name, reader| {
            match name {
                "application" => payload.read_application(reader)?,
                "decision" => payload.read_decision(reader)?,
                "version" => payload.version = Some(reader.number()?),
                _ => drop(reader.value()?),
            }
            Some(())
        })?;
        Some(payload)
    }

    fn read_application(&mut self, reader: &mut Reader<'a>) -> Option<()> {
        reader.object(|name, reader| {
            match name {
                "external_reference" => self.external_reference = Some(reader.plain()?),
                "loan" => self.read_loan(reader)?,
                _ => drop(reader.value()?),
            }
            Some(())
        })
    }

    fn read_loan(&mut self, reader: &mut Reader<'a>) -> Option<()> {
        reader.object(|name, reader| {
            match name {
                "amount" => self.amount = Some(reader.number()?),
                "currency" => self.currency = Some(reader.plain()?),
                _ => drop(reader.value()?),
            }
            Some(())
        })
    }

    fn read_decision(&mut self, reader: &mut Reader<'a>) -> Option<()> {
        reader.object(|name, reader| {
            match name {
                "automatic" => self.automatic = Some(reader.boolean()?),
                "decided_at" => self.decided_at = Some(reader.plain()?),
                "id" => self.id = Some(reader.plain()?),
                "outcome" => self.outcome = Some(reader.plain()?),
                _ => drop(reader.value()?),
            }
            Some(())
        })
    }
}
