//! Which rows and features a tree is grown from.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::training::{binning::Binned, parameters::Parameters};

/// The rows and features of one tree.
///
/// Invariant: both ascend; features are never empty when the table has any.
#[derive(Debug)]
pub(super) struct TreeSample {
    rows: Rows,
    features: Vec<u32>,
}

#[derive(Debug)]
enum Rows {
    All(u32),
    Some(Vec<u32>),
}

impl TreeSample {
    /// Draws for the tree that `(seed, number)` names: the same draw wherever and whenever it is made.
    pub(super) fn draw(table: &Binned, parameters: &Parameters, (seed, number): (u64, u64)) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(number);
        let features = draw_features(&mut random, table.columns().len(), parameters);
        let rows = draw_rows(&mut random, table.rows(), parameters.rows_share);
        Self { rows, features }
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = u32> {
        let (all, some): (u32, &[u32]) = match &self.rows {
            Rows::All(rows) => (*rows, &[]),
            Rows::Some(rows) => (0, rows),
        };
        (0..all).chain(some.iter().copied())
    }

    pub(super) fn features(&self) -> &[u32] {
        &self.features
    }
}

fn draw_features(random: &mut ChaCha8Rng, features: usize, parameters: &Parameters) -> Vec<u32> {
    let wanted = parameters.features_per_tree(features);
    let mut drawn: Vec<u32> = (0..u32::try_from(features).unwrap_or(u32::MAX)).collect();
    for place in 0..wanted {
        let other = random.random_range(place..features);
        drawn.swap(place, other);
    }
    drawn.truncate(wanted);
    drawn.sort_unstable();
    drawn
}

fn draw_rows(random: &mut ChaCha8Rng, rows: usize, share: f64) -> Rows {
    let all = u32::try_from(rows).unwrap_or(u32::MAX);
    if share >= 1.0 {
        return Rows::All(all);
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "share is from 0 to 1")]
    let below = (share * f64::from(u32::MAX)) as u32;
    let drawn: Vec<u32> = (0..all).filter(|_| random.next_u32() < below).collect();
    if drawn.is_empty() { Rows::All(all) } else { Rows::Some(drawn) }
}
