//! The CSV that is written: one row per record, every number so that it reads back to the same bits.

use std::{
    borrow::Cow,
    fmt::Display,
    io::{self, Write},
    str::FromStr,
};

use csv::Writer;

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

/// The form of the table: which columns it has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table<'a> {
    model: &'a Model,
    explain: Option<Explain>,
}

impl<'a> Table<'a> {
    pub(super) const fn new(model: &'a Model, explain: Option<Explain>) -> Self {
        Self { model, explain }
    }

    /// The line of column names.
    pub(super) fn header(&self) -> csv::Result<Vec<u8>> {
        let mut rows = Rows::default();
        for name in ["row", "external_reference", "outcome", "probability_of_default", "score", "margin", "rules"] {
            rows.text(name)?;
        }
        match self.explain {
            None => {}
            Some(Explain::Strongest(count)) => {
                for number in 1..=count {
                    rows.shown(format_args!("reason_{number}"))?;
                    rows.shown(format_args!("contribution_{number}"))?;
                }
            }
            Some(Explain::All) => {
                rows.text("baseline")?;
                for feature in &self.model.schema().features {
                    rows.shown(format_args!("contribution.{}", feature.name))?;
                }
            }
        }
        rows.text("error")?;
        rows.end()?;
        rows.into_bytes()
    }

    /// A row for each verdict; the first has the number `first_row`.
    pub(super) fn rows(&self, first_row: u64, verdicts: &[Verdict]) -> csv::Result<Vec<u8>> {
        let mut rows = Rows::default();
        for (number, verdict) in (first_row..).zip(verdicts) {
            rows.shown(number)?;
            rows.text(&defused(verdict.reference.as_deref().unwrap_or_default()))?;
            match &verdict.result {
                Ok(scored) => self.push_scored(&mut rows, scored)?,
                Err(_) => push_error(&mut rows, self.explanation_width())?,
            }
            rows.text(verdict.result.as_ref().err().map_or("", String::as_str))?;
            rows.end()?;
        }
        rows.into_bytes()
    }

    fn push_scored(&self, rows: &mut Rows, scored: &Scored) -> csv::Result<()> {
        let Scored { assessment, ruling, .. } = scored;
        let score =
            ruling.as_ref().map_or_else(|| ScoreScaling::default().score(assessment.margin), |ruling| ruling.score);
        match ruling {
            Some(ruling) => rows.shown(ruling.outcome)?,
            None => rows.text("")?,
        }
        rows.number(assessment.default_probability.value())?;
        rows.shown(score)?;
        rows.number(assessment.margin)?;
        let fired = ruling.iter().flat_map(|ruling| &ruling.fired).map(|rule| rule.id.as_str());
        rows.text(&fired.collect::<Vec<_>>().join(";"))?;
        match self.explain {
            None => Ok(()),
            Some(Explain::Strongest(count)) => self.push_strongest(rows, scored, count),
            Some(Explain::All) => {
                rows.number(assessment.baseline)?;
                assessment.contributions.iter().try_for_each(|contribution| rows.number(*contribution))
            }
        }
    }

    fn push_strongest(&self, rows: &mut Rows, scored: &Scored, count: usize) -> csv::Result<()> {
        let Scored { features, assessment, .. } = scored;
        let (schema, reasons) = (self.model.schema(), self.model.reasons());
        let mut raised = reasons::raised(schema, reasons, features, &assessment.contributions);
        for _ in 0..count {
            let reason = raised.next();
            rows.text(reason.as_ref().map_or("", |reason| reason.code.as_str()))?;
            match reason.and_then(|reason| reason.contribution) {
                Some(contribution) => rows.number(contribution)?,
                None => rows.text("")?,
            }
        }
        Ok(())
    }

    fn explanation_width(&self) -> usize {
        match self.explain {
            None => 0,
            Some(Explain::Strongest(count)) => 2 * count,
            Some(Explain::All) => 1 + self.model.schema().features.len(),
        }
    }
}

fn push_error(rows: &mut Rows, explanation_width: usize) -> csv::Result<()> {
    rows.text("error")?;
    // Probability, score, margin and rules, then the explanation.
    (0..4 + explanation_width).try_for_each(|_| rows.text(""))
}

/// Rows of CSV that are being written, in memory.
struct Rows {
    writer: Writer<Vec<u8>>,
    /// The cell that is being written, where it is not a text already.
    cell: Vec<u8>,
}

impl Default for Rows {
    fn default() -> Self {
        Self { writer: Writer::from_writer(Vec::new()), cell: Vec::new() }
    }
}

impl Rows {
    fn text(&mut self, text: &str) -> csv::Result<()> {
        self.writer.write_field(text)
    }

    fn shown(&mut self, value: impl Display) -> csv::Result<()> {
        self.cell.clear();
        write!(self.cell, "{value}")?;
        self.writer.write_field(&self.cell)
    }

    /// The shortest decimal that reads back to the same bits, with an exponent where that is shorter.
    fn number(&mut self, number: f64) -> csv::Result<()> {
        self.cell.clear();
        serde_json::to_writer(&mut self.cell, &number).map_err(io::Error::from)?;
        self.writer.write_field(&self.cell)
    }

    fn end(&mut self) -> csv::Result<()> {
        self.writer.write_record(None::<&[u8]>)
    }

    fn into_bytes(self) -> csv::Result<Vec<u8>> {
        self.writer.into_inner().map_err(|error| error.into_error().into())
    }
}

/// A text from outside, made harmless for programs that compute what begins like a formula.
fn defused(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}").into() } else { text.into() }
}
