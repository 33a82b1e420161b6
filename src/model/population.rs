//! Which rows of a file a model is trained on, which it is tested on, and which of them went bad.
//!
//! It stands in the bundle, so that a model can be evaluated again, later and by others, on exactly
//! the rows that it was never trained on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::{Date, format_description::StaticFormatDescription, macros::format_description};

/// The rows and their outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    pub target: Target,
    #[serde(default)]
    pub split: Split,
}

/// Which rows went bad.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The column that says what came of the loan.
    pub column: String,
    /// What it says of a bad one; everything else but an empty cell is good.
    pub positive: Vec<String>,
}

/// Which rows are used, and which of them are held out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "SplitTable", into = "SplitTable")]
pub struct Split {
    /// Rows are used only if each of these columns has one of these values.
    pub filter: BTreeMap<String, Vec<String>>,
    /// The rows held out for the test.
    pub test: TestPart,
    /// The rows of the training part that are held out while the number of trees and the
    /// calibration are chosen.
    pub inner: InnerPart,
}

/// The rows held out for the test.
#[derive(Debug, Clone, PartialEq)]
pub enum TestPart {
    /// From a day on: what was lent later is predicted from what was lent before.
    From { time_column: String, day: Date },
    /// A share of the rows, drawn at random.
    Share { share: f64, seed: u64 },
}

/// The rows of the training part held out within it.
#[derive(Debug, Clone, PartialEq)]
pub enum InnerPart {
    /// What suits the data: the latest quarter where there is a time column, else five folds of a
    /// small file or a fifth of a large one.
    Default,
    /// From a day on, by the time column.
    From(Date),
    /// The latest share where there is a time column, else a random one.
    Share(f64),
    /// Each row once: this many models, each without one part of the rows.
    Folds(u32),
}

impl Default for Split {
    fn default() -> Self {
        Self { filter: BTreeMap::new(), test: TestPart::Share { share: 0.2, seed: 0 }, inner: InnerPart::Default }
    }
}

/// The `[split]` table as it is written.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SplitTable {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time_column: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    test_from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    test_share: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inner_from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inner_share: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inner_folds: Option<u32>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    filter: BTreeMap<String, Vec<String>>,
}

const DAY: StaticFormatDescription = format_description!("[year]-[month]-[day]");

/// Reads a day written `2011-01-31`.
#[must_use]
pub fn parse_day(text: &str) -> Option<Date> {
    Date::parse(text, DAY).ok()
}

fn day(key: &str, text: &str) -> Result<Date, String> {
    parse_day(text).ok_or_else(|| format!("[split] {key} must be a day such as \"2011-01-31\""))
}

fn share(key: &str, share: f64) -> Result<f64, String> {
    if share > 0.0 && share < 1.0 { Ok(share) } else { Err(format!("[split] {key} must be above 0 and below 1")) }
}

impl TryFrom<SplitTable> for Split {
    type Error = String;

    fn try_from(table: SplitTable) -> Result<Self, String> {
        let has_time = table.time_column.is_some();
        let test = match (table.time_column, table.test_from, table.test_share) {
            (Some(time_column), Some(from), None) => TestPart::From { time_column, day: day("test_from", &from)? },
            (None, None, given) => TestPart::Share {
                share: share("test_share", given.unwrap_or(0.2))?,
                seed: table.seed.unwrap_or_default(),
            },
            _ => return Err("[split] needs time_column and test_from, or test_share and seed".to_owned()),
        };
        if has_time && table.seed.is_some() {
            return Err("[split] seed goes with test_share; a split by time draws nothing".to_owned());
        }
        let inner = match (table.inner_from, table.inner_share, table.inner_folds) {
            (None, None, None) => InnerPart::Default,
            (Some(from), None, None) if has_time => InnerPart::From(day("inner_from", &from)?),
            (Some(_), None, None) => return Err("[split] inner_from needs time_column and test_from".to_owned()),
            (None, Some(given), None) => InnerPart::Share(share("inner_share", given)?),
            (None, None, Some(folds)) if (2..=20).contains(&folds) => InnerPart::Folds(folds),
            (None, None, Some(_)) => return Err("[split] inner_folds must be from 2 to 20".to_owned()),
            _ => return Err("[split] takes one of inner_from, inner_share and inner_folds".to_owned()),
        };
        if let (TestPart::From { day: test_from, .. }, InnerPart::From(inner_from)) = (&test, &inner)
            && inner_from >= test_from
        {
            return Err("[split] inner_from must lie before test_from".to_owned());
        }
        Ok(Self { filter: table.filter, test, inner })
    }
}

impl From<Split> for SplitTable {
    fn from(split: Split) -> Self {
        let mut table = Self { filter: split.filter, ..Self::default() };
        match split.test {
            TestPart::From { time_column, day } => {
                (table.time_column, table.test_from) = (Some(time_column), Some(day.to_string()));
            }
            TestPart::Share { share, seed } => (table.test_share, table.seed) = (Some(share), Some(seed)),
        }
        match split.inner {
            InnerPart::Default => {}
            InnerPart::From(day) => table.inner_from = Some(day.to_string()),
            InnerPart::Share(share) => table.inner_share = Some(share),
            InnerPart::Folds(folds) => table.inner_folds = Some(folds),
        }
        table
    }
}

impl Split {
    /// The column that says when a loan was made, if rows are split by it.
    #[must_use]
    pub fn time_column(&self) -> Option<&str> {
        match &self.test {
            TestPart::From { time_column, .. } => Some(time_column),
            TestPart::Share { .. } => None,
        }
    }

    /// How the test part was told apart, for a person.
    #[must_use]
    pub fn describe(&self) -> String {
        let test = match &self.test {
            TestPart::From { time_column, day } => format!("tested on rows with {time_column} from {day}"),
            TestPart::Share { share, seed } => {
                format!("tested on a random {} % of the rows, seed {seed}", share * 100.0)
            }
        };
        let filters = self.filter.iter().map(|(column, values)| format!(", only {column} = {}", values.join(" or ")));
        filters.fold(test, |text, filter| text + &filter)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn parse(text: &str) -> Result<Split, String> {
        toml::from_str::<Split>(text).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn a_split_reads_back_as_it_was_written() {
        for text in [
            "",
            "test_share = 0.25\nseed = 7\ninner_folds = 5",
            "time_column = \"issue_d\"\ntest_from = \"2011-01-01\"\ninner_from = \"2010-07-01\"\nfilter = { a = [\"0\"] }",
            "time_column = \"issue_d\"\ntest_from = \"2011-01-01\"\ninner_share = 0.3",
        ] {
            let split = parse(text).expect(text);
            let json = serde_json::to_string(&split).expect("serialises");
            assert_eq!(serde_json::from_str::<Split>(&json).expect(&json), split);
        }
    }

    #[rstest]
    #[case("test_from = \"2011-01-01\"", "needs time_column")]
    #[case("time_column = \"d\"", "needs time_column and test_from")]
    #[case("time_column = \"d\"\ntest_from = \"01/2011\"", "test_from must be a day")]
    #[case("test_share = 1.5", "test_share must be above 0 and below 1")]
    #[case("time_column = \"d\"\ntest_from = \"2011-01-01\"\nseed = 1", "draws nothing")]
    #[case("inner_from = \"2011-01-01\"", "inner_from needs time_column")]
    #[case("inner_folds = 1", "from 2 to 20")]
    #[case("inner_folds = 5\ninner_share = 0.2", "takes one of")]
    #[case("time_column = \"d\"\ntest_from = \"2011-01-01\"\ninner_from = \"2011-02-01\"", "must lie before")]
    #[case("tset_share = 0.2", "unknown field `tset_share`")]
    fn a_split_that_cannot_be_made_says_why(#[case] text: &str, #[case] expected: &str) {
        let message = parse(text).expect_err(text);
        assert!(message.contains(expected), "{message}");
    }
}
