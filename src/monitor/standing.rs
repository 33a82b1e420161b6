//! Where one applicant stands among others: how a feature's values are spread, and where one value lies among them.

use crate::features::schema::{Feature, Kind};

/// The values of one feature among many applicants.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    values: Values,
    missing: usize,
}

#[derive(Debug, Clone, PartialEq)]
enum Values {
    /// Ascending; none is NaN.
    Numbers(Box<[f64]>),
    /// How often each code occurred: a category's, and one more for those that the schema does not list; false and true.
    Codes(Box<[usize]>),
}

/// Where a value stands among those of others.
///
/// Invariant: `below + same + above` is the number of those whose value is known, unless this one is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Those with a lower value; none where values have no order.
    pub below: usize,
    /// Those with the same value.
    pub same: usize,
    /// Those with a higher value; where values have no order, with another.
    pub above: usize,
    /// Those of whom the value is not known.
    pub missing: usize,
}

/// How many have about which value, from the lowest on; categories from the commonest on.
///
/// Invariant: the counts sum to the number of those whose value is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Histogram {
    pub counts: Vec<usize>,
    /// The bar in which the value in question lies; `None` when it is missing.
    pub own: Option<usize>,
}

/// Beyond these shares of the values, at either end, numbers are counted into the outermost bars.
const TAIL: usize = 50;

impl Spread {
    /// Sorts the values of a feature, as a feature vector holds them: NaN is "missing".
    #[must_use]
    pub fn of(feature: &Feature, values: impl IntoIterator<Item = f64>) -> Self {
        let (missing, mut known): (Vec<f64>, Vec<f64>) = values.into_iter().partition(|value| value.is_nan());
        let codes = match feature.kind {
            Kind::Category => Some(feature.categories.len() + 1),
            Kind::Boolean => Some(2),
            Kind::Number | Kind::Date => None,
        };
        let values = if let Some(codes) = codes {
            let mut counts = vec![0; codes];
            for value in known {
                counts[code(value, codes)] += 1;
            }
            Values::Codes(counts.into())
        } else {
            known.sort_by(f64::total_cmp);
            Values::Numbers(known.into())
        };
        Self { values, missing: missing.len() }
    }

    /// Whether values have an order in which one is higher than another.
    #[must_use]
    pub const fn is_ordered(&self) -> bool {
        matches!(self.values, Values::Numbers(_))
    }

    /// Values that occur with at least one in so many of those whose value is known, ascending; for numbers alone.
    #[must_use]
    pub fn usual(&self, one_in: usize) -> Vec<f64> {
        let Values::Numbers(sorted) = &self.values else { return Vec::new() };
        let runs = sorted.chunk_by(|one, other| one == other);
        runs.filter(|run| run.len() * one_in >= sorted.len()).map(|run| run[0]).collect()
    }

    /// Where a value stands; all is 0 but `missing` when it is missing itself.
    #[must_use]
    pub fn standing(&self, value: f64) -> Standing {
        let missing = self.missing;
        match &self.values {
            _ if value.is_nan() => Standing { missing, ..Standing::default() },
            Values::Numbers(sorted) => {
                let below = sorted.partition_point(|other| *other < value);
                let same = sorted[below..].partition_point(|other| *other <= value);
                Standing { below, same, above: sorted.len() - below - same, missing }
            }
            Values::Codes(counts) => {
                let same = counts[code(value, counts.len())];
                Standing { below: 0, same, above: counts.iter().sum::<usize>() - same, missing }
            }
        }
    }

    /// Counts the values into at most `most` bars, and marks the one in which `value` lies.
    ///
    /// Few different numbers have a bar each. More are parted evenly, whole numbers at whole numbers.
    #[must_use]
    pub fn histogram(&self, value: f64, most: usize) -> Histogram {
        let most = most.max(1);
        match &self.values {
            Values::Numbers(sorted) => numbers(sorted, value, most),
            Values::Codes(counts) => categories(counts, value, most),
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a code is a small whole number")]
fn code(value: f64, codes: usize) -> usize {
    (value as usize).min(codes - 1)
}

fn numbers(sorted: &[f64], value: f64, most: usize) -> Histogram {
    let mut distinct: Vec<f64> = sorted.to_vec();
    distinct.extend((!value.is_nan()).then_some(value));
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    let bars = if distinct.len() <= most {
        Bars::Each(distinct)
    } else {
        let tail = sorted.len() / TAIL;
        let (low, high) = (sorted[tail], sorted[sorted.len() - 1 - tail]);
        let is_whole = distinct.iter().all(|value| value.fract() == 0.0);
        Bars::even(low, high, is_whole, most)
    };
    let mut counts = vec![0; bars.len()];
    for other in sorted {
        counts[bars.of(*other)] += 1;
    }
    Histogram { counts, own: (!value.is_nan()).then(|| bars.of(value)) }
}

fn categories(counts: &[usize], value: f64, most: usize) -> Histogram {
    let own = (!value.is_nan()).then(|| code(value, counts.len()));
    let mut order: Vec<usize> = (0..counts.len()).filter(|&code| counts[code] > 0 || own == Some(code)).collect();
    order.sort_by_key(|&code| std::cmp::Reverse(counts[code]));
    let mut bars = vec![0; order.len().min(most)];
    for (rank, &code) in order.iter().enumerate() {
        bars[rank.min(most - 1)] += counts[code];
    }
    let place = own.and_then(|own| order.iter().position(|&code| code == own));
    Histogram { counts: bars, own: place.map(|rank| rank.min(most - 1)) }
}

/// Which bar a number belongs to.
enum Bars {
    /// One for each of these, ascending.
    Each(Vec<f64>),
    /// So many of this width, from here on; what lies beyond belongs to the outermost.
    Even { from: f64, width: f64, bars: usize },
}

impl Bars {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number of bars is small"
    )]
    fn even(low: f64, high: f64, is_whole: bool, most: usize) -> Self {
        if is_whole {
            let width = libm::ceil((high - low + 1.0) / most as f64).max(1.0);
            let bars = libm::ceil((high - low + 1.0) / width) as usize;
            return Self::Even { from: low, width, bars: bars.clamp(1, most) };
        }
        Self::Even { from: low, width: ((high - low) / most as f64).max(f64::MIN_POSITIVE), bars: most }
    }

    fn len(&self) -> usize {
        match self {
            Self::Each(values) => values.len(),
            Self::Even { bars, .. } => *bars,
        }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates: the outermost bars")]
    fn of(&self, value: f64) -> usize {
        match self {
            Self::Each(values) => values.partition_point(|other| *other < value).min(values.len().saturating_sub(1)),
            Self::Even { from, width, bars } => (((value - from) / width) as usize).min(bars - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn feature(kind: Kind, categories: &[&str]) -> Feature {
        let categories = categories.iter().map(|category| (*category).to_owned()).collect();
        Feature { kind, categories, ..Feature::default() }
    }

    fn numbers(values: &[f64]) -> Spread {
        Spread::of(&feature(Kind::Number, &[]), values.iter().copied())
    }

    #[test]
    fn a_value_stands_between_those_below_and_those_above() {
        let spread = numbers(&[3.0, 1.0, f64::NAN, 2.0, 2.0]);
        let standing = |value| spread.standing(value);
        assert_eq!(standing(2.0), Standing { below: 1, same: 2, above: 1, missing: 1 });
        assert_eq!(standing(0.5), Standing { below: 0, same: 0, above: 4, missing: 1 });
        assert_eq!(standing(9.0), Standing { below: 4, same: 0, above: 0, missing: 1 });
        assert_eq!(standing(f64::NAN), Standing { missing: 1, ..Standing::default() });
        assert_eq!(numbers(&[]).standing(1.0), Standing::default());
        assert_eq!(spread.usual(2), [2.0]);
        assert_eq!(spread.usual(4), [1.0, 2.0, 3.0]);
    }

    #[test]
    fn a_category_has_its_share_and_no_order() {
        let spread = Spread::of(&feature(Kind::Category, &["car", "house"]), [0.0, 1.0, 1.0, 2.0, f64::NAN]);
        assert!(!spread.is_ordered() && spread.usual(1).is_empty());
        assert_eq!(spread.standing(1.0), Standing { below: 0, same: 2, above: 2, missing: 1 });
        assert_eq!(spread.histogram(2.0, 8), Histogram { counts: vec![2, 1, 1], own: Some(2) });
        assert_eq!(spread.histogram(2.0, 2), Histogram { counts: vec![2, 2], own: Some(1) });
        let answers = Spread::of(&feature(Kind::Boolean, &[]), [1.0, 1.0, 0.0]);
        assert_eq!(answers.histogram(0.0, 8), Histogram { counts: vec![2, 1], own: Some(1) });
    }

    #[test]
    fn few_numbers_have_a_bar_each_and_many_whole_ones_are_parted_at_whole_numbers() {
        assert_eq!(numbers(&[36.0, 60.0, 36.0]).histogram(60.0, 16), Histogram { counts: vec![2, 1], own: Some(1) });
        // A value that nobody else has, between two that others have, has a bar of its own.
        assert_eq!(numbers(&[36.0, 60.0]).histogram(48.0, 16), Histogram { counts: vec![1, 0, 1], own: Some(1) });
        let ages: Vec<f64> = (0..40).map(f64::from).collect();
        // 40 whole numbers in bars of three: none of the bars of whole numbers stands out.
        let histogram = numbers(&ages).histogram(39.0, 16);
        assert_eq!(histogram.own, Some(histogram.counts.len() - 1));
        assert!(histogram.counts[..13].iter().all(|&count| count == 3), "{histogram:?}");
    }

    proptest! {
        #[test]
        fn everybody_is_counted_once_and_a_value_lies_in_the_bar_of_its_equals(
            values in proptest::collection::vec(prop_oneof![Just(f64::NAN), -1e6..1e6_f64, (0..20_i32).prop_map(f64::from)], 0..300),
            own in prop_oneof![Just(f64::NAN), -1e6..1e6_f64, (0..20_i32).prop_map(f64::from)],
            most in 1..20_usize,
        ) {
            let known = values.iter().filter(|value| !value.is_nan()).count();
            let spread = numbers(&values);
            let histogram = spread.histogram(own, most);
            let Standing { below, same, above, missing } = spread.standing(own);
            prop_assert_eq!(histogram.counts.iter().sum::<usize>(), known);
            prop_assert!(histogram.counts.len() <= most || known == 0);
            prop_assert_eq!(missing, values.len() - known);
            prop_assert_eq!(histogram.own.is_none(), own.is_nan());
            if let Some(place) = histogram.own {
                prop_assert_eq!(below + same + above, known);
                prop_assert!(histogram.counts[place] >= same);
                prop_assert!(histogram.counts[..place].iter().sum::<usize>() <= below);
                prop_assert!(histogram.counts[place + 1..].iter().sum::<usize>() <= above);
            }
        }
    }
}
