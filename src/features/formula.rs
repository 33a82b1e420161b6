//! The closed list of formulas that derive a value from two others.

use time::Date;

/// What a formula computes. A missing operand makes the result missing (NaN), and so does a result
/// that is not finite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    /// a / b; missing when b is 0.
    Ratio,
    /// a + b.
    Sum,
    /// a − b.
    Difference,
    /// a · b.
    Product,
    /// Whole calendar months from date a to date b, days ignored.
    MonthsBetween,
}

/// A formula as it is written, such as `ratio(loan_amount, annual_income)`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Formula {
    pub(super) function: Function,
    pub(super) operands: [Operand; 2],
}

/// What a formula computes with.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    /// Another input or feature, by name.
    Name(String),
    /// A number that stands in the formula itself.
    Constant(f64),
}

impl Function {
    const ALL: [(&'static str, Self); 5] = [
        ("ratio", Self::Ratio),
        ("sum", Self::Sum),
        ("difference", Self::Difference),
        ("product", Self::Product),
        ("months_between", Self::MonthsBetween),
    ];

    /// Whether the operands are dates.
    pub(super) fn reads_dates(self) -> bool {
        self == Self::MonthsBetween
    }

    /// Computes the formula; dates are Julian days.
    pub(super) fn apply(self, a: f64, b: f64) -> f64 {
        let result = match self {
            Self::Ratio => a / b,
            Self::Sum => a + b,
            Self::Difference => a - b,
            Self::Product => a * b,
            Self::MonthsBetween => months_between(a, b),
        };
        // Adding 0 turns −0 into 0, which would be shown as another number.
        if result.is_finite() { result + 0.0 } else { f64::NAN }
    }
}

impl Formula {
    /// Parses `function(a, b)`, or says what is wrong.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let form = || format!("`{text}` is not a formula; write one of {}", Self::known());
        let (name, rest) = text.trim().split_once('(').ok_or_else(form)?;
        let inside = rest.strip_suffix(')').ok_or_else(form)?;
        let &(_, function) = Function::ALL.iter().find(|(known, _)| *known == name.trim()).ok_or_else(form)?;
        let operands: Vec<&str> = inside.split(',').map(str::trim).collect();
        let [a, b] = operands[..] else { return Err(form()) };
        if a.is_empty() || b.is_empty() {
            return Err(form());
        }
        Ok(Self { function, operands: [Operand::parse(a), Operand::parse(b)] })
    }

    fn known() -> String {
        Function::ALL.map(|(name, _)| format!("{name}(a, b)")).join(", ")
    }
}

impl Operand {
    fn parse(text: &str) -> Self {
        // `inf` and `nan` are read as names, and refused as unknown ones.
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Self::Constant(number),
            _ => Self::Name(text.to_owned()),
        }
    }
}

fn months_between(earlier: f64, later: f64) -> f64 {
    match (month_number(earlier), month_number(later)) {
        (Some(earlier), Some(later)) => f64::from(later - earlier),
        _ => f64::NAN,
    }
}

/// Months since the year 0 of a Julian day; `None` when missing.
fn month_number(julian_day: f64) -> Option<i32> {
    if julian_day.is_nan() {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "Julian days of dates are small integers")]
    let date = Date::from_julian_day(julian_day as i32).ok()?;
    Some(date.year() * 12 + i32::from(u8::from(date.month())))
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;
    use crate::features::source::day_number;

    #[test]
    fn a_formula_reads_names_and_numbers() {
        let formula = Formula::parse(" ratio( loan_amount , 12 ) ").expect("valid");
        assert_eq!(formula.function, Function::Ratio);
        assert_eq!(formula.operands, [Operand::Name("loan_amount".into()), Operand::Constant(12.0)]);
    }

    #[test]
    fn anything_else_is_refused_with_the_list_of_formulas() {
        for bad in ["", "ratio", "ratio(a)", "ratio(a, b, c)", "ratio(a, )", "ratio(a, b", "power(a, b)", "a / b"] {
            let message = Formula::parse(bad).expect_err(bad);
            assert!(message.contains("months_between(a, b)"), "{message}");
        }
    }

    #[test]
    fn months_between_counts_calendar_months_and_ignores_days() {
        let months = |a, b| Function::MonthsBetween.apply(day_number(a), day_number(b));
        assert_eq!(months(date!(2004 - 06 - 30), date!(2011 - 01 - 01)), 79.0);
        assert_eq!(months(date!(2011 - 01 - 31), date!(2011 - 02 - 01)), 1.0);
        assert_eq!(months(date!(2011 - 02 - 01), date!(2011 - 01 - 31)), -1.0);
    }

    #[test]
    fn what_cannot_be_computed_is_missing() {
        assert!(Function::Ratio.apply(1.0, 0.0).is_nan());
        assert!(Function::Ratio.apply(0.0, 0.0).is_nan());
        assert!(Function::Ratio.apply(f64::NAN, 2.0).is_nan());
        assert!(Function::Product.apply(1e300, 1e300).is_nan());
        assert!(Function::MonthsBetween.apply(f64::NAN, 2_455_000.0).is_nan());
        assert!(Function::Product.apply(-1.0, 0.0).is_sign_positive());
    }
}
