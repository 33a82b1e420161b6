//! Whether a probability means what it says.

use super::{
    ReportFacts,
    page::{Cell, Mark, escape, figure, figure_of, percent, percents, table},
    plot::{Axis, NORMAL, Plot},
};
use crate::training::validation::bands::Band;

pub(super) fn render(facts: &ReportFacts<'_>) -> String {
    let crossed = facts.inner.cross_calibrated.map_or_else(String::new, |line| {
        format!(
            " When each half of the hold-out is calibrated by the other, slope {} and intercept {} are left.",
            figure(line.slope),
            figure(line.intercept)
        )
    });
    let outside = facts.validation.bands.iter().filter(|band| !band.observed.contains(band.predicted)).count();
    format!(
        "<p>A slope of 1 and an intercept of 0 are perfect. A slope below 1 says that high risks are overstated and low ones understated; an \
         intercept above 0 that more loans went bad than predicted.</p>\n{}\
         <p>The inner hold-out ({}) was predicted before calibration, by trees that had not seen it; its line became the model's \
         calibration.{crossed}</p>\n\
         <div class=\"plots\">\n{}{}</div>\n\
         <p>{outside} of {} tenths have a bad rate whose 95 % interval leaves out what was predicted; of a perfect model one in twenty would.</p>\n",
        figures(facts),
        escape(&facts.inner.split),
        by_band(&facts.validation.bands),
        differences(&facts.validation.bands),
        facts.validation.bands.len(),
    )
}

fn figures(facts: &ReportFacts<'_>) -> String {
    let slope = |metrics: &crate::training::evaluate::Metrics| metrics.calibration.map(|line| line.slope);
    let intercept = |metrics: &crate::training::evaluate::Metrics| metrics.calibration.map(|line| line.intercept);
    let (test, inner) = (facts.metrics, &facts.inner.metrics);
    let rows = [
        ("Slope", slope(test), slope(inner)),
        ("Intercept", intercept(test), intercept(inner)),
        ("Brier score", Some(test.brier), Some(inner.brier)),
        ("Log-loss", Some(test.log_loss), Some(inner.log_loss)),
        ("Log-loss of the training bad rate for all", Some(facts.validation.flat_loss), None),
    ];
    let rows =
        rows.into_iter().map(|(name, test, inner)| vec![Cell::text(name), Cell::optional(test), Cell::optional(inner)]);
    table("Figures of calibration", &["figure", "test rows", "inner hold-out, before calibration"], rows)
}

fn by_band(bands: &[Band]) -> String {
    let title = "Predicted and observed";
    let top = bands.iter().map(|band| band.predicted.max(band.observed.high)).fold(0.02, f64::max);
    let (x, y) = (Axis::over("mean predicted", (0.0, top), true), Axis::over("went bad", (0.0, top), true));
    let mut plot = Plot::new(NORMAL, title, x, y);
    plot.line(&[(0.0, 0.0), (top, top)], "ideal");
    for band in bands {
        plot.whisker(band.predicted, (band.observed.low, band.observed.high), "w1");
        plot.dot((band.predicted, band.bad_rate()), "f1");
    }
    let rows = bands.iter().zip(1..).map(|(band, number)| {
        let mark = if band.observed.contains(band.predicted) { Mark::Good } else { Mark::Look };
        vec![
            Cell::text(format!("{number}")),
            Cell::percent(band.predicted),
            Cell::Marked(mark, percent(band.bad_rate())),
            Cell::Number(percents(band.observed)),
        ]
    });
    figure_of(
        title,
        &plot.finish(),
        "Each dot is a tenth of the test loans, with the 95 % interval of its bad rate (Wilson). On the dashed line, what was predicted came.",
        &table("Calibration by tenth, riskiest first", &["tenth", "predicted", "went bad", "95 % interval"], rows),
    )
}

fn differences(bands: &[Band]) -> String {
    let title = "Observed less predicted";
    let names: Vec<String> = (1..=bands.len()).map(|band| band.to_string()).collect();
    let least = bands.iter().map(|band| band.observed.low - band.predicted).fold(-0.01, f64::min);
    let most = bands.iter().map(|band| band.observed.high - band.predicted).fold(0.01, f64::max);
    let mut plot = Plot::new(NORMAL, title, Axis::names(&names, 10), Axis::over("points", (least, most), true));
    plot.level(0.0, "ideal", "");
    for (band, place) in bands.iter().zip(0_u32..) {
        let x = f64::from(place) + 0.5;
        plot.whisker(x, (band.observed.low - band.predicted, band.observed.high - band.predicted), "w1");
        plot.dot((x, band.bad_rate() - band.predicted), "f1");
    }
    figure_of(
        title,
        &plot.finish(),
        "By tenth, the riskiest first: above the line more loans went bad than predicted.",
        "",
    )
}
