//! Gradients of the logistic loss, in fixed point.
//!
//! A tree is grown from sums of gradients. Sums of floating-point numbers depend on their order;
//! sums of integers do not. So gradients are rounded to a multiple of 2^-30, once, and every sum
//! after that is exact: any number of threads, any order of rows, and a histogram obtained by
//! subtraction instead of counting, all give the same bits. The rounding, 1e-9 of a gradient at
//! most 1, is finer than that of a 32-bit float.

use std::ops::{Add, Sub};

/// What one is in fixed point: 2^30. A sum over 2^32 rows still fits an `i64`.
const ONE: f64 = 1_073_741_824.0;

/// A row and its gradients: what a tree is grown from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    pub row: u32,
    /// d loss / d margin = p − y, in units of 2^-30.
    pub gradient: i32,
    /// d² loss / d margin² = p (1 − p), in units of 2^-30.
    pub hessian: i32,
}

impl Sample {
    /// The gradients of the logistic loss for a row with this margin and outcome.
    #[must_use]
    pub fn new(row: u32, margin: f64, is_bad: bool) -> Self {
        let probability = sigmoid(margin);
        let gradient = probability - f64::from(u8::from(is_bad));
        Self { row, gradient: to_fixed(gradient), hessian: to_fixed(probability * (1.0 - probability)) }
    }
}

/// Sums of gradients over some rows. Exact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    gradient: i64,
    hessian: i64,
}

impl Sums {
    /// Adds a row's gradients.
    ///
    /// Cannot overflow: each is at most 2^30, and there are fewer than 2^32 rows. `wrapping_add`
    /// keeps the check for it out of the innermost loop of training.
    #[inline]
    pub fn include(&mut self, sample: Sample) {
        self.gradient = self.gradient.wrapping_add(i64::from(sample.gradient));
        self.hessian = self.hessian.wrapping_add(i64::from(sample.hessian));
    }

    /// The sum of the gradients as a number.
    #[must_use]
    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "2^-53 of the sum, far below the loss's own noise")]
    pub fn gradient(self) -> f64 {
        self.gradient as f64 / ONE
    }

    /// The sum of the hessians as a number.
    #[must_use]
    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "2^-53 of the sum, far below the loss's own noise")]
    pub fn hessian(self) -> f64 {
        self.hessian as f64 / ONE
    }

    /// Whether no row is in it: a row that is has a hessian above zero, or a gradient.
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

#[expect(clippy::cast_possible_truncation, reason = "|value| <= 1, so the product is at most 2^30")]
fn to_fixed(value: f64) -> i32 {
    (value * ONE).round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradients_are_those_of_the_logistic_loss() {
        let mut sums = Sums::default();
        sums.include(Sample::new(0, 0.0, true));
        assert_eq!((sums.gradient(), sums.hessian()), (-0.5, 0.25));
        sums.include(Sample::new(1, libm::log(0.2 / 0.8), false));
        assert!((sums.gradient() - -0.3).abs() < 1e-8 && (sums.hessian() - 0.41).abs() < 1e-8);
    }

    #[test]
    fn extreme_margins_stay_in_range() {
        for margin in [-1e9, 1e9] {
            let sample = Sample::new(0, margin, margin < 0.0);
            assert_eq!(sample.gradient.abs(), 1 << 30);
            assert_eq!(sample.hessian, 0);
        }
    }
}
