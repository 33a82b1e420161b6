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
}

impl Borders {
    /// Takes a feature's thresholds in any order; not none.
    pub(super) fn new(feature: usize, mut thresholds: Vec<f64>) -> Self {
        thresholds.sort_unstable_by(f64::total_cmp);
        // Two zeros of different sign are one threshold: `>` does not tell them apart.
        thresholds.dedup();
        let count = thresholds.len();
        thresholds.resize((count + 1).next_power_of_two(), f64::INFINITY);
        Self { feature, count, thresholds }
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
