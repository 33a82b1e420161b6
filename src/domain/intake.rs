//! From an untrusted form to a checked application, with every fault at once.
//!
//! Two steps. The forms of `forms` read the bytes in one pass and hold every value against the
//! rules for it alone, and against its neighbours. What needs today's date or two sections is
//! checked here, in `calendar_faults`. Only a form without a fault becomes an [`Application`].

mod attributes;
mod forms;
pub mod limits;
mod mended;
#[cfg(test)]
mod tests;

use time::Date;

use super::{
    application::{Address, Applicant, Application, Bureau, Employment, Finances, Loan},
    fault::{Fault, FaultCode, Refusal},
    form::{self, List, Slot, Text, Whole},
    money::Money,
};
use forms::{
    AddressForm, AddressLine, ApplicantForm, ApplicationForm, BureauForm, EmploymentForm, FinancesForm, LoanForm,
};
use limits::OLDEST_APPLICANT_YEARS;

/// Reads an application.
///
/// `today` is the UTC date that dates are held against.
///
/// # Errors
/// [`Refusal::Malformed`] when the bytes are not one JSON value, else [`Refusal::Faults`] with
/// every fault, sorted by pointer.
pub fn parse(json: &[u8], today: Date) -> Result<Application, Refusal> {
    let (slot, mut faults) = form::read::<ApplicationForm<'_>>(json)?;
    let form = slot.value();
    faults.extend(form.as_ref().into_iter().flat_map(|form| calendar_faults(form, today)));
    form::settle(form.and_then(application), faults)
}

/// Reads an application, and where it has faults adds those that `check` finds in the rest of it, so that its
/// sender learns of all at once.
///
/// `check` says what the model cannot read. It sees an application as it would be with its faults mended, and only
/// when there are any: a sound one is checked by whoever decides it.
///
/// # Errors
/// As [`parse`].
pub fn parse_for(json: &[u8], today: Date, check: impl Fn(&Application) -> Vec<Fault>) -> Result<Application, Refusal> {
    parse(json, today).map_err(|refusal| match refusal {
        Refusal::Faults(faults) => {
            let further = mended::application(json, &faults, today).map_or_else(Vec::new, |mended| check(&mended));
            Refusal::Faults(mended::joined(faults, further))
        }
        malformed @ Refusal::Malformed(_) => malformed,
    })
}

/// Whole years from `birth` to `day`, as a person counts them: one born on 29 February has their
/// birthday on 1 March in other years. 0 when `day` is before `birth`.
#[must_use]
pub fn age_years(birth: Date, day: Date) -> u32 {
    let had_birthday = (day.month() as u8, day.day()) >= (birth.month() as u8, birth.day());
    let years = day.year() - birth.year() - i32::from(!had_birthday);
    u32::try_from(years).unwrap_or(0)
}

/// The faults that need today's date, or two sections of the form.
fn calendar_faults(form: &ApplicationForm<'_>, today: Date) -> Vec<Fault> {
    const BIRTH: &str = "/applicant/date_of_birth";
    const FIRST_CREDIT_LINE: &str = "/bureau/first_credit_line";
    let birth = form.applicant.as_value().and_then(|applicant| applicant.date_of_birth.as_value());
    let first_line = form.bureau.as_value().and_then(|bureau| bureau.first_credit_line.as_value());
    let mut faults = Vec::new();
    for (pointer, date) in [(BIRTH, birth), (FIRST_CREDIT_LINE, first_line)] {
        if date.is_some_and(|&date| date > today) {
            faults.push(Fault::new(pointer, FaultCode::InFuture, "must not be in the future"));
        }
    }
    if birth.is_some_and(|&birth| age_years(birth, today) > OLDEST_APPLICANT_YEARS) {
        let message = format!("must be at most {OLDEST_APPLICANT_YEARS} years ago");
        faults.push(Fault::new(BIRTH, FaultCode::OutOfRange, message));
    }
    if birth.zip(first_line).is_some_and(|(birth, line)| line < birth) {
        let message = "must not be before the applicant's date_of_birth";
        faults.push(Fault::new(FIRST_CREDIT_LINE, FaultCode::Contradiction, message));
    }
    faults
}

// From here on every function gives `None` for a form that has a fault, whose faults are known by
// then; for a form without one, each value that its type needs is there.

fn application(form: ApplicationForm<'_>) -> Option<Application> {
    Some(Application {
        external_reference: text(form.external_reference),
        applicant: applicant(form.applicant.value()?)?,
        loan: loan(form.loan.value()?)?,
        employment: form.employment.value().map(employment),
        finances: section(form.finances, finances)?,
        bureau: section(form.bureau, bureau)?,
        attributes: section(form.attributes, attributes::Attributes::finish)?.unwrap_or_default(),
    })
}

fn applicant(form: ApplicantForm<'_>) -> Option<Applicant> {
    Some(Applicant {
        reference: text(form.reference)?,
        given_name: text(form.given_name)?,
        family_name: text(form.family_name)?,
        date_of_birth: form.date_of_birth.value()?,
        national_id: text(form.national_id),
        email: text(form.email),
        phone: text(form.phone),
        address: section(form.address, address)?,
    })
}

fn address(form: AddressForm<'_>) -> Option<Address> {
    Some(Address {
        lines: form.lines.value().and_then(|lines| List::values(lines, AddressLine::into_text))?,
        city: text(form.city)?,
        region: text(form.region),
        postal_code: text(form.postal_code),
        country: text(form.country)?,
    })
}

fn loan(form: LoanForm<'_>) -> Option<Loan> {
    Some(Loan {
        amount: money(form.amount)?,
        currency: text(form.currency)?,
        term_months: form.term_months.value().and_then(|term| u16::try_from(term).ok())?,
        purpose: form.purpose.value()?.0,
    })
}

fn employment(form: EmploymentForm<'_>) -> Employment {
    Employment { years: form.years.value() }
}

fn finances(form: FinancesForm<'_>) -> Option<Finances> {
    Some(Finances {
        annual_income: money(form.annual_income)?,
        income_verification: form.income_verification.value()?.0,
        home_ownership: form.home_ownership.value()?.0,
        monthly_debt_payments: money(form.monthly_debt_payments)?,
    })
}

fn bureau(form: BureauForm<'_>) -> Option<Bureau> {
    Some(Bureau {
        delinquencies_24m: count(form.delinquencies_24m)?,
        inquiries_6m: count(form.inquiries_6m)?,
        months_since_delinquency: count(form.months_since_delinquency),
        months_since_public_record: count(form.months_since_public_record),
        open_accounts: count(form.open_accounts)?,
        total_accounts: count(form.total_accounts)?,
        public_records: count(form.public_records)?,
        bankruptcies: count(form.bankruptcies),
        revolving_balance: money(form.revolving_balance)?,
        revolving_utilization: form.revolving_utilization.value(),
        first_credit_line: form.first_credit_line.value(),
    })
}

/// A section that may be left out, but not be incomplete.
#[expect(clippy::option_option, reason = "left out is `Some(None)`, incomplete is `None`")]
fn section<F, T>(slot: Slot<F>, finish: impl Fn(F) -> Option<T>) -> Option<Option<T>> {
    match slot.value() {
        Some(form) => finish(form).map(Some),
        None => Some(None),
    }
}

fn text(slot: Slot<Text<'_>>) -> Option<String> {
    slot.value().map(Text::into_owned)
}

fn money(slot: Slot<Whole>) -> Option<Money> {
    slot.value().and_then(Money::from_minor)
}

fn count(slot: Slot<Whole>) -> Option<u32> {
    slot.value().and_then(|count| u32::try_from(count).ok())
}
