//! The model in each segment, and what can and cannot be said of fairness.

use super::{
    ReportFacts,
    page::{Cell, Mark, figure, interval, percent, percents, table},
};
use crate::training::{
    evaluate::count,
    validation::segmented::{Segment, Segmentation},
};

/// Segments with fewer rows say too little to be marked.
const LEAST_ROWS: usize = 30;

/// The four-fifths rule: a group that passes less than this share of what the best group passes is looked at
/// (Uniform Guidelines on Employee Selection Procedures, 29 CFR 1607.4).
const FOUR_FIFTHS: f64 = 0.8;

pub(super) fn render(facts: &ReportFacts<'_>) -> String {
    let segmentations = &facts.validation.segmentations;
    let protected = segmentations.iter().any(|segmentation| !segmentation.is_read);
    let fairness = if protected {
        "Columns that the model does not read are compared by here all the same. A ratio below 0.80 is where the four-fifths rule looks closer; it \
         is no finding of unlawfulness, and one above is no clearance."
    } else {
        "Nothing here compares the groups that the law protects: the data has no such column, or the schema does not name one. Where a lender \
         holds it lawfully, naming it under [report] segments compares by it without letting the model read it."
    };
    format!(
        "<p>Passed: the share that is not among the riskiest fifth of all test loans, as if that fifth were declined. Ratio: passed, over that of the \
         segment that passes most. A bad rate whose 95 % interval leaves out what was predicted is marked.</p>\n<p>{fairness} No feature names age, sex, \
         marital status, nationality, race or religion: a schema that does is refused.</p>\n{}",
        segmentations.iter().map(one).collect::<String>()
    )
}

fn one(segmentation: &Segmentation) -> String {
    let most = segmentation
        .segments
        .iter()
        .filter(|segment| segment.rows >= LEAST_ROWS)
        .map(|segment| segment.passed)
        .fold(f64::MIN_POSITIVE, f64::max);
    let rows = segmentation.segments.iter().map(|segment| row(segment, most));
    let caption = if segmentation.is_read {
        segmentation.by.clone()
    } else {
        format!("{} (not read by the model)", segmentation.by)
    };
    let head =
        ["segment", "loans", "bad rate", "95 % interval", "predicted", "AUC", "95 % interval", "passed", "ratio"];
    table(&caption, &head, rows)
}

fn row(segment: &Segment, most: f64) -> Vec<Cell> {
    let is_large = segment.rows >= LEAST_ROWS;
    let marked = |is_odd: bool, text: String| match (is_large, is_odd) {
        (false, _) => Cell::Number(text),
        (true, true) => Cell::Marked(Mark::Look, text),
        (true, false) => Cell::Marked(Mark::Good, text),
    };
    let ratio = segment.passed / most;
    vec![
        Cell::text(&segment.name),
        Cell::count(segment.rows),
        Cell::percent(count(segment.bad) / count(segment.rows)),
        Cell::Number(percents(segment.observed)),
        marked(!segment.observed.contains(segment.predicted), percent(segment.predicted)),
        Cell::Number(segment.auc.map_or_else(|| "–".to_owned(), |auc| figure(auc.0))),
        Cell::Number(segment.auc.map_or_else(|| "–".to_owned(), |auc| interval(auc.1))),
        Cell::percent(segment.passed),
        if is_large { marked(ratio < FOUR_FIFTHS, format!("{ratio:.2}")) } else { Cell::Number("–".to_owned()) },
    ]
}
