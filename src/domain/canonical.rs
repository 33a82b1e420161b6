//! Writing canonical JSON (RFC 8785): no white space, names sorted by UTF-16, one spelling for every number and text.
//!
//! Every decision is written this way, so it must be quick: a value is written straight into one buffer, and an object
//! is put in order afterwards, and only where its names did not come in order.

pub mod reader;
mod serializer;
#[cfg(test)]
mod tests;

use std::{
    cmp::Ordering,
    fmt::{Display, Write as _},
};

use serde::{Serialize, ser};

/// A value that has no canonical form: a number that is not finite, a name that is not a text, or one name twice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the value cannot be written as canonical JSON: {0}")]
pub struct NotCanonical(String);

/// The canonical JSON of a value.
///
/// Whole numbers are doubles as all others: those beyond 2^53 are rounded.
///
/// # Errors
/// A value that has no canonical form.
pub fn canonical<T: Serialize + ?Sized>(value: &T) -> Result<String, NotCanonical> {
    let mut text = String::new();
    canonical_into(&mut text, value)?;
    Ok(text)
}

/// Writes a value as [`canonical`] does, behind what a text holds.
///
/// # Errors
/// As [`canonical`]; the text is empty then.
pub fn canonical_into<T: Serialize + ?Sized>(text: &mut String, value: &T) -> Result<(), NotCanonical> {
    let mut writer = Writer { text: std::mem::take(text), aside: String::new(), open: Vec::new() };
    value.serialize(&mut writer)?;
    *text = writer.text;
    Ok(())
}

impl ser::Error for NotCanonical {
    fn custom<T: Display>(what: T) -> Self {
        Self(what.to_string())
    }
}

fn refuse<T>(what: &str) -> Result<T, NotCanonical> {
    Err(NotCanonical(what.to_owned()))
}

struct Writer {
    text: String,
    /// Members that are being put in order.
    aside: String,
    /// The members of the objects that are open, those of the outermost first.
    open: Vec<Member>,
}

/// The largest whole number up to which every one is a double.
const EXACT: u64 = 1 << 53;

/// What serde names the struct in which it hides text that is JSON already.
const RAW: &str = "$serde_json::private::RawValue";

impl Writer {
    fn double(&mut self, number: f64) -> Result<(), NotCanonical> {
        if !number.is_finite() {
            return refuse("a number is not finite");
        }
        // As ECMAScript writes numbers, which RFC 8785, section 3.2.2.3, asks for.
        self.text.push_str(ryu_js::Buffer::new().format_finite(number));
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "in canonical JSON every number is a double")]
    fn whole(&mut self, magnitude: u128, is_negative: bool) -> Result<(), NotCanonical> {
        let double = magnitude as f64;
        match u64::try_from(magnitude) {
            Ok(small) if small <= EXACT => {
                let sign = if is_negative { "-" } else { "" };
                write!(self.text, "{sign}{small}").map_err(ser::Error::custom)
            }
            _ => self.double(if is_negative { -double } else { double }),
        }
    }

    /// A text in quotes. Only what must be is escaped (section 3.2.2.2).
    fn quoted(&mut self, text: &str) {
        self.text.push('"');
        let mut rest = text;
        while let Some(place) = first_escaped(rest.as_bytes()) {
            self.text.push_str(&rest[..place]);
            match rest.as_bytes()[place] {
                b'"' => self.text.push_str("\\\""),
                b'\\' => self.text.push_str("\\\\"),
                0x08 => self.text.push_str("\\b"),
                b'\t' => self.text.push_str("\\t"),
                b'\n' => self.text.push_str("\\n"),
                0x0c => self.text.push_str("\\f"),
                b'\r' => self.text.push_str("\\r"),
                control => {
                    self.text.push_str("\\u00");
                    for digit in [control >> 4, control & 0xf] {
                        self.text.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
                    }
                }
            }
            rest = &rest[place + 1..];
        }
        self.text.push_str(rest);
        self.text.push('"');
    }

    fn elements(&mut self) -> Elements<'_> {
        self.text.push('[');
        Elements { writer: self, is_first: true, closes_object: false }
    }

    fn members(&mut self, count: usize) -> Members<'_> {
        self.text.push('{');
        let start = self.text.len();
        let first = self.open.len();
        self.open.reserve(count);
        Members { writer: self, start, first, in_order: true, closes_object: false }
    }

    /// `{"variant":`, of which the object is open.
    fn variant(&mut self, name: &str) {
        self.text.push('{');
        self.quoted(name);
        self.text.push(':');
    }
}

const fn must_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Where the first byte stands that must be escaped. Sixteen bytes are looked at together, which few texts have one among.
fn first_escaped(text: &[u8]) -> Option<usize> {
    let (runs, rest) = text.as_chunks::<16>();
    let run = runs.iter().position(|run| run.iter().fold(false, |found, &byte| found | must_escape(byte)));
    let (begin, part) = run.map_or((text.len() - rest.len(), rest), |run| (16 * run, &text[16 * run..]));
    part.iter().position(|&byte| must_escape(byte)).map(|place| begin + place)
}

/// An array that is being written.
struct Elements<'w> {
    writer: &'w mut Writer,
    is_first: bool,
    /// Whether it is the value of a variant, whose object ends with it.
    closes_object: bool,
}

impl Elements<'_> {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotCanonical> {
        if !std::mem::replace(&mut self.is_first, false) {
            self.writer.text.push(',');
        }
        value.serialize(&mut *self.writer)
    }

    fn close(self) {
        self.writer.text.push_str(if self.closes_object { "]}" } else { "]" });
    }
}

/// An object that is being written.
struct Members<'w> {
    writer: &'w mut Writer,
    /// Where the first member begins.
    start: usize,
    /// Where its members begin among those of all open objects. Behind them stand none: an object that is its member's
    /// value is closed by then.
    first: usize,
    in_order: bool,
    closes_object: bool,
}

/// A member that is written: its name, and where it stands, from its name's quote to the end of its value.
struct Member {
    name: Name,
    /// The name's first bytes, where they are ASCII: they mostly tell which of two comes first.
    beginning: Option<u64>,
    from: usize,
    to: usize,
}

/// A name; those of fields need no copy.
enum Name {
    Field(&'static str),
    Key(String),
}

impl Name {
    fn as_str(&self) -> &str {
        match self {
            Self::Field(name) => name,
            Self::Key(name) => name,
        }
    }

    /// Its first eight bytes, and zeros behind a shorter name's; `None` where one of them is not ASCII.
    fn beginning(&self) -> Option<u64> {
        let mut beginning = [0; 8];
        for (place, byte) in beginning.iter_mut().zip(self.as_str().bytes()) {
            *place = byte;
        }
        beginning.is_ascii().then_some(u64::from_be_bytes(beginning))
    }

    /// By UTF-16, as RFC 8785, section 3.2.3, asks. Among ASCII that is the order of the bytes.
    fn order(&self, other: &Self) -> Ordering {
        let (one, other) = (self.as_str(), other.as_str());
        if one.is_ascii() && other.is_ascii() {
            return one.cmp(other);
        }
        one.encode_utf16().cmp(other.encode_utf16())
    }
}

impl Member {
    fn order(&self, other: &Self) -> Ordering {
        match (self.beginning, other.beginning) {
            (Some(one), Some(other)) if one != other => one.cmp(&other),
            _ => self.name.order(&other.name),
        }
    }
}

impl Members<'_> {
    fn written(&self) -> &[Member] {
        &self.writer.open[self.first..]
    }

    /// Where the next member begins, behind a comma.
    fn begin(&mut self) -> usize {
        if !self.written().is_empty() {
            self.writer.text.push(',');
        }
        self.writer.text.len()
    }

    /// Notes the name that was written from `from`.
    fn named(&mut self, from: usize, name: Name) {
        let member = Member { beginning: name.beginning(), name, from, to: from };
        self.in_order &= self.written().last().is_none_or(|last| last.order(&member) == Ordering::Less);
        self.writer.text.push(':');
        self.writer.open.push(member);
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotCanonical> {
        value.serialize(&mut *self.writer)?;
        let end = self.writer.text.len();
        match self.writer.open[self.first..].last_mut() {
            Some(member) => member.to = end,
            None => return refuse("a value came before its name"),
        }
        Ok(())
    }

    fn close(mut self) -> Result<(), NotCanonical> {
        if !self.in_order {
            self.put_in_order()?;
        }
        self.writer.open.truncate(self.first);
        self.writer.text.push_str(if self.closes_object { "}}" } else { "}" });
        Ok(())
    }

    fn put_in_order(&mut self) -> Result<(), NotCanonical> {
        let Writer { text, aside, open } = &mut *self.writer;
        let written = &mut open[self.first..];
        written.sort_by(Member::order);
        if written.windows(2).any(|pair| pair[0].order(&pair[1]) == Ordering::Equal) {
            return refuse("an object has one name twice");
        }
        aside.clear();
        aside.push_str(&text[self.start..]);
        text.truncate(self.start);
        for (place, member) in written.iter().enumerate() {
            if place > 0 {
                text.push(',');
            }
            text.push_str(&aside[member.from - self.start..member.to - self.start]);
        }
        Ok(())
    }
}
