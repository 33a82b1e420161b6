//! A column of numbers, in half the memory where they are short decimals, as most that people write down are.

use std::borrow::Cow;

/// What a number is divided by, by its decimals. All are exact, so one division gives the double that is nearest to the
/// decimal: the one that reading it gives (W. Clinger, "How to read floating point numbers accurately", 1990).
const POWERS: [f64; 15] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14];

/// Whole numbers below it fit beside the number of decimals.
const MOST_WHOLE: f64 = (1_u32 << 27) as f64;

/// In the place of a number of decimals: the rest of the code says where the number is kept.
const ELSEWHERE: i32 = 15;

const MISSING: i32 = -1 << 4 | ELSEWHERE;

/// So many numbers may be kept elsewhere before it is asked whether they are too many.
const FEW: usize = 1_024;

/// Numbers, NaN where one is missing.
///
/// Invariant: gives back the bits that it was given, but for those of a NaN.
#[derive(Debug, Clone)]
pub struct Column {
    numbers: Numbers,
    /// As many decimals as some number needed.
    decimals: usize,
}

#[derive(Debug, Clone)]
enum Numbers {
    /// Each as a whole number of 28 bits and its decimals in 4.
    Decimals { codes: Vec<i32>, others: Vec<f64> },
    /// Where too many are no short decimals.
    Doubles(Vec<f64>),
}

impl Default for Column {
    fn default() -> Self {
        Self { numbers: Numbers::Decimals { codes: Vec::new(), others: Vec::new() }, decimals: 0 }
    }
}

impl Column {
    /// How many numbers there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        match &self.numbers {
            Numbers::Decimals { codes, .. } => codes.len(),
            Numbers::Doubles(numbers) => numbers.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of a row.
    ///
    /// # Panics
    /// When there are fewer rows.
    #[must_use]
    #[inline]
    pub fn at(&self, row: usize) -> f64 {
        match &self.numbers {
            Numbers::Decimals { codes, others } => decoded(codes[row], others),
            Numbers::Doubles(numbers) => numbers[row],
        }
    }

    /// All numbers, in order.
    pub fn iter(&self) -> impl Iterator<Item = f64> + '_ {
        (0..self.len()).map(|row| self.at(row))
    }

    /// All numbers side by side; a copy of its own where they are packed.
    #[must_use]
    pub fn values(&self) -> Cow<'_, [f64]> {
        match &self.numbers {
            Numbers::Decimals { codes, others } => {
                Cow::Owned(codes.iter().map(|&code| decoded(code, others)).collect())
            }
            Numbers::Doubles(numbers) => Cow::Borrowed(numbers),
        }
    }

    /// Adds a number.
    pub fn push(&mut self, value: f64) {
        let code = self.code(value);
        match &mut self.numbers {
            Numbers::Doubles(numbers) => numbers.push(value),
            Numbers::Decimals { codes, others } => {
                let code = code.or_else(|| {
                    others.push(value);
                    i32::try_from(others.len() - 1)
                        .ok()
                        .and_then(|index| index.checked_mul(1 << 4))
                        .map(|i| i | ELSEWHERE)
                });
                codes.extend(code);
                if code.is_none() || (others.len() > FEW && others.len() > codes.len() / 4) {
                    let mut numbers: Vec<f64> = codes.iter().map(|&code| decoded(code, others)).collect();
                    numbers.extend(code.is_none().then_some(value));
                    self.numbers = Numbers::Doubles(numbers);
                }
            }
        }
    }

    /// The code of a short decimal, and of a number that is missing. Remembers how many decimals it needed.
    #[inline]
    fn code(&mut self, value: f64) -> Option<i32> {
        if value.is_nan() {
            return Some(MISSING);
        }
        // Written so that minus zero, which has no code, is none.
        if value.abs() >= MOST_WHOLE || value.to_bits() == (-0.0_f64).to_bits() {
            return None;
        }
        // With more decimals than it has a number is the same; so those of the last numbers are tried first.
        let mut decimals = self.decimals;
        while value.abs() * POWERS[decimals] >= MOST_WHOLE - 1.0 && decimals > 0 {
            decimals -= 1;
        }
        loop {
            let whole = nearest_whole(value * POWERS[decimals]);
            if f64::from(whole) / POWERS[decimals] == value {
                self.decimals = self.decimals.max(decimals);
                return Some(whole << 4 | i32::try_from(decimals).ok()?);
            }
            decimals += 1;
            if decimals == POWERS.len() || value.abs() * POWERS[decimals] >= MOST_WHOLE - 1.0 {
                return None;
            }
        }
    }
}

/// The whole number that is nearest to one below 2^27; which of two that are as near does not matter.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "it is below 2^27, and the fraction is cut off")]
fn nearest_whole(number: f64) -> i32 {
    (number + 0.5_f64.copysign(number)) as i32
}

#[inline]
#[expect(clippy::cast_sign_loss, reason = "masked and checked")]
fn decoded(code: i32, others: &[f64]) -> f64 {
    let (whole, decimals) = (code >> 4, code & 0xf);
    match POWERS.get(decimals as usize) {
        Some(power) => f64::from(whole) / power,
        None if whole < 0 => f64::NAN,
        None => others[whole as usize],
    }
}

impl FromIterator<f64> for Column {
    fn from_iter<I: IntoIterator<Item = f64>>(numbers: I) -> Self {
        let mut column = Self::default();
        numbers.into_iter().for_each(|number| column.push(number));
        column
    }
}

impl From<Vec<f64>> for Column {
    fn from(numbers: Vec<f64>) -> Self {
        numbers.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Panics unless the column says what the numbers say, in every way of asking.
    fn assert_kept(numbers: &[f64]) -> Column {
        let column: Column = numbers.iter().copied().collect();
        let values = column.values();
        assert_eq!(column.len(), numbers.len());
        for (row, number) in numbers.iter().enumerate() {
            let same = |kept: f64| kept.to_bits() == number.to_bits() || (kept.is_nan() && number.is_nan());
            assert!(same(column.at(row)) && same(values[row]), "{number:?} became {:?}", column.at(row));
        }
        assert_eq!(
            column.iter().map(f64::to_bits).collect::<Vec<_>>(),
            values.iter().map(|v| v.to_bits()).collect::<Vec<_>>()
        );
        drop(values);
        column
    }

    #[test]
    fn numbers_keep_their_bits_whatever_they_are() {
        let numbers = [
            0.0,
            -0.0,
            1.0,
            -1.0,
            0.1,
            -0.07,
            1e-5,
            1.234_57e-7,
            134_217_727.0,
            134_217_728.0,
            -134_217_727.0,
            1_342_177.27,
            1_342_177.28,
            1e22,
            f64::MAX,
            f64::MIN_POSITIVE,
            5e-324,
            f64::INFINITY,
            f64::NAN,
            0.1 + 0.2,
            1.0 / 3.0,
            99.995,
        ];
        assert_kept(&numbers);
    }

    #[test]
    fn short_decimals_take_half_the_memory_and_a_few_others_do_not_change_that() {
        let numbers: Vec<f64> = (0..50_000_u32)
            .map(|row| match row % 50 {
                0 => f64::from(row) / 3.0,
                1 => f64::NAN,
                _ => f64::from(row.wrapping_mul(2_654_435_769) >> 12) / 1e6,
            })
            .collect();
        assert!(matches!(assert_kept(&numbers).numbers, Numbers::Decimals { ref others, .. } if others.len() < 1_000));
    }

    #[test]
    fn where_most_are_no_short_decimals_they_stay_as_they_are() {
        let numbers: Vec<f64> = (0..5_000_u32).map(|row| f64::from(row).sqrt()).collect();
        assert!(matches!(assert_kept(&numbers).numbers, Numbers::Doubles(_)));
    }

    proptest! {
        #[test]
        fn decimals_of_six_digits_have_a_code(digits in -999_999_i32..=999_999, power in 0_usize..=14) {
            let number = f64::from(digits) / POWERS[power];
            let mut column = Column::default();
            prop_assert!(digits == 0 || column.code(number).is_some(), "{number}");
        }

        #[test]
        fn any_bits_come_back(bits in prop::collection::vec(any::<u64>(), 1..40), short in prop::collection::vec(-1e6_f64..1e6, 0..40)) {
            let short = short.into_iter().map(|number| (number * 100.0).round() / 100.0);
            assert_kept(&bits.into_iter().map(f64::from_bits).chain(short).collect::<Vec<f64>>());
        }
    }
}
