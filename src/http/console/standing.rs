//! Where an applicant's value stands among those of comparable applicants: a small histogram, and words.

use std::fmt::Write;

use super::texts::Texts;
use crate::{
    monitor::standing::{Histogram, Spread, Standing},
    service::comparable::{Comparable, FEWEST, Source},
};

/// The histogram's size, and the most bars that it has.
pub const WIDTH: f64 = 96.0;
pub const HEIGHT: f64 = 20.0;
const BARS: usize = 16;
/// From so many of a hundred on it is said how many have the same value.
const MANY: usize = 5;

/// One value among others.
#[derive(Debug)]
pub struct Place {
    /// The bars in which it does not lie, and the one in which it does, as SVG paths.
    pub others: String,
    pub own: String,
    pub words: String,
}

impl Place {
    /// Draws `value`, as a feature vector holds it, among the others.
    #[must_use]
    pub fn of(spread: &Spread, value: f64, t: Texts) -> Self {
        let Histogram { counts, own } = spread.histogram(value, BARS);
        let (others, own) = bars(&counts, own);
        Self { others, own, words: words(spread, value, t) }
    }
}

/// With whom applicants are compared, in a sentence; nothing where nobody asked.
#[must_use]
pub fn company(comparable: &Comparable, t: Texts) -> String {
    match comparable {
        Comparable::Sample(sample) => match sample.source {
            Source::Decisions => t.standing_decisions(sample.size),
            Source::Tested => t.standing_tested(sample.size, FEWEST),
        },
        Comparable::Nobody => t.standing_nobody(FEWEST),
        Comparable::Soon => t.standing_soon().to_owned(),
    }
}

fn words(spread: &Spread, value: f64, t: Texts) -> String {
    let Standing { below, same, above, missing } = spread.standing(value);
    if value.is_nan() {
        let known: usize = spread.histogram(value, 1).counts.iter().sum();
        return t.standing_missing(of_hundred(missing, known + missing));
    }
    let all = below + same + above;
    if all == 0 {
        return t.standing_alone().to_owned();
    }
    let like = of_hundred(same, all);
    if !spread.is_ordered() {
        return t.standing_like(like);
    }
    let (lower, higher) = (of_hundred(below, all), of_hundred(above, all));
    match (below + above == 0, like < MANY, below >= above) {
        (true, ..) => t.standing_like(like),
        (_, true, true) => t.standing_higher(lower),
        (_, true, false) => t.standing_lower(higher),
        (_, false, true) => t.standing_like_higher(like, lower),
        (_, false, false) => t.standing_like_lower(like, higher),
    }
}

/// A share in whole hundredths: never all unless it is all, never none unless it is none.
fn of_hundred(part: usize, all: usize) -> usize {
    let rounded = (200 * part + all) / (2 * all).max(1);
    match part {
        0 => 0,
        _ if part == all => 100,
        _ => rounded.clamp(1, 99),
    }
}

/// Paths of bars that stand on the bottom. One with anybody in it, and the own one, can be seen.
#[expect(clippy::cast_precision_loss, reason = "counts of some thousands")]
fn bars(counts: &[usize], own: Option<usize>) -> (String, String) {
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let step = WIDTH / counts.len().max(1) as f64;
    let gap = if counts.len() > 4 { 1.0 } else { 2.0 };
    let (mut others, mut marked) = (String::new(), String::new());
    for (index, &count) in counts.iter().enumerate() {
        let is_own = own == Some(index);
        if count == 0 && !is_own {
            continue;
        }
        let height = ((HEIGHT - 1.0) * count as f64 / most).max(1.5);
        let (x, width) = (index as f64 * step, step - gap);
        let path = if is_own { &mut marked } else { &mut others };
        // A String takes all text.
        let _ = write!(path, "M{x:.1} {HEIGHT}h{width:.1}v-{height:.1}h-{width:.1}z");
    }
    (others, marked)
}

#[cfg(test)]
mod tests {
    use time::UtcOffset;

    use super::*;
    use crate::{
        domain::language::Language,
        features::schema::{Feature, Kind},
    };

    fn words(kind: Kind, values: &[f64], value: f64) -> String {
        let feature = Feature { kind, categories: vec!["car".to_owned(), "house".to_owned()], ..Feature::default() };
        let spread = Spread::of(&feature, values.iter().copied());
        Place::of(&spread, value, Texts::new(Language::English, UtcOffset::UTC)).words
    }

    #[test]
    fn a_place_is_told_from_the_side_on_which_most_stand() {
        let hundred: Vec<f64> = (0..100).map(f64::from).collect();
        assert_eq!(words(Kind::Number, &hundred, 83.5), "higher than 84 of 100");
        assert_eq!(words(Kind::Number, &hundred, 20.0), "lower than 79 of 100");
        assert_eq!(words(Kind::Number, &hundred, -5.0), "lower than 100 of 100");
        assert_eq!(words(Kind::Number, &[0.0, 0.0, 0.0, 1.0], 0.0), "same as 75 of 100, lower than 25");
        assert_eq!(words(Kind::Number, &[7.0, 7.0], 7.0), "same as 100 of 100");
        assert_eq!(words(Kind::Number, &[f64::NAN, 7.0], f64::NAN), "not known, as of 50 of 100");
        assert_eq!(words(Kind::Number, &[f64::NAN], 7.0), "known of nobody else");
        assert_eq!(words(Kind::Category, &[0.0, 1.0, 1.0], 1.0), "same as 67 of 100");
        // One of a thousand is not nobody, and all but one are not all.
        let most: Vec<f64> = std::iter::once(1.0).chain(std::iter::repeat_n(0.0, 999)).collect();
        assert_eq!(words(Kind::Number, &most, 0.0), "same as 99 of 100, lower than 1");
    }

    #[test]
    fn every_bar_stands_on_the_bottom_and_the_own_one_is_told_apart() {
        let (others, own) = bars(&[4, 0, 2], Some(2));
        assert_eq!(others, "M0.0 20h30.0v-19.0h-30.0z");
        assert_eq!(own, "M64.0 20h30.0v-9.5h-30.0z");
        assert_eq!(bars(&[4, 0], Some(1)).1, "M48.0 20h46.0v-1.5h-46.0z", "where nobody else is");
        assert_eq!(bars(&[], None), (String::new(), String::new()));
    }
}
