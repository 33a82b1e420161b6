//! Parting rows into segments by a feature or a column, for figures by segment.

use std::collections::BTreeMap;

use crate::features::schema::{Feature, Kind, Schema};

/// Segments of a number: as many as its values when those are few, else quarters of the rows.
const MOST_VALUES: usize = 12;

/// What rows are parted by: one value per row.
#[derive(Debug, Clone, PartialEq)]
pub enum Labels {
    Numbers(Vec<f64>),
    /// An empty text is a missing value.
    Texts(Vec<String>),
}

/// A segment's name and its rows.
pub type Group = (String, Vec<usize>);

impl Labels {
    /// A feature's values, given as the extractor gives them.
    #[must_use]
    pub fn of_feature(schema: &Schema, index: usize, values: Vec<f64>) -> Self {
        if schema.features[index].kind == Kind::Number {
            return Self::Numbers(values);
        }
        let text = |value: f64| match schema.json_value(index, value) {
            serde_json::Value::Null => String::new(),
            serde_json::Value::String(text) if text.is_empty() => "unknown category".to_owned(),
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        };
        Self::Texts(values.into_iter().map(text).collect())
    }

    /// The cells of a column: numbers when they are all numbers or empty and of many values, else texts.
    #[must_use]
    pub fn of_column(cells: Vec<String>) -> Self {
        let mut numbers = Vec::with_capacity(cells.len());
        for cell in &cells {
            match cell.parse::<f64>() {
                _ if cell.is_empty() => numbers.push(f64::NAN),
                Ok(number) if number.is_finite() => numbers.push(number),
                _ => return Self::Texts(cells),
            }
        }
        let mut sorted: Vec<f64> = numbers.iter().copied().filter(|number| !number.is_nan()).collect();
        sorted.sort_by(f64::total_cmp);
        sorted.dedup();
        if sorted.len() > MOST_VALUES { Self::Numbers(numbers) } else { Self::Texts(cells) }
    }

    /// The segments of `rows`, in the order of their values, missing ones last. A row is in exactly one.
    #[must_use]
    pub fn groups(&self, rows: impl Iterator<Item = usize> + Clone) -> Vec<Group> {
        match self {
            Self::Texts(texts) => groups_of_texts(texts, rows),
            Self::Numbers(numbers) => groups_of_numbers(numbers, rows),
        }
    }
}

fn groups_of_texts(texts: &[String], rows: impl Iterator<Item = usize>) -> Vec<Group> {
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for row in rows {
        groups.entry(&texts[row]).or_default().push(row);
    }
    let missing = groups.remove("").map(|rows| ("missing".to_owned(), rows));
    groups.into_iter().map(|(text, rows)| (text.to_owned(), rows)).chain(missing).collect()
}

fn groups_of_numbers(numbers: &[f64], rows: impl Iterator<Item = usize> + Clone) -> Vec<Group> {
    let mut values: Vec<f64> = rows.clone().map(|row| numbers[row]).filter(|value| !value.is_nan()).collect();
    values.sort_by(f64::total_cmp);
    let bounds = bounds(&values);
    let mut groups: Vec<Vec<usize>> = vec![Vec::new(); bounds.len() + 1];
    for row in rows {
        let value = numbers[row];
        let group = if value.is_nan() { bounds.len() } else { bounds.partition_point(|bound| bound.1 < value) };
        groups[group].push(row);
    }
    let names = bounds.iter().map(|&(low, high)| range(low, high)).chain(["missing".to_owned()]);
    names.zip(groups).filter(|(_, rows)| !rows.is_empty()).collect()
}

/// A range for a person, at no more digits than tell it apart.
#[must_use]
pub fn range(low: f64, high: f64) -> String {
    if low == high { short(low) } else { format!("{} to {}", short(low), short(high)) }
}

/// A number at four significant digits at least, and no fraction where it is large.
#[must_use]
pub fn short(value: f64) -> String {
    let size = value.abs();
    let decimals = if value.fract() == 0.0 || size >= 1_000.0 {
        0
    } else if size >= 10.0 {
        1
    } else if size >= 1.0 {
        2
    } else {
        4
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// The least and the greatest value of each segment of sorted numbers.
fn bounds(sorted: &[f64]) -> Vec<(f64, f64)> {
    let mut distinct = sorted.to_vec();
    distinct.dedup();
    if distinct.len() <= MOST_VALUES {
        return distinct.into_iter().map(|value| (value, value)).collect();
    }
    let mut highs: Vec<f64> = (1..=4).map(|quarter| sorted[(sorted.len() * quarter / 4).saturating_sub(1)]).collect();
    highs.dedup();
    let mut low = sorted[0];
    highs
        .into_iter()
        .map(|high| {
            let bounds = (low, high);
            low = distinct[distinct.partition_point(|&value| value <= high).min(distinct.len() - 1)];
            bounds
        })
        .collect()
}

/// What a person reads in place of a feature's raw value.
#[must_use]
pub fn value_text(feature: &Feature, value: f64) -> String {
    if value.is_nan() {
        return "missing".to_owned();
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a code is a small whole number")]
    match feature.kind {
        Kind::Category => feature.categories.get(value as usize).map_or("unknown category", String::as_str).to_owned(),
        Kind::Boolean => if value == 0.0 { "no" } else { "yes" }.to_owned(),
        Kind::Number | Kind::Date => short(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(labels: &Labels, rows: usize) -> Vec<(String, usize)> {
        labels.groups(0..rows).into_iter().map(|(name, rows)| (name, rows.len())).collect()
    }

    #[test]
    fn few_values_are_a_segment_each_and_many_are_quarters() {
        let few = Labels::Numbers((0..10).map(|row| f64::from(row % 2) * 0.5).collect());
        assert_eq!(names(&few, 10), [("0".to_owned(), 5), ("0.5".to_owned(), 5)]);
        let many = Labels::Numbers((0..101).map(|row| if row == 100 { f64::NAN } else { f64::from(row) }).collect());
        let found = names(&many, 101);
        assert_eq!(found.iter().map(|group| group.1).collect::<Vec<_>>(), [25, 25, 25, 25, 1]);
        assert_eq!((found[0].0.as_str(), found[1].0.as_str(), found[4].0.as_str()), ("0 to 24", "25 to 49", "missing"));
    }

    #[test]
    fn a_column_of_many_numbers_is_parted_as_numbers() {
        let cells = |values: &[&str]| values.iter().map(ToString::to_string).collect::<Vec<String>>();
        assert_eq!(Labels::of_column(cells(&["b", "", "a"])).groups(0..3).len(), 3);
        assert!(matches!(Labels::of_column(cells(&["1", "2", ""])), Labels::Texts(_)));
        let many = (0..40).map(|row| row.to_string()).collect();
        assert_eq!(Labels::of_column(many).groups(0..40).len(), 4);
        let texts = Labels::of_column(cells(&["b", "", "a"]));
        assert_eq!(names(&texts, 3), [("a".to_owned(), 1), ("b".to_owned(), 1), ("missing".to_owned(), 1)]);
    }

    #[test]
    fn numbers_are_short_for_people() {
        for (value, text) in
            [(36.0, "36"), (0.431_27, "0.4313"), (12.345, "12.3"), (1.999, "2"), (12_345.6, "12346"), (1e-9, "0")]
        {
            assert_eq!(short(value), text);
        }
        assert_eq!(range(1.0, 1.0), "1");
    }
}
