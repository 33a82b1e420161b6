//! From a record to a score and an outcome, or to what is wrong with it.

use std::sync::Arc;

use csv::StringRecord;
use rayon::prelude::*;
use time::Date;

use super::input::{Layout, Record};
use crate::{
    decide::pipeline::{DecidedRow, Decider},
    domain::{
        application::Application,
        fault::{Fault, Refusal},
        intake,
    },
    features::extract::{FeatureVector, UnseenCategory},
    model::{Assessment, Model},
    policy::Ruling,
};

/// Judges records, each by itself.
pub(super) struct Judge {
    model: Arc<Model>,
    decider: Option<Decider>,
    layout: Layout,
    today: Date,
}

/// What came of a record.
pub(super) struct Verdict {
    pub(super) reference: Option<String>,
    /// The error is what is wrong with the record, in one line.
    pub(super) result: Result<Scored, String>,
}

/// A score, and an outcome where there is a policy.
pub(super) struct Scored {
    pub(super) features: FeatureVector,
    pub(super) assessment: Assessment,
    pub(super) ruling: Option<Ruling>,
}

impl Judge {
    pub(super) fn new(model: Arc<Model>, decider: Option<Decider>, layout: Layout, today: Date) -> Self {
        Self { model, decider, layout, today }
    }

    /// Judges records on all cores; the verdicts are in the order of the records.
    pub(super) fn judge_all(&self, records: &[Record]) -> Vec<Verdict> {
        records.par_iter().map(|record| self.judge(record)).collect()
    }

    fn judge(&self, record: &Record) -> Verdict {
        match record {
            Record::Row(row) => self.judge_row(row.clone()),
            Record::Line(line) => self.judge_line(line),
            Record::Overlong => Verdict { reference: None, result: Err("the line is longer than 64 KiB".to_owned()) },
        }
    }

    fn judge_row(&self, row: csv::ByteRecord) -> Verdict {
        let Layout::Csv { places, width, reference } = &self.layout else {
            return Verdict { reference: None, result: Err("is not an application".to_owned()) };
        };
        let Ok(row) = StringRecord::from_byte_record(row) else {
            return Verdict { reference: None, result: Err("is not UTF-8; save the file as UTF-8".to_owned()) };
        };
        let reference = reference.and_then(|place| row.get(place)).map(str::trim).filter(|text| !text.is_empty());
        let result = if row.len() == *width {
            self.score_row(|column| row.get(places[column]).unwrap_or_default())
        } else {
            Err(format!("has {} cells, but there are {width} column names", row.len()))
        };
        Verdict { reference: reference.map(str::to_owned), result }
    }

    fn score_row<'a>(&self, cells: impl Fn(usize) -> &'a str) -> Result<Scored, String> {
        let features = self.model.extractor().from_row(cells, UnseenCategory::Refuse).map_err(in_one_line)?;
        Ok(match &self.decider {
            Some(decider) => decider.decide_row(&features).into(),
            None => self.score_alone(&features),
        })
    }

    fn judge_line(&self, line: &[u8]) -> Verdict {
        let extractor = self.model.extractor();
        match intake::parse_for(line, self.today, |application| extractor.check_application(application)) {
            Err(Refusal::Malformed(malformed)) => Verdict { reference: None, result: Err(malformed.to_string()) },
            Err(Refusal::Faults(faults)) => Verdict { reference: None, result: Err(faults_in_one_line(faults)) },
            Ok(application) => Verdict {
                result: self.score_application(&application).map_err(faults_in_one_line),
                reference: application.external_reference,
            },
        }
    }

    fn score_application(&self, application: &Application) -> Result<Scored, Vec<Fault>> {
        if let Some(decider) = &self.decider {
            return decider.decide_unrecorded(application, self.today).map(Scored::from);
        }
        let faults = self.model.extractor().check_application(application);
        if faults.is_empty() {
            return Ok(self.score_alone(&self.model.extractor().from_application(application, self.today)));
        }
        Err(faults)
    }

    /// The score without a policy.
    fn score_alone(&self, features: &FeatureVector) -> Scored {
        Scored { features: features.clone(), assessment: self.model.assess(features), ruling: None }
    }
}

impl From<DecidedRow> for Scored {
    fn from(DecidedRow { features, assessment, ruling }: DecidedRow) -> Self {
        Self { features, assessment, ruling: Some(ruling) }
    }
}

fn in_one_line<T: ToString>(faults: Vec<T>) -> String {
    faults.into_iter().map(|fault| fault.to_string()).collect::<Vec<_>>().join("; ")
}

fn faults_in_one_line(faults: Vec<Fault>) -> String {
    let said = |Fault { pointer, message, .. }: Fault| {
        if pointer.is_empty() { message } else { format!("{pointer}: {message}") }
    };
    in_one_line(faults.into_iter().map(said).collect())
}
