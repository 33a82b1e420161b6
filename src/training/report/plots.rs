//! Plots as SVG, written by hand.

use std::fmt::Write;

use crate::training::{
    boosting::gradient::sigmoid,
    evaluate::{Outcomes, RocCurve, count},
};

const SIDE: f64 = 300.0;
const MARGIN: f64 = 40.0;
const BLUE: &str = "#2563a8";
const RED: &str = "#b3402e";
const GREY: &str = "#b8c0ca";

/// A plot over the unit square, y upwards.
struct Plot {
    svg: String,
    caption: String,
}

impl Plot {
    fn new(axes: (&str, &str), caption: String) -> Self {
        let (width, bottom) = (SIDE + 2.0 * MARGIN, SIDE + 1.2 * MARGIN);
        let mut svg = format!(
            "<figure><svg viewBox=\"0 0 {width} {}\" role=\"img\" aria-label=\"{caption}\">\
             <rect x=\"{MARGIN}\" y=\"10\" width=\"{SIDE}\" height=\"{SIDE}\" fill=\"none\" stroke=\"{GREY}\"/>",
            SIDE + 2.0 * MARGIN
        );
        let middle = MARGIN + SIDE / 2.0;
        let _ = write!(svg, "<text x=\"{middle}\" y=\"{bottom}\" text-anchor=\"middle\">{}</text>", axes.0);
        let _ = write!(
            svg,
            "<text x=\"12\" y=\"{0}\" text-anchor=\"middle\" transform=\"rotate(-90 12 {0})\">{1}</text>",
            10.0 + SIDE / 2.0,
            axes.1
        );
        Self { svg, caption }
    }

    /// Marks both ends of both axes.
    fn ends(mut self, x: (String, String), y: (String, String)) -> Self {
        let (low, bottom) = (MARGIN, SIDE + 26.0);
        for (x_at, y_at, anchor, text) in [
            (low, bottom, "start", x.0),
            (low + SIDE, bottom, "end", x.1),
            (low - 4.0, SIDE + 10.0, "end", y.0),
            (low - 4.0, 20.0, "end", y.1),
        ] {
            let _ = write!(self.svg, "<text x=\"{x_at}\" y=\"{y_at}\" text-anchor=\"{anchor}\">{text}</text>");
        }
        self
    }

    fn line(&mut self, points: &[(f64, f64)], colour: &str, dashes: &str) {
        let points: Vec<String> = points.iter().map(|&(x, y)| format!("{:.1},{:.1}", across(x), up(y))).collect();
        let points = points.join(" ");
        let _ = write!(
            self.svg,
            "<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\" stroke-dasharray=\"{dashes}\"/>"
        );
    }

    fn dot(&mut self, x: f64, y: f64) {
        let _ = write!(self.svg, "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.2\" fill=\"{BLUE}\"/>", across(x), up(y));
    }

    fn label(&mut self, at: (f64, f64), colour: &str, text: &str) {
        let (x, y) = (across(at.0), up(at.1));
        let _ = write!(self.svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" style=\"fill:{colour}\">{text}</text>");
    }

    fn finish(self) -> String {
        format!("{}</svg><figcaption>{}</figcaption></figure>\n", self.svg, self.caption)
    }
}

fn across(x: f64) -> f64 {
    MARGIN + x * SIDE
}

fn up(y: f64) -> f64 {
    10.0 + (1.0 - y) * SIDE
}

/// The ROC curve, at no more points than a picture needs.
pub(super) fn roc(outcomes: Outcomes<'_>) -> String {
    let curve = RocCurve::new(outcomes);
    let (Some(points), Some(auc)) = (curve.points(), curve.auc()) else { return String::new() };
    let stride = points.len() / 200 + 1;
    let mut shown: Vec<(f64, f64)> = points.iter().copied().step_by(stride).collect();
    shown.push((1.0, 1.0));
    let caption = format!("ROC: area under the curve {auc:.4}");
    let mut plot = Plot::new(("share of good loans above the threshold", "share of bad loans above it"), caption)
        .ends(("0".into(), "1".into()), ("0".into(), "1".into()));
    plot.line(&[(0.0, 0.0), (1.0, 1.0)], GREY, "4 3");
    plot.line(&shown, BLUE, "");
    plot.finish()
}

/// Tenths of the rows by predicted probability: what was predicted, and what came, with 95 % intervals.
pub(super) fn calibration(outcomes: Outcomes<'_>) -> String {
    let mut rows: Vec<(f64, bool)> =
        outcomes.margins.iter().map(|&margin| sigmoid(margin)).zip(outcomes.is_bad.iter().copied()).collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let tenths: Vec<(f64, f64, f64, f64)> =
        rows.chunks(rows.len().div_ceil(10).max(1)).map(predicted_and_observed).collect();
    let top = tenths.iter().map(|tenth| tenth.0.max(tenth.3)).fold(0.01, f64::max);
    let percent = format!("{:.0} %", top * 100.0);
    let caption = "Calibration: predicted and observed bad rate by tenth, with 95 % intervals".to_owned();
    let mut plot =
        Plot::new(("predicted", "observed"), caption).ends(("0".into(), percent.clone()), ("0".into(), percent));
    plot.line(&[(0.0, 0.0), (1.0, 1.0)], GREY, "4 3");
    for (predicted, observed, low, high) in tenths {
        let x = predicted / top;
        plot.line(&[(x, low / top), (x, high / top)], BLUE, "");
        plot.dot(x, observed / top);
    }
    plot.finish()
}

/// Mean prediction, share bad, and that share's Wilson interval (Wilson, 1927).
fn predicted_and_observed(rows: &[(f64, bool)]) -> (f64, f64, f64, f64) {
    const Z: f64 = 1.96;
    let n = count(rows.len());
    let predicted = rows.iter().map(|row| row.0).sum::<f64>() / n;
    let observed = count(rows.iter().filter(|row| row.1).count()) / n;
    let scale = 1.0 + Z * Z / n;
    let middle = (observed + Z * Z / (2.0 * n)) / scale;
    let half = Z * libm::sqrt(observed * (1.0 - observed) / n + Z * Z / (4.0 * n * n)) / scale;
    (predicted, observed, (middle - half).max(0.0), middle + half)
}

/// How the log-odds of good and of bad loans are distributed.
pub(super) fn distribution(outcomes: Outcomes<'_>) -> String {
    const BINS: usize = 40;
    let mut sorted = outcomes.margins.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (Some(&low), Some(&high)) = (sorted.first(), sorted.last()) else { return String::new() };
    let width = if high > low { high - low } else { 1.0 };
    let mut shares = [[0.0; BINS]; 2];
    for (&margin, &is_bad) in outcomes.margins.iter().zip(outcomes.is_bad) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a bin from 0 to 40")]
        let bin = ((margin - low) / width * count(BINS)) as usize;
        shares[usize::from(is_bad)][bin.min(BINS - 1)] += 1.0;
    }
    for outcome in &mut shares {
        let rows = outcome.iter().sum::<f64>().max(1.0);
        for share in outcome {
            *share /= rows;
        }
    }
    let top = shares.iter().flatten().copied().fold(f64::MIN_POSITIVE, f64::max);
    let caption = "Distribution of the log-odds of default, of good and of bad loans".to_owned();
    let mut plot = Plot::new(("log-odds of default", "share of loans"), caption)
        .ends((format!("{low:.1}"), format!("{high:.1}")), ("0".into(), format!("{:.0} %", top * 100.0)));
    for (outcome, colour) in [(0, BLUE), (1, RED)] {
        let points: Vec<(f64, f64)> = shares[outcome]
            .iter()
            .enumerate()
            .flat_map(|(bin, share)| [bin, bin + 1].map(|edge| (count(edge) / count(BINS), share / top)))
            .collect();
        plot.line(&points, colour, "");
    }
    plot.label((0.03, 0.95), BLUE, "good");
    plot.label((0.03, 0.89), RED, "bad");
    plot.finish()
}

/// A bar as long as a share of its cell.
pub(super) fn bar(share: f64) -> String {
    format!(
        "<br><svg viewBox=\"0 0 100 5\" style=\"width:6rem\"><rect width=\"{:.1}\" height=\"5\" fill=\"{BLUE}\"/></svg>",
        share * 100.0
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_wilsons() {
        // Wilson (1927) for 10 of 100: 0.0552 to 0.1744.
        let rows: Vec<(f64, bool)> = (0..100).map(|row| (0.1, row < 10)).collect();
        let (predicted, observed, low, high) = predicted_and_observed(&rows);
        assert!((predicted - 0.1).abs() < 1e-12 && (observed - 0.1).abs() < 1e-12);
        assert!((low - 0.0552).abs() < 1e-4 && (high - 0.1744).abs() < 1e-4, "{low} {high}");
    }

    #[test]
    fn plots_of_degenerate_scores_are_drawn_all_the_same() {
        let outcomes = Outcomes { margins: &[0.5, 0.5], is_bad: &[true, false] };
        for svg in [roc(outcomes), calibration(outcomes), distribution(outcomes)] {
            assert!(svg.contains("</svg>") && !svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
        assert_eq!(roc(Outcomes { margins: &[0.5], is_bad: &[true] }), "");
    }
}
