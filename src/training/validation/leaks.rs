//! What each feature says alone, and which of them say too much.
//!
//! A feature that nearly parts bad loans from good ones by itself was most likely known only after the
//! loan had gone bad: a date of the last payment, an amount recovered. A model that reads it looks
//! perfect in training and is blind in use.

use super::buckets::Buckets;
use crate::{
    features::schema::Schema,
    training::{
        column::Column,
        dataset::Rows,
        evaluate::{Outcomes, RocCurve, count},
    },
};

/// From this AUC on, a feature alone is a suspected leak.
pub const SUSPECT: f64 = 0.95;

/// Buckets that a feature's values are put into at most.
const MOST_BUCKETS: usize = 32;

/// The AUC of each feature alone, in the schema's order: how well the bad rates of its values, learnt
/// on one half of the rows, rank the other half. A value that names a single row, such as a number of the
/// loan, so tells nothing. `None` when a half has one outcome only.
#[must_use]
pub fn alone(schema: &Schema, rows: &Rows) -> Vec<Option<f64>> {
    let features = schema.features.iter().zip(&rows.columns);
    let auc = |(feature, column): (_, &Column)| {
        let column = column.values();
        let buckets = Buckets::learn(feature, &column, MOST_BUCKETS);
        let places: Vec<usize> = column.iter().map(|&value| buckets.of(value)).collect();
        let halves = [0, 1].map(|half| auc_of_half(&places, &rows.is_bad, (buckets.len(), half)));
        Some(f64::midpoint(halves[0]?, halves[1]?))
    };
    features.map(auc).collect()
}

/// How well the rates of the other half's buckets rank this half's rows. Rows are dealt in turn.
fn auc_of_half(places: &[usize], is_bad: &[bool], (buckets, half): (usize, usize)) -> Option<f64> {
    let mut tallies = vec![(0.0, 0.0); buckets];
    let (mut all_bad, mut all_rows) = (0.0, 0.0);
    for (&place, &is_bad) in places.iter().zip(is_bad).skip(1 - half).step_by(2) {
        let bad = f64::from(u8::from(is_bad));
        tallies[place].0 += bad;
        tallies[place].1 += 1.0;
        all_bad += bad;
        all_rows += 1.0;
    }
    let prior = all_bad / f64::max(all_rows, 1.0);
    let rates: Vec<f64> = tallies.into_iter().map(|(bad, rows)| (bad + prior) / (rows + 1.0)).collect();
    let margins: Vec<f64> = places.iter().skip(half).step_by(2).map(|&place| rates[place]).collect();
    let is_bad: Vec<bool> = is_bad.iter().skip(half).step_by(2).copied().collect();
    RocCurve::new(Outcomes { margins: &margins, is_bad: &is_bad }).auc()
}

/// The features that are suspected leaks, each with its AUC alone.
pub fn suspects<'a>(schema: &'a Schema, alone: &'a [Option<f64>]) -> impl Iterator<Item = (&'a str, f64)> {
    let features = schema.features.iter().zip(alone);
    features.filter_map(|(feature, auc)| auc.filter(|&auc| auc >= SUSPECT).map(|auc| (feature.name.as_str(), auc)))
}

/// The share of a feature's values that are missing.
#[must_use]
pub fn missing_share(column: &[f64]) -> f64 {
    count(column.iter().filter(|value| value.is_nan()).count()) / count(column.len().max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Schema {
        toml::from_str("name = \"x\"\n[[feature]]\nname = \"a\"\n[[feature]]\nname = \"b\"\nkind = \"category\"\ncategories = [\"p\", \"q\"]")
            .expect("a schema")
    }

    #[test]
    fn a_feature_that_knows_the_outcome_is_suspected_in_whatever_form_it_knows_it() {
        let is_bad: Vec<bool> = (0..400).map(|row| row * 7 % 10 < 3).collect();
        let noise = |row: usize| count(row * 37 % 101);
        // Missing exactly where a loan went bad; high in the middle only; a category of its own.
        let missing = (0..400).map(|row| if is_bad[row] { f64::NAN } else { noise(row) }).collect::<Vec<f64>>();
        let middle =
            (0..400).map(|row| if is_bad[row] { 50.0 + noise(row) / 101.0 } else { 100.0 * (noise(row) % 2.0) });
        let code = is_bad.iter().map(|&is_bad| f64::from(u8::from(is_bad))).collect::<Vec<f64>>();
        for column in [missing, middle.collect()] {
            let columns = vec![column.into(), code.clone().into()];
            let rows = Rows { columns, is_bad: is_bad.clone(), days: vec![] };
            let schema = schema();
            let alone = alone(&schema, &rows);
            assert_eq!(suspects(&schema, &alone).map(|suspect| suspect.0).collect::<Vec<_>>(), ["a", "b"], "{alone:?}");
        }
    }

    #[test]
    fn a_number_that_names_its_row_says_nothing() {
        let is_bad: Vec<bool> = (0..400).map(|row: usize| row * 7919 % 10 < 3).collect();
        let column = (0..400).map(|row| count(row * 7919 % 400)).collect();
        let rows = Rows { columns: vec![column, vec![f64::NAN; 400].into()], is_bad, days: vec![] };
        let alone = alone(&schema(), &rows);
        assert!((0.35..0.65).contains(&alone[0].expect("both outcomes")), "{alone:?}");
        assert_eq!(alone[1], Some(0.5));
        assert_eq!(missing_share(&rows.columns[1].values()), 1.0);
    }
}
