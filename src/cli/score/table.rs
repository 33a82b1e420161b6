//! The CSV that is written: one row per record, every number so that it reads back to the same bits.

use std::{io::Write, str::FromStr};

use csv::{StringRecord, Writer};

use super::judge::{Scored, Verdict};
use crate::{
    model::{Model, scorecard::ScoreScaling},
    policy::reasons,
};

/// What is added to each row's score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Explain {
    /// The strongest reasons that raised the risk, at most so many.
    Strongest(usize),
    /// The baseline and the contribution of every feature.
    All,
}

impl FromStr for Explain {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        if text == "all" {
            return Ok(Self::All);
        }
        match text.parse() {
            Ok(count @ 1..=100) => Ok(Self::Strongest(count)),
            _ => Err("write a number from 1 to 100, or all"),
        }
    }
}

/// A table that is being written.
pub(super) struct Table<'a, W: Write> {
    writer: Writer<W>,
    model: &'a Model,
    explain: Option<Explain>,
    rows: u64,
}

impl<'a, W: Write> Table<'a, W> {
    /// Writes the column names.
    pub(super) fn begin(output: W, model: &'a Model, explain: Option<Explain>) -> csv::Result<Self> {
        let mut table = Self { writer: Writer::from_writer(output), model, explain, rows: 0 };
        let mut names: StringRecord =
            vec!["row", "external_reference", "outcome", "probability_of_default", "score", "margin", "rules"].into();
        match explain {
            None => {}
            Some(Explain::Strongest(count)) => {
                for number in 1..=count {
                    names.push_field(&format!("reason_{number}"));
                    names.push_field(&format!("contribution_{number}"));
                }
            }
            Some(Explain::All) => {
                names.push_field("baseline");
                for feature in &model.schema().features {
                    names.push_field(&format!("contribution.{}", feature.name));
                }
            }
        }
        names.push_field("error");
        table.writer.write_record(&names)?;
        Ok(table)
    }

    /// Writes one row.
    pub(super) fn write(&mut self, verdict: &Verdict) -> csv::Result<()> {
        self.rows += 1;
        let mut row = StringRecord::new();
        row.push_field(&self.rows.to_string());
        row.push_field(&defused(verdict.reference.as_deref().unwrap_or_default()));
        match &verdict.result {
            Ok(scored) => self.push_scored(&mut row, scored),
            Err(_) => push_error(&mut row, self.explanation_width()),
        }
        row.push_field(verdict.result.as_ref().err().map_or("", String::as_str));
        self.writer.write_record(&row)
    }

    /// Writes what is still in memory.
    pub(super) fn finish(mut self) -> std::io::Result<()> {
        self.writer.flush()
    }

    fn push_scored(&self, row: &mut StringRecord, scored: &Scored) {
        let Scored { assessment, ruling } = scored;
        let score =
            ruling.as_ref().map_or_else(|| ScoreScaling::default().score(assessment.margin), |ruling| ruling.score);
        let fired = ruling.iter().flat_map(|ruling| &ruling.fired).map(|rule| rule.id.as_str());
        row.push_field(&ruling.as_ref().map_or_else(String::new, |ruling| ruling.outcome.to_string()));
        row.push_field(&exact(assessment.default_probability.value()));
        row.push_field(&score.to_string());
        row.push_field(&exact(assessment.margin));
        row.push_field(&fired.collect::<Vec<_>>().join(";"));
        match self.explain {
            None => {}
            Some(Explain::Strongest(count)) => self.push_strongest(row, scored, count),
            Some(Explain::All) => {
                row.push_field(&exact(assessment.baseline));
                for contribution in &assessment.contributions {
                    row.push_field(&exact(*contribution));
                }
            }
        }
    }

    fn push_strongest(&self, row: &mut StringRecord, scored: &Scored, count: usize) {
        let mut raised = reasons::raised(self.model.schema(), self.model.reasons(), &scored.assessment.contributions);
        for _ in 0..count {
            let reason = raised.next();
            row.push_field(reason.as_ref().map_or("", |reason| reason.code.as_str()));
            row.push_field(&reason.and_then(|reason| reason.contribution).map_or_else(String::new, exact));
        }
    }

    fn explanation_width(&self) -> usize {
        match self.explain {
            None => 0,
            Some(Explain::Strongest(count)) => 2 * count,
            Some(Explain::All) => 1 + self.model.schema().features.len(),
        }
    }
}

fn push_error(row: &mut StringRecord, explanation_width: usize) {
    row.push_field("error");
    // Probability, score, margin and rules, then the explanation.
    for _ in 0..4 + explanation_width {
        row.push_field("");
    }
}

/// The shortest decimal that reads back to the same bits.
fn exact(number: f64) -> String {
    number.to_string()
}

/// A text from outside, made harmless for programs that compute what begins like a formula.
fn defused(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}
