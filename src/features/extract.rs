//! Reading features from an application or from a row of a training file.

use std::collections::BTreeSet;

use time::Date;

use super::{
    formula::Function,
    resolve::{self, Plan},
    schema::{Schema, SchemaError},
    slot::{Operand, Reading, Refusal, Slot},
    source::{self, Section},
};
use crate::domain::{
    application::Application,
    fault::{Fault, FaultCode},
};

/// The values of a schema's features for one applicant, in the schema's order.
///
/// Invariant: as many values as the schema has features; NaN means "missing" and nothing else does;
/// no value is infinite; a category is the index of its value in the feature's `categories`, and
/// the number of `categories` stands for one that is not among them.
#[derive(Debug, Clone)]
pub struct FeatureVector(Box<[f64]>);

impl FeatureVector {
    /// Takes values in the schema's order.
    #[must_use]
    pub fn new(values: impl Into<Box<[f64]>>) -> Self {
        Self(values.into())
    }

    /// The values in the schema's order; NaN is "missing".
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.0
    }
}

/// What to do with a category that the schema does not list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnseenCategory {
    /// It is a fault of the row.
    Refuse,
    /// It is kept as "none of the categories"; the model gives it the prior.
    Accept,
}

/// What is wrong with one cell of a training file's row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column `{column}`: {message}")]
pub struct CellFault {
    pub column: String,
    pub code: FaultCode,
    /// What would be right. Never repeats the refused value.
    pub message: String,
}

/// A schema made ready to read: every pointer, column and formula resolved.
#[derive(Debug, Clone)]
pub struct Extractor {
    plan: Plan,
    features: usize,
    currency: Option<String>,
    attributes: BTreeSet<String>,
    /// How many categories each category feature has, by the feature's index.
    categories: Vec<(usize, f64)>,
    reads_bureau: bool,
    reads_finances: bool,
}

impl Extractor {
    /// Resolves a schema. Fails as [`Schema::check`] does.
    pub fn compile(schema: &Schema) -> Result<Self, SchemaError> {
        let plan = resolve::resolve(schema)?;
        let readings = || plan.slots.iter().filter_map(as_reading);
        let attributes = readings().filter_map(Reading::attribute_name).map(str::to_owned).collect();
        let reads = |section| readings().any(|reading| reading.section() == section);
        let (reads_bureau, reads_finances) = (reads(Section::Bureau), reads(Section::Finances));
        let categories = plan.slots.iter().take(schema.features.len()).enumerate();
        let categories =
            categories.filter_map(|(index, slot)| Some((index, as_reading(slot)?.unseen_code()?))).collect();
        Ok(Self {
            features: schema.features.len(),
            currency: schema.currency.clone(),
            attributes,
            categories,
            reads_bureau,
            reads_finances,
            plan,
        })
    }

    /// The columns of a training file that are read, each once. [`Extractor::from_row`] asks for
    /// cells by their index here.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.plan.columns
    }

    /// Whether anything is read from the credit bureau's file.
    #[must_use]
    pub const fn reads_bureau(&self) -> bool {
        self.reads_bureau
    }

    /// Whether anything is read from what the applicant earns and owes, so that it must be there.
    #[must_use]
    pub const fn reads_finances(&self) -> bool {
        self.reads_finances
    }

    /// The features whose category is not among those that the schema lists.
    pub fn unseen_categories(&self, values: &FeatureVector) -> impl Iterator<Item = usize> {
        self.categories.iter().filter(|(index, unseen)| values.values()[*index] == *unseen).map(|(index, _)| *index)
    }

    /// Everything about an application that this schema cannot read: another currency, a missing
    /// section, an undeclared or ill-typed attribute, an unknown category, a value outside its
    /// declared range. Empty when [`Extractor::from_application`] is true to the application.
    #[must_use]
    pub fn check_application(&self, application: &Application) -> Vec<Fault> {
        let mut faults = Vec::new();
        if let Some(currency) = self.currency.as_ref().filter(|currency| **currency != application.loan.currency) {
            let message = format!("must be {currency}, the currency that this model was trained on");
            faults.push(Fault::new("/loan/currency", FaultCode::UnknownValue, message));
        }
        faults.extend(self.missing_sections(application));
        for name in application.attributes.keys().filter(|name| !self.attributes.contains(*name)) {
            let message = "is not an attribute that the model's schema declares; check the spelling";
            faults.push(Fault::new(source::attribute_pointer(name), FaultCode::UnknownField, message));
        }
        faults.extend(self.plan.slots.iter().filter_map(as_reading).filter_map(|reading| reading.check(application)));
        faults.sort();
        faults.dedup();
        faults
    }

    /// The bureau is not among them: no bureau file is legal, and the policy's matter.
    fn missing_sections(&self, application: &Application) -> Vec<Fault> {
        let sections = [
            (Section::Employment, "/employment", application.employment.is_some()),
            (Section::Finances, "/finances", application.finances.is_some()),
        ];
        let is_read = |section| self.plan.slots.iter().filter_map(as_reading).any(|slot| slot.section() == section);
        let missing = sections.into_iter().filter(|(section, _, given)| !given && is_read(*section));
        missing.map(|(_, pointer, _)| Fault::new(pointer, FaultCode::Required, "is what the model reads")).collect()
    }

    /// Reads an application, as of `decision_date` (UTC). Never fails: what cannot be read, which
    /// [`Extractor::check_application`] reports, is missing, or "none of the categories".
    #[must_use]
    #[expect(clippy::wrong_self_convention, reason = "the extractor reads an application; it is not made from one")]
    pub fn from_application(&self, application: &Application, decision_date: Date) -> FeatureVector {
        let mut values = vec![f64::NAN; self.plan.slots.len()];
        for &index in &self.plan.order {
            values[index] = match &self.plan.slots[index] {
                Slot::Read(reading) => reading.read_application(application, decision_date),
                Slot::Derived { function, operands } => derive(*function, *operands, &values),
            };
        }
        self.features_of(values)
    }

    /// Reads a row of a training file, or gives every fault of it.
    ///
    /// `cells(i)` is the text of the column `self.columns()[i]`; an empty one is missing.
    #[expect(clippy::wrong_self_convention, reason = "the extractor reads a row; it is not made from one")]
    pub fn from_row<'a>(
        &self,
        cells: impl Fn(usize) -> &'a str,
        unseen: UnseenCategory,
    ) -> Result<FeatureVector, Vec<CellFault>> {
        let mut values = vec![f64::NAN; self.plan.slots.len()];
        let mut faults = Vec::new();
        for &index in &self.plan.order {
            values[index] = match &self.plan.slots[index] {
                Slot::Read(reading) => reading.read_cell(cells(reading.column), unseen).unwrap_or_else(|refusal| {
                    faults.push(self.cell_fault(reading, refusal));
                    f64::NAN
                }),
                Slot::Derived { function, operands } => derive(*function, *operands, &values),
            };
        }
        if faults.is_empty() {
            return Ok(self.features_of(values));
        }
        // Two slots may read one column and find the same fault.
        faults.dedup();
        Err(faults)
    }

    fn cell_fault(&self, reading: &Reading, (code, message): Refusal) -> CellFault {
        CellFault { column: self.plan.columns[reading.column].clone(), code, message }
    }

    /// Keeps the features, which stand before the inputs.
    fn features_of(&self, mut values: Vec<f64>) -> FeatureVector {
        values.truncate(self.features);
        FeatureVector::new(values)
    }
}

fn as_reading(slot: &Slot) -> Option<&Reading> {
    match slot {
        Slot::Read(reading) => Some(reading),
        Slot::Derived { .. } => None,
    }
}

fn derive(function: Function, operands: [Operand; 2], values: &[f64]) -> f64 {
    let [a, b] = operands.map(|operand| match operand {
        Operand::Slot(index) => values[index],
        Operand::Constant(number) => number,
    });
    function.apply(a, b)
}

#[cfg(test)]
mod tests;
