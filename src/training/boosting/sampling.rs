//! Which features and rows a tree is grown from.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::training::{binning::Binned, parameters::Parameters};

/// The rows and features of one tree, and its rows' chances.
///
/// Invariant: features ascend, and are never empty when the table has any.
#[derive(Debug, Clone)]
pub(super) struct TreeSample {
    features: Vec<u32>,
    /// Names the tree among all others.
    key: u64,
    /// Rows whose first chance is below this are in; of 2^32.
    below: u64,
}

impl TreeSample {
    /// Draws for the tree that `(seed, number)` names: the same draw wherever and whenever it is made.
    pub(super) fn draw(table: &Binned, parameters: &Parameters, (seed, number): (u64, u64)) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(number);
        let features = draw_features(&mut random, table.columns().len(), parameters);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "share is from 0 to 1")]
        let below = (parameters.rows_share * 4_294_967_296.0) as u64;
        Self { features, key: random.random(), below }
    }

    pub(super) fn features(&self) -> &[u32] {
        &self.features
    }

    /// Whether a row is in.
    #[inline]
    pub(super) fn has(&self, row: u32) -> bool {
        self.bits(row) >> 32 < self.below
    }

    /// 32 bits of chance that a row's gradients are rounded by.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the half that `has` does not use is meant")]
    pub(super) fn chance(&self, row: u32) -> u32 {
        self.bits(row) as u32
    }

    /// A function of the tree and the row alone, so that rows can be drawn in any order: the finaliser of
    /// `SplitMix` (Steele, Lea and Flood, 2014) over a sequence that does not repeat.
    #[inline]
    fn bits(&self, row: u32) -> u64 {
        let mut bits = self.key.wrapping_add(u64::from(row).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::parameters::Wanted;

    #[test]
    fn a_tree_draws_its_share_of_rows_and_features() {
        let table = Binned::learn(&vec![vec![0.0]; 10], 254);
        let wanted = Wanted { rows_share: Some(0.7), features_share: Some(0.3), ..Wanted::default() };
        let parameters = wanted.complete(100).expect("in range");
        let drawn = |number| TreeSample::draw(&table, &parameters, (5, number));
        let rows = |sample: &TreeSample| (0..100_000).filter(|&row| sample.has(row)).count();
        assert!((69_000..71_000).contains(&rows(&drawn(0))), "{}", rows(&drawn(0)));
        assert_eq!(drawn(0).features().len(), 3);
        assert_eq!((drawn(1).key, drawn(1).features().to_vec()), (drawn(1).key, drawn(1).features().to_vec()));
        assert_ne!(drawn(0).key, drawn(1).key);
        let parameters = Parameters { rows_share: 1.0, ..parameters };
        assert_eq!(rows(&TreeSample::draw(&table, &parameters, (5, 0))), 100_000);
    }
}
