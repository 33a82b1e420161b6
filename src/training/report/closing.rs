//! What to beware of, what to watch, and how to make the model again.

use super::{
    ReportFacts,
    page::{Cell, escape, list, percent, percents, table},
};
use crate::training::evaluate::count;

pub(super) fn limits(facts: &ReportFacts<'_>) -> String {
    let warnings = if facts.warnings.is_empty() {
        "<p>This training run gave no warning.</p>\n".to_owned()
    } else {
        format!(
            "<div class=\"warnings\"><p>Warnings of this training run</p>\n{}</div>\n",
            list(facts.warnings.iter().map(String::as_str))
        )
    };
    let granted = [
        "It learnt from loans that were granted. Of those that were declined nobody knows what would have become of them; the further \
         applicants lie from those once granted, the less is known.",
    ];
    let general = [
        "A contribution says what moved this model, not what causes loans to go bad.",
        "Figures on the test part are of that time and that population. They are no promise for another.",
    ];
    format!(
        "{warnings}<h3>Known limits</h3>\n{}",
        list(
            facts
                .about
                .limits
                .iter()
                .map(String::as_str)
                .chain(granted.into_iter().filter(|_| facts.about.limits.is_empty()))
                .chain(general)
        )
    )
}

pub(super) fn monitoring(facts: &ReportFacts<'_>) -> String {
    let bands = &facts.validation.bands;
    let rows = bands.iter().zip(1..).map(|(band, number)| {
        let all = count(bands.iter().map(|band| band.rows).sum());
        vec![
            Cell::text(format!("{number}")),
            Cell::Number(format!("from {}", percent(band.probabilities[0]))),
            Cell::percent(count(band.rows) / all),
            Cell::percent(band.predicted),
            Cell::Number(percents(band.observed)),
        ]
    });
    let plan = [
        "Every month: PSI of the score and of every feature against the training part, and the share of applications outside the training range. \
         Look from 0.10 on; from 0.25 on find the cause before deciding more.",
        "Every quarter, once loans are old enough to be judged: bad rate by band against the table below. Two bands in a row outside their interval, \
         or a calibration slope outside 0.8 to 1.25, call for recalibration.",
        "Every quarter: AUC with its interval. One whose upper end lies below the figure here calls for another model.",
        "Every quarter: approval and override rates by segment, and by every group that the lender may lawfully compare by.",
        "At once: a change of product, of policy, of a bureau's file or of the definition of a bad loan. The model knows nothing of it.",
    ];
    format!(
        "{}{}<p><code>underwright evaluate --model DIR --data FILE --json</code> gives AUC with its interval, calibration, loss and bad rate of new loans, \
         <code>--by FEATURE</code> of every segment of them.</p>\n",
        list(plan),
        table(
            "What is to be expected",
            &["tenth, riskiest first", "probability", "share of loans", "predicted", "bad rate, 95 % interval here"],
            rows
        ),
    )
}

pub(super) fn reproduction(facts: &ReportFacts<'_>) -> String {
    let provenance = &facts.file.provenance;
    let files: Vec<String> = provenance.data.iter().map(|file| escape(&file.name)).collect();
    format!(
        "<p>The same schema, files and seed give the same bytes, on any number of threads and on any machine:</p>\n\
         <pre><code>underwright train --schema SCHEMA.toml --data {} --out DIR</code></pre>\n\
         <p>Trained by {} with seed {}. The data is that of <a href=\"#data\">section Data</a> when its SHA-256 is; the model is this one when that of \
         <code>model.json</code> is <code>{}</code>. Whoever loads it computes the inputs of <code>parity.jsonl</code> again, and refuses it when a bit \
         differs.</p>\n",
        files.join(" "),
        escape(&provenance.trained_by),
        provenance.seed,
        escape(facts.sha256),
    )
}
