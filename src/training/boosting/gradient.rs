//! Gradients of the logistic loss, in whole numbers.
//!
//! A tree is grown from sums of gradients. Sums of floating-point numbers depend on their order;
//! sums of integers do not. So a row's gradients are rounded to 16 bits, once per tree, and every sum
//! after that is exact: any number of threads, any order of rows, and a histogram obtained by
//! subtraction instead of counting, all give the same bits.
//!
//! Rounding goes up or down by chance, in proportion to what is cut off, so that it adds no bias
//! even where every row's hessian is smaller than the unit; the noise it adds is some thousandths
//! of what one row's outcome already has (Shi et al., 2022, train with as little as 3 bits).

use std::ops::{Add, Sub};

/// What a gradient of one is as a whole number.
const GRADIENT_ONE: f32 = 32_767.0;

/// What a hessian of one is; hessians are at most a quarter, so that they fill 16 bits.
const HESSIAN_ONE: f32 = 262_140.0;

/// A row and its gradients: what a tree is grown from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sample {
    /// Where its bins stand among those of the rows that the tree is grown from.
    pub place: u32,
    /// d loss / d margin = p − y, in units of 1 / 32,767.
    pub gradient: i16,
    /// d² loss / d margin² = p (1 − p), in units of 1 / 262,140.
    pub hessian: u16,
}

impl Sample {
    /// The gradients of the logistic loss for a row with this margin and outcome. `chance` decides
    /// which way they are rounded, by its two lowest bytes.
    #[must_use]
    #[inline]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "|p − y| <= 1 and p (1 − p) <= 1/4")]
    pub fn new(place: u32, margin: f64, is_bad: bool, chance: u32) -> Self {
        let probability = sigmoid_f32(margin as f32);
        let gradient = probability - f32::from(u8::from(is_bad));
        let hessian = probability * (1.0 - probability);
        let (up, up_too) = (fraction(chance), fraction(chance >> 8));
        // Shifted to where both are above zero, so that cutting the fraction off rounds down.
        let gradient = (gradient * GRADIENT_ONE + (GRADIENT_ONE + up)) as i32 - GRADIENT_ONE as i32;
        let hessian = (hessian * HESSIAN_ONE + up_too) as i32;
        Self { place, gradient: gradient as i16, hessian: hessian as u16 }
    }

    /// Both gradients in one number, so that one addition adds both: see [`Packed`].
    #[must_use]
    #[inline]
    pub fn packed(self) -> i64 {
        (i64::from(self.gradient) << 32) + i64::from(self.hessian)
    }
}

/// The lowest byte of `chance` as a number from 0 up to 1. No finer, so that adding it to 16 bits is exact.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the lowest byte is meant")]
fn fraction(chance: u32) -> f32 {
    f32::from(chance as u8) / 256.0
}

/// Sums of gradients over at most [`Packed::MOST_ROWS`] rows, both in one number: the hessians' in the lower 32 bits,
/// where it can neither overflow nor be negative, and the gradients' above it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Packed(i64);

impl Packed {
    /// As many rows as the hessians' 32 bits have room for.
    pub const MOST_ROWS: usize = 1 << 16;

    /// Adds a row's packed gradients.
    #[inline]
    pub fn include(&mut self, packed: i64) {
        self.0 = self.0.wrapping_add(packed);
    }

    /// The two sums apart.
    #[must_use]
    #[inline]
    pub fn unpacked(self) -> Sums {
        Sums { gradient: self.0 >> 32, hessian: self.0 & 0xffff_ffff }
    }
}

/// Sums of gradients over some rows. Exact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    gradient: i64,
    hessian: i64,
}

impl Sums {
    /// Adds a row's gradients. Cannot overflow: each is below 2^16, and there are fewer than 2^32 rows.
    #[inline]
    pub fn include(&mut self, sample: Sample) {
        self.gradient = self.gradient.wrapping_add(i64::from(sample.gradient));
        self.hessian = self.hessian.wrapping_add(i64::from(sample.hessian));
    }

    /// The sum of the gradients as a number.
    #[must_use]
    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "below 2^48, so exact")]
    pub fn gradient(self) -> f64 {
        self.gradient as f64 * (1.0 / 32_767.0)
    }

    /// The sum of the hessians as a number.
    #[must_use]
    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "below 2^48, so exact")]
    pub fn hessian(self) -> f64 {
        self.hessian as f64 * (1.0 / 262_140.0)
    }

    /// Whether nothing is in it.
    #[must_use]
    #[inline]
    pub const fn is_empty(self) -> bool {
        self.gradient == 0 && self.hessian == 0
    }
}

impl Add for Sums {
    type Output = Self;

    #[inline]
    fn add(self, other: Self) -> Self {
        Self { gradient: self.gradient.wrapping_add(other.gradient), hessian: self.hessian.wrapping_add(other.hessian) }
    }
}

impl Sub for Sums {
    type Output = Self;

    #[inline]
    fn sub(self, other: Self) -> Self {
        Self { gradient: self.gradient.wrapping_sub(other.gradient), hessian: self.hessian.wrapping_sub(other.hessian) }
    }
}

/// `1 / (1 + exp(-margin))`.
pub(in crate::training) fn sigmoid(margin: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-margin))
}

/// [`sigmoid`] to within 3e-7: a hundredth of the unit that gradients are rounded to, and several
/// times as fast. Additions and multiplications alone, so that every machine gives the same bits.
#[inline]
fn sigmoid_f32(margin: f32) -> f32 {
    /// 1.5 · 2^23: what is added to it loses its fraction, and its lowest bits are the whole number.
    const TO_WHOLE: f32 = 12_582_912.0;
    let exponent = margin.clamp(-60.0, 60.0) * -std::f32::consts::LOG2_E;
    let shifted = exponent + TO_WHOLE;
    let fraction = exponent - (shifted - TO_WHOLE);
    // The Taylor series of 2^x for |x| <= 1/2; the first term left out is below 2e-7.
    let mut power = 1.540_353_e-4_f32;
    for coefficient in [1.333_356_e-3, 9.618_129_e-3, 5.550_411_e-2, 0.240_226_5, std::f32::consts::LN_2, 1.0] {
        power = power * fraction + coefficient;
    }
    let scale = f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23));
    1.0 / (1.0 + power * scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounds down.
    const DOWN: u32 = 0;

    #[test]
    fn gradients_are_those_of_the_logistic_loss() {
        let mut sums = Sums::default();
        sums.include(Sample::new(0, 0.0, true, DOWN));
        assert!((sums.gradient() + 0.5).abs() < 1e-4 && (sums.hessian() - 0.25).abs() < 1e-5, "{sums:?}");
        sums.include(Sample::new(1, libm::log(0.2 / 0.8), false, DOWN));
        assert!((sums.gradient() + 0.3).abs() < 1e-4 && (sums.hessian() - 0.41).abs() < 1e-5, "{sums:?}");
    }

    #[test]
    fn the_quick_sigmoid_is_the_sigmoid() {
        for step in -60_000..=60_000 {
            let margin = f64::from(step) / 1_000.0;
            #[expect(clippy::cast_possible_truncation, reason = "the error is part of what is tested")]
            let quick = f64::from(sigmoid_f32(margin as f32));
            assert!((quick - sigmoid(margin)).abs() < 3e-7, "{margin}: {quick}");
        }
    }

    #[test]
    fn extreme_margins_stay_in_range() {
        for (margin, chance) in [(-1e9, DOWN), (1e9, DOWN), (-1e9, u32::MAX), (1e9, u32::MAX)] {
            let sample = Sample::new(0, margin, margin < 0.0, chance);
            assert_eq!(sample.gradient.abs(), 32_767);
            assert_eq!(sample.hessian, 0);
        }
        assert_eq!(Sample::new(0, 0.0, false, u32::MAX).hessian, 65_535);
    }

    #[test]
    fn rounding_has_no_bias() {
        // A margin so low that its gradient, 6.1e-6, is a fifth of the unit.
        let (margin, rows) = (-12.0, 65_536_u32);
        let mut sums = Sums::default();
        for row in 0..rows {
            sums.include(Sample::new(row, margin, false, row));
        }
        let (probability, rows) = (sigmoid(margin), f64::from(rows));
        assert!((sums.gradient() / rows / probability - 1.0).abs() < 0.02, "{sums:?}");
        assert!((sums.hessian() / rows / probability - 1.0).abs() < 0.02, "{sums:?}");
    }

    #[test]
    fn packed_sums_hold_the_most_rows_of_either_sign() {
        for margin in [-40.0, 40.0, 0.0] {
            let sample = Sample::new(0, margin, margin < 0.0, u32::MAX);
            let (mut packed, mut sums) = (Packed::default(), Sums::default());
            for _ in 0..Packed::MOST_ROWS {
                packed.include(sample.packed());
                sums.include(sample);
            }
            assert_eq!(packed.unpacked(), sums);
        }
    }
}
