//! Faults in the words of whoever fills in the form.

use serde_json::Value;

use super::fields::{Field, Kind};
use crate::{
    domain::{
        fault::{Fault, FaultCode},
        intake::limits,
    },
    http::console::{format, texts::Texts},
};

/// What the form's other fields say that a fault's words rest on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Circumstances<'a> {
    /// The currency that was typed.
    pub(super) currency: &'a str,
    /// The only one that the model takes.
    pub(super) currency_of_model: Option<&'a str>,
}

/// What is wrong with a field, and what would be right. `value` is what was made of what was typed.
pub(super) fn text(t: Texts, fault: &Fault, (field, value): (&Field, &Value), around: Circumstances<'_>) -> String {
    let other = || t.intake_fault_other(&fault.message);
    match fault.code {
        FaultCode::Required => t.intake_fault_required().to_owned(),
        FaultCode::InFuture => t.intake_fault_future().to_owned(),
        FaultCode::CardNumber => t.intake_fault_card().to_owned(),
        FaultCode::WrongLength if field.kind == Kind::Lines && fault.pointer == field.pointer => {
            t.intake_fault_lines(limits::ADDRESS_LINES)
        }
        FaultCode::WrongLength => t.intake_fault_length(field.longest_characters),
        FaultCode::OutOfRange => out_of_range(t, (field, value), around.currency).unwrap_or_else(other),
        FaultCode::Contradiction => contradiction(t, &fault.pointer).map_or_else(other, str::to_owned),
        FaultCode::WrongType | FaultCode::WrongFormat => wrong_form(t, &field.kind, around.currency),
        FaultCode::UnknownValue => match (&field.kind, around.currency_of_model) {
            (Kind::Currency, Some(currency)) => t.intake_fault_currency_of_model(currency),
            (Kind::Choice(choices), _) if choices.iter().any(|choice| *value == *choice.value) => other(),
            (Kind::Choice(_), _) => t.intake_fault_choice().to_owned(),
            _ => other(),
        },
        FaultCode::UnknownField | FaultCode::DuplicateField => other(),
    }
}

/// `None` when the limits that are known are kept: it is a computed value that is out of its range.
fn out_of_range(t: Texts, (field, value): (&Field, &Value), currency: &str) -> Option<String> {
    if field.kind == Kind::Day {
        return Some(t.intake_fault_long_ago(limits::OLDEST_APPLICANT_YEARS));
    }
    let number = value.as_f64().filter(|number| !field.limits.hold(*number))?;
    let limit = if number < field.limits.least { field.limits.least } else { field.limits.most };
    let shown = shown(&field.kind, limit, currency);
    Some(if number < limit { t.intake_fault_least(shown) } else { t.intake_fault_most(shown) })
}

/// A limit as it would be typed.
fn shown(kind: &Kind, limit: f64, currency: &str) -> String {
    match kind {
        #[expect(clippy::cast_possible_truncation, reason = "amounts are below 2^53")]
        Kind::Money => format::amount(limit as i64, currency),
        Kind::Share => format!("{}%", limit * 100.0),
        _ if limit.fract() == 0.0 => format::grouped(&format!("{limit:.0}")),
        _ => limit.to_string(),
    }
}

fn contradiction(t: Texts, pointer: &str) -> Option<&'static str> {
    match pointer {
        "/bureau/total_accounts" => Some(t.intake_fault_total_accounts()),
        "/bureau/public_records" => Some(t.intake_fault_public_records()),
        "/bureau/first_credit_line" => Some(t.intake_fault_first_line()),
        _ => None,
    }
}

fn wrong_form(t: Texts, kind: &Kind, currency: &str) -> String {
    match kind {
        Kind::Line | Kind::Lines => t.intake_fault_control(),
        Kind::Email => t.intake_fault_email(),
        Kind::Phone => t.intake_fault_phone(),
        Kind::Country => t.intake_fault_country(),
        Kind::Currency => t.intake_fault_currency(),
        Kind::Money => return t.intake_fault_money(format::amount(EXAMPLE_MINOR, currency)),
        Kind::Whole => t.intake_fault_whole(),
        Kind::Number => t.intake_fault_number(),
        Kind::Share => t.intake_fault_share(),
        Kind::Day => t.intake_fault_day(),
        Kind::Choice(_) | Kind::Boolean(_) => t.intake_fault_choice(),
    }
    .to_owned()
}

/// An amount to show how one is written.
const EXAMPLE_MINOR: i64 = 1_200_000;
