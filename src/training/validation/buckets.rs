//! A feature's values in a few buckets, learnt from its training column.

use crate::{
    features::schema::{Feature, Kind},
    training::{
        binning::Cuts,
        segments::{range, value_text},
    },
};

/// Buckets of one feature's values. The last one is for missing values.
#[derive(Debug, Clone, PartialEq)]
pub struct Buckets {
    content: Content,
    /// How many there are, with that for missing values.
    len: usize,
}

#[derive(Debug, Clone, PartialEq)]
enum Content {
    Ranges(Cuts),
    /// The bucket of each category's code; any other code is in the last but one.
    Categories(Vec<usize>),
}

impl Buckets {
    /// At most `most` buckets of about equally many rows of `column`, or the most frequent categories
    /// and one for the others, and the bucket for missing values.
    #[must_use]
    pub fn learn(feature: &Feature, column: &[f64], most: usize) -> Self {
        if feature.kind != Kind::Category {
            let cuts = Cuts::learn(column, most);
            let len = cuts.thresholds().len() + 2;
            return Self { content: Content::Ranges(cuts), len };
        }
        let categories = feature.categories.len();
        let mut rows = vec![0_usize; categories];
        for code in column.iter().filter_map(|&value| code(value)) {
            if let Some(rows) = rows.get_mut(code) {
                *rows += 1;
            }
        }
        let mut by_rows: Vec<usize> = (0..categories).collect();
        by_rows.sort_by_key(|&code| std::cmp::Reverse(rows[code]));
        let own = if categories <= most { categories } else { most - 1 };
        let mut bucket_of = vec![own; categories];
        for (bucket, &code) in by_rows[..own].iter().enumerate() {
            bucket_of[code] = bucket;
        }
        Self { content: Content::Categories(bucket_of), len: own + 2 }
    }

    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// The bucket that a value is in, below the number of buckets.
    #[must_use]
    pub fn of(&self, value: f64) -> usize {
        match (&self.content, code(value)) {
            _ if value.is_nan() => self.len - 1,
            (Content::Ranges(cuts), _) => usize::from(cuts.bin(value)),
            (Content::Categories(bucket_of), code) => {
                code.and_then(|code| bucket_of.get(code)).copied().unwrap_or(self.len - 2)
            }
        }
    }

    /// How many of the values are in each bucket.
    #[must_use]
    pub fn counts(&self, values: impl Iterator<Item = f64>) -> Vec<usize> {
        let mut counts = vec![0; self.len];
        for value in values {
            counts[self.of(value)] += 1;
        }
        counts
    }

    /// What a person calls a bucket, from the values found in it; which are at least one.
    #[must_use]
    pub fn name(&self, feature: &Feature, values: &[f64]) -> String {
        let (least, greatest) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, greatest), &value| {
            (least.min(value), greatest.max(value))
        });
        match self.content {
            _ if values.iter().any(|value| value.is_nan()) => "missing".to_owned(),
            Content::Categories(_) if least != greatest => "others".to_owned(),
            _ if least == greatest => value_text(feature, least),
            _ => range(least, greatest),
        }
    }
}

/// A category's code; `None` when it is missing.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "codes are whole and not negative")]
fn code(value: f64) -> Option<usize> {
    (!value.is_nan()).then_some(value as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feature(text: &str) -> Feature {
        toml::from_str(&format!("name = \"x\"\n{text}")).expect("a feature")
    }

    #[test]
    fn rare_categories_share_a_bucket_and_missing_values_have_their_own() {
        let feature = feature("kind = \"category\"\ncategories = [\"a\", \"b\", \"c\", \"d\"]");
        let buckets = Buckets::learn(&feature, &[3.0, 3.0, 3.0, 1.0, 1.0, 0.0, 2.0, f64::NAN], 3);
        assert_eq!(buckets.len(), 4);
        assert_eq!([3.0, 1.0, 0.0, 2.0, 4.0, f64::NAN].map(|value| buckets.of(value)), [0, 1, 2, 2, 2, 3]);
        assert_eq!(buckets.name(&feature, &[0.0, 2.0]), "others");
        assert_eq!(buckets.name(&feature, &[3.0, 3.0]), "d");
        assert_eq!(buckets.name(&feature, &[f64::NAN]), "missing");
    }

    #[test]
    fn numbers_are_parted_where_the_training_column_is() {
        let feature = feature("");
        let buckets = Buckets::learn(&feature, &(0..100).map(f64::from).collect::<Vec<f64>>(), 4);
        assert_eq!(buckets.counts((0..100).map(f64::from).chain([f64::NAN])), [25, 25, 25, 25, 1]);
        assert_eq!(buckets.name(&feature, &[3.0, 24.0]), "3 to 24");
    }
}
