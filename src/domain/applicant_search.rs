//! What an applicant is searched by, from an untrusted form.

use utoipa::ToSchema;
use validator::ValidationError;

use super::{
    fault::{FaultCode, Refusal},
    form::{self, Slot, Text, broken_rule, form},
};

/// What an applicant is searched by: one of the two.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum SearchForm {
    /// The lender's own number, exactly.
    #[schema(example = "C-88121")]
    Reference(String),
    /// However it is spelt: letters and digits count alone.
    #[schema(example = "123-45-6789")]
    NationalId(String),
}

/// Reads what is searched by.
///
/// # Errors
/// As [`super::intake::parse`].
pub fn parse(json: &[u8]) -> Result<SearchForm, Refusal> {
    let (slot, faults) = form::read::<SentSearch<'_>>(json)?;
    form::settle(slot.value().and_then(finish), faults)
}

form! {
    /// A search, as sent.
    #[validate(schema(function = exactly_one, skip_on_field_errors = false))]
    SentSearch<'de> {
        #[validate(length(min = 1, max = 64))]
        reference: Text<'de>,
        #[validate(length(min = 1, max = 64))]
        national_id: Text<'de>,
    }
}

fn finish(form: SentSearch<'_>) -> Option<SearchForm> {
    match (form.reference.value(), form.national_id.value()) {
        (Some(reference), None) => Some(SearchForm::Reference(reference.into_owned())),
        (None, Some(national_id)) => Some(SearchForm::NationalId(national_id.into_owned())),
        _ => None,
    }
}

fn exactly_one(form: &SentSearch<'_>) -> Result<(), ValidationError> {
    let given = |slot: &Slot<Text<'_>>| slot.is_given();
    let (code, message) = match (given(&form.reference), given(&form.national_id)) {
        (true, true) => (FaultCode::Contradiction, "must not stand beside reference: search by one of the two"),
        (false, false) => (FaultCode::Required, "must be given, or reference in its place"),
        _ => return Ok(()),
    };
    let mut error = broken_rule(code, message);
    error.add_param("field".into(), &"national_id");
    Err(error)
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
    fn an_applicant_is_searched_by_one_of_the_two() {
        assert_eq!(parse(br#"{"reference": "C-1"}"#), Ok(SearchForm::Reference("C-1".into())));
        assert_eq!(parse(br#"{"national_id": "1-2"}"#), Ok(SearchForm::NationalId("1-2".into())));
        assert_eq!(faults("{}"), [("/national_id".to_owned(), FaultCode::Required)]);
        let both = r#"{"reference": "C-1", "national_id": "1-2"}"#;
        assert_eq!(faults(both), [("/national_id".to_owned(), FaultCode::Contradiction)]);
        assert_eq!(
            faults(r#"{"reference": "", "name": "Ada"}"#),
            [("/name".to_owned(), FaultCode::UnknownField), ("/reference".to_owned(), FaultCode::WrongLength),]
        );
    }
}
