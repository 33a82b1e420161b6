//! Which rows of the data are used, to which part they belong, and what came of them.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use time::Date;

use super::csv_rows::Row;
use crate::model::population::{Population, TestPart, parse_day};

/// A row that is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picked {
    pub is_bad: bool,
    pub is_test: bool,
    /// When the loan was made; none where rows are not split by time.
    pub day: Option<Date>,
}

/// Tells which rows are used and to which part they belong. Rows must be shown in the order of the
/// files, because a random split draws once for each row that is used.
#[derive(Debug)]
pub struct Picker<'a> {
    population: &'a Population,
    /// Where the first of this picker's columns stands among those that are read.
    first: usize,
    random: ChaCha8Rng,
}

impl<'a> Picker<'a> {
    /// Begins a pass over the data. `columns` gets the columns that the picker reads.
    #[must_use]
    pub fn new(population: &'a Population, columns: &mut Vec<String>) -> Self {
        let first = columns.len();
        columns.push(population.target.column.clone());
        columns.extend(population.split.time_column().map(str::to_owned));
        columns.extend(population.split.filter.keys().cloned());
        let seed = match population.split.test {
            TestPart::Share { seed, .. } => seed,
            TestPart::From { .. } => 0,
        };
        Self { population, first, random: ChaCha8Rng::seed_from_u64(seed) }
    }

    /// What a row is used for; `None` when the filter leaves it out. An error says what is wrong
    /// with which column.
    pub fn pick(&mut self, row: &Row<'_>) -> Result<Option<Picked>, String> {
        let Population { target, split } = self.population;
        let filters = self.first + 1 + usize::from(split.time_column().is_some());
        if !split.filter.values().zip(filters..).all(|(values, index)| values.iter().any(|v| v == row.cell(index))) {
            return Ok(None);
        }
        let outcome = row.cell(self.first);
        if outcome.is_empty() {
            return Err(format!(
                "column `{}` is empty, but every loan needs an outcome; leave out loans that are still running",
                target.column
            ));
        }
        let is_bad = target.positive.iter().any(|positive| positive == outcome);
        let (is_test, day) = match &split.test {
            TestPart::From { time_column, day: from } => {
                let day = parse_day(row.cell(self.first + 1))
                    .ok_or_else(|| format!("column `{time_column}`: must be a date such as 2010-12-31"))?;
                (day >= *from, Some(day))
            }
            TestPart::Share { share, .. } => (f64::from(self.random.next_u32()) < share * 4_294_967_296.0, None),
        };
        Ok(Some(Picked { is_bad, is_test, day }))
    }
}
