//! What a rule may name, and its value in a case.
//!
//! | name | value |
//! |---|---|
//! | `probability_of_default`, `score` | what the model and the scaling say |
//! | `features.<name>` | as the model read it, in the training unit; a category's name; null when missing |
//! | `applicant.age_years` | whole years at the decision |
//! | `loan.…`, `employment.…`, `finances.…`, `bureau.…` | as in an application (money in minor units); null when not given |
//! | `attributes.<name>`, `attributes["any name"]` | as in an application; null when not given |
//!
//! Every number is a double. In a case without an application (a row of a file of features), all
//! that only an application says is null: a rule that names it cannot be evaluated and sends the row
//! to review, unless it asks with `has(…)` first.

use cel::{
    common::{
        types::{CelBool, CelDouble, CelNull, CelString},
        value::CowVal,
    },
    context::VariableResolver,
};

use super::{Case, direct::Plain};
use crate::{
    domain::application::{Application, AttributeValue},
    features::{
        schema::{Feature, Kind as FeatureKind, Schema},
        source::{self, Access, Known},
    },
};

/// One thing that a rule names.
#[derive(Debug, Clone)]
pub(super) enum Variable {
    ProbabilityOfDefault,
    Score,
    AgeYears,
    Feature(String),
    Attribute(String),
    Known(&'static Known),
}

/// What is known of an expression's value before there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind<'k> {
    /// It depends on the case.
    Any,
    Null,
    Number,
    Boolean,
    /// A text; when the list is not empty, one of these.
    Text(Vec<&'k str>),
}

impl Variable {
    /// Finds what stands alone under `name`.
    pub(super) fn alone(name: &str) -> Option<Self> {
        match name {
            "probability_of_default" => Some(Self::ProbabilityOfDefault),
            "score" => Some(Self::Score),
            _ => None,
        }
    }

    /// Finds `section.field`.
    pub(super) fn within(section: &str, field: &str) -> Option<Self> {
        match (section, field) {
            ("applicant", "age_years") => Some(Self::AgeYears),
            ("features", name) => Some(Self::Feature(name.to_owned())),
            ("attributes", name) => Some(Self::Attribute(name.to_owned())),
            _ => source::find(&format!("/{section}/{field}"))
                .filter(|known| !matches!(known.access, Access::Date(_)))
                .map(Self::Known),
        }
    }

    /// Its name as a rule writes it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::ProbabilityOfDefault => "probability_of_default".to_owned(),
            Self::Score => "score".to_owned(),
            Self::AgeYears => "applicant.age_years".to_owned(),
            Self::Feature(name) => format!("features.{name}"),
            Self::Attribute(name) => format!("attributes.{name}"),
            Self::Known(known) => known.pointer.trim_start_matches('/').replace('/', "."),
        }
    }

    /// What kind of value it has: a feature's is known only with the schema. `None` when the schema
    /// has no such feature.
    pub(super) fn kind<'k>(&self, schema: Option<&'k Schema>) -> Option<Kind<'k>> {
        Some(match self {
            Self::ProbabilityOfDefault | Self::Score | Self::AgeYears => Kind::Number,
            Self::Attribute(_) => Kind::Any,
            Self::Known(known) => match known.access {
                Access::Category(_, words) => Kind::Text(words.to_vec()),
                _ => Kind::Number,
            },
            Self::Feature(name) => match schema {
                None => Kind::Any,
                Some(schema) => {
                    let feature = schema.features.iter().find(|feature| feature.name == *name)?;
                    match feature.kind {
                        FeatureKind::Category => Kind::Text(feature.categories.iter().map(String::as_str).collect()),
                        FeatureKind::Boolean => Kind::Boolean,
                        FeatureKind::Number | FeatureKind::Date => Kind::Number,
                    }
                }
            },
        })
    }

    fn value<'b>(&'b self, case: &Case<'b>, score: i32) -> Option<Plain<'b>> {
        match self {
            Self::ProbabilityOfDefault => Some(Plain::Number(case.assessment.default_probability.value())),
            Self::Score => Some(Plain::Number(f64::from(score))),
            Self::AgeYears => Some(case.applicant_age_years.map_or(Plain::Null, |years| Plain::Number(years.into()))),
            Self::Feature(name) => {
                let index = case.schema.features.iter().position(|feature| feature.name == *name)?;
                Some(feature_value(&case.schema.features[index], *case.features.values().get(index)?))
            }
            Self::Attribute(name) => {
                let given = case.application.and_then(|application| application.attributes.get(name));
                Some(given.map_or(Plain::Null, attribute_value))
            }
            Self::Known(known) => case.application.map_or(Some(Plain::Null), |given| known_value(known, given)),
        }
    }
}

/// The variables of a policy's rules, with the case that gives them values. A rule names a
/// variable by its place in the list.
pub(super) struct Values<'a> {
    pub(super) variables: &'a [Variable],
    pub(super) case: &'a Case<'a>,
    pub(super) score: i32,
}

impl Values<'_> {
    /// The value of the variable at a place; `None` when there is none.
    pub(super) fn plain(&self, place: usize) -> Option<Plain<'_>> {
        self.variables.get(place)?.value(self.case, self.score)
    }
}

impl VariableResolver for Values<'_> {
    fn resolve<'b>(&'b self, place: &str) -> Option<CowVal<'b, 'b>> {
        Some(match self.plain(place.parse().ok()?)? {
            Plain::Null => CowVal::owned(CelNull),
            Plain::Boolean(answer) => CowVal::owned(CelBool::from(answer)),
            Plain::Number(number) => CowVal::owned(CelDouble::from(number)),
            Plain::Text(text) => CowVal::owned(CelString::from(text)),
        })
    }
}

fn feature_value(feature: &Feature, raw: f64) -> Plain<'_> {
    if raw.is_nan() {
        return Plain::Null;
    }
    match feature.kind {
        FeatureKind::Category => {
            // A category that the schema does not list has a code beyond the list.
            let named = feature.categories.iter().zip(0_u32..).find(|(_, code)| f64::from(*code) == raw);
            named.map_or(Plain::Null, |(name, _)| Plain::Text(name))
        }
        FeatureKind::Boolean => Plain::Boolean(raw != 0.0),
        FeatureKind::Number | FeatureKind::Date => Plain::Number(raw),
    }
}

fn attribute_value(value: &AttributeValue) -> Plain<'_> {
    match value {
        AttributeValue::Null => Plain::Null,
        AttributeValue::Boolean(answer) => Plain::Boolean(*answer),
        AttributeValue::Number(value) => Plain::Number(*value),
        AttributeValue::Text(value) => Plain::Text(value),
    }
}

fn known_value<'b>(known: &Known, application: &Application) -> Option<Plain<'b>> {
    match known.access {
        Access::Number(read) | Access::Money(read) => {
            let value = read(application);
            Some(if value.is_nan() { Plain::Null } else { Plain::Number(value) })
        }
        Access::Category(read, words) => Some(read(application).map_or(Plain::Null, |place| Plain::Text(words[place]))),
        Access::Date(_) => None,
    }
}
