use proptest::prelude::*;
use smartcore::metrics::{Metrics as _, auc::AUC};

use super::*;

/// Two hundred rows with many ties, from integer arithmetic that any language repeats.
fn made_up_rows() -> (Vec<f64>, Vec<bool>) {
    (0..200_u32)
        .map(|i| {
            let k = (i * 7919 + 13) % 101;
            let margin = ((f64::from(k) / 20.0 - 3.5) * 100.0).round() / 100.0;
            (margin, f64::from((i * i * 31 + i * 17) % 97) < 12.0 + f64::from(k) * 0.4)
        })
        .unzip()
}

/// Golden numbers: scikit-learn 1.9.1 (`roc_auc_score`, `roc_curve`, `log_loss`, `brier_score_loss`,
/// `LogisticRegression` without penalty) on the same rows.
#[test]
fn the_figures_are_those_of_scikit_learn() {
    let (margins, is_bad) = made_up_rows();
    let metrics = measure(Outcomes { margins: &margins, is_bad: &is_bad });
    let line = metrics.calibration.expect("a line");
    let pairs = [
        (metrics.auc.expect("both outcomes"), 0.668_778_376_095_449_3),
        (metrics.ks.expect("both outcomes"), 0.291_521_486_643_437_85),
        (metrics.log_loss, 0.692_772_877_056_734_7),
        (metrics.brier, 0.234_198_324_614_913_74),
        (line.slope, 0.423_195_349_906_503_4),
        (line.intercept, -0.087_765_703_694_094_37),
        (metrics.bad_rate, 0.385),
    ];
    for (found, expected) in pairs {
        assert!((found - expected).abs() < 1e-7, "{found} is not {expected}");
    }
}

fn auc_of_smartcore(margins: &[f64], is_bad: &[bool]) -> f64 {
    let truth: Vec<f64> = is_bad.iter().map(|&is_bad| f64::from(u8::from(is_bad))).collect();
    AUC::new().get_score(&truth, &margins.to_vec())
}

proptest! {
    #[test]
    fn the_auc_is_that_of_smartcore(rows in prop::collection::vec((0_u8..30, any::<bool>()), 2..300)) {
        let (margins, is_bad): (Vec<f64>, Vec<bool>) = rows.into_iter().map(|(m, bad)| (f64::from(m), bad)).unzip();
        let auc = RocCurve::new(Outcomes { margins: &margins, is_bad: &is_bad }).auc();
        match auc {
            Some(auc) => prop_assert!((auc - auc_of_smartcore(&margins, &is_bad)).abs() < 1e-12),
            None => prop_assert!(is_bad.iter().all(|&bad| bad == is_bad[0])),
        }
    }
}

#[test]
fn ties_count_half_and_perfect_order_is_one() {
    let auc = |margins: &[f64], is_bad: &[bool]| RocCurve::new(Outcomes { margins, is_bad }).auc();
    assert_eq!(auc(&[1.0, 1.0], &[true, false]), Some(0.5));
    assert_eq!(auc(&[2.0, 1.0], &[true, false]), Some(1.0));
    assert_eq!(auc(&[2.0, 1.0], &[false, true]), Some(0.0));
    assert_eq!(auc(&[2.0, 1.0], &[true, true]), None);
}

#[test]
fn one_outcome_has_losses_but_no_rank_figures() {
    let metrics = measure(Outcomes { margins: &[0.0, 0.0], is_bad: &[false, false] });
    assert_eq!((metrics.auc, metrics.ks, metrics.gini, metrics.calibration), (None, None, None, None));
    assert!((metrics.log_loss - std::f64::consts::LN_2).abs() < 1e-15);
}

#[test]
fn a_certain_error_has_a_finite_loss() {
    let loss = log_loss(Outcomes { margins: &[800.0, -800.0], is_bad: &[false, true] });
    assert_eq!(loss, 800.0);
}
