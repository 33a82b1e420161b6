//! What a schema can read from an application: a closed table, resolved once, when a schema loads.

use time::Date;

use crate::domain::application::{Application, Bureau, Finances, HomeOwnership, IncomeVerification, Purpose};

/// One thing that can be read from every application.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    /// A JSON pointer into an application, or the name of a value computed from one.
    pub(crate) name: &'static str,
    /// Where a fault of the value is shown: a JSON pointer.
    pub(crate) pointer: &'static str,
    pub(crate) section: Section,
    pub(crate) access: Access,
}

/// The optional part of an application that a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Always,
    Employment,
    Finances,
    Bureau,
}

/// How a value is read. A number that is absent is NaN.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Access {
    Number(fn(&Application) -> f64),
    /// A number in the currency's minor unit.
    Money(fn(&Application) -> f64),
    /// A Julian day; the second argument is the day of the decision.
    Date(fn(&Application, Date) -> f64),
    /// The place of the value in the list, which is the list of an enumeration's spellings.
    Category(fn(&Application) -> Option<usize>, &'static [&'static str]),
}

/// The pointer prefix of values that only the schema knows.
const ATTRIBUTES: &str = "/attributes/";

/// Finds a source by its pointer or name.
pub(crate) fn find(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.name == name)
}

/// Every pointer and name, for a message.
pub(super) fn list() -> String {
    let mut names: Vec<&str> = KNOWN.iter().map(|known| known.name).collect();
    names.push("/attributes/<name>");
    names.join(", ")
}

/// The attribute that a pointer names, with RFC 6901's escapes undone; `None` for other pointers.
pub(super) fn attribute_name(pointer: &str) -> Option<String> {
    let token = pointer.strip_prefix(ATTRIBUTES)?;
    let one_token = !token.is_empty() && !token.contains('/');
    one_token.then(|| token.replace("~1", "/").replace("~0", "~"))
}

/// The pointer to an attribute: the inverse of [`attribute_name`].
pub(super) fn attribute_pointer(name: &str) -> String {
    format!("{ATTRIBUTES}{}", name.replace('~', "~0").replace('/', "~1"))
}

/// A date as a feature value: its Julian day, exact in an `f64`.
pub(super) fn day_number(date: Date) -> f64 {
    f64::from(date.to_julian_day())
}

const fn number(pointer: &'static str, section: Section, read: fn(&Application) -> f64) -> Known {
    Known { name: pointer, pointer, section, access: Access::Number(read) }
}

const fn money(pointer: &'static str, section: Section, read: fn(&Application) -> f64) -> Known {
    Known { name: pointer, pointer, section, access: Access::Money(read) }
}

const fn category(
    pointer: &'static str,
    section: Section,
    read: fn(&Application) -> Option<usize>,
    spellings: &'static [&'static str],
) -> Known {
    Known { name: pointer, pointer, section, access: Access::Category(read, spellings) }
}

const fn computed(name: &'static str, pointer: &'static str, section: Section, access: Access) -> Known {
    Known { name, pointer, section, access }
}

static KNOWN: [Known; 22] = [
    money("/loan/amount", Section::Always, |a| a.loan.amount.as_f64()),
    number("/loan/term_months", Section::Always, |a| f64::from(a.loan.term_months)),
    category("/loan/purpose", Section::Always, |a| Some(a.loan.purpose as usize), &PURPOSES),
    number("/employment/years", Section::Employment, employment_years),
    money("/finances/annual_income", Section::Finances, |a| finances(a, |f| f.annual_income.as_f64())),
    category(
        "/finances/income_verification",
        Section::Finances,
        |a| a.finances.as_ref().map(|f| f.income_verification as usize),
        &INCOME_VERIFICATIONS,
    ),
    category(
        "/finances/home_ownership",
        Section::Finances,
        |a| a.finances.as_ref().map(|f| f.home_ownership as usize),
        &HOME_OWNERSHIPS,
    ),
    money("/finances/monthly_debt_payments", Section::Finances, |a| finances(a, |f| f.monthly_debt_payments.as_f64())),
    number("/bureau/delinquencies_24m", Section::Bureau, |a| count(a, |b| Some(b.delinquencies_24m))),
    number("/bureau/inquiries_6m", Section::Bureau, |a| count(a, |b| Some(b.inquiries_6m))),
    number("/bureau/months_since_delinquency", Section::Bureau, |a| count(a, |b| b.months_since_delinquency)),
    number("/bureau/months_since_public_record", Section::Bureau, |a| count(a, |b| b.months_since_public_record)),
    number("/bureau/open_accounts", Section::Bureau, |a| count(a, |b| Some(b.open_accounts))),
    number("/bureau/total_accounts", Section::Bureau, |a| count(a, |b| Some(b.total_accounts))),
    number("/bureau/public_records", Section::Bureau, |a| count(a, |b| Some(b.public_records))),
    number("/bureau/bankruptcies", Section::Bureau, |a| count(a, |b| b.bankruptcies)),
    money("/bureau/revolving_balance", Section::Bureau, |a| bureau(a, |b| Some(b.revolving_balance.as_f64()))),
    number("/bureau/revolving_utilization", Section::Bureau, |a| bureau(a, |b| b.revolving_utilization)),
    computed(
        "/bureau/first_credit_line",
        "/bureau/first_credit_line",
        Section::Bureau,
        Access::Date(|a, _| bureau(a, |b| b.first_credit_line.map(day_number))),
    ),
    computed("application_date", "", Section::Always, Access::Date(|_, today| day_number(today))),
    computed(
        "debt_to_income_percent",
        "/finances/monthly_debt_payments",
        Section::Finances,
        Access::Number(debt_to_income_percent),
    ),
    computed(
        "employment_years_capped_10",
        "/employment/years",
        Section::Employment,
        Access::Number(employment_years_capped_10),
    ),
];

fn finances(application: &Application, read: impl Fn(&Finances) -> f64) -> f64 {
    application.finances.as_ref().map_or(f64::NAN, read)
}

fn bureau(application: &Application, read: impl Fn(&Bureau) -> Option<f64>) -> f64 {
    application.bureau.as_ref().and_then(read).unwrap_or(f64::NAN)
}

fn count(application: &Application, read: impl Fn(&Bureau) -> Option<u32>) -> f64 {
    bureau(application, |file| read(file).map(f64::from))
}

fn employment_years(application: &Application) -> f64 {
    application.employment.as_ref().and_then(|e| e.years).unwrap_or(f64::NAN)
}

/// Complete years, at most 10, as credit files count them: "10+ years" is 10, "< 1 year" is 0.
fn employment_years_capped_10(application: &Application) -> f64 {
    let years = employment_years(application).floor();
    // Not `min`, which would turn a missing value into 10.
    if years > 10.0 { 10.0 } else { years }
}

/// Monthly debt payments as a percentage of a month's income, rounded half up to two decimals;
/// NaN without an income. Computed in integers, so that it is the decimal a file would show.
#[expect(clippy::cast_precision_loss, reason = "a quotient above 2^53 is not a debt-to-income ratio; rounding is fine")]
fn debt_to_income_percent(application: &Application) -> f64 {
    let Some(finances) = &application.finances else { return f64::NAN };
    let annual_income = i128::from(finances.annual_income.minor());
    if annual_income == 0 {
        return f64::NAN;
    }
    let annual_payments = i128::from(finances.monthly_debt_payments.minor()) * 12;
    let percent_hundredths = (annual_payments * 10_000 * 2 + annual_income) / (annual_income * 2);
    percent_hundredths as f64 / 100.0
}

const PURPOSES: [&str; 14] = [
    "car",
    "credit_card",
    "debt_consolidation",
    "educational",
    "home_improvement",
    "house",
    "major_purchase",
    "medical",
    "moving",
    "other",
    "renewable_energy",
    "small_business",
    "vacation",
    "wedding",
];
const INCOME_VERIFICATIONS: [&str; 3] = ["not_verified", "source_verified", "verified"];
const HOME_OWNERSHIPS: [&str; 5] = ["mortgage", "none", "other", "own", "rent"];

// A list is as long as its enumeration; that each spelling stands at its variant's place is tested.
const _: () = assert!(PURPOSES.len() == Purpose::Wedding as usize + 1);
const _: () = assert!(INCOME_VERIFICATIONS.len() == IncomeVerification::Verified as usize + 1);
const _: () = assert!(HOME_OWNERSHIPS.len() == HomeOwnership::Rent as usize + 1);

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;

    use super::*;

    fn places<E: DeserializeOwned>(spellings: &[&str], place_of: impl Fn(E) -> usize) {
        for (place, spelling) in spellings.iter().enumerate() {
            let variant: E = serde_json::from_value((*spelling).into()).expect(spelling);
            assert_eq!(place_of(variant), place, "{spelling}");
        }
    }

    #[test]
    fn every_spelling_stands_at_its_variants_place() {
        places(&PURPOSES, |purpose: Purpose| purpose as usize);
        places(&INCOME_VERIFICATIONS, |verification: IncomeVerification| verification as usize);
        places(&HOME_OWNERSHIPS, |ownership: HomeOwnership| ownership as usize);
    }

    #[test]
    fn an_attributes_pointer_is_escaped_as_rfc_6901_says() {
        for name in ["duration", "a/b", "m~n", "~1", "Laufzeit in Monaten"] {
            assert_eq!(attribute_name(&attribute_pointer(name)).as_deref(), Some(name));
        }
        assert_eq!(attribute_pointer("a/b"), "/attributes/a~1b");
        for other in ["/attributes/", "/attributes/a/b", "/loan/amount", "attributes/a"] {
            assert_eq!(attribute_name(other), None, "{other}");
        }
    }

    #[test]
    fn personal_data_is_not_among_the_sources() {
        assert!(KNOWN.iter().all(|known| !known.name.starts_with("/applicant")));
    }
}
