//! The validation report: one HTML file that needs nothing else, in the order in which a validator
//! reads: what the model is for, what it learnt from, how it is built, whether it ranks, whether it means what it
//! says, why it says it, whether that lasts and holds for everyone, what it was held against, what to beware of,
//! what to watch, and how to make it again. It loads nothing and runs nothing.

mod calibration;
mod closing;
mod comparison;
mod discrimination;
mod effects;
mod explanation;
mod opening;
mod origin;
mod page;
mod plot;
mod segments;
mod stability;
mod style;

use self::page::escape;
use super::{
    benchmark::Benchmark,
    evaluate::{Metrics, Outcomes},
    run::InnerSummary,
    schema_file::CardTable,
    validation::Validation,
};
use crate::model::{card::CardFacts, file::ModelFile};

/// What a report is made from.
#[derive(Debug, Clone, Copy)]
pub struct ReportFacts<'a> {
    pub file: &'a ModelFile,
    pub card: &'a CardFacts,
    /// The test part, with the model's calibrated margins.
    pub test: Outcomes<'a>,
    pub metrics: &'a Metrics,
    pub inner: &'a InnerSummary,
    pub benchmarks: &'a [Benchmark],
    pub validation: &'a Validation,
    /// The AUC of each feature alone, in the schema's order.
    pub alone: &'a [Option<f64>],
    pub about: &'a CardTable,
    /// What has to be known of this training run, a sentence each.
    pub warnings: &'a [String],
    /// Of `model.json`.
    pub sha256: &'a str,
}

/// One section: the anchor, the heading and the content.
struct Section {
    id: &'static str,
    title: &'static str,
    body: String,
}

/// Writes the report. Everything that comes from the schema or the data is escaped.
#[must_use]
pub fn render(facts: &ReportFacts<'_>) -> String {
    let sections = [
        ("purpose", "Purpose and scope", origin::purpose(facts)),
        ("data", "Data", origin::data(facts)),
        ("design", "Design", origin::design(facts)),
        ("discrimination", "Discrimination: does it rank?", discrimination::render(facts)),
        ("calibration", "Calibration: does it mean what it says?", calibration::render(facts)),
        ("explanation", "Explanation: what moves it", explanation::render(facts)),
        ("effects", "Effect of each feature", effects::render(facts)),
        ("stability", "Stability over time", stability::render(facts)),
        ("segments", "Segments and fairness", segments::render(facts)),
        ("benchmarks", "Benchmark models", comparison::render(facts)),
        ("limits", "Limits and warnings", closing::limits(facts)),
        ("monitoring", "What to watch in use", closing::monitoring(facts)),
        ("reproduction", "How to make it again", closing::reproduction(facts)),
    ];
    let sections: Vec<Section> = sections
        .into_iter()
        .filter(|(_, _, body)| !body.is_empty())
        .map(|(id, title, body)| Section { id, title, body })
        .collect();
    let title = format!("{} {}", escape(&facts.file.name), escape(&facts.file.version));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>Validation report: {title}</title>\n<style>{}</style>\n</head>\n<body>\n{}<main>\n{}{}\
         <footer>Written by {} together with the model. Every figure was computed from the data named above; none was entered by hand.\
         </footer>\n</main>\n</body>\n</html>\n",
        style::content_security_policy(),
        style::SHEET,
        contents(&sections),
        opening::render(facts),
        sections.iter().zip(1..).map(|(section, number)| section.render(number)).collect::<String>(),
        escape(&facts.file.provenance.trained_by),
    )
}

impl Section {
    fn render(&self, number: usize) -> String {
        format!(
            "<section id=\"{0}\" aria-labelledby=\"{0}-h\"><h2 id=\"{0}-h\">{number}. {1}</h2>\n{2}</section>\n",
            self.id, self.title, self.body
        )
    }
}

fn contents(sections: &[Section]) -> String {
    let links = sections
        .iter()
        .zip(1..)
        .map(|(section, number)| format!("<li><a href=\"#{}\">{number}. {}</a>\n", section.id, section.title));
    format!("<nav aria-label=\"Contents\"><ol>\n{}</ol></nav>\n", links.collect::<String>())
}

#[cfg(test)]
mod tests;
