//! The forms of an application, with the rule for each value.

use time::Date;
use validator::ValidationError;

use super::{attributes::Attributes, limits};
use crate::domain::{
    application::{HomeOwnership, IncomeVerification, Purpose},
    fault::{Fault, FaultCode},
    form::{
        At, Choice, FormValue, List, Number, Read, Slot, Text, Whole, broken_rule, form, inspect_line, no_card_number,
        plain,
    },
    money::Money,
};

/// E.164: fifteen digits at most.
const LONGEST_PHONE_DIGITS: usize = 15;

form! {
    /// An application, as sent.
    ApplicationForm<'de> {
        #[validate(length(min = 1, max = limits::EXTERNAL_REFERENCE_CHARACTERS))]
        #[validate(custom(function = plain), custom(function = no_card_number))]
        external_reference: Text<'de>,
        #[validate(required)]
        applicant: ApplicantForm<'de>,
        #[validate(required)]
        loan: LoanForm<'de>,
        employment: EmploymentForm<'de>,
        finances: FinancesForm<'de>,
        bureau: BureauForm<'de>,
        attributes: Attributes<'de>,
    }
}

form! {
    /// Who applies. National identifiers are not searched for card numbers: some pass the same check.
    ApplicantForm<'de> {
        #[validate(required, length(min = 1, max = limits::REFERENCE_CHARACTERS))]
        #[validate(custom(function = plain), custom(function = no_card_number))]
        reference: Text<'de>,
        #[validate(required, length(min = 1, max = limits::NAME_CHARACTERS))]
        #[validate(custom(function = plain), custom(function = no_card_number))]
        given_name: Text<'de>,
        #[validate(required, length(min = 1, max = limits::NAME_CHARACTERS))]
        #[validate(custom(function = plain), custom(function = no_card_number))]
        family_name: Text<'de>,
        #[validate(required)]
        date_of_birth: Date,
        #[validate(length(min = 1, max = limits::NATIONAL_ID_CHARACTERS), custom(function = plain))]
        national_id: Text<'de>,
        #[validate(email, length(max = limits::EMAIL_CHARACTERS))]
        email: Text<'de>,
        #[validate(custom(function = e164))]
        phone: Text<'de>,
        address: AddressForm<'de>,
    }
}

form! {
    /// A postal address.
    AddressForm<'de> {
        #[validate(required, length(min = 1, max = limits::ADDRESS_LINES, message = "must have 1 to 6 lines"))]
        lines: List<AddressLine<'de>>,
        #[validate(required, length(min = 1, max = limits::NAME_CHARACTERS))]
        #[validate(custom(function = plain), custom(function = no_card_number))]
        city: Text<'de>,
        #[validate(length(min = 1, max = limits::REGION_CHARACTERS))]
        #[validate(custom(function = plain), custom(function = no_card_number))]
        region: Text<'de>,
        #[validate(length(min = 1, max = limits::POSTAL_CODE_CHARACTERS), custom(function = plain))]
        postal_code: Text<'de>,
        #[validate(required, custom(function = country_code))]
        country: Text<'de>,
    }
}

form! {
    /// The loan asked for.
    LoanForm<'de> {
        #[validate(required, range(min = 1, max = Money::MAX_MINOR))]
        amount: Whole,
        #[validate(required, custom(function = currency_code))]
        currency: Text<'de>,
        #[validate(required, range(min = 1, max = limits::LONGEST_TERM_MONTHS))]
        term_months: Whole,
        #[validate(required)]
        purpose: Choice<Purpose>,
    }
}

form! {
    /// Where the applicant works.
    EmploymentForm<'de> {
        #[validate(range(min = 0.0, max = limits::MOST_EMPLOYMENT_YEARS))]
        years: Number,
    }
}

form! {
    /// What the applicant earns and owes.
    FinancesForm<'de> {
        #[validate(required, range(min = 0, max = Money::MAX_MINOR))]
        annual_income: Whole,
        #[validate(required)]
        income_verification: Choice<IncomeVerification>,
        #[validate(required)]
        home_ownership: Choice<HomeOwnership>,
        #[validate(required, range(min = 0, max = Money::MAX_MINOR))]
        monthly_debt_payments: Whole,
    }
}

form! {
    /// The credit bureau's file.
    ///
    /// Real files say things that look like contradictions and are not: a public record may have
    /// left the count but not the months since; a delinquency of 24 months ago may fall on either side.
    /// Only what no file can say is refused.
    #[validate(
        schema(function = open_accounts_are_accounts, skip_on_field_errors = false),
        schema(function = bankruptcies_are_public_records, skip_on_field_errors = false)
    )]
    BureauForm<'de> {
        #[validate(required, range(min = 0, max = limits::MOST_COUNTED))]
        delinquencies_24m: Whole,
        #[validate(required, range(min = 0, max = limits::MOST_COUNTED))]
        inquiries_6m: Whole,
        #[validate(range(min = 0, max = limits::MOST_MONTHS_AGO))]
        months_since_delinquency: Whole,
        #[validate(range(min = 0, max = limits::MOST_MONTHS_AGO))]
        months_since_public_record: Whole,
        #[validate(required, range(min = 0, max = limits::MOST_COUNTED))]
        open_accounts: Whole,
        #[validate(required, range(min = 0, max = limits::MOST_COUNTED))]
        total_accounts: Whole,
        #[validate(required, range(min = 0, max = limits::MOST_COUNTED))]
        public_records: Whole,
        #[validate(range(min = 0, max = limits::MOST_COUNTED))]
        bankruptcies: Whole,
        #[validate(required, range(min = 0, max = Money::MAX_MINOR))]
        revolving_balance: Whole,
        #[validate(range(min = 0.0, max = limits::MOST_UTILIZATION, message = "must be 0 to 10: a share, in which 1 is 100 percent"))]
        revolving_utilization: Number,
        first_credit_line: Date,
    }
}

fn open_accounts_are_accounts(form: &BureauForm<'_>) -> Result<(), ValidationError> {
    match (form.open_accounts.as_value(), form.total_accounts.as_value()) {
        (Some(open), Some(total)) if total < open => {
            Err(contradiction("total_accounts", "must not be below open_accounts, which it counts as well"))
        }
        _ => Ok(()),
    }
}

fn bankruptcies_are_public_records(form: &BureauForm<'_>) -> Result<(), ValidationError> {
    match (form.bankruptcies.as_value(), form.public_records.as_value()) {
        (Some(bankruptcies), Some(records)) if records < bankruptcies => {
            Err(contradiction("public_records", "must not be below bankruptcies, which it counts as well"))
        }
        _ => Ok(()),
    }
}

fn contradiction(field: &'static str, message: &'static str) -> ValidationError {
    let mut error = broken_rule(FaultCode::Contradiction, message);
    error.add_param("field".into(), &field);
    error
}

fn currency_code(slot: &Slot<Text<'_>>) -> Result<(), ValidationError> {
    upper_case_letters(slot, 3, "must be three upper-case letters (ISO 4217), such as USD")
}

fn country_code(slot: &Slot<Text<'_>>) -> Result<(), ValidationError> {
    upper_case_letters(slot, 2, "must be two upper-case letters (ISO 3166-1), such as US")
}

fn upper_case_letters(slot: &Slot<Text<'_>>, count: usize, message: &'static str) -> Result<(), ValidationError> {
    match slot.as_value() {
        Some(text) if text.len() != count || !text.bytes().all(|b| b.is_ascii_uppercase()) => {
            Err(broken_rule(FaultCode::WrongFormat, message))
        }
        _ => Ok(()),
    }
}

fn e164(slot: &Slot<Text<'_>>) -> Result<(), ValidationError> {
    let Some(text) = slot.as_value() else { return Ok(()) };
    let well_formed = text.strip_prefix('+').is_some_and(|digits| {
        (2..=LONGEST_PHONE_DIGITS).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|b| b.is_ascii_digit())
    });
    if well_formed {
        return Ok(());
    }
    Err(broken_rule(FaultCode::WrongFormat, "must be an E.164 number, such as +15550100: digits after a plus sign"))
}

/// One line of an address.
#[derive(Debug)]
pub(super) struct AddressLine<'de>(Text<'de>);

impl AddressLine<'_> {
    pub(super) fn into_text(self) -> String {
        self.0.into_owned()
    }
}

impl<'de> FormValue<'de> for AddressLine<'de> {
    const IS: &'static str = "a string";

    fn from_text(text: Text<'de>) -> Read<Self> {
        Ok(Self(text))
    }

    fn inspect(&self, at: &At<'_>, faults: &mut Vec<Fault>) {
        inspect_line(&self.0, limits::ADDRESS_LINE_CHARACTERS, at, faults);
    }
}
