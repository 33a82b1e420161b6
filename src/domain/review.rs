//! What a person decided on an application, from an untrusted form.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use validator::ValidationError;

use super::{
    decision::Outcome,
    fault::{FaultCode, Refusal},
    form::{self, Choice, FormValue, List, Read, Slot, Text, Wrong, broken_rule, form, no_card_number},
    reason::ReasonCode,
};

/// What a person may decide: a review ends in one of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FinalOutcome {
    /// The loan may be made.
    Approve,
    /// The loan is refused.
    Decline,
}

impl From<FinalOutcome> for Outcome {
    fn from(outcome: FinalOutcome) -> Self {
        match outcome {
            FinalOutcome::Approve => Self::Approve,
            FinalOutcome::Decline => Self::Decline,
        }
    }
}

/// A person's final decision, checked.
///
/// Invariant: a decline states one to four reasons, each once; an approval none to four; the note has at
/// most 10,000 characters and no payment card number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewForm {
    pub outcome: FinalOutcome,
    /// Why: needed for a decline, because the applicant must be told.
    #[serde(default)]
    pub reason_codes: Vec<ReasonCode>,
    /// For colleagues and auditors; never shown to the applicant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Payslips of the last three months seen; income confirmed.")]
    pub note: Option<String>,
}

/// Reads a person's decision.
///
/// # Errors
/// As [`super::intake::parse`].
pub fn parse(json: &[u8]) -> Result<ReviewForm, Refusal> {
    let (slot, faults) = form::read::<SentReview<'_>>(json)?;
    form::settle(slot.value().and_then(finish), faults)
}

form! {
    /// A person's decision, as sent.
    #[validate(schema(function = a_decline_states_why, skip_on_field_errors = false))]
    SentReview<'de> {
        #[validate(required)]
        outcome: Choice<FinalOutcome>,
        #[validate(length(max = 4, message = "must name at most 4 reasons"), custom(function = each_once))]
        reason_codes: List<ReasonCode>,
        #[validate(length(min = 1, max = 10_000), custom(function = prose), custom(function = no_card_number))]
        note: Text<'de>,
    }
}

fn finish(form: SentReview<'_>) -> Option<ReviewForm> {
    Some(ReviewForm {
        outcome: form.outcome.value()?.0,
        reason_codes: form.reason_codes.value().map_or(Some(Vec::new()), |codes| codes.values(|code| code))?,
        note: form.note.value().map(Text::into_owned),
    })
}

/// The applicant must be told why (adverse action).
fn a_decline_states_why(form: &SentReview<'_>) -> Result<(), ValidationError> {
    let declines = form.outcome.as_value() == Some(&Choice(FinalOutcome::Decline));
    let states_none = match &form.reason_codes {
        Slot::Value(List(codes)) => codes.is_empty(),
        codes => !codes.is_given(),
    };
    if declines && states_none {
        let mut error = broken_rule(FaultCode::Required, "must name 1 to 4 reasons for a decline");
        error.add_param("field".into(), &"reason_codes");
        return Err(error);
    }
    Ok(())
}

fn each_once(slot: &Slot<List<ReasonCode>>) -> Result<(), ValidationError> {
    let Some(List(codes)) = slot.as_value() else { return Ok(()) };
    let mut named: Vec<_> = codes.iter().filter_map(Slot::as_value).collect();
    let all = named.len();
    named.sort_unstable();
    named.dedup();
    if named.len() < all {
        return Err(broken_rule(FaultCode::Contradiction, "must name each reason once"));
    }
    Ok(())
}

/// A text of many lines: no control characters but line breaks and tabs.
fn prose(slot: &Slot<Text<'_>>) -> Result<(), ValidationError> {
    match slot.as_value() {
        Some(text) if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) => {
            let message = "must hold no control characters but line breaks and tabs";
            Err(broken_rule(FaultCode::WrongFormat, message))
        }
        _ => Ok(()),
    }
}

impl<'de> FormValue<'de> for ReasonCode {
    const IS: &'static str = "a string";

    fn from_text(text: Text<'de>) -> Read<Self> {
        Self::new(text).ok_or(Wrong {
            code: FaultCode::WrongFormat,
            message: "a reason code: 3 to 64 upper-case letters, digits and hyphens, such as UW-INCOME".into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(json: &str) -> Vec<(String, FaultCode)> {
        match parse(json.as_bytes()) {
            Err(Refusal::Faults(faults)) => faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect(),
            other => panic!("expected faults, got {other:?}"),
        }
    }

    #[test]
    fn an_approval_needs_neither_reasons_nor_a_note() {
        let form = parse(br#"{"outcome": "approve"}"#).expect("valid");
        assert_eq!(form, ReviewForm { outcome: FinalOutcome::Approve, reason_codes: vec![], note: None });
    }

    #[test]
    fn a_decline_keeps_its_reasons_in_order_and_a_note_its_lines() {
        let json = br#"{"outcome":"decline","reason_codes":["UW-INCOME","UW-BANKRUPTCY"],"note":"Seen.\n\tDone."}"#;
        let form = parse(json).expect("valid");
        let codes: Vec<_> = form.reason_codes.iter().map(ReasonCode::as_str).collect();
        assert_eq!(codes, ["UW-INCOME", "UW-BANKRUPTCY"]);
        assert_eq!(form.note.as_deref(), Some("Seen.\n\tDone."));
    }

    #[test]
    fn a_decline_without_a_reason_is_refused() {
        for json in [
            r#"{"outcome":"decline"}"#,
            r#"{"outcome":"decline","reason_codes":[]}"#,
            r#"{"outcome":"decline","reason_codes":null}"#,
        ] {
            assert_eq!(faults(json), [("/reason_codes".to_owned(), FaultCode::Required)], "{json}");
        }
    }

    #[test]
    fn every_fault_of_a_review_is_stated() {
        let json = r#"{"outcome":"review","reason_codes":["UW-A","uw-b",7,null,"UW-A"],"note":"card 4111 1111 1111 1111\u0000","by":"me"}"#;
        let expected = [
            ("/by", FaultCode::UnknownField),
            ("/note", FaultCode::WrongFormat),
            ("/note", FaultCode::CardNumber),
            ("/outcome", FaultCode::UnknownValue),
            ("/reason_codes", FaultCode::WrongLength),
            ("/reason_codes", FaultCode::Contradiction),
            ("/reason_codes/1", FaultCode::WrongFormat),
            ("/reason_codes/2", FaultCode::WrongType),
            ("/reason_codes/3", FaultCode::WrongType),
        ];
        assert_eq!(faults(json), expected.map(|(pointer, code)| (pointer.to_owned(), code)));
    }

    #[test]
    fn a_note_of_10_001_characters_is_too_long() {
        let note = |length: usize| format!(r#"{{"outcome":"approve","note":"{}"}}"#, "\u{fc}".repeat(length));
        assert!(parse(note(10_000).as_bytes()).is_ok());
        assert_eq!(faults(&note(10_001)), [("/note".to_owned(), FaultCode::WrongLength)]);
    }
}
