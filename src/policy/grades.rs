//! Grades: names for ranges of scores.

use serde::{Deserialize, Serialize};

/// A grade as a policy file gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grade {
    /// What it is called, such as `A`.
    pub letter: String,
    /// The lowest score that earns it; only the last grade has none, and takes what is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_score: Option<i32>,
}

/// Grades from the best to the worst.
///
/// Invariant: scores fall strictly from grade to grade, and the last has none, so that every score
/// has exactly one grade; letters are unique.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Grades {
    scored: Vec<(i32, String)>,
    lowest: String,
}

/// The list is no scale of grades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "grade: list the grades from the best to the worst, each with another letter (1 to 8 characters) and a lower \
     from_score than the one before; the last has no from_score and takes every score that is left"
)]
pub struct NotGrades;

impl Grades {
    /// Takes the grades in the order of the file.
    pub fn new(mut grades: Vec<Grade>) -> Result<Self, NotGrades> {
        let letters: std::collections::BTreeSet<_> = grades.iter().map(|grade| grade.letter.as_str()).collect();
        let well_named = letters.len() == grades.len() && letters.iter().all(|l| (1..=8).contains(&l.chars().count()));
        let Some(Grade { letter: lowest, from_score: None }) = grades.pop().filter(|_| well_named) else {
            return Err(NotGrades);
        };
        let scored = grades
            .into_iter()
            .map(|grade| Some((grade.from_score?, grade.letter)))
            .collect::<Option<Vec<_>>>()
            .filter(|scored| scored.is_sorted_by(|better, worse| better.0 > worse.0));
        Ok(Self { scored: scored.ok_or(NotGrades)?, lowest })
    }

    /// From the best to the worst: its letter and the lowest score that earns it, which the last has not.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<i32>)> {
        let scored = self.scored.iter().map(|(from_score, letter)| (letter.as_str(), Some(*from_score)));
        scored.chain([(self.lowest.as_str(), None)])
    }

    /// The grade of a score. A score on a limit takes the better grade, which it earned.
    #[must_use]
    pub fn of(&self, score: i32) -> &str {
        self.scored.iter().find(|(from_score, _)| score >= *from_score).map_or(&self.lowest, |(_, letter)| letter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grades(list: &[(&str, Option<i32>)]) -> Result<Grades, NotGrades> {
        let grade = |&(letter, from_score): &(&str, _)| Grade { letter: letter.to_owned(), from_score };
        Grades::new(list.iter().map(grade).collect())
    }

    #[test]
    fn every_score_has_the_best_grade_that_it_reaches() {
        let grades = grades(&[("A", Some(600)), ("B", Some(560)), ("C", None)]).expect("grades");
        for (score, letter) in [(i32::MAX, "A"), (600, "A"), (599, "B"), (560, "B"), (559, "C"), (i32::MIN, "C")] {
            assert_eq!(grades.of(score), letter, "{score}");
        }
    }

    #[test]
    fn a_scale_that_leaves_a_score_out_or_turns_back_is_refused() {
        for list in [
            &[][..],
            &[("A", Some(600))],
            &[("A", Some(500)), ("B", Some(560)), ("C", None)],
            &[("A", Some(560)), ("B", Some(560)), ("C", None)],
            &[("A", None), ("B", None)],
            &[("A", Some(600)), ("A", None)],
            &[("", None)],
        ] {
            assert_eq!(grades(list), Err(NotGrades), "{list:?}");
        }
    }
}
