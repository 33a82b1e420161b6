//! The inner split: which rows of the training part are held out while it is decided how many
//! trees there are and how margins are calibrated.

use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::{dataset::Rows, evaluate::count};
use crate::model::population::InnerPart;

/// Below this many rows a single hold-out is too small to choose by, and folds are affordable.
const SMALL: usize = 10_000;

/// Rows held out together. Each of a run's hold-outs is predicted by a model of all other rows.
///
/// Invariant: an element per row of the training part; both outcomes occur on both sides.
pub type HoldOut = Vec<bool>;

/// No inner split leaves both outcomes on both sides.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the inner split leaves {0} with loans of one outcome only; choose another inner_from, inner_share or inner_folds"
)]
pub struct OneSidedHoldOut(&'static str);

/// Splits the training part, and says how for a person.
pub fn split(part: &InnerPart, rows: &Rows, seed: u64) -> Result<(Vec<HoldOut>, String), OneSidedHoldOut> {
    let has_time = !rows.days.is_empty();
    let by_time = |from: i32| vec![rows.days.iter().map(|&day| day >= from).collect::<HoldOut>()];
    let (hold_outs, text) = match *part {
        InnerPart::From(day) => (by_time(day.to_julian_day()), format!("loans made from {day}")),
        InnerPart::Share(share) if has_time => latest(rows, share),
        InnerPart::Default if has_time => latest(rows, 0.25),
        InnerPart::Share(share) => random_share(rows, share, seed),
        InnerPart::Folds(folds) => {
            (random_folds(rows, folds, seed), format!("{folds} random folds, each held out once"))
        }
        InnerPart::Default if rows.len() < SMALL => {
            (random_folds(rows, 5, seed), "5 random folds, each held out once".to_owned())
        }
        InnerPart::Default => random_share(rows, 0.2, seed),
    };
    for hold_out in &hold_outs {
        for (held_out, name) in [(true, "the hold-out"), (false, "the rest")] {
            let mut outcomes =
                rows.is_bad.iter().zip(hold_out).filter(|row| *row.1 == held_out).map(|(&is_bad, _)| is_bad);
            let first = outcomes.next();
            if outcomes.all(|is_bad| Some(is_bad) == first) {
                return Err(OneSidedHoldOut(name));
            }
        }
    }
    Ok((hold_outs, text))
}

/// The latest `share` of the rows, by whole days.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of the rows")]
fn latest(rows: &Rows, share: f64) -> (Vec<HoldOut>, String) {
    let mut days = rows.days.clone();
    days.sort_unstable();
    let from = days[((count(days.len()) * (1.0 - share)) as usize).min(days.len() - 1)];
    let day = time::Date::from_julian_day(from).map_or_else(|_| from.to_string(), |day| day.to_string());
    (vec![rows.days.iter().map(|&day| day >= from).collect()], format!("loans made from {day}"))
}

fn random_share(rows: &Rows, share: f64, seed: u64) -> (Vec<HoldOut>, String) {
    let text = format!("a random {} % of the training rows", share * 100.0);
    let place = shuffled_places(rows, seed);
    let held_out = |&(place, of): &(usize, usize)| count(place) < share * count(of);
    (vec![place.iter().map(held_out).collect()], text)
}

fn random_folds(rows: &Rows, folds: u32, seed: u64) -> Vec<HoldOut> {
    let folds = folds as usize;
    let place = shuffled_places(rows, seed);
    (0..folds).map(|fold| place.iter().map(|&(place, _)| place % folds == fold).collect()).collect()
}

/// Each row's place among the rows of its outcome, shuffled, and how many those are: whatever is
/// dealt by place has the same share of both outcomes.
fn shuffled_places(rows: &Rows, seed: u64) -> Vec<(usize, usize)> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut places = vec![(0, 0); rows.len()];
    for outcome in [false, true] {
        let mut same: Vec<usize> = (0..rows.len()).filter(|&row| rows.is_bad[row] == outcome).collect();
        same.shuffle(&mut random);
        for (place, &row) in same.iter().enumerate() {
            places[row] = (place, same.len());
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    fn rows(days: bool) -> Rows {
        let is_bad = (0..100).map(|row| row % 4 == 0).collect();
        let days =
            if days { (0..100).map(|row| date!(2010 - 01 - 01).to_julian_day() + row).collect() } else { vec![] };
        Rows { columns: vec![], is_bad, days }
    }

    #[test]
    fn every_row_is_held_out_once_by_folds_that_have_the_same_bad_rate() {
        let rows = rows(false);
        let (folds, _) = split(&InnerPart::Default, &rows, 3).expect("both outcomes");
        assert_eq!(folds.len(), 5);
        for row in 0..100 {
            assert_eq!(folds.iter().filter(|fold| fold[row]).count(), 1);
        }
        for fold in folds {
            let bad = fold.iter().zip(&rows.is_bad).filter(|row| *row.0 && *row.1).count();
            assert_eq!((bad, fold.iter().filter(|&&held_out| held_out).count()), (5, 20));
        }
    }

    #[test]
    fn where_there_is_time_the_latest_rows_are_held_out() {
        let (hold_outs, text) = split(&InnerPart::Default, &rows(true), 0).expect("both outcomes");
        assert_eq!(hold_outs, [(0..100).map(|row| row >= 75).collect::<Vec<bool>>()]);
        assert_eq!(text, "loans made from 2010-03-17");
        let (from, _) = split(&InnerPart::From(date!(2010 - 03 - 17)), &rows(true), 0).expect("both outcomes");
        assert_eq!(from, hold_outs);
    }

    #[test]
    fn a_random_share_is_drawn_alike_from_both_outcomes() {
        let (hold_outs, _) = split(&InnerPart::Share(0.2), &rows(false), 9).expect("both outcomes");
        assert_eq!(hold_outs[0].iter().filter(|&&held_out| held_out).count(), 20);
    }

    #[test]
    fn a_hold_out_of_one_outcome_is_refused() {
        let error = split(&InnerPart::From(date!(2010 - 04 - 10)), &rows(true), 0).expect_err("one row is left");
        assert!(error.to_string().contains("the hold-out"), "{error}");
    }
}
