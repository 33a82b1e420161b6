//! The fields of the form, in the groups that an officer thinks in.
//!
//! A field is named by the JSON pointer of the value that it gives, so that a fault finds its field. What the model in
//! force declares as attributes gets fields too.

use std::borrow::Cow;

use super::words;
use crate::{
    domain::{intake::limits, money::Money},
    features::{
        extract::Extractor,
        schema::{Feature, Kind as FeatureKind, Schema},
    },
    http::console::texts::Texts,
    model::Model,
};

/// Fields that belong together.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) text: Option<&'static str>,
    /// Whether all of it may be left empty.
    pub(super) is_optional: bool,
    pub(super) fields: Vec<Field>,
}

/// A field: what it asks for, what was typed into it, and what is wrong with that.
#[derive(Debug)]
pub(super) struct Field {
    /// Where in an application its value stands; the name of its control.
    pub(super) pointer: Cow<'static, str>,
    pub(super) id: String,
    pub(super) label: Cow<'static, str>,
    pub(super) hint: Option<&'static str>,
    pub(super) kind: Kind,
    pub(super) need: Need,
    pub(super) limits: Limits,
    pub(super) longest_characters: u64,
    pub(super) value: String,
    pub(super) fault: Option<String>,
}

/// Whether a field may be left empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Given,
    /// Not when something else of its group is given.
    WithItsGroup,
    Optional,
}

/// What kind of value a field asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Line,
    Lines,
    Email,
    Phone,
    Country,
    Currency,
    Money,
    Whole,
    Number,
    /// Typed in percent.
    Share,
    Day,
    Choice(Vec<Choice>),
    /// A choice between yes and no.
    Boolean(Vec<Choice>),
}

/// One of a field's choices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) value: Cow<'static, str>,
    pub(super) name: Cow<'static, str>,
}

/// The least and the most that a number may be, in the unit that an application has it in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limits {
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Limits {
    const NONE: Self = Self { least: f64::NEG_INFINITY, most: f64::INFINITY };
    const COUNTED: Self = Self::up_to(limits::MOST_COUNTED);
    const MONTHS_AGO: Self = Self::up_to(limits::MOST_MONTHS_AGO);
    const MONEY: Self = Self::up_to(Money::MAX_MINOR);

    #[expect(clippy::cast_precision_loss, reason = "the limits are below 2^53")]
    const fn up_to(most: i64) -> Self {
        Self { least: 0.0, most: most as f64 }
    }

    /// Whether a number is within.
    pub(super) fn hold(self, number: f64) -> bool {
        (self.least..=self.most).contains(&number)
    }

    /// Within the range too that a schema declares for a feature.
    fn within(self, feature: &Feature) -> Self {
        let scale = feature.scale.unwrap_or(1.0);
        let least = feature.min.map_or(self.least, |min| self.least.max(min / scale));
        let most = feature.max.map_or(self.most, |max| self.most.min(max / scale));
        Self { least, most }
    }
}

impl Field {
    fn new(pointer: impl Into<Cow<'static, str>>, label: impl Into<Cow<'static, str>>, kind: Kind) -> Self {
        let pointer = pointer.into();
        Self {
            id: pointer.trim_start_matches('/').replace('/', "-"),
            pointer,
            label: label.into(),
            hint: None,
            limits: if kind == Kind::Money { Limits::MONEY } else { Limits::NONE },
            kind,
            need: Need::Given,
            longest_characters: u64::MAX,
            value: String::new(),
            fault: None,
        }
    }

    fn line(pointer: &'static str, label: &'static str, longest_characters: u64) -> Self {
        Self { longest_characters, ..Self::new(pointer, label, Kind::Line) }
    }

    fn count(pointer: &'static str, label: &'static str) -> Self {
        Self::new(pointer, label, Kind::Whole).limits(Limits::COUNTED)
    }

    fn months_ago(pointer: &'static str, label: &'static str, hint: &'static str) -> Self {
        Self::new(pointer, label, Kind::Whole).limits(Limits::MONTHS_AGO).optional().hint(hint)
    }

    fn optional(self) -> Self {
        Self { need: Need::Optional, ..self }
    }

    fn with_its_group(self) -> Self {
        let need = if self.need == Need::Given { Need::WithItsGroup } else { self.need };
        Self { need, ..self }
    }

    fn hint(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }

    const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    pub(super) fn must_be_given(&self) -> bool {
        self.need == Need::Given
    }

    /// Whether the form says of it that it may be left out.
    pub(super) fn is_optional(&self) -> bool {
        self.need == Need::Optional
    }

    /// The choices, where there are some.
    pub(super) fn choices(&self) -> &[Choice] {
        match &self.kind {
            Kind::Choice(choices) | Kind::Boolean(choices) => choices,
            _ => &[],
        }
    }

    /// Whether it takes the whole width.
    pub(super) const fn is_wide(&self) -> bool {
        matches!(self.kind, Kind::Lines)
    }

    /// The keys that a phone shows for it.
    pub(super) const fn keyboard(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Money | Kind::Number | Kind::Share => Some("decimal"),
            Kind::Whole => Some("numeric"),
            Kind::Email => Some("email"),
            Kind::Phone => Some("tel"),
            _ => None,
        }
    }

    /// The elements that say more of it.
    pub(super) fn described_by(&self) -> Option<String> {
        let hint = self.hint.map(|_| format!("{}-hint", self.id));
        let fault = self.fault.as_ref().map(|_| format!("{}-fault", self.id));
        let said: Vec<String> = hint.into_iter().chain(fault).collect();
        (!said.is_empty()).then(|| said.join(" "))
    }
}

/// Every group of the form.
pub(super) fn groups(t: Texts, model: &Model) -> Vec<Group> {
    let (schema, extractor) = (model.schema(), model.extractor());
    let mut groups = vec![
        group("applicant", (t.intake_applicant(), Some(t.intake_applicant_text())), applicant(t)),
        Group {
            is_optional: true,
            ..group("address", (t.intake_address(), Some(t.intake_address_text())), address(t))
        },
        group("loan", (t.intake_loan(), None), loan(t)),
        means(t, extractor),
        group("bureau", (t.intake_bureau(), None), bureau(t)),
    ];
    narrow_by(schema, &mut groups);
    let further = attributes(t, schema);
    if !further.is_empty() {
        groups.push(group("attributes", (t.intake_further(), Some(t.intake_further_text())), further));
    }
    groups
}

fn group(id: &'static str, (title, text): (&'static str, Option<&'static str>), fields: Vec<Field>) -> Group {
    Group { id, title, text, is_optional: false, fields }
}

fn applicant(t: Texts) -> Vec<Field> {
    vec![
        Field::line("/applicant/reference", t.intake_reference(), limits::REFERENCE_CHARACTERS)
            .hint(t.intake_reference_hint()),
        Field::line("/applicant/given_name", t.intake_given_name(), limits::NAME_CHARACTERS),
        Field::line("/applicant/family_name", t.intake_family_name(), limits::NAME_CHARACTERS),
        Field::new("/applicant/date_of_birth", t.intake_date_of_birth(), Kind::Day).hint(t.intake_day_hint()),
        Field::line("/applicant/national_id", t.intake_national_id(), limits::NATIONAL_ID_CHARACTERS).optional(),
        Field {
            longest_characters: limits::EMAIL_CHARACTERS,
            ..Field::new("/applicant/email", t.intake_email(), Kind::Email).optional()
        },
        Field::new("/applicant/phone", t.intake_phone(), Kind::Phone).optional().hint(t.intake_phone_hint()),
    ]
}

fn address(t: Texts) -> Vec<Field> {
    let lines = Field::new("/applicant/address/lines", t.intake_lines(), Kind::Lines).hint(t.intake_lines_hint());
    let fields = [
        Field { longest_characters: limits::ADDRESS_LINE_CHARACTERS, ..lines },
        Field::line("/applicant/address/city", t.intake_city(), limits::NAME_CHARACTERS),
        Field::line("/applicant/address/region", t.intake_region(), limits::REGION_CHARACTERS).optional(),
        Field::line("/applicant/address/postal_code", t.intake_postal_code(), limits::POSTAL_CODE_CHARACTERS)
            .optional(),
        Field::new("/applicant/address/country", t.intake_country(), Kind::Country).hint(t.intake_country_hint()),
    ];
    fields.map(Field::with_its_group).into()
}

fn loan(t: Texts) -> Vec<Field> {
    #[expect(clippy::cast_precision_loss, reason = "a few hundred months")]
    let term = Limits { least: 1.0, most: limits::LONGEST_TERM_MONTHS as f64 };
    vec![
        Field::new("/loan/amount", t.intake_amount(), Kind::Money)
            .limits(Limits { least: 1.0, ..Limits::MONEY })
            .hint(t.intake_amount_hint()),
        Field::new("/loan/currency", t.intake_currency(), Kind::Currency).hint(t.intake_currency_hint()),
        Field::new("/loan/term_months", t.intake_term(), Kind::Whole).limits(term),
        Field::new("/loan/purpose", t.intake_purpose(), Kind::Choice(words::purposes(t))),
        Field::line("/external_reference", t.intake_own_reference(), limits::EXTERNAL_REFERENCE_CHARACTERS)
            .optional()
            .hint(t.intake_own_reference_hint()),
    ]
}

fn means(t: Texts, extractor: &Extractor) -> Group {
    let years = Limits { least: 0.0, most: limits::MOST_EMPLOYMENT_YEARS };
    let mut fields = vec![
        Field::new("/finances/annual_income", t.intake_income(), Kind::Money),
        Field::new("/finances/income_verification", t.intake_verification(), Kind::Choice(words::verifications(t))),
        Field::new("/finances/monthly_debt_payments", t.intake_debts(), Kind::Money).hint(t.intake_debts_hint()),
        Field::new("/finances/home_ownership", t.intake_home(), Kind::Choice(words::homes(t))),
        Field::new("/employment/years", t.intake_years(), Kind::Number).limits(years).optional(),
    ];
    let is_optional = !extractor.reads_finances();
    if is_optional {
        fields = fields.into_iter().map(Field::with_its_group).collect();
    }
    let text = is_optional.then(|| t.intake_means_text());
    Group { is_optional, ..group("means", (t.intake_means(), text), fields) }
}

fn bureau(t: Texts) -> Vec<Field> {
    let share = Limits { least: 0.0, most: limits::MOST_UTILIZATION };
    vec![
        Field::count("/bureau/delinquencies_24m", t.intake_delinquencies()).hint(t.intake_delinquencies_hint()),
        Field::months_ago("/bureau/months_since_delinquency", t.intake_since_delinquency(), t.intake_empty_never()),
        Field::count("/bureau/inquiries_6m", t.intake_inquiries()),
        Field::count("/bureau/open_accounts", t.intake_open_accounts()),
        Field::count("/bureau/total_accounts", t.intake_total_accounts()),
        Field::new("/bureau/first_credit_line", t.intake_first_line(), Kind::Day).optional().hint(t.intake_day_hint()),
        Field::new("/bureau/revolving_balance", t.intake_revolving_balance(), Kind::Money),
        Field::new("/bureau/revolving_utilization", t.intake_utilization(), Kind::Share)
            .limits(share)
            .optional()
            .hint(t.intake_utilization_hint()),
        Field::count("/bureau/public_records", t.intake_public_records()),
        Field::months_ago("/bureau/months_since_public_record", t.intake_since_record(), t.intake_empty_never()),
        Field::count("/bureau/bankruptcies", t.intake_bankruptcies()).optional(),
    ]
}

fn read_by(schema: &Schema) -> impl Iterator<Item = (&Feature, &str)> {
    let values = schema.inputs.iter().chain(&schema.features);
    values.filter_map(|feature| Some((feature, feature.source.as_deref()?)))
}

/// Takes in the ranges that the schema declares for what the form asks for anyway.
fn narrow_by(schema: &Schema, groups: &mut [Group]) {
    for (feature, source) in read_by(schema) {
        let asked = groups.iter_mut().flat_map(|group| &mut group.fields).find(|field| field.pointer == source);
        if let Some(field) = asked {
            field.limits = field.limits.within(feature);
        }
    }
}

/// What the schema declares besides. Two values may be read from one attribute, which is asked for once.
fn attributes(t: Texts, schema: &Schema) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    for (feature, source) in read_by(schema).filter(|(_, source)| source.starts_with("/attributes/")) {
        if fields.iter().any(|field| field.pointer == source) {
            continue;
        }
        let kind = match feature.kind {
            FeatureKind::Number => Kind::Number,
            FeatureKind::Date => Kind::Day,
            FeatureKind::Boolean => Kind::Boolean(words::yes_or_no(t)),
            FeatureKind::Category => {
                Kind::Choice(feature.categories.iter().map(|category| words::category(t, category)).collect())
            }
        };
        let field =
            Field::new(source.to_owned(), t.factor(&feature.name, &feature.display_label()).text, kind).optional();
        // A name may hold what an id must not.
        let id = format!("attributes-{}", fields.len());
        fields.push(Field { id, limits: Limits::NONE.within(feature), ..field });
    }
    fields
}
