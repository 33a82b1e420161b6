//! One value of a schema, resolved: where it stands in an application and in a training file.

use std::collections::BTreeMap;

use time::{Date, format_description::StaticFormatDescription, macros::format_description};

use super::{
    extract::UnseenCategory,
    formula::Function,
    source::{self, Access, Known, Section},
};
use crate::domain::{
    application::{Application, AttributeValue},
    fault::{Fault, FaultCode},
};

/// How one value comes about.
#[derive(Debug, Clone)]
pub(super) enum Slot {
    /// It is read.
    Read(Reading),
    /// It is computed from other slots.
    Derived { function: Function, operands: [Operand; 2] },
}

/// What a derived value is computed from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Operand {
    Slot(usize),
    Constant(f64),
}

/// A value that is read from an application or from a cell.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub(super) source: Source,
    /// Index in the columns that are read.
    pub(super) column: usize,
    /// Values of cells that stand for something else than their own text; NaN is "missing".
    pub(super) words: BTreeMap<String, f64>,
    pub(super) content: Content,
    pub(super) scale: Scale,
    /// The declared range, in training units; infinite where none is declared.
    pub(super) min: f64,
    pub(super) max: f64,
}

/// Where in an application.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// A number or a date that every application has a place for.
    Known(&'static Known),
    /// One of an enumeration's values: the code of each, in the enumeration's order.
    KnownCategory { known: &'static Known, place: fn(&Application) -> Option<usize>, codes: Box<[f64]> },
    /// An attribute, by name.
    Attribute(String),
}

/// What kind of value it is.
#[derive(Debug, Clone)]
pub(super) enum Content {
    Number,
    Boolean,
    Date,
    /// The code of each category; the number of categories stands for any other text.
    Category(BTreeMap<String, f64>),
}

/// From an application's unit to the training file's.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scale {
    Same,
    /// For a scale that is one over a whole number. Dividing 1234567 cents by 100 gives the double
    /// nearest to 12345.67, which is what reading "12345.67" gives; multiplying by 0.01 may not.
    DivideBy(f64),
    MultiplyBy(f64),
}

impl Scale {
    /// The scale for a factor that is finite and above 0.
    pub(super) fn new(factor: f64) -> Self {
        let divisor = (1.0 / factor).round();
        if factor == 1.0 {
            Self::Same
        } else if factor < 1.0 && 1.0 / divisor == factor {
            Self::DivideBy(divisor)
        } else {
            Self::MultiplyBy(factor)
        }
    }

    fn apply(self, value: f64) -> f64 {
        match self {
            Self::Same => value,
            Self::DivideBy(divisor) => value / divisor,
            Self::MultiplyBy(factor) => value * factor,
        }
    }
}

const DATE: StaticFormatDescription = format_description!("[year]-[month]-[day]");

/// Why a text is not a value.
pub(super) type Refusal = (FaultCode, String);

impl Reading {
    /// Reads an application. What is not there or not of its kind is missing.
    pub(super) fn read_application(&self, application: &Application, decision_date: Date) -> f64 {
        let raw = match &self.source {
            Source::Known(known) => match known.access {
                Access::Number(read) | Access::Money(read) => self.scale.apply(read(application)),
                Access::Date(read) => read(application, decision_date),
                Access::Category(..) => f64::NAN,
            },
            Source::KnownCategory { place, codes, .. } => place(application).map_or(f64::NAN, |place| codes[place]),
            Source::Attribute(name) => {
                application.attributes.get(name).and_then(|value| self.attribute(value).ok()).unwrap_or(f64::NAN)
            }
        };
        // Adding 0 turns −0 into 0, as in cells and formulas.
        if raw.is_finite() { raw + 0.0 } else { f64::NAN }
    }

    /// An attribute's value in training units, or why it is none. An unknown category has its code.
    fn attribute(&self, value: &AttributeValue) -> Result<f64, Refusal> {
        let wrong = |expected: &str| Err((FaultCode::WrongType, format!("must be {expected} or null")));
        match (&self.content, value) {
            (_, AttributeValue::Null) => Ok(f64::NAN),
            (Content::Number, AttributeValue::Number(number)) => Ok(self.scale.apply(*number)),
            (Content::Boolean, AttributeValue::Boolean(answer)) => Ok(f64::from(u8::from(*answer))),
            (Content::Date, AttributeValue::Text(text)) => parse_date(text),
            (Content::Category(codes), AttributeValue::Text(text)) => {
                Ok(codes.get(text.as_str()).copied().unwrap_or_else(|| unseen_code(codes)))
            }
            (Content::Number, _) => wrong("a number"),
            (Content::Boolean, _) => wrong("true, false"),
            (Content::Date, _) => wrong("a date such as \"2010-12-31\""),
            (Content::Category(_), _) => wrong("a text"),
        }
    }

    /// What is wrong with this value of an application; NaN and what is absent are not faults.
    pub(super) fn check(&self, application: &Application) -> Option<Fault> {
        let refusal = match &self.source {
            Source::Attribute(name) => match self.attribute(application.attributes.get(name)?) {
                Ok(value) => self.refuse(value),
                Err(refusal) => Some(refusal),
            },
            // A date has no declared range, so any day of decision will do.
            _ => self.refuse(self.read_application(application, Date::MIN)),
        };
        refusal.map(|(code, message)| Fault::new(self.pointer(), code, message))
    }

    /// Reads a cell: a training file's text, in training units. Empty is missing.
    pub(super) fn read_cell(&self, text: &str, unseen: UnseenCategory) -> Result<f64, Refusal> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(f64::NAN);
        }
        let value = match (self.words.get(text), &self.content) {
            (Some(&value), _) => value,
            (None, Content::Number) => parse_number(text)?,
            (None, Content::Date) => parse_date(text)?,
            (None, Content::Boolean) => {
                return Err((FaultCode::WrongFormat, "must be true or false, or 1 or 0".to_owned()));
            }
            (None, Content::Category(codes)) => codes.get(text).copied().unwrap_or_else(|| unseen_code(codes)),
        };
        match (self.refuse(value), unseen) {
            (None, _) | (Some((FaultCode::UnknownValue, _)), UnseenCategory::Accept) => Ok(value),
            // In the file's own spelling.
            (Some((FaultCode::UnknownValue, _)), _) if !self.words.is_empty() => {
                Err((FaultCode::UnknownValue, one_of(&self.words)))
            }
            (Some(refusal), _) => Err(refusal),
        }
    }

    /// Whether a value is among the categories, or in the declared range.
    fn refuse(&self, value: f64) -> Option<Refusal> {
        if let Content::Category(codes) = &self.content {
            return (value == unseen_code(codes)).then(|| (FaultCode::UnknownValue, one_of(codes)));
        }
        // Written so that a missing value passes.
        if value < self.min || value > self.max {
            return Some((FaultCode::OutOfRange, self.range_message()));
        }
        None
    }

    fn range_message(&self) -> String {
        match (self.min.is_finite(), self.max.is_finite()) {
            (true, true) => format!("must be from {} to {}{}", self.min, self.max, self.unit_message()),
            (true, false) => format!("must be {} or more{}", self.min, self.unit_message()),
            _ => format!("must be {} or less{}", self.max, self.unit_message()),
        }
    }

    fn unit_message(&self) -> String {
        match self.scale {
            Scale::Same => String::new(),
            Scale::DivideBy(divisor) => format!(", once divided by {divisor}"),
            Scale::MultiplyBy(factor) => format!(", once multiplied by {factor}"),
        }
    }

    /// Where a fault of this value is shown.
    fn pointer(&self) -> String {
        match &self.source {
            Source::Known(known) | Source::KnownCategory { known, .. } => known.pointer.to_owned(),
            Source::Attribute(name) => source::attribute_pointer(name),
        }
    }

    /// The attribute that is read, if it is one.
    pub(super) fn attribute_name(&self) -> Option<&str> {
        match &self.source {
            Source::Attribute(name) => Some(name),
            _ => None,
        }
    }

    /// For a category: the code of a text that is none of the categories.
    pub(super) fn unseen_code(&self) -> Option<f64> {
        match &self.content {
            Content::Category(codes) => Some(unseen_code(codes)),
            _ => None,
        }
    }

    /// The part of an application that must be there.
    pub(super) fn section(&self) -> Section {
        match &self.source {
            Source::Known(known) | Source::KnownCategory { known, .. } => known.section,
            Source::Attribute(_) => Section::Always,
        }
    }
}

/// The code of a text that is none of the categories: how many there are.
#[expect(clippy::cast_precision_loss, reason = "a schema has far fewer than 2^53 categories")]
pub(super) fn unseen_code(codes: &BTreeMap<String, f64>) -> f64 {
    codes.len() as f64
}

fn one_of(codes: &BTreeMap<String, f64>) -> String {
    const SHOWN: usize = 40;
    let names: Vec<&str> = codes.keys().take(SHOWN).map(String::as_str).collect();
    let more = if codes.len() > SHOWN { ", …" } else { "" };
    format!("must be one of {}{more}", names.join(", "))
}

/// What is said of a cell that holds no number: it most often holds `1,000`, or a word such as `NA`.
const NOT_A_NUMBER: &str = "must be a number such as 1234.5, without thousands separators; a word that stands for a missing value is \
    listed under column_values, as in { \"NA\" = \"\" }";

pub(super) fn parse_number(text: &str) -> Result<f64, Refusal> {
    let number: f64 = text.parse().map_err(|_| (FaultCode::WrongFormat, NOT_A_NUMBER.to_owned()))?;
    if number.is_finite() {
        // Adding 0 turns −0 into 0, which would be shown as another number.
        return Ok(number + 0.0);
    }
    Err((FaultCode::OutOfRange, "must be a finite number; leave the cell empty when the value is missing".to_owned()))
}

pub(super) fn parse_date(text: &str) -> Result<f64, Refusal> {
    Date::parse(text, DATE)
        .map(source::day_number)
        .map_err(|_| (FaultCode::WrongFormat, "must be a date such as 2010-12-31".to_owned()))
}
