//! Whether the model ranks.

use super::{
    ReportFacts,
    page::{Cell, figure, figure_of, interval, percent, percents, table},
    plot::{Axis, NORMAL, Plot},
};
use crate::training::{
    evaluate::{Outcomes, RocCurve, count},
    validation::bands::Band,
};

/// Points that a curve is drawn with at most.
const MOST_POINTS: usize = 240;

pub(super) fn render(facts: &ReportFacts<'_>) -> String {
    let curve = RocCurve::new(facts.test);
    let Some(points) = curve.points() else {
        return "<p>The test rows have one outcome only, so nothing can be said of ranking.</p>\n".to_owned();
    };
    format!(
        "{}<div class=\"plots\">\n{}{}{}{}{}</div>\n{}",
        figures(facts),
        roc(facts, &points),
        gaps(facts.test, &points),
        gains(&facts.validation.bands, facts.metrics.bad_rate),
        lift(&facts.validation.bands),
        distribution(facts.test),
        bands(&facts.validation.bands),
    )
}

fn figures(facts: &ReportFacts<'_>) -> String {
    let held_out = facts.inner.metrics.named();
    let rows =
        facts.metrics.named().into_iter().filter(|(name, _)| !name.starts_with("Calibration")).map(|(name, value)| {
            let inner = held_out.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
            let range = facts.validation.auc.filter(|_| name == "AUC").map_or_else(String::new, interval);
            match name.as_str() {
                "Rows" => vec![
                    Cell::text("Loans"),
                    rows_cell(value),
                    Cell::Number(range),
                    inner.map_or(Cell::text(""), rows_cell),
                ],
                "Bad rate" => {
                    vec![
                        Cell::text(name),
                        Cell::percent(value),
                        Cell::Number(range),
                        inner.map_or(Cell::text(""), Cell::percent),
                    ]
                }
                _ => vec![Cell::text(name), Cell::figure(value), Cell::Number(range), Cell::optional(inner)],
            }
        });
    table("Figures", &["figure", "test rows", "95 % interval (DeLong)", "inner hold-out"], rows)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of rows, as a figure")]
fn rows_cell(rows: f64) -> Cell {
    Cell::count(rows as usize)
}

fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let stride = points.len() / MOST_POINTS + 1;
    let mut shown: Vec<(f64, f64)> = points.iter().copied().step_by(stride).collect();
    shown.push((1.0, 1.0));
    shown
}

fn roc(facts: &ReportFacts<'_>, points: &[(f64, f64)]) -> String {
    let title = "ROC curve";
    let mut plot =
        Plot::new(NORMAL, title, Axis::share("good loans above the threshold"), Axis::share("bad loans above it"));
    let shown = thinned(points);
    plot.area(&shown, "a1");
    plot.line(&[(0.0, 0.0), (1.0, 1.0)], "ideal");
    plot.line(&shown, "l1");
    let auc = facts.metrics.auc.map_or_else(String::new, |auc| format!("AUC {}", figure(auc)));
    plot.text((0.58, 0.2), &auc, "strong");
    figure_of(
        title,
        &plot.finish(),
        "For every threshold: how many of the bad loans lie above it, against how many of the good ones. The dashed line is chance. Its figures: the table by tenth, below.",
        "",
    )
}

/// Both outcomes' cumulative shares by the rank of risk, and the greatest gap between them.
fn gaps(outcomes: Outcomes<'_>, points: &[(f64, f64)]) -> String {
    let title = "Kolmogorov-Smirnov";
    let bad_rate = count(outcomes.is_bad.iter().filter(|&&is_bad| is_bad).count()) / count(outcomes.is_bad.len());
    let share = |&(good, bad): &(f64, f64)| bad_rate * bad + (1.0 - bad_rate) * good;
    let shown = thinned(points);
    let mut plot = Plot::new(NORMAL, title, Axis::share("loans, riskiest first"), Axis::share("of its outcome"));
    plot.line(&shown.iter().map(|point| (share(point), point.0)).collect::<Vec<_>>(), "l1");
    plot.line(&shown.iter().map(|point| (share(point), point.1)).collect::<Vec<_>>(), "l2");
    if let Some(widest) = points.iter().max_by(|a, b| (a.1 - a.0).total_cmp(&(b.1 - b.0))) {
        plot.whisker(share(widest), (widest.0, widest.1), "thin");
        plot.text(
            (share(widest) + 0.015, f64::midpoint(widest.0, widest.1)),
            &format!("KS {}", figure(widest.1 - widest.0)),
            "strong halo",
        );
    }
    plot.key(&[("key2", "bad"), ("key1", "good")]);
    figure_of(
        title,
        &plot.finish(),
        "Cumulative share of bad and of good loans from the riskiest down; the stroke is their greatest gap. Its figures: the table by tenth, below.",
        "",
    )
}

fn gains(bands: &[Band], bad_rate: f64) -> String {
    let title = "Gains";
    let mut points = vec![(0.0, 0.0)];
    points.extend(cumulative(bands).map(|(share, band)| (share, band.bad_caught)));
    let mut plot = Plot::new(NORMAL, title, Axis::share("loans, riskiest first"), Axis::share("of all bad loans"));
    plot.area(&points, "a1");
    plot.line(&[(0.0, 0.0), (1.0, 1.0)], "ideal");
    plot.line(&[(0.0, 0.0), (bad_rate, 1.0), (1.0, 1.0)], "zero");
    plot.line(&points, "l1");
    for &point in &points[1..] {
        plot.dot(point, "f1");
    }
    figure_of(
        title,
        &plot.finish(),
        "The share of all bad loans among the riskiest. Dashed: chance; dotted: a model that knows everything. Its figures: the table by tenth, below.",
        "",
    )
}

/// Each band with the share of all rows in it and the riskier ones.
fn cumulative(bands: &[Band]) -> impl Iterator<Item = (f64, &Band)> {
    let all = count(bands.iter().map(|band| band.rows).sum());
    bands.iter().scan(0, move |rows, band| {
        *rows += band.rows;
        Some((count(*rows) / all, band))
    })
}

fn lift(bands: &[Band]) -> String {
    let title = "Lift";
    let overall = count(bands.iter().map(|band| band.bad).sum()) / count(bands.iter().map(|band| band.rows).sum());
    let lift = |band: &Band| band.bad_rate() / overall;
    let names: Vec<String> = (1..=bands.len()).map(|band| band.to_string()).collect();
    let top = bands.iter().map(lift).fold(1.2, f64::max);
    let mut plot =
        Plot::new(NORMAL, title, Axis::names(&names, 10), Axis::over("times the bad rate of all", (0.0, top), false));
    for (place, band) in bands.iter().enumerate() {
        plot.bar((count(place) + 0.12, count(place) + 0.88), (0.0, lift(band)), "f1");
    }
    plot.level(1.0, "ideal", "all loans");
    figure_of(
        title,
        &plot.finish(),
        "The bad rate of each tenth against that of all loans; the riskiest tenth is 1.",
        "",
    )
}

fn distribution(outcomes: Outcomes<'_>) -> String {
    const BINS: usize = 44;
    let title = "Score by outcome";
    let mut sorted = outcomes.margins.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (Some(&low), Some(&high)) = (sorted.first(), sorted.last()) else { return String::new() };
    let width = if high > low { (high - low) / count(BINS) } else { 1.0 };
    let mut shares = [[0.0; BINS]; 2];
    for (&margin, &is_bad) in outcomes.margins.iter().zip(outcomes.is_bad) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a bin from 0 to 44")]
        let bin = ((margin - low) / width) as usize;
        shares[usize::from(is_bad)][bin.min(BINS - 1)] += 1.0;
    }
    for outcome in &mut shares {
        let rows = outcome.iter().sum::<f64>().max(1.0);
        for share in outcome {
            *share /= rows;
        }
    }
    let top = shares.iter().flatten().copied().fold(f64::MIN_POSITIVE, f64::max);
    let x = Axis::over("log-odds of a bad loan", (low, low + width * count(BINS)), false);
    let mut plot = Plot::new(NORMAL, title, x, Axis::over("of its outcome", (0.0, top), true));
    for (outcome, line, area) in [(0, "l1", "a1"), (1, "l2", "a2")] {
        let step = |(bin, &share): (usize, &f64)| [bin, bin + 1].map(|edge| (low + width * count(edge), share));
        let points: Vec<(f64, f64)> = shares[outcome].iter().enumerate().flat_map(step).collect();
        plot.area(&points, area);
        plot.line(&points, line);
    }
    plot.key(&[("key1", "good"), ("key2", "bad")]);
    figure_of(
        title,
        &plot.finish(),
        "How the log-odds of good and of bad loans are distributed, each outcome by itself.",
        &quantiles(outcomes),
    )
}

/// The log-odds below which a share of each outcome lies.
fn quantiles(outcomes: Outcomes<'_>) -> String {
    let rows = [("good", false), ("bad", true)].map(|(name, wanted)| {
        let rows = outcomes.margins.iter().zip(outcomes.is_bad).filter(|row| *row.1 == wanted);
        let mut margins: Vec<f64> = rows.map(|row| *row.0).collect();
        margins.sort_unstable_by(f64::total_cmp);
        let place =
            |twentieths: usize| margins.get((margins.len() * twentieths / 20).min(margins.len().saturating_sub(1)));
        let cells = [1, 5, 10, 15, 19].map(|twentieths| Cell::optional(place(twentieths).copied()));
        [Cell::text(name)].into_iter().chain(cells).collect()
    });
    table("Quantiles of the log-odds", &["loans", "5 %", "25 %", "50 %", "75 %", "95 %"], rows)
}

fn bands(bands: &[Band]) -> String {
    let rows = bands.iter().zip(1..).map(|(band, number)| {
        vec![
            Cell::text(format!("{number}")),
            Cell::Number(format!("{:.1} to {:.1} %", band.probabilities[0] * 100.0, band.probabilities[1] * 100.0)),
            Cell::count(band.rows),
            Cell::count(band.bad),
            Cell::percent(band.predicted),
            Cell::percent(band.bad_rate()),
            Cell::Number(percents(band.observed)),
            Cell::percent(band.bad_caught),
            Cell::percent(band.bad_caught - band.good_caught),
        ]
    });
    let head = [
        "tenth, riskiest first",
        "predicted between",
        "loans",
        "bad",
        "mean predicted",
        "bad rate",
        "95 % interval",
        "bad caught so far",
        "gap so far",
    ];
    let tenth = bands.first().map_or_else(String::new, |band| percent(band.bad_caught));
    format!(
        "<h3>By tenth</h3>\n<p>Declining the riskiest tenth would have avoided {tenth} of the bad loans.</p>\n{}",
        table("Tenths of the test rows", &head, rows)
    )
}
