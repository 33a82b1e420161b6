//! Gauss-Lobatto quadrature on [0, 1]: the points and weights by which explanations integrate.
//!
//! With n points, both ends among them, polynomials up to degree 2n − 3 are integrated exactly
//! (Abramowitz and Stegun, "Handbook of Mathematical Functions", 25.4.32).

/// The numbers of inner points for which code is compiled, ascending.
pub const INNER_POINTS: [usize; 8] = [1, 2, 4, 6, 8, 12, 16, 32];

/// The most distinct features on a path that can be explained: the integrand has one degree less.
pub const MOST_FACTORS: usize = 2 * INNER_POINTS[INNER_POINTS.len() - 1] + 2;

/// The rule with `Q` points between the ends.
#[derive(Debug, Clone, Copy)]
pub struct Rule<const Q: usize> {
    /// Ascending, between 0 and 1.
    pub points: [f64; Q],
    pub weights: [f64; Q],
    /// The weight of each end.
    pub end_weight: f64,
}

impl<const Q: usize> Rule<Q> {
    /// Computes the rule, to the last bits of a 64-bit float.
    ///
    /// The inner points are the roots of the derivative of the Legendre polynomial of degree Q + 1,
    /// found by Newton's method from those of Chebyshev's.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "numbers of points are small")]
    pub fn with_inner_points() -> Self {
        let degree = Q + 1;
        let n = degree as f64;
        let weight = |x: f64| {
            let (_, value) = legendre(degree, x);
            1.0 / (n * (n + 1.0) * value * value)
        };
        let mut rule = Self { points: [0.0; Q], weights: [0.0; Q], end_weight: 1.0 / (n * (n + 1.0)) };
        for (index, (point, point_weight)) in rule.points.iter_mut().zip(&mut rule.weights).enumerate() {
            let mut x = -libm::cos(std::f64::consts::PI * (index + 1) as f64 / n);
            for _ in 0..MOST_STEPS {
                let (before, value) = legendre(degree, x);
                // (1 − x²) P′ = n (P_{n−1} − x P_n) vanishes at the roots; its derivative is −n (n + 1) P_n.
                x += (before - x * value) / ((n + 1.0) * value);
            }
            *point = 0.5 + 0.5 * x;
            *point_weight = weight(x);
        }
        rule
    }
}

/// Newton's steps: they converge quadratically from three correct digits.
const MOST_STEPS: usize = 12;

/// The Legendre polynomials of degree n − 1 and n at x, for n ≥ 1.
#[expect(clippy::cast_precision_loss, reason = "degrees are small")]
fn legendre(degree: usize, x: f64) -> (f64, f64) {
    let (mut before, mut value) = (1.0, x);
    for n in 2..=degree {
        let n = n as f64;
        (before, value) = (value, ((2.0 * n - 1.0) * x * value - (n - 1.0) * before) / n);
    }
    (before, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integrates_every_power<const Q: usize>() {
        let rule = Rule::<Q>::with_inner_points();
        assert!(rule.points.is_sorted() && rule.points.iter().all(|&t| t > 0.0 && t < 1.0), "{rule:?}");
        for power in 0..=i32::try_from(2 * Q + 1).expect("small") {
            let inner: f64 = rule.points.iter().zip(&rule.weights).map(|(t, w)| w * t.powi(power)).sum();
            let at_zero = if power == 0 { 1.0 } else { 0.0 };
            let integral = inner + rule.end_weight * (at_zero + 1.0);
            let expected = 1.0 / f64::from(power + 1);
            assert!((integral - expected).abs() < 1e-15, "{Q} points, power {power}: {integral}");
        }
    }

    #[test]
    fn powers_are_integrated_exactly_up_to_the_promised_degree() {
        integrates_every_power::<1>();
        integrates_every_power::<2>();
        integrates_every_power::<4>();
        integrates_every_power::<6>();
        integrates_every_power::<8>();
        integrates_every_power::<12>();
        integrates_every_power::<16>();
        integrates_every_power::<32>();
    }

    #[test]
    fn the_rule_with_one_inner_point_is_simpsons() {
        let Rule { points, weights, end_weight } = Rule::<1>::with_inner_points();
        assert_eq!((points, weights, end_weight), ([0.5], [4.0 / 6.0], 1.0 / 6.0));
    }
}
