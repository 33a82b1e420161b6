//! From a record to a score and an outcome, or to what is wrong with it.

use std::sync::Arc;

use csv::ByteRecord;
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

    /// Judges records; the verdicts are in their order.
    pub(super) fn judge(&self, records: &[Record]) -> Vec<Verdict> {
        match &self.layout {
            Layout::Lines => records.iter().map(|record| self.judge_one(record)).collect(),
            Layout::Csv { .. } => self.judge_rows(records),
        }
    }

    fn judge_one(&self, record: &Record) -> Verdict {
        match record {
            Record::Line(line) => self.judge_line(line),
            Record::Row(_) => Verdict { reference: None, result: Err("is not an application".to_owned()) },
            Record::Overlong => Verdict { reference: None, result: Err("the line is longer than 64 KiB".to_owned()) },
        }
    }

    /// Reads all rows, then scores those that are sound together.
    fn judge_rows(&self, records: &[Record]) -> Vec<Verdict> {
        let mut sound = Vec::with_capacity(records.len());
        let read: Vec<(Option<String>, Result<(), String>)> = records
            .iter()
            .map(|record| {
                let (reference, features) = self.read_row(record);
                (reference, features.map(|features| sound.push(features)))
            })
            .collect();
        let mut scored = self.score_rows(sound).into_iter();
        let unscored = || "was not scored".to_owned();
        read.into_iter()
            .map(|(reference, features)| Verdict {
                reference,
                result: features.and_then(|()| scored.next().ok_or_else(unscored)),
            })
            .collect()
    }

    fn read_row(&self, record: &Record) -> (Option<String>, Result<FeatureVector, String>) {
        let (Layout::Csv { places, width, reference }, Record::Row(row)) = (&self.layout, record) else {
            return (None, Err("is not a row".to_owned()));
        };
        if !is_utf8(row) {
            return (None, Err("is not UTF-8; save the file as UTF-8".to_owned()));
        }
        let cell = |place: usize| row.get(place).and_then(|cell| std::str::from_utf8(cell).ok()).unwrap_or_default();
        let reference = reference.map(|place| cell(place).trim()).filter(|text| !text.is_empty()).map(str::to_owned);
        if row.len() != *width {
            return (reference, Err(format!("has {} cells, but there are {width} column names", row.len())));
        }
        let features = self.model.extractor().from_row(|column| cell(places[column]), UnseenCategory::Refuse);
        (reference, features.map_err(in_one_line))
    }

    fn score_rows(&self, rows: Vec<FeatureVector>) -> Vec<Scored> {
        if let Some(decider) = &self.decider {
            return decider.decide_rows(rows).into_iter().map(Scored::from).collect();
        }
        let assessments = self.model.assess_all(&rows);
        let scored = rows.into_iter().zip(assessments);
        scored.map(|(features, assessment)| Scored { features, assessment, ruling: None }).collect()
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

/// Whether every cell is UTF-8. Nearly every file is ASCII throughout, which is quicker to see.
fn is_utf8(row: &ByteRecord) -> bool {
    row.as_slice().is_ascii() || row.iter().all(|cell| std::str::from_utf8(cell).is_ok())
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
