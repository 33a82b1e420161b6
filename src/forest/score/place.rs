//! Where a value stands among a feature's thresholds.

use std::fmt::Debug;

/// An integer that holds a place or the number of a slot.
///
/// A *place* says how many of a feature's thresholds a value is above. A *slot* is where a feature's
/// place is kept: a feature has two, which differ in what a missing value answers.
pub(super) trait Place: Copy + Ord + Default + Debug {
    /// The places of a row, by slot. For bytes it has every slot there can be, so that looking one up needs no
    /// check.
    type Row: AsMut<[Self]>;

    /// The place of a missing value in the slot whose questions it answers "yes".
    const ABOVE_ALL: Self;

    /// Narrows an index; `None` when it does not fit.
    fn narrow(index: usize) -> Option<Self>;

    /// Makes room for so many slots.
    fn make_room(row: &mut Self::Row, slots: usize);

    /// The place at a slot.
    fn look_up(row: &Self::Row, slot: Self) -> Self;

    /// The slot as an index.
    fn index(self) -> usize;
}

impl Place for u8 {
    type Row = [Self; 256];

    const ABOVE_ALL: Self = Self::MAX;

    fn narrow(index: usize) -> Option<Self> {
        Self::try_from(index).ok()
    }

    fn make_room(_: &mut [Self; 256], _: usize) {}

    fn look_up(row: &[Self; 256], slot: Self) -> Self {
        row[usize::from(slot)]
    }

    fn index(self) -> usize {
        usize::from(self)
    }
}

impl Place for u32 {
    type Row = Vec<Self>;

    const ABOVE_ALL: Self = Self::MAX;

    fn narrow(index: usize) -> Option<Self> {
        Self::try_from(index).ok()
    }

    fn make_room(row: &mut Vec<Self>, slots: usize) {
        row.resize(slots, 0);
    }

    fn look_up(row: &Vec<Self>, slot: Self) -> Self {
        row[slot as usize]
    }

    fn index(self) -> usize {
        self as usize
    }
}

/// The thresholds of one feature.
#[derive(Debug, Clone)]
pub(super) struct Borders {
    /// The feature's index.
    pub(super) feature: usize,
    /// How many there are.
    count: usize,
    /// Ascending, distinct; then infinity, which no value is above, up to the next power of two.
    thresholds: Vec<f64>,
    /// Where searching begins, if that shortens it.
    grid: Option<Grid>,
}

/// A feature's range in cells of one width: a value's cell tells between which thresholds to look.
///
/// Finding a cell subtracts, multiplies and cuts off, none of which changes an order even where it rounds. So the
/// thresholds of lower cells are below a value, and those of higher cells are not.
#[derive(Debug, Clone)]
struct Grid {
    low: f64,
    /// Cells per unit.
    scale: f64,
    /// For each cell, how many thresholds lie in lower ones.
    starts: Box<[u8; 256]>,
    /// The steps of a search in the fullest cell.
    steps: u32,
}

impl Grid {
    /// How many steps of a search finding a cell costs.
    const COST: u32 = 2;

    /// `None` where a grid would not shorten the search by more than it costs.
    fn new(thresholds: &[f64]) -> Option<Self> {
        let (low, high) = (*thresholds.first()?, *thresholds.last()?);
        let mut grid = Self { low, scale: 255.0 / (high - low), starts: Box::new([0; 256]), steps: 0 };
        if !(grid.scale.is_finite() && u8::try_from(thresholds.len()).is_ok()) {
            return None;
        }
        let mut in_cell = [0_u8; 256];
        for &threshold in thresholds {
            in_cell[usize::from(grid.cell(threshold))] += 1;
        }
        let mut before = 0;
        for (start, count) in grid.starts.iter_mut().zip(in_cell) {
            *start = before;
            before += count;
        }
        grid.steps = in_cell.into_iter().max()?.checked_ilog2()? + 1;
        (grid.steps + Self::COST < thresholds.len().ilog2() + 1).then_some(grid)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cell is the whole part, from 0 to 255"
    )]
    fn cell(&self, value: f64) -> u8 {
        // What is no number is in the first cell, and above no threshold.
        ((value - self.low) * self.scale) as u8
    }

    fn find<const STEPS: u32>(&self, thresholds: &[f64], value: f64) -> usize {
        let start = usize::from(self.starts[usize::from(self.cell(value))]);
        let mut place = 0;
        for step in (0..STEPS).rev() {
            // Behind the last threshold no value is above anything.
            let threshold = thresholds.get(start + (place | ((1 << step) - 1))).copied().unwrap_or(f64::INFINITY);
            place |= usize::from(threshold < value) << step;
        }
        start + place
    }
}

impl Borders {
    /// Takes a feature's thresholds in any order; not none.
    pub(super) fn new(feature: usize, mut thresholds: Vec<f64>) -> Self {
        thresholds.sort_unstable_by(f64::total_cmp);
        // Two zeros of different sign are one threshold: `>` does not tell them apart.
        thresholds.dedup();
        let (count, grid) = (thresholds.len(), Grid::new(&thresholds));
        thresholds.resize((count + 1).next_power_of_two(), f64::INFINITY);
        Self { feature, count, thresholds, grid }
    }

    /// How many thresholds there are: the highest place.
    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// The number of a threshold: a value is above it exactly when its place is above this number.
    pub(super) fn number_of(&self, threshold: f64) -> usize {
        self.thresholds.partition_point(|&smaller| smaller < threshold)
    }

    /// The place of each value; 0 when it is missing.
    ///
    /// The loops over the steps of a search are unrolled, and nothing in them branches: searches for several values
    /// overlap.
    pub(super) fn find<const COUNT: usize>(&self, values: &[f64; COUNT]) -> [usize; COUNT] {
        let thresholds = self.thresholds.as_slice();
        if let Some(grid) = &self.grid {
            return match grid.steps {
                1 => values.map(|value| grid.find::<1>(thresholds, value)),
                2 => values.map(|value| grid.find::<2>(thresholds, value)),
                3 => values.map(|value| grid.find::<3>(thresholds, value)),
                4 => values.map(|value| grid.find::<4>(thresholds, value)),
                _ => values.map(|value| grid.find::<5>(thresholds, value)),
            };
        }
        match thresholds.len().ilog2() {
            1 => values.map(|value| search::<1>(thresholds, value)),
            2 => values.map(|value| search::<2>(thresholds, value)),
            3 => values.map(|value| search::<3>(thresholds, value)),
            4 => values.map(|value| search::<4>(thresholds, value)),
            5 => values.map(|value| search::<5>(thresholds, value)),
            6 => values.map(|value| search::<6>(thresholds, value)),
            7 => values.map(|value| search::<7>(thresholds, value)),
            8 => values.map(|value| search::<8>(thresholds, value)),
            _ => values.map(|value| thresholds.partition_point(|&threshold| threshold < value)),
        }
    }
}

/// How many of the first 2^STEPS − 1 thresholds, which are ascending, a value is above.
#[inline]
fn search<const STEPS: u32>(thresholds: &[f64], value: f64) -> usize {
    let thresholds = &thresholds[..1 << STEPS];
    let mut place = 0;
    for step in (0..STEPS).rev() {
        place |= usize::from(thresholds[place | ((1 << step) - 1)] < value) << step;
    }
    place
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Thresholds that are spread, crowded in places, or as far apart as numbers can be.
    fn thresholds() -> impl Strategy<Value = Vec<f64>> {
        let threshold = prop_oneof![
            6 => 0.0..1.0_f64,
            2 => (0..40_u32).prop_map(|step| 0.5 + f64::from(step) * 1e-9),
            1 => (-300..300_i32).prop_map(|power| 10_f64.powi(power)),
        ];
        prop_oneof![
            prop::collection::vec(threshold, 1..300),
            (1..300_u32, 0.01..1e6_f64).prop_map(|(count, width)| (0..count).map(|i| f64::from(i) * width).collect()),
        ]
    }

    proptest! {
        #[test]
        fn a_place_counts_the_thresholds_below_a_value(thresholds in thresholds(), other in -2.0..2.0_f64) {
            let borders = Borders::new(0, thresholds.clone());
            let mut distinct = thresholds;
            distinct.sort_unstable_by(f64::total_cmp);
            distinct.dedup();
            let near = distinct.iter().flat_map(|&t| [t, t.next_up(), t.next_down()]);
            let values = near.chain([other, 0.0, -0.0, f64::MAX, f64::MIN, f64::NAN, 5e-324]);
            for value in values {
                let expected = distinct.iter().filter(|&&threshold| threshold < value).count();
                prop_assert_eq!(borders.find(&[value]), [expected], "{}", value);
                prop_assert_eq!(borders.find(&[value; 8]), [expected; 8], "{}", value);
            }
        }
    }

    #[test]
    fn even_thresholds_are_found_in_one_step_and_crowded_ones_as_ever() {
        let even = Borders::new(0, (0..64).map(f64::from).collect());
        assert_eq!(even.grid.map(|grid| grid.steps), Some(1));
        let crowded = Borders::new(0, (0..64).map(|i| f64::from(i) * 1e-9).chain([1e9]).collect());
        assert!(crowded.grid.is_none());
    }
}
