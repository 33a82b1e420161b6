//! Comparisons in 32-bit floats, as comparisons in 64-bit ones.

/// The threshold t for which, of every 64-bit value, `value > t` says what `value as f32 >= bound` says.
///
/// XGBoost and CatBoost round a value to 32 bits, to the nearest and to even ones from the middle, before they
/// compare it. The values that round to `bound` or above begin at the middle between it and its lower neighbour, which a
/// 64-bit float holds exactly. `bound` is finite.
pub(super) fn at_least(bound: f32) -> f64 {
    let below = bound.next_down();
    let middle = if below.is_finite() {
        f64::midpoint(f64::from(below), f64::from(bound))
    } else {
        // Below this, values round to minus infinity: half a step beyond the greatest float.
        -(f64::from(f32::MAX) + HALF_A_STEP)
    };
    // From the middle a value rounds to the neighbour whose last bit is 0.
    if bound.to_bits() & 1 == 0 { middle.next_down() } else { middle }
}

/// The same for `value as f32 > bound`.
pub(super) fn above(bound: f32) -> f64 {
    if bound == f32::MAX {
        // What is half a step above it rounds to infinity.
        return (f64::from(f32::MAX) + HALF_A_STEP).next_down();
    }
    at_least(bound.next_up())
}

/// Half the distance between the two greatest 32-bit floats.
const HALF_A_STEP: f64 = 1.014_120_480_182_583_5e31;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn half_a_step_is_two_to_the_103rd() {
        assert_eq!(HALF_A_STEP, 2_f64.powi(103));
    }

    #[expect(clippy::cast_possible_truncation, reason = "the rounding is what is tested")]
    fn assert_same(bound: f32, value: f64) -> Result<(), TestCaseError> {
        prop_assert_eq!(value as f32 >= bound, value > at_least(bound), "{} >= {}", value, bound);
        prop_assert_eq!(value as f32 > bound, value > above(bound), "{} > {}", value, bound);
        Ok(())
    }

    proptest! {
        #[test]
        fn every_value_gets_the_answer_of_the_32_bit_comparison(
            bound in prop_oneof![any::<f32>(), -100.0_f32..100.0, Just(0.0), Just(-0.0), Just(f32::MIN), Just(f32::MAX)],
            steps in -3_i64..=3, other in any::<f64>(),
        ) {
            prop_assume!(bound.is_finite());
            assert_same(bound, other)?;
            // Around the bound, its neighbours, and the middles between them.
            let [low, here, high] = [bound.next_down(), bound, bound.next_up()].map(f64::from);
            let ends = [f64::from(f32::MAX) + HALF_A_STEP, -f64::from(f32::MAX) - HALF_A_STEP];
            for near in [low, f64::midpoint(low, here), here, f64::midpoint(here, high), high].into_iter().chain(ends) {
                let mut value = near;
                for _ in 0..steps.abs() {
                    value = if steps < 0 { value.next_down() } else { value.next_up() };
                }
                if value.is_finite() {
                    assert_same(bound, value)?;
                }
            }
        }
    }
}
