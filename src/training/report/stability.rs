//! Whether later loans are like those that the model learnt from.

use super::{
    ReportFacts,
    page::{Cell, Mark, figure_of, percents, table},
    plot::{Axis, Plot, WIDE},
};
use crate::{
    monitor::drift::{ACT, LOOK, Shift},
    training::{
        evaluate::count,
        validation::stability::{Period, Stability},
    },
};

/// Quarters with fewer loans stand in the table alone.
const LEAST_ROWS: usize = 30;

/// Periods whose features are shown at most, the last ones.
const MOST_COLUMNS: usize = 8;

/// How a shift is to be taken. One that chance alone explains is none.
pub(super) fn mark(shift: Shift) -> Mark {
    if shift.psi < LOOK || shift.psi <= shift.by_chance {
        Mark::Good
    } else if shift.psi < ACT {
        Mark::Look
    } else {
        Mark::Alarm
    }
}

pub(super) fn render(facts: &ReportFacts<'_>) -> String {
    let stability = &facts.validation.stability;
    let over = if stability.by_quarter {
        "Every quarter is compared with the whole training part."
    } else {
        "The schema names no time column, so the test part as a whole is compared with the training part. Name one under [split] to see \
         every quarter."
    };
    format!(
        "<p>{over} The population stability index (PSI) sums, over tenths of the training part, (share now − share then) · ln(share now / share \
         then). The trade looks from 0.10 on and acts from 0.25 on; what chance alone exceeds once in twenty times is given beside it, and matters \
         where loans are few.</p>\n{}{}{}",
        if stability.by_quarter { pictures(stability) } else { String::new() },
        periods(stability),
        features(facts),
    )
}

/// Of quarters with enough loans to say something.
fn pictures(stability: &Stability) -> String {
    let large: Vec<Period> = stability.periods.iter().filter(|period| period.rows >= LEAST_ROWS).cloned().collect();
    format!("<div class=\"plots wide\">\n{}{}</div>\n", rates(&large), shifts(&large))
}

fn names(periods: &[Period]) -> Vec<String> {
    periods.iter().map(|period| period.name.clone()).collect()
}

fn rates(periods: &[Period]) -> String {
    let title = "Predicted and observed bad rate by quarter";
    let middle = |place: usize| count(place) + 0.5;
    // A quarter of a dozen loans has an interval that would flatten all others.
    let top = periods.iter().map(|period| period.predicted.max(period.bad_rate()) * 1.35).fold(0.05, f64::max);
    let mut plot = Plot::new(WIDE, title, Axis::names(&names(periods), 12), Axis::over("went bad", (0.0, top), true));
    for (place, period) in periods.iter().enumerate() {
        plot.whisker(middle(place), (period.observed.low, period.observed.high.min(top)), "w1");
        plot.dot((middle(place), period.bad_rate()), "f1");
    }
    let predicted: Vec<(f64, f64)> =
        periods.iter().enumerate().map(|(place, period)| (middle(place), period.predicted)).collect();
    plot.line(&predicted, "l2");
    if let Some(first_test) = periods.iter().position(|period| !period.is_trained) {
        plot.whisker(count(first_test), (0.0, top), "ideal");
        plot.text((count(first_test) + 0.1, top * 0.96), "not trained on", "halo");
    }
    plot.key(&[("key1", "went bad, with 95 % interval"), ("key2", "predicted")]);
    figure_of(title, &plot.finish(), "Quarters left of the dashed line hold loans that the model learnt from.", "")
}

fn shifts(periods: &[Period]) -> String {
    let title = "PSI of the score by quarter";
    // Beyond three times the mark for acting a bar says no more by being longer.
    let top = periods.iter().map(|period| period.score.psi.min(3.0 * ACT)).fold(0.28, f64::max);
    let mut plot = Plot::new(WIDE, title, Axis::names(&names(periods), 12), Axis::over("PSI", (0.0, top), false));
    for (place, period) in periods.iter().enumerate() {
        let class = match mark(period.score) {
            Mark::Good => "fgood",
            Mark::Look => "flook",
            Mark::Alarm => "falarm",
        };
        plot.bar((count(place) + 0.15, count(place) + 0.85), (0.0, period.score.psi.min(top)), class);
    }
    plot.level(LOOK, "ideal", "0.10: look");
    plot.level(ACT, "ideal", "0.25: act");
    figure_of(title, &plot.finish(), "A quarter whose PSI chance alone explains is drawn as being in order.", "")
}

fn periods(stability: &Stability) -> String {
    let rows = stability.periods.iter().map(|period| {
        vec![
            Cell::text(if period.is_trained { format!("{}, trained on", period.name) } else { period.name.clone() }),
            Cell::count(period.rows),
            Cell::count(period.bad),
            Cell::percent(period.bad_rate()),
            Cell::Number(percents(period.observed)),
            Cell::percent(period.predicted),
            Cell::optional(period.auc),
            Cell::Marked(mark(period.score), format!("{:.3}", period.score.psi)),
            Cell::Number(format!("{:.3}", period.score.by_chance)),
        ]
    });
    let head =
        ["period", "loans", "bad", "bad rate", "95 % interval", "predicted", "AUC", "PSI of the score", "by chance"];
    table("The model by period; figures of periods that it learnt from flatter it", &head, rows)
}

fn features(facts: &ReportFacts<'_>) -> String {
    let periods = &facts.validation.stability.periods;
    let shown = &periods[periods.len().saturating_sub(MOST_COLUMNS)..];
    let names: Vec<&str> = ["feature"].into_iter().chain(shown.iter().map(|period| period.name.as_str())).collect();
    let rows = facts.file.schema.features.iter().enumerate().map(|(index, feature)| {
        let shifts = shown.iter().map(|period| {
            let shift = period.features[index];
            Cell::Marked(mark(shift), format!("{:.3}", shift.psi))
        });
        [Cell::text(feature.display_label())].into_iter().chain(shifts).collect()
    });
    let last = shown.last().map_or_else(String::new, |period| {
        let moved = period.features.iter().filter(|shift| mark(**shift) != Mark::Good).count();
        format!(
            "<p>In {}, {moved} of the {} features have moved.</p>\n",
            super::escape(&period.name),
            period.features.len()
        )
    });
    format!("<h3>Features</h3>\n{last}{}", table("PSI of every feature", &names, rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shift_that_chance_explains_is_none() {
        assert_eq!(mark(Shift { psi: 0.3, by_chance: 0.4 }), Mark::Good);
        assert_eq!(mark(Shift { psi: 0.3, by_chance: 0.01 }), Mark::Alarm);
        assert_eq!(mark(Shift { psi: 0.1, by_chance: 0.01 }), Mark::Look);
        assert_eq!(mark(Shift { psi: 0.05, by_chance: 0.01 }), Mark::Good);
    }
}
