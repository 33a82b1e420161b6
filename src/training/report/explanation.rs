//! What moves the model: importance, the spread of contributions, directions and reasons.

use std::fmt::Write;

use super::{
    ReportFacts,
    page::{Cell, Mark, escape, figure, figure_of, table, thousands},
    plot::{cell_bar, round_step},
};
use crate::{
    features::schema::{Feature, Kind, Monotone},
    training::validation::effects::Effect,
};

pub(super) fn render(facts: &ReportFacts<'_>) -> String {
    format!(
        "<p>A contribution is by how much a feature's value moved an applicant's log-odds from the average applicant's: an exact Shapley \
         value. Contributions and the baseline sum to the log-odds. Importance is the mean absolute contribution over the test rows.</p>\n{}{}",
        swarms(facts),
        features(facts),
    )
}

/// The features by falling importance.
fn by_importance<'a>(facts: &ReportFacts<'a>) -> Vec<(&'a Feature, &'a Effect)> {
    let mut order: Vec<(&Feature, &Effect)> =
        facts.file.schema.features.iter().zip(&facts.validation.effects).collect();
    order.sort_by(|a, b| b.1.importance.total_cmp(&a.1.importance));
    order
}

/// Features shown as swarms at most; the table names all.
const MOST_SWARMS: usize = 24;

/// One row of dots per feature: each dot is an applicant, at its contribution, coloured by its value.
fn swarms(facts: &ReportFacts<'_>) -> String {
    const ROW: f64 = 30.0;
    const LEFT: f64 = 268.0;
    const WIDTH: f64 = 880.0;
    let title = "Contributions, applicant by applicant";
    let order = by_importance(facts);
    let shown = &order[..order.len().min(MOST_SWARMS)];
    let reach = shown.iter().flat_map(|(_, effect)| &effect.shown).map(|dot| dot.0.abs()).fold(0.1, f64::max);
    let reach = 2.0 * round_step(reach / 2.0);
    let across = |value: f64| LEFT + f64::midpoint(value / reach, 1.0) * (WIDTH - LEFT - 26.0);
    let height = ROW * crate::training::evaluate::count(shown.len()) + 40.0;
    let mut svg =
        format!("<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{title}\"><title>{title}</title>");
    let bottom = height - 30.0;
    for value in [-reach, -reach / 2.0, 0.0, reach / 2.0, reach] {
        let (x, class) = (across(value), if value == 0.0 { "axis" } else { "grid" });
        let text = super::page::signed((value * 100.0).round() / 100.0);
        let text = text.trim_end_matches('0').trim_end_matches('.');
        let text = if value == 0.0 { "0" } else { text };
        let _ = write!(
            svg,
            "<path class=\"{class}\" d=\"M{x:.1} 4V{bottom}\"/><text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{text}</text>",
            bottom + 15.0
        );
    }
    for ((feature, effect), row) in shown.iter().zip(0_u32..) {
        let middle = ROW * f64::from(row) + ROW / 2.0 + 4.0;
        let _ = write!(
            svg,
            "<text class=\"strong\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>{}",
            LEFT - 12.0,
            middle + 4.0,
            escape(&shortened(&feature.display_label())),
            swarm(effect, feature.kind, middle, across)
        );
    }
    svg.push_str("</svg>");
    let rows = shown.iter().map(|(feature, effect)| {
        let mut cells = vec![Cell::text(feature.display_label()), Cell::figure(effect.importance)];
        cells.extend(effect.quantiles.iter().map(|&value| Cell::figure(value)));
        cells
    });
    let caption = "Each dot is one of some 240 test applicants: right of the line the feature raised the risk, left of it it lowered it. Blue: a \
                   low value, grey: a middling one, red: a high one, faint: missing. Categories are grey.";
    let table = table(
        "Quantiles of the contributions",
        &["feature", "importance", "5 %", "25 %", "50 %", "75 %", "95 %"],
        rows,
    );
    format!("<div class=\"plots wide\">{}</div>\n", figure_of(title, &svg, caption, &table))
}

/// A label that finds room beside the plot.
fn shortened(label: &str) -> String {
    const MOST: usize = 40;
    if label.chars().count() <= MOST {
        return label.to_owned();
    }
    label.chars().take(MOST - 1).collect::<String>().trim_end().to_owned() + "…"
}

/// The dots of one feature: those that would cover one another are stacked, to both sides in turn.
fn swarm(effect: &Effect, kind: Kind, middle: f64, across: impl Fn(f64) -> f64) -> String {
    const DOT: f64 = 3.0;
    let mut dots: Vec<(f64, usize)> = effect
        .shown
        .iter()
        .map(|&(contribution, rank)| {
            let class = match rank {
                None => 3,
                _ if kind == Kind::Category => 1,
                Some(rank) if rank < 1.0 / 3.0 => 0,
                Some(rank) if rank <= 2.0 / 3.0 => 1,
                Some(_) => 2,
            };
            (across(contribution), class)
        })
        .collect();
    dots.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut paths = [const { String::new() }; 4];
    let (mut column, mut stacked) = (f64::NEG_INFINITY, 0_u32);
    for (x, class) in dots {
        if x - column >= DOT {
            (column, stacked) = (x, 0);
        }
        let step = f64::from(stacked.div_ceil(2)) * 2.4;
        let y = if stacked.is_multiple_of(2) { middle + step } else { middle - step };
        // A column that grows out of its row is pressed together at its edge.
        let y = y.clamp(middle - 13.0, middle + 13.0);
        stacked += 1;
        let _ = write!(paths[class], "M{x:.1} {y:.1}h0");
    }
    let classes = ["low", "mid", "high", "gone"];
    let paths = paths.into_iter().zip(classes).filter(|(path, _)| !path.is_empty());
    paths.fold(String::new(), |svg, (path, class)| svg + "<path class=\"swarm " + class + "\" d=\"" + &path + "\"/>")
}

fn features(facts: &ReportFacts<'_>) -> String {
    let order = by_importance(facts);
    let greatest = order.first().map_or(1.0, |(_, effect)| effect.importance).max(f64::MIN_POSITIVE);
    let rows = order.into_iter().map(|(feature, effect)| {
        let reason = feature.reason.as_ref().and_then(|code| facts.file.reasons.get_key_value(code));
        let origin = feature.derive.as_deref().or(feature.source.as_deref()).unwrap_or_default();
        let tried = if effect.raised == 0 {
            Cell::Number("–".to_owned())
        } else {
            let mark = if effect.against == 0 { Mark::Good } else { Mark::Alarm };
            Cell::Marked(mark, format!("{} of {}", thousands(effect.against), thousands(effect.raised)))
        };
        vec![
            Cell::Html(format!("{}<br><code>{}</code>", escape(&feature.display_label()), escape(origin))),
            Cell::Html(format!("{}{}", figure(effect.importance), cell_bar(effect.importance / greatest))),
            Cell::text(direction(feature)),
            tried,
            reason.map_or_else(
                || Cell::text(""),
                |(code, text)| Cell::Html(format!("<code>{}</code><br>{}", escape(code.as_str()), escape(text))),
            ),
        ]
    });
    format!(
        "<h3>Importance, direction and reason</h3>\n{}<p class=\"soft small\">Went against it: how often risk moved against the declared direction \
         when the value was raised for an applicant of the test part, all else left as it was. The reason is what an applicant is told when the \
         feature counts against them.</p>\n",
        table(
            "Every feature, by falling importance",
            &["feature, read from", "importance", "as it rises, risk", "went against it", "reason stated"],
            rows
        )
    )
}

pub(super) fn direction(feature: &Feature) -> &'static str {
    match (feature.kind, feature.monotone) {
        (Kind::Category, _) => "by category",
        (_, Monotone::Free) => "moves freely",
        (_, Monotone::Increasing) => "never falls",
        (_, Monotone::Decreasing) => "never rises",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_label_is_shortened_at_its_end() {
        assert_eq!(shortened("Term in months"), "Term in months");
        let long = shortened("Years with the present employer (10 and more count as 10)");
        assert!(long.chars().count() <= 40 && long.ends_with('…'), "{long}");
    }
}
