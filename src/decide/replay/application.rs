//! Reading an application back from a record, where it is written as records are.

use std::collections::BTreeMap;

use serde::{
    Deserialize,
    de::{IntoDeserializer, value},
};
use time::{Date, Month};

use super::of_nobody;
use crate::{
    decide::record::ScoredApplication,
    domain::{
        application::{Application, AttributeValue, Bureau, Employment, Finances, Loan},
        canonical::reader::Reader,
        money::Money,
    },
};

/// Reads an application of which nothing is known of the applicant: the value that, written as canonical JSON, gives
/// this text and no other. `None` for anything unusual, such as an escape in a text.
pub(super) fn read(reader: &mut Reader<'_>) -> Option<Application> {
    reader.word(r#"{"attributes":"#)?;
    let mut attributes = BTreeMap::new();
    reader.object(|name, reader| {
        if name.contains('\\') {
            return None;
        }
        let value = attribute(reader)?;
        attributes.insert(name.to_owned(), value);
        Some(())
    })?;
    reader.word(r#","bureau":"#)?;
    let bureau = or_null(reader, bureau)?;
    let employment = member(reader, r#","employment":{"years":"#, |reader| {
        let years = or_null(reader, double)?;
        reader.word("}")?;
        Some(Employment { years })
    })?;
    let external_reference = member(reader, r#","external_reference":"#, |reader| Some(reader.plain()?.to_owned()))?;
    let finances = member(reader, r#","finances":"#, finances)?;
    reader.word(r#","loan":{"amount":"#)?;
    let amount = money(reader)?;
    reader.word(r#","currency":"#)?;
    let currency = reader.plain()?.to_owned();
    reader.word(r#","purpose":"#)?;
    let purpose = word(reader)?;
    reader.word(r#","term_months":"#)?;
    let term_months = whole(reader)?;
    reader.word("}}")?;
    let loan = Loan { amount, currency, term_months, purpose };
    Some(of_nobody(ScoredApplication { external_reference, loan, employment, finances, bureau, attributes }))
}

fn bureau(reader: &mut Reader<'_>) -> Option<Bureau> {
    reader.word(r#"{"bankruptcies":"#)?;
    let bankruptcies = or_null(reader, whole)?;
    reader.word(r#","delinquencies_24m":"#)?;
    let delinquencies_24m = whole(reader)?;
    reader.word(r#","first_credit_line":"#)?;
    let first_credit_line = or_null(reader, date)?;
    reader.word(r#","inquiries_6m":"#)?;
    let inquiries_6m = whole(reader)?;
    reader.word(r#","months_since_delinquency":"#)?;
    let months_since_delinquency = or_null(reader, whole)?;
    reader.word(r#","months_since_public_record":"#)?;
    let months_since_public_record = or_null(reader, whole)?;
    reader.word(r#","open_accounts":"#)?;
    let open_accounts = whole(reader)?;
    reader.word(r#","public_records":"#)?;
    let public_records = whole(reader)?;
    reader.word(r#","revolving_balance":"#)?;
    let revolving_balance = money(reader)?;
    reader.word(r#","revolving_utilization":"#)?;
    let revolving_utilization = or_null(reader, double)?;
    reader.word(r#","total_accounts":"#)?;
    let total_accounts = whole(reader)?;
    reader.word("}")?;
    Some(Bureau {
        delinquencies_24m,
        inquiries_6m,
        months_since_delinquency,
        months_since_public_record,
        open_accounts,
        total_accounts,
        public_records,
        bankruptcies,
        revolving_balance,
        revolving_utilization,
        first_credit_line,
    })
}

fn finances(reader: &mut Reader<'_>) -> Option<Finances> {
    reader.word(r#"{"annual_income":"#)?;
    let annual_income = money(reader)?;
    reader.word(r#","home_ownership":"#)?;
    let home_ownership = word(reader)?;
    reader.word(r#","income_verification":"#)?;
    let income_verification = word(reader)?;
    reader.word(r#","monthly_debt_payments":"#)?;
    let monthly_debt_payments = money(reader)?;
    reader.word("}")?;
    Some(Finances { annual_income, income_verification, home_ownership, monthly_debt_payments })
}

fn attribute(reader: &mut Reader<'_>) -> Option<AttributeValue> {
    match reader.peek()? {
        b'"' => reader.plain().map(|text| AttributeValue::Text(text.to_owned())),
        b'n' => reader.word("null").map(|()| AttributeValue::Null),
        b't' | b'f' => reader.boolean().map(AttributeValue::Boolean),
        _ => double(reader).map(AttributeValue::Number),
    }
}

/// A member that is left out when there is nothing to say: `Some(None)`.
#[expect(clippy::option_option, reason = "the outer one says whether the text can be read at all")]
fn member<'a, T>(
    reader: &mut Reader<'a>,
    begins: &str,
    read: impl FnOnce(&mut Reader<'a>) -> Option<T>,
) -> Option<Option<T>> {
    if reader.word(begins).is_none() {
        return Some(None);
    }
    read(reader).map(Some)
}

#[expect(clippy::option_option, reason = "the outer one says whether the text can be read at all")]
fn or_null<'a, T>(reader: &mut Reader<'a>, read: impl FnOnce(&mut Reader<'a>) -> Option<T>) -> Option<Option<T>> {
    if reader.word("null").is_some() {
        return Some(None);
    }
    read(reader).map(Some)
}

/// A number without fraction and exponent, which canonical JSON writes in one way.
fn whole<T: std::str::FromStr>(reader: &mut Reader<'_>) -> Option<T> {
    reader.number()?.parse().ok()
}

fn double(reader: &mut Reader<'_>) -> Option<f64> {
    reader.number()?.parse().ok()
}

fn money(reader: &mut Reader<'_>) -> Option<Money> {
    Money::from_minor(whole(reader)?)
}

/// One of the words of an enumeration.
fn word<'de, T: Deserialize<'de>>(reader: &mut Reader<'_>) -> Option<T> {
    let deserializer: value::StrDeserializer<'_, value::Error> = reader.plain()?.into_deserializer();
    T::deserialize(deserializer).ok()
}

fn date(reader: &mut Reader<'_>) -> Option<Date> {
    let text = reader.plain()?;
    let (year, rest) = text.split_at_checked(4)?;
    let [b'-', month_tens, month_ones, b'-', day_tens, day_ones] = *rest.as_bytes() else { return None };
    let number = |digits: &[u8]| {
        digits
            .iter()
            .try_fold(0_u16, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u16::from(digit - b'0')))
    };
    let two = |tens, ones| u8::try_from(number(&[tens, ones])?).ok();
    let month = Month::try_from(two(month_tens, month_ones)?).ok()?;
    Date::from_calendar_date(number(year.as_bytes())?.into(), month, two(day_tens, day_ones)?).ok()
}
