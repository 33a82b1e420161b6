//! The training schema: the TOML file that says what to train, on what, and how (contract §3).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::parameters::Wanted;
use crate::{
    domain::reason::ReasonCode,
    features::schema::{Feature, Kind, Schema},
    model::population::{Population, Split, Target},
};

/// A training schema, read. Whether its features can be read is checked once their categories are
/// known: see [`super::dataset`].
#[derive(Debug, Clone, PartialEq)]
pub struct SchemaFile {
    pub schema: Schema,
    /// The version that the bundle gets.
    pub version: String,
    pub population: Population,
    pub training: Wanted,
    /// Texts of reason codes, beside or in place of the built-in ones.
    pub reasons: BTreeMap<ReasonCode, String>,
    pub card: CardTable,
    pub report: ReportTable,
}

/// What the validation report shows beside what it always shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportTable {
    /// Features, or columns of the data, to show the figures by. A column that the model must not read, such
    /// as sex, may stand here: it is compared by, and never reaches the model.
    #[serde(default)]
    pub segments: Vec<String>,
}

/// What the model card says that no data can tell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardTable {
    /// What the model is for.
    #[serde(default)]
    pub purpose: String,
    /// Where the data comes from, and under which licence.
    #[serde(default)]
    pub data: String,
    /// What the model must not be used for, and what is known to be weak; a sentence each.
    #[serde(default)]
    pub limits: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    #[serde(default = "first_version")]
    version: String,
    currency: Option<String>,
    target: Target,
    #[serde(default)]
    split: Split,
    #[serde(default)]
    input: Vec<Feature>,
    feature: Vec<Feature>,
    #[serde(default)]
    training: Wanted,
    #[serde(default)]
    reasons: BTreeMap<ReasonCode, String>,
    #[serde(default)]
    card: CardTable,
    #[serde(default)]
    report: ReportTable,
}

fn first_version() -> String {
    "1".to_owned()
}

/// Why a training schema cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaFileError {
    /// Not TOML, an unknown key, a missing one, or a value of another type. The message shows the line.
    #[error("{0}")]
    Unreadable(String),
    #[error(
        "`{key}` must have 1 to 64 letters, digits, dots and hyphens, and begin with a letter or digit: it names a folder"
    )]
    NotAName { key: &'static str },
    #[error("[target] positive must list at least one value of `{column}` that means a bad loan")]
    NoPositive { column: String },
    #[error("`{feature}` reads the target column `{column}`: the model would be told the answer")]
    ReadsTarget { feature: String, column: String },
    #[error("[training] allow_leak_suspects names `{name}`, which is not a feature; check the spelling")]
    NoSuchSuspect { name: String },
    #[error("[report] segments names `{name}` twice")]
    SegmentTwice { name: String },
}

impl SchemaFile {
    /// What the model is for: the card's own words, else the outcome that it predicts.
    #[must_use]
    pub fn purpose(&self) -> String {
        if self.card.purpose.is_empty() {
            let target = &self.population.target;
            return format!("The probability that `{}` is {}.", target.column, target.positive.join(" or "));
        }
        self.card.purpose.clone()
    }

    /// Reads a training schema.
    pub fn parse(text: &str) -> Result<Self, SchemaFileError> {
        let file: File = toml::from_str(text)
            .map_err(|error| SchemaFileError::Unreadable(error.to_string().trim_end().to_owned()))?;
        for (key, name) in [("name", &file.name), ("version", &file.version)] {
            if !is_folder_name(name) {
                return Err(SchemaFileError::NotAName { key });
            }
        }
        let column = &file.target.column;
        if file.target.positive.is_empty() {
            return Err(SchemaFileError::NoPositive { column: column.clone() });
        }
        let values = file.feature.iter().chain(&file.input);
        if let Some(feature) = values.into_iter().find(|feature| feature.column.as_ref() == Some(column)) {
            return Err(SchemaFileError::ReadsTarget { feature: feature.name.clone(), column: column.clone() });
        }
        let is_feature = |name: &&String| file.feature.iter().any(|feature| feature.name == **name);
        if let Some(name) = file.training.allow_leak_suspects.iter().find(|name| !is_feature(name)) {
            return Err(SchemaFileError::NoSuchSuspect { name: name.clone() });
        }
        let segments = &file.report.segments;
        if let Some(name) =
            segments.iter().enumerate().find_map(|(at, name)| segments[..at].contains(name).then_some(name))
        {
            return Err(SchemaFileError::SegmentTwice { name: name.clone() });
        }
        Ok(Self {
            schema: Schema { name: file.name, currency: file.currency, inputs: file.input, features: file.feature },
            version: file.version,
            population: Population { target: file.target, split: file.split },
            training: file.training,
            reasons: file.reasons,
            card: file.card,
            report: file.report,
        })
    }

    /// The category features that do not list their categories: those are learnt from the data.
    pub fn unlisted_categories(&self) -> impl Iterator<Item = usize> {
        let is_unlisted = |feature: &Feature| feature.kind == Kind::Category && feature.categories.is_empty();
        self.schema.features.iter().enumerate().filter(move |(_, feature)| is_unlisted(feature)).map(|(index, _)| index)
    }
}

fn is_folder_name(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const SMALL: &str = r#"
        name = "small"
        [target]
        column = "bad"
        positive = ["1"]
        [[feature]]
        name = "amount"
        column = "amount"
        source = "/attributes/amount"
        reason = "UW-AMOUNT"
    "#;

    #[test]
    fn the_least_schema_has_defaults_for_the_rest() {
        let file = SchemaFile::parse(SMALL).expect("valid");
        assert_eq!(file.version, "1");
        assert_eq!(file.population.split, Split::default());
        assert_eq!(file.training, Wanted::default());
        assert_eq!(file.schema.features[0].kind, Kind::Number);
    }

    #[rstest]
    #[case("name = \"small\"", "name = \"../small\"", "`name` must have")]
    #[case("name = \"small\"", "name = \"small\"\nnmae = 1", "unknown field `nmae`")]
    #[case("source =", "sorce =", "unknown field `sorce`")]
    #[case("[target]", "[training]\ntrees = \"many\"\n[target]", "expected u32")]
    #[case("[target]", "[training]\nleaves = 3\n[target]", "unknown field `leaves`")]
    #[case("positive = [\"1\"]", "positive = []", "at least one value of `bad`")]
    #[case("column = \"amount\"", "column = \"bad\"", "would be told the answer")]
    #[case("reason = \"UW-AMOUNT\"", "reason = \"uw amount\"", "upper-case letters")]
    #[case("column = \"bad\"", "colum = \"bad\"", "unknown field `colum`")]
    #[case(
        "[target]",
        "[training]\nallow_leak_suspects = [\"amuont\"]\n[target]",
        "names `amuont`, which is not a feature"
    )]
    #[case("[target]", "[report]\nsegments = [\"a\", \"a\"]\n[target]", "segments names `a` twice")]
    #[case("[target]", "[report]\nsegment = [\"a\"]\n[target]", "unknown field `segment`")]
    fn a_schema_that_cannot_be_used_says_why(#[case] from: &str, #[case] to: &str, #[case] expected: &str) {
        let message = SchemaFile::parse(&SMALL.replacen(from, to, 1)).expect_err(to).to_string();
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn an_unreadable_schema_names_the_line() {
        let message = SchemaFile::parse("name = \"x\"\nbroken\n").expect_err("not TOML").to_string();
        assert!(message.contains("line 2"), "{message}");
    }
}
