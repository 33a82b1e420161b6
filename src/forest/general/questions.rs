//! The questions of a forest, laid out so that each is a comparison of two small integers.
//!
//! A row is first quantised: a value becomes its place among the feature's thresholds, and a code
//! its answers to the questions about codes. "Is the place at this slot above this border?" is then
//! all that a node has to ask, whatever its kind.

use std::collections::BTreeMap;

use super::{GeneralForest, Node, Test, ZERO};

/// A question: "is the place at `slot` above `border`?"
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Question {
    slot: u32,
    border: u32,
}

/// A row, quantised for one forest.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// By slot.
    slots: Vec<u32>,
    /// For each feature that is asked about, the number of its standing: see [`Asked::standings`].
    standings: Vec<u32>,
}

impl Places {
    /// For each of [`Questions::asked`], the number of its standing.
    pub(super) fn standings(&self) -> &[u32] {
        &self.standings
    }
}

/// How rows are quantised for a forest.
#[derive(Debug, Clone)]
pub struct Questions {
    features: Vec<Asked>,
    /// How many slots there are.
    slots: usize,
}

/// What is asked about one feature.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    pub(super) feature: usize,
    /// Ascending, distinct.
    thresholds: Vec<f64>,
    /// How many of them lie below every value that counts as zero.
    least_zero_place: usize,
    /// Slots for the value's place among the thresholds. They differ in what "missing" answers.
    readings: Vec<Reading>,
    codes: CodeAnswers,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reading {
    slot: u32,
    missing: bool,
    zero_is_missing: bool,
}

/// The answers to every question about one feature's codes.
#[derive(Debug, Clone, Default)]
struct CodeAnswers {
    first_slot: usize,
    /// How many questions there are.
    questions: usize,
    /// For each code, for any other value, and for "missing", in that order: the answers, 0 or 1.
    answers: Vec<u8>,
}

/// All that the questions about one feature can tell of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// A number, by how many thresholds lie below it.
    Place(u32),
    Missing,
    /// The same of a zero, where some question takes zero for "missing".
    Zero(u32),
    Code(u32),
    /// A value that is none of the codes in question.
    NoCode,
}

/// Above every border, and below none.
const ABOVE_ALL: u32 = u32::MAX;

/// The whole part of a value, if it can be a code.
pub(super) fn code_of(value: f64) -> Option<u32> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to fit")]
    (value >= 0.0 && value < f64::from(u32::MAX)).then_some(value as u32)
}

impl Question {
    /// One that may be asked of any row, for its answer does not matter.
    pub(super) const ANY: Self = Self { slot: 0, border: 0 };

    /// Answers for a row.
    pub(super) fn is_yes(self, places: &Places) -> bool {
        places.slots[self.slot as usize] > self.border
    }

    /// The place above which the answer is yes.
    pub(super) const fn border(self) -> u32 {
        self.border
    }
}

impl Questions {
    /// Lays out the questions of a forest; the question of each node, in order, goes to `ask`.
    pub(super) fn collect(forest: &GeneralForest, mut ask: impl FnMut(Question)) -> Self {
        let mut collector = Collector::new(forest);
        for node in forest.trees.iter().flat_map(|tree| &tree.nodes) {
            ask(collector.question(node));
        }
        collector.finish()
    }

    /// Quantises a row. `values` has as many elements as the forest has features, NaN where missing.
    pub(super) fn place(&self, values: &[f64], places: &mut Places) {
        places.slots.resize(self.slots, 0);
        places.standings.resize(self.features.len(), 0);
        for (asked, standing) in self.features.iter().zip(&mut places.standings) {
            *standing = asked.place(values[asked.feature], &mut places.slots);
        }
    }

    /// What is asked about each feature that is asked about at all.
    pub(super) fn asked(&self) -> &[Asked] {
        &self.features
    }
}

impl Asked {
    /// The slot for questions that "missing" answers so; a new one takes the next of all slots.
    fn slot(&mut self, missing: bool, zero_is_missing: bool, next: &mut usize) -> u32 {
        let is_wanted = |known: &&Reading| (known.missing, known.zero_is_missing) == (missing, zero_is_missing);
        if let Some(known) = self.readings.iter().find(is_wanted) {
            return known.slot;
        }
        let slot = narrow(*next);
        *next += 1;
        self.readings.push(Reading { slot, missing, zero_is_missing });
        slot
    }

    /// Whether both numbers and codes are asked about, which no library does.
    pub(super) const fn is_mixed(&self) -> bool {
        !self.readings.is_empty() && self.codes.questions > 0
    }

    /// Everything that a value can be, in the order of the numbers that [`Places::standings`] gives. Of a
    /// feature that [`Asked::is_mixed`], the numbers alone.
    pub(super) fn standings(&self) -> Vec<Standing> {
        if self.readings.is_empty() {
            let codes = (0..).take(self.codes.rows() - 2).map(Standing::Code);
            return codes.chain([Standing::NoCode, Standing::Missing]).collect();
        }
        let (first_zero, end) = self.zero_standings();
        let places = (0..=narrow(self.thresholds.len())).map(Standing::Place);
        let zeros = (narrow(self.least_zero_place)..).take(end - first_zero).map(Standing::Zero);
        places.chain([Standing::Missing]).chain(zeros).collect()
    }

    /// The numbers of the standings of zeros: the first, and the one after the last.
    fn zero_standings(&self) -> (usize, usize) {
        let first = self.thresholds.len() + 2;
        let zeros = self.thresholds[self.least_zero_place..].iter().take_while(|&&threshold| threshold < ZERO).count();
        (first, first + if self.is_zero_missing() { zeros + 1 } else { 0 })
    }

    /// Whether some question takes zero for "missing".
    fn is_zero_missing(&self) -> bool {
        self.readings.iter().any(|reading| reading.zero_is_missing)
    }

    /// Fills the slots of the feature, and gives the number of the value's standing.
    fn place(&self, value: f64, places: &mut [u32]) -> u32 {
        let missing_place = |missing: bool| if missing { ABOVE_ALL } else { 0 };
        let mut standing = 0;
        if self.codes.questions > 0 {
            let row = self.codes.row_of(value);
            standing = narrow(row);
            let slots = &mut places[self.codes.first_slot..][..self.codes.questions];
            for (slot, &answer) in slots.iter_mut().zip(self.codes.row(row)) {
                *slot = u32::from(answer);
            }
        }
        if !self.readings.is_empty() {
            // A missing value is below none of the thresholds, which does not matter.
            let place = narrow(self.thresholds.partition_point(|&threshold| threshold < value));
            for reading in &self.readings {
                let is_missing = value.is_nan() || (reading.zero_is_missing && value.abs() <= ZERO);
                places[reading.slot as usize] = if is_missing { missing_place(reading.missing) } else { place };
            }
            let thresholds = narrow(self.thresholds.len());
            standing = if value.is_nan() {
                thresholds + 1
            } else if value.abs() <= ZERO && self.is_zero_missing() {
                thresholds + 2 + (place - narrow(self.least_zero_place))
            } else {
                place
            };
        }
        standing
    }
}

impl CodeAnswers {
    const fn rows(&self) -> usize {
        self.answers.len() / self.questions
    }

    fn row_of(&self, value: f64) -> usize {
        let (other, missing) = (self.rows() - 2, self.rows() - 1);
        if value.is_nan() { missing } else { code_of(value).map_or(other, |code| other.min(code as usize)) }
    }

    fn row(&self, row: usize) -> &[u8] {
        &self.answers[row * self.questions..][..self.questions]
    }
}

impl Node {
    /// Answers the node's question for whatever stands so.
    pub(super) fn is_yes_at(&self, standing: Standing, question: Question) -> bool {
        match (&self.test, standing) {
            (Test::Above { zero_is_missing: true, .. }, Standing::Zero(_)) | (_, Standing::Missing) => self.missing,
            (Test::Above { .. }, Standing::Place(place) | Standing::Zero(place)) => place > question.border(),
            (Test::OneOf(codes), Standing::Code(code)) => codes.binary_search(&code).is_ok(),
            _ => false,
        }
    }
}

/// Gathers the questions of a forest, each once.
struct Collector<'a> {
    features: Vec<Asked>,
    /// By feature, the codes and the answer for "missing": the question's number.
    sets: Vec<BTreeMap<(&'a [u32], bool), usize>>,
    slots: usize,
}

impl<'a> Collector<'a> {
    /// Finds the thresholds and the sets of codes, and gives every question about codes its slot.
    fn new(forest: &'a GeneralForest) -> Self {
        let mut features: Vec<Asked> =
            (0..forest.features).map(|feature| Asked { feature, ..Asked::default() }).collect();
        let mut sets: Vec<BTreeMap<(&[u32], bool), usize>> = vec![BTreeMap::new(); forest.features];
        for node in forest.trees.iter().flat_map(|tree| &tree.nodes) {
            match &node.test {
                Test::Above { threshold, .. } => features[node.feature as usize].thresholds.push(*threshold),
                Test::OneOf(codes) => {
                    let sets = &mut sets[node.feature as usize];
                    let next = sets.len();
                    sets.entry((codes, node.missing)).or_insert(next);
                }
            }
        }
        let mut slots = 0;
        for (asked, sets) in features.iter_mut().zip(&sets) {
            asked.thresholds.sort_unstable_by(f64::total_cmp);
            // Two zeros of different sign are one threshold: `>` does not tell them apart.
            asked.thresholds.dedup();
            asked.least_zero_place = asked.thresholds.partition_point(|&threshold| threshold < -ZERO);
            asked.codes = CodeAnswers::new(slots, sets);
            slots += sets.len();
        }
        Self { features, sets, slots }
    }

    fn question(&mut self, node: &Node) -> Question {
        let asked = &mut self.features[node.feature as usize];
        match &node.test {
            Test::Above { threshold, zero_is_missing } => {
                let border = asked.thresholds.partition_point(|known| known < threshold);
                let slot = asked.slot(node.missing, *zero_is_missing, &mut self.slots);
                Question { slot, border: narrow(border) }
            }
            Test::OneOf(codes) => {
                let number = self.sets[node.feature as usize][&(codes.as_slice(), node.missing)];
                Question { slot: narrow(asked.codes.first_slot + number), border: 0 }
            }
        }
    }

    fn finish(mut self) -> Questions {
        self.features.retain(|asked| !asked.readings.is_empty() || asked.codes.questions > 0);
        Questions { features: self.features, slots: self.slots }
    }
}

impl CodeAnswers {
    fn new(first_slot: usize, sets: &BTreeMap<(&[u32], bool), usize>) -> Self {
        let questions = sets.len();
        let codes = sets.keys().filter_map(|(codes, _)| codes.last()).max().map_or(0, |&code| code as usize + 1);
        let mut answers = vec![0; (codes + 2) * questions];
        for ((codes_of_set, missing), &number) in sets {
            for &code in *codes_of_set {
                answers[code as usize * questions + number] = 1;
            }
            answers[(codes + 1) * questions + number] = u8::from(*missing);
        }
        Self { first_slot, questions, answers }
    }
}

/// Narrows an index, which the limits on a forest's size keep far below 2^32.
fn narrow(index: usize) -> u32 {
    u32::try_from(index).expect("a forest has fewer than 2^32 questions")
}
