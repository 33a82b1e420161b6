//! What each feature does to the margin.

use super::buckets::Buckets;
use crate::{
    features::{
        extract::FeatureVector,
        schema::{Feature, Kind, Monotone},
    },
    model::{Model, Scratch},
    training::{
        column::Column,
        dataset::{Dataset, Rows},
        evaluate::count,
        segments::value_text,
        validation::leaks::missing_share,
    },
};

/// Test rows that are explained at most, and contributions that are kept at most.
const MOST_ROWS: usize = 50_000;
const MOST_CONTRIBUTIONS: usize = 4_000_000;
/// Applicants whose feature is varied.
const VARIED_ROWS: usize = 200;
/// Buckets that a feature's values are shown in at most.
const MOST_BUCKETS: usize = 10;
/// Applicants that a picture shows one by one.
const SHOWN_ROWS: usize = 240;

/// What one feature does. All in log-odds of default.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// The mean absolute contribution over the explained rows.
    pub importance: f64,
    /// The 5 %, 25 %, 50 %, 75 % and 95 % quantiles of its contributions.
    pub quantiles: [f64; 5],
    /// By its value, in rising order; missing values last. Only buckets that the test rows fall into.
    pub bins: Vec<Bin>,
    /// Some applicants' contributions, each with the value's rank from 0 to 1; `None` when missing.
    pub shown: Vec<(f64, Option<f64>)>,
    /// The share of the training and of the test rows in which it is missing.
    pub missing: [f64; 2],
    /// How often it was raised for one of the varied applicants, and how often risk then moved against
    /// its declared direction. Both 0 where no direction is declared.
    pub raised: usize,
    pub against: usize,
}

/// Rows with neighbouring values of a feature.
#[derive(Debug, Clone, PartialEq)]
pub struct Bin {
    pub name: String,
    /// A value that is typical of it.
    pub typical: String,
    pub rows: usize,
    pub bad: usize,
    /// Mean, 5 % and 95 % quantile of the contribution of these rows' value.
    pub contribution: f64,
    pub contribution_range: [f64; 2],
    /// The mean margin of the varied applicants when all have a value of this bin, above what it is over
    /// all bins, each counted by its rows (partial dependence; Friedman, 2001).
    pub dependence: f64,
}

/// Measures every feature's effect, in the schema's order.
#[must_use]
pub fn measure(model: &Model, data: &Dataset) -> Vec<Effect> {
    let features = data.schema.features.len();
    let most = MOST_ROWS.min(MOST_CONTRIBUTIONS / features.max(1)).max(1);
    let rows = evenly(data.test.len(), most);
    let mut contributions = vec![Vec::with_capacity(rows.len()); features];
    let mut scratch = Scratch::default();
    for &row in &rows {
        let assessment = model.assess_with(&data.test.vector(row), &mut scratch);
        for (column, &contribution) in contributions.iter_mut().zip(&assessment.contributions) {
            column.push(contribution);
        }
    }
    let varied = evenly(data.test.len(), VARIED_ROWS);
    let varied: Vec<FeatureVector> = varied.into_iter().map(|row| data.test.vector(row)).collect();
    let effect = |(index, contributions): (usize, Vec<f64>)| {
        Probe { model, data, index, feature: &data.schema.features[index] }.effect(&rows, &contributions, &varied)
    };
    contributions.into_iter().enumerate().map(effect).collect()
}

/// At most `most` of `rows` rows, evenly drawn.
fn evenly(rows: usize, most: usize) -> Vec<usize> {
    let drawn = rows.min(most);
    (0..drawn).map(|index| index * rows / drawn).collect()
}

/// One feature under examination.
struct Probe<'a> {
    model: &'a Model,
    data: &'a Dataset,
    index: usize,
    feature: &'a Feature,
}

impl Probe<'_> {
    fn column<'b>(&self, rows: &'b Rows) -> &'b Column {
        &rows.columns[self.index]
    }

    fn effect(&self, rows: &[usize], contributions: &[f64], varied: &[FeatureVector]) -> Effect {
        let Dataset { train, test, .. } = self.data;
        let column = self.column(test).values();
        let sorted = sorted(contributions);
        let mut bins = self.bins(rows, contributions);
        let (raised, against) = self.vary(&mut bins, varied);
        let ranks = ranks(&column);
        let shown = evenly(rows.len(), SHOWN_ROWS).into_iter().map(|place| (contributions[place], ranks[rows[place]]));
        Effect {
            importance: contributions.iter().map(|value| value.abs()).sum::<f64>() / count(rows.len().max(1)),
            quantiles: [0.05, 0.25, 0.5, 0.75, 0.95].map(|share| quantile(&sorted, share)),
            shown: shown.collect(),
            missing: [missing_share(&self.column(train).values()), missing_share(&column)],
            bins: bins.into_iter().map(|bin| bin.bin).collect(),
            raised,
            against,
        }
    }

    /// The explained rows by the feature's value.
    fn bins(&self, rows: &[usize], contributions: &[f64]) -> Vec<ValuedBin> {
        let test = &self.data.test;
        let buckets = Buckets::learn(self.feature, &self.column(&self.data.train).values(), MOST_BUCKETS);
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); buckets.len()];
        for (place, &row) in rows.iter().enumerate() {
            members[buckets.of(self.column(test).at(row))].push(place);
        }
        let bin = |places: Vec<usize>| {
            let values = sorted(&places.iter().map(|&place| self.column(test).at(rows[place])).collect::<Vec<f64>>());
            let moved = sorted(&places.iter().map(|&place| contributions[place]).collect::<Vec<f64>>());
            let name = buckets.name(self.feature, &values);
            let is_number = self.feature.kind != Kind::Category;
            let bin = Bin {
                typical: if is_number { value_text(self.feature, values[values.len() / 2]) } else { name.clone() },
                name,
                rows: places.len(),
                bad: places.iter().filter(|&&place| test.is_bad[rows[place]]).count(),
                contribution: moved.iter().sum::<f64>() / count(moved.len()),
                contribution_range: [quantile(&moved, 0.05), quantile(&moved, 0.95)],
                dependence: 0.0,
            };
            ValuedBin { bin, value: values[values.len() / 2] }
        };
        members.into_iter().filter(|places| !places.is_empty()).map(bin).collect()
    }

    /// Gives every varied applicant each bin's value in turn: fills in the dependence, and counts how
    /// often the value was raised and how often risk then moved the wrong way.
    fn vary(&self, bins: &mut [ValuedBin], varied: &[FeatureVector]) -> (usize, usize) {
        let direction = if self.feature.kind == Kind::Category { Monotone::Free } else { self.feature.monotone };
        let mut scratch = Scratch::default();
        let (mut raised, mut against) = (0, 0);
        let mut sums = vec![0.0; bins.len()];
        for applicant in varied {
            let mut last: Option<f64> = None;
            for (bin, sum) in bins.iter().zip(&mut sums) {
                let mut values = applicant.values().to_vec();
                values[self.index] = bin.value;
                let margin = self.model.margin_with(&FeatureVector::new(values), &mut scratch);
                *sum += margin;
                if bin.value.is_nan() || direction.is_free() {
                    continue;
                }
                if let Some(last) = last {
                    raised += 1;
                    let rose = margin - last;
                    against += usize::from(if direction == Monotone::Increasing { rose < 0.0 } else { rose > 0.0 });
                }
                last = Some(margin);
            }
        }
        let rows: usize = bins.iter().map(|bin| bin.bin.rows).sum();
        let weighted = bins.iter().zip(&sums).map(|(bin, sum)| count(bin.bin.rows) * sum).sum::<f64>();
        let mean = weighted / count(rows.max(1));
        for (bin, sum) in bins.iter_mut().zip(sums) {
            bin.bin.dependence = (sum - mean) / count(varied.len().max(1));
        }
        (raised, against)
    }
}

/// A bin with a value that is typical of it.
struct ValuedBin {
    bin: Bin,
    value: f64,
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// The value that `share` of the sorted values are not above.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a number of rows")]
    let place = (share * count(sorted.len())) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// Each value's rank among the known ones, from 0 to 1; ties share the lowest.
fn ranks(column: &[f64]) -> Vec<Option<f64>> {
    let known = sorted(&column.iter().copied().filter(|value| !value.is_nan()).collect::<Vec<f64>>());
    let rank = |&value: &f64| {
        let below = known.partition_point(|&other| other < value);
        (!value.is_nan()).then(|| count(below) / count(known.len().max(2) - 1))
    };
    column.iter().map(rank).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_drawn_evenly_and_never_twice() {
        assert_eq!(evenly(10, 4), [0, 2, 5, 7]);
        assert_eq!(evenly(3, 10), [0, 1, 2]);
        assert!(evenly(0, 10).is_empty());
    }

    #[test]
    fn quantiles_and_ranks_are_of_the_values_that_there_are() {
        let values = [1.0, 2.0, 3.0, 4.0];
        assert_eq!([0.0, 0.5, 0.95].map(|share| quantile(&values, share)), [1.0, 3.0, 4.0]);
        assert_eq!(quantile(&[], 0.5), 0.0);
        assert_eq!(ranks(&[5.0, f64::NAN, 1.0, 3.0]), [Some(1.0), None, Some(0.0), Some(0.5)]);
    }
}
