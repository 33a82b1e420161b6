//! Drift: whether a population is still the one that it was.

/// The trade's marks on the population stability index (Siddiqi, *Credit Risk Scorecards*, 2006): from the first on a
/// shift wants a look, from the second on the population is taken to be another one.
pub const LOOK: f64 = 0.10;
pub const ACT: f64 = 0.25;

/// The population stability index of `now` against `then`, both numbers of rows by bucket, and its
/// value that chance alone exceeds once in twenty times.
///
/// Σ (a − e) · ln(a / e) over the shares; half a row is added to every bucket, so that an empty one
/// does not make it infinite. Under no change it is about (1/n + 1/m) times a chi-squared variable with
/// one degree of freedom less than there are buckets (B. Yurdakul, "Statistical Properties of Population
/// Stability Index", 2018).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    pub psi: f64,
    pub by_chance: f64,
}

impl Shift {
    /// Measures a shift. Buckets that are empty on both sides do not count.
    #[must_use]
    pub fn between(then: &[usize], now: &[usize]) -> Self {
        let used: Vec<(f64, f64)> = then
            .iter()
            .zip(now)
            .filter(|(then, now)| **then + **now > 0)
            .map(|(&then, &now)| (count(then) + 0.5, count(now) + 0.5))
            .collect();
        let (all_then, all_now) = used.iter().fold((0.0, 0.0), |sums, pair| (sums.0 + pair.0, sums.1 + pair.1));
        let term = |&(then, now): &(f64, f64)| {
            let (expected, actual) = (then / all_then, now / all_now);
            (actual - expected) * libm::log(actual / expected)
        };
        let freedom = count(used.len().max(2) - 1);
        let psi = used.iter().map(term).sum();
        Self { psi, by_chance: (1.0 / all_then.max(1.0) + 1.0 / all_now.max(1.0)) * chi_squared_95(freedom) }
    }
}

/// The 95 % quantile of chi-squared, within 0.5 % from two degrees of freedom on and 4 % at one (Wilson and
/// Hilferty, 1931).
fn chi_squared_95(freedom: f64) -> f64 {
    let ninth = 2.0 / (9.0 * freedom);
    let root = 1.0 - ninth + 1.644_853_626_951_472_7 * libm::sqrt(ninth);
    freedom * root * root * root
}

#[expect(clippy::cast_precision_loss, reason = "a number of rows, far below 2^53")]
fn count(rows: usize) -> f64 {
    rows as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Golden number: `NumPy` 2.4.6, `((a - e) * log(a / e)).sum()` of the shares with half a row added.
    #[test]
    fn a_shift_is_the_population_stability_index() {
        let shift = Shift::between(&[100, 200, 300, 400, 0], &[150, 250, 300, 300, 0]);
        assert!((shift.psi - 0.059_929_244_288_143_67).abs() < 1e-12, "{}", shift.psi);
        assert_eq!(Shift::between(&[10, 20, 0], &[10, 20, 0]).psi, 0.0);
        assert!(Shift::between(&[10, 20, 0], &[0, 0, 5]).psi.is_finite());
        // The 95 % quantile of chi-squared with 3 degrees of freedom is 7.8147 (scipy 1.17.1).
        assert!((chi_squared_95(3.0) - 7.8147).abs() < 0.04 && (chi_squared_95(9.0) - 16.919).abs() < 0.03);
        assert!((shift.by_chance - 7.8147 * 2.0 / 1002.0).abs() < 1e-4);
    }
}
