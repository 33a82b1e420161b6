//! Our booster as one of smartcore's models, so that its cross-validation and its splits drive ours like
//! any of its own.

use smartcore::{
    api::{Predictor, SupervisedEstimator},
    error::Failed,
    linalg::basic::arrays::Array2,
};

use super::{
    boosting::gradient::sigmoid,
    calibrate::{Line, fit_line},
    column::Column,
    dataset::Rows,
    engine::Grown,
    evaluate::Outcomes,
    fit::Plan,
    inner,
    parameters::Wanted,
};
use crate::{
    features::schema::{Feature, Monotone, Schema},
    forest::Forest,
    model::population::InnerPart,
};

/// How an [`Estimator`] is fitted.
#[derive(Debug, Clone, Default)]
pub struct EstimatorParameters {
    /// As in a training schema; what is left out is chosen from the size of the data.
    pub training: Wanted,
    /// How risk may move with each column; columns beyond these are free.
    pub directions: Vec<Monotone>,
}

/// Gradient boosting, with either of our engines, behind smartcore's traits: fitted to a matrix of features and a
/// vector of outcomes (1 is bad, 0 is good), it predicts calibrated probabilities.
///
/// A missing value is NaN, and needs no treatment. The engine is chosen by [`Wanted::engine`]. The number of trees and the calibration are chosen on
/// an inner hold-out, as `train` does.
///
/// ```
/// use smartcore::{
///     linalg::basic::matrix::DenseMatrix,
///     metrics::roc_auc_score,
///     model_selection::{KFold, cross_validate},
/// };
/// use underwright::training::{
///     parameters::Wanted,
///     smartcore_estimator::{Estimator, EstimatorParameters},
/// };
///
/// // Two hundred loans: the risk rises with the debt; every tenth income is unknown.
/// let mut loans: Vec<Vec<f64>> = Vec::new();
/// let mut outcomes: Vec<f64> = Vec::new();
/// for loan in 0..200_u32 {
///     let (debt, luck) = (f64::from(loan * 37 % 100), f64::from(loan * 61 % 89));
///     loans.push(vec![debt, if loan % 10 == 0 { f64::NAN } else { f64::from(loan % 7) }]);
///     outcomes.push(if debt + luck > 110.0 { 1.0 } else { 0.0 });
/// }
/// let loans = DenseMatrix::from_2d_vec(&loans)?;
///
/// let parameters = EstimatorParameters {
///     training: Wanted { trees: Some(20), rate: Some(0.2), ..Wanted::default() },
///     ..EstimatorParameters::default()
/// };
/// let folds = KFold::default().with_n_splits(3).with_seed(Some(7));
/// let result = cross_validate(Estimator::default(), &loans, &outcomes, parameters, &folds, &|truth, found| {
///     roc_auc_score(truth, found)
/// })?;
/// assert!(result.mean_test_score() > 0.8);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Estimator {
    fitted: Option<Fitted>,
}

#[derive(Debug, Clone)]
struct Fitted {
    forest: Forest,
    calibration: Line,
}

impl<X: Array2<f64>> SupervisedEstimator<X, Vec<f64>, EstimatorParameters> for Estimator {
    fn new() -> Self {
        Self::default()
    }

    fn fit(x: &X, y: &Vec<f64>, parameters: EstimatorParameters) -> Result<Self, Failed> {
        let rows = read(x, y)?;
        let failed = |error: &dyn std::error::Error| Failed::fit(&error.to_string());
        let schema = schema(rows.columns.len(), &parameters.directions);
        let complete = parameters.training.complete(rows.len()).map_err(|error| failed(&error))?;
        let plan = Plan { schema: &schema, parameters: &complete };
        let (hold_outs, _) = inner::split(&InnerPart::Default, &rows, complete.seed).map_err(|error| failed(&error))?;
        let engine = parameters.training.engine;
        engine.check(&schema).map_err(|error| failed(&error))?;
        let Grown { inner: held_out, forest, .. } =
            engine.grow(plan, &rows, &hold_outs, |_, _, _| ()).map_err(|error| failed(&error))?;
        let outcomes = Outcomes { margins: &held_out.margins, is_bad: &held_out.is_bad };
        // A line that would turn the order says that nothing was learnt; the margins then stay as they are.
        let line = fit_line(outcomes).filter(|line| line.slope > 0.0);
        let calibration = line.unwrap_or(Line { slope: 1.0, intercept: 0.0 });
        Ok(Self { fitted: Some(Fitted { forest, calibration }) })
    }
}

impl<X: Array2<f64>> Predictor<X, Vec<f64>> for Estimator {
    fn predict(&self, x: &X) -> Result<Vec<f64>, Failed> {
        let Some(Fitted { forest, calibration }) = &self.fitted else {
            return Err(Failed::predict("the estimator must be fitted before it predicts"));
        };
        let (rows, columns) = x.shape();
        if columns != forest.features() {
            return Err(Failed::predict(&format!("fitted to {} columns and asked about {columns}", forest.features())));
        }
        let row = |row: usize| {
            let values: Vec<f64> = (0..columns).map(|column| *x.get((row, column))).collect();
            if values.iter().any(|value| value.is_infinite()) {
                return Err(Failed::predict(&format!("row {row} has an infinite value; NaN stands for a missing one")));
            }
            Ok(sigmoid(calibration.apply(forest.margin(&values))))
        };
        (0..rows).map(row).collect()
    }
}

fn read<X: Array2<f64>>(x: &X, y: &[f64]) -> Result<Rows, Failed> {
    let (rows, columns) = x.shape();
    if rows != y.len() {
        return Err(Failed::fit(&format!("there are {rows} rows and {} outcomes", y.len())));
    }
    if !y.iter().all(|&outcome| outcome == 0.0 || outcome == 1.0) {
        return Err(Failed::fit("an outcome must be 1 (bad) or 0 (good)"));
    }
    let columns: Vec<Vec<f64>> = (0..columns).map(|column| x.get_col(column).iterator(0).copied().collect()).collect();
    if columns.iter().flatten().any(|value| value.is_infinite()) {
        return Err(Failed::fit("a value is infinite; NaN stands for a missing one"));
    }
    let columns = columns.into_iter().map(Column::from).collect();
    Ok(Rows { columns, is_bad: y.iter().map(|&outcome| outcome == 1.0).collect(), days: Vec::new() })
}

fn schema(columns: usize, directions: &[Monotone]) -> Schema {
    let feature = |column: usize| Feature {
        name: format!("x{column}"),
        monotone: directions.get(column).copied().unwrap_or_default(),
        ..Feature::default()
    };
    Schema { features: (0..columns).map(feature).collect(), ..Schema::default() }
}

#[cfg(test)]
mod tests {
    use smartcore::{
        linalg::basic::matrix::DenseMatrix,
        metrics::roc_auc_score,
        model_selection::{KFold, cross_val_predict, cross_validate, train_test_split},
    };

    use super::*;
    use crate::training::engine::Engine;

    fn loans(rows: u32) -> (DenseMatrix<f64>, Vec<f64>) {
        let row = |loan: u32| {
            let (debt, luck) = (f64::from(loan * 37 % 101), f64::from(loan * 61 % 89));
            let income = if loan.is_multiple_of(10) { f64::NAN } else { f64::from(loan % 7) };
            (vec![debt, income], f64::from(u8::from(debt + luck - income > 105.0)))
        };
        let (values, outcomes): (Vec<Vec<f64>>, Vec<f64>) = (0..rows).map(row).unzip();
        (DenseMatrix::from_2d_vec(&values).expect("a matrix"), outcomes)
    }

    fn quick() -> EstimatorParameters {
        let training = Wanted { trees: Some(15), rate: Some(0.3), depth: Some(3), ..Wanted::default() };
        EstimatorParameters { training, directions: vec![Monotone::Increasing] }
    }

    #[test]
    fn smartcores_cross_validation_and_splits_drive_it() {
        let (x, y) = loans(300);
        let folds = KFold::default().with_n_splits(3).with_seed(Some(1));
        let auc = |truth: &Vec<f64>, found: &Vec<f64>| roc_auc_score(truth, found);
        let result = cross_validate(Estimator::default(), &x, &y, quick(), &folds, &auc).expect("fits");
        assert_eq!(result.test_score.len(), 3);
        assert!(result.mean_test_score() > 0.78, "{result:?}");
        let found = cross_val_predict(Estimator::default(), &x, &y, quick(), &folds).expect("fits");
        assert!(found.iter().all(|probability| (0.0..1.0).contains(probability)));
        assert!(roc_auc_score(&y, &found) > 0.78);

        let (train, test, train_y, test_y) = train_test_split(&x, &y, 0.3, true, Some(5));
        let fitted = Estimator::fit(&train, &train_y, quick()).expect("fits");
        assert!(roc_auc_score(&test_y, &fitted.predict(&test).expect("fitted")) > 0.75);
    }

    #[test]
    fn both_engines_are_driven_alike() {
        let (x, y) = loans(300);
        let folds = KFold::default().with_n_splits(3).with_seed(Some(1));
        let auc = |truth: &Vec<f64>, found: &Vec<f64>| roc_auc_score(truth, found);
        let mut parameters = quick();
        parameters.training.engine = Engine::Smartcore;
        let refused = Estimator::fit(&x, &y, parameters.clone()).expect_err("a direction").to_string();
        assert!(refused.contains("keeps to no direction of risk"), "{refused}");
        parameters.directions.clear();
        let result = cross_validate(Estimator::default(), &x, &y, parameters, &folds, &auc).expect("fits");
        assert!(result.mean_test_score() > 0.75, "{result:?}");
    }

    #[test]
    fn a_declared_direction_holds() {
        let (x, y) = loans(300);
        let fitted = Estimator::fit(&x, &y, quick()).expect("fits");
        for income in [0.0, 3.0, 6.0, f64::NAN] {
            let rising: Vec<Vec<f64>> = (0..101).map(|debt| vec![f64::from(debt), income]).collect();
            let found = fitted.predict(&DenseMatrix::from_2d_vec(&rising).expect("a matrix")).expect("fitted");
            assert!(found.is_sorted(), "{income}: {found:?}");
        }
    }

    #[test]
    fn what_it_cannot_be_fitted_to_is_an_error_and_never_a_panic() {
        let (x, y) = loans(40);
        let fault = |x: &DenseMatrix<f64>, y: &Vec<f64>, parameters: EstimatorParameters| {
            Estimator::fit(x, y, parameters).expect_err("an error").to_string()
        };
        assert!(fault(&x, &y[1..].to_vec(), quick()).contains("40 rows and 39 outcomes"));
        assert!(fault(&x, &vec![2.0; 40], quick()).contains("1 (bad) or 0 (good)"));
        assert!(fault(&x, &vec![1.0; 40], quick()).contains("one outcome"));
        let deep = EstimatorParameters { training: Wanted { depth: Some(20), ..Wanted::default() }, ..quick() };
        assert!(fault(&x, &y, deep).contains("depth must be from 1 to 8"));
        let infinite = DenseMatrix::from_2d_vec(&vec![vec![f64::INFINITY]; 40]).expect("a matrix");
        assert!(fault(&infinite, &y, quick()).contains("infinite"));
        assert!(Estimator::default().predict(&x).expect_err("not fitted").to_string().contains("must be fitted"));
        let fitted = Estimator::fit(&loans(200).0, &loans(200).1, quick()).expect("fits");
        assert!(fitted.predict(&infinite).expect_err("one column").to_string().contains("2 columns"));
    }
}
