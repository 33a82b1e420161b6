//! Whether later loans are like the ones that the model learnt from.

use std::collections::BTreeMap;

use super::{Subject, buckets::Buckets, margins};
use crate::{
    features::schema::Feature,
    monitor::drift::Shift,
    training::{
        boosting::gradient::sigmoid,
        column::Column,
        dataset::Rows,
        evaluate::{Outcomes, RocCurve, count},
        intervals::{Interval, wilson},
    },
};

/// Buckets that the score and each feature are put into at most.
const MOST_BUCKETS: usize = 10;

/// The last periods that are shown at most.
const MOST_PERIODS: usize = 24;

/// The population by quarter, each against the training part.
#[derive(Debug, Clone, PartialEq)]
pub struct Stability {
    /// By the quarter in which loans were made; else the test part as a whole.
    pub by_quarter: bool,
    pub periods: Vec<Period>,
}

/// The loans of one quarter.
#[derive(Debug, Clone, PartialEq)]
pub struct Period {
    pub name: String,
    /// Whether the model learnt from loans of this quarter.
    pub is_trained: bool,
    pub rows: usize,
    pub bad: usize,
    /// Where the bad rate lies, by what came.
    pub observed: Interval,
    /// The mean predicted probability.
    pub predicted: f64,
    pub auc: Option<f64>,
    pub score: Shift,
    /// In the schema's order.
    pub features: Vec<Shift>,
}

impl Period {
    /// The share of its loans that went bad.
    #[must_use]
    pub fn bad_rate(&self) -> f64 {
        count(self.bad) / count(self.rows)
    }
}

/// A part's rows with the model's margins.
struct Scored<'a> {
    rows: &'a Rows,
    margins: &'a [f64],
}

/// Rows of both parts that belong to one period.
#[derive(Default)]
struct Members {
    train: Vec<usize>,
    test: Vec<usize>,
}

/// Measures every quarter against the whole training part.
#[must_use]
pub fn measure(subject: Subject<'_>) -> Stability {
    let data = subject.data;
    let train_margins = margins(subject.model, &data.train);
    let parts =
        [Scored { rows: &data.train, margins: &train_margins }, Scored { rows: &data.test, margins: subject.margins }];
    let by_quarter = !data.test.days.is_empty();
    let mut members: BTreeMap<(i32, u8), Members> = BTreeMap::new();
    if by_quarter {
        for (row, &day) in data.train.days.iter().enumerate() {
            members.entry(quarter(day)).or_default().train.push(row);
        }
        for (row, &day) in data.test.days.iter().enumerate() {
            members.entry(quarter(day)).or_default().test.push(row);
        }
    } else {
        members.insert((0, 0), Members { train: vec![], test: (0..data.test.len()).collect() });
    }
    let columns = Columns::learn(&data.schema.features, &parts[0]);
    let first = members.len().saturating_sub(MOST_PERIODS);
    let periods = members.into_iter().skip(first).map(|((year, quarter), members)| {
        let name = if by_quarter { format!("{year} Q{quarter}") } else { "the test part".to_owned() };
        columns.period(name, &members, &parts)
    });
    Stability { by_quarter, periods: periods.collect() }
}

/// The year and the quarter, from 1 to 4, of a Julian day.
fn quarter(day: i32) -> (i32, u8) {
    time::Date::from_julian_day(day).map_or((0, 0), |date| (date.year(), (u8::from(date.month()) - 1) / 3 + 1))
}

/// The score's and every feature's buckets, with how the training part fills them.
struct Columns {
    score: (Buckets, Vec<usize>),
    features: Vec<(Buckets, Vec<usize>)>,
}

impl Columns {
    fn learn(features: &[Feature], train: &Scored<'_>) -> Self {
        let learn = |feature: &Feature, column: &[f64]| {
            let buckets = Buckets::learn(feature, column, MOST_BUCKETS);
            let counts = buckets.counts(column.iter().copied());
            (buckets, counts)
        };
        let score = Feature { kind: crate::features::schema::Kind::Number, ..features[0].clone() };
        Self {
            score: learn(&score, train.margins),
            features: features
                .iter()
                .zip(&train.rows.columns)
                .map(|(feature, column)| learn(feature, &column.values()))
                .collect(),
        }
    }

    fn period(&self, name: String, members: &Members, [train, test]: &[Scored<'_>; 2]) -> Period {
        let margins: Vec<f64> = (members.train.iter().map(|&row| train.margins[row]))
            .chain(members.test.iter().map(|&row| test.margins[row]))
            .collect();
        let of_both = |train: &Column, test: &Column| -> Vec<f64> {
            let train = members.train.iter().map(|&row| train.at(row));
            train.chain(members.test.iter().map(|&row| test.at(row))).collect()
        };
        let is_bad: Vec<bool> = (members.train.iter().map(|&row| train.rows.is_bad[row]))
            .chain(members.test.iter().map(|&row| test.rows.is_bad[row]))
            .collect();
        let shift = |(buckets, then): &(Buckets, Vec<usize>), values: &[f64]| {
            Shift::between(then, &buckets.counts(values.iter().copied()))
        };
        let columns = train.rows.columns.iter().zip(&test.rows.columns);
        let features = self.features.iter().zip(columns);
        let bad = is_bad.iter().filter(|&&is_bad| is_bad).count();
        Period {
            name,
            is_trained: !members.train.is_empty(),
            rows: margins.len(),
            bad,
            observed: wilson(bad, margins.len()),
            predicted: margins.iter().map(|&margin| sigmoid(margin)).sum::<f64>() / count(margins.len()),
            auc: RocCurve::new(Outcomes { margins: &margins, is_bad: &is_bad }).auc(),
            score: shift(&self.score, &margins),
            features: features.map(|(column, (train, test))| shift(column, &of_both(train, test))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn a_day_is_in_its_quarter() {
        let quarter = |date: time::Date| quarter(date.to_julian_day());
        assert_eq!(quarter(date!(2010 - 03 - 31)), (2010, 1));
        assert_eq!(quarter(date!(2010 - 04 - 01)), (2010, 2));
        assert_eq!(quarter(date!(2010 - 12 - 31)), (2010, 4));
    }
}
