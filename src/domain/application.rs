//! A loan application that has been checked.
//!
//! These types are reached only through [`crate::domain::intake`], which reports every fault of an
//! untrusted form at once; inside, an invalid value cannot exist. They serialise to the shape in
//! which the application was received (contract §2).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::Date;
use utoipa::ToSchema;

use super::money::Money;

time::serde::format_description!(calendar_date, Date, "[year]-[month]-[day]");

/// An application for a loan, as received and checked.
///
/// Invariant: every rule of [`crate::domain::intake`] holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// The sender's own reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "LOS-2026-000123")]
    pub external_reference: Option<String>,
    /// Who applies. Personal data: never reaches the model, the logs or the audit log in the clear.
    pub applicant: Applicant,
    /// What is asked for.
    pub loan: Loan,
    /// Where the applicant works; `None` for products that do not ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub employment: Option<Employment>,
    /// What the applicant earns and owes; `None` for products that do not ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finances: Option<Finances>,
    /// The credit bureau's file; `None` means "no file".
    #[serde(default)]
    pub bureau: Option<Bureau>,
    /// Further named values, for models whose schema declares them.
    #[serde(default)]
    pub attributes: BTreeMap<String, AttributeValue>,
}

/// The person who applies. Personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Applicant {
    /// The lender's own number for this person.
    #[schema(example = "C-88121")]
    pub reference: String,
    #[schema(example = "Ada")]
    pub given_name: String,
    #[schema(example = "Example")]
    pub family_name: String,
    /// Used by the policy alone (age of majority), never by the model.
    #[serde(with = "calendar_date")]
    #[schema(value_type = String, format = Date, example = "1988-03-14")]
    pub date_of_birth: Date,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "123-45-6789")]
    pub national_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "ada@example.com")]
    pub email: Option<String>,
    /// E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "+15550100")]
    pub phone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
}

/// A postal address. Personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    #[schema(example = json!(["1 Main St"]))]
    pub lines: Vec<String>,
    #[schema(example = "Springfield")]
    pub city: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "IL")]
    pub region: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "62701")]
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[schema(example = "US")]
    pub country: String,
}

/// The loan asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Loan {
    /// Above zero.
    pub amount: Money,
    /// ISO 4217.
    #[schema(example = "USD")]
    pub currency: String,
    #[schema(example = 36)]
    pub term_months: u16,
    pub purpose: Purpose,
}

/// What the loan is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    Car,
    CreditCard,
    DebtConsolidation,
    Educational,
    HomeImprovement,
    House,
    MajorPurchase,
    Medical,
    Moving,
    Other,
    RenewableEnergy,
    SmallBusiness,
    Vacation,
    Wedding,
}

/// Where the applicant works.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Employment {
    /// Years with the present employer; `None` when unknown.
    #[schema(example = 4.0)]
    pub years: Option<f64>,
}

/// What the applicant earns and owes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Finances {
    /// Before tax.
    pub annual_income: Money,
    pub income_verification: IncomeVerification,
    pub home_ownership: HomeOwnership,
    /// What all present debts cost a month, without a mortgage and without the loan asked for.
    pub monthly_debt_payments: Money,
}

/// How the stated income was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IncomeVerification {
    NotVerified,
    SourceVerified,
    Verified,
}

/// How the applicant lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HomeOwnership {
    Mortgage,
    None,
    Other,
    Own,
    Rent,
}

/// What the credit bureau's file says. `None` inside means "not reported" or "never".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Bureau {
    /// Payments 30 or more days late in the last 24 months.
    pub delinquencies_24m: u32,
    /// Inquiries by lenders in the last 6 months.
    pub inquiries_6m: u32,
    /// `None`: never delinquent.
    #[serde(default)]
    pub months_since_delinquency: Option<u32>,
    /// `None`: no public record.
    #[serde(default)]
    pub months_since_public_record: Option<u32>,
    pub open_accounts: u32,
    /// Open and closed.
    pub total_accounts: u32,
    pub public_records: u32,
    #[serde(default)]
    pub bankruptcies: Option<u32>,
    pub revolving_balance: Money,
    /// Balances as a share of limits on revolving accounts; can exceed 1.
    #[serde(default)]
    pub revolving_utilization: Option<f64>,
    #[serde(default, with = "calendar_date::option")]
    #[schema(value_type = Option<String>, format = Date, example = "2004-06-01")]
    pub first_credit_line: Option<Date>,
}

/// A further value of an application, named by the model's schema.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum AttributeValue {
    /// Not known.
    Null,
    Boolean(bool),
    /// Finite.
    Number(f64),
    Text(String),
}
