//! The head of the report: what it is, the figures that matter most, and what they amount to.

use super::{
    ReportFacts,
    page::{Mark, escape, figure, interval, p_value, percent, percents, signed, thousands},
};
use crate::training::{
    evaluate::count,
    intervals::{Interval, wilson},
};

pub(super) fn render(facts: &ReportFacts<'_>) -> String {
    format!(
        "<header><p class=\"kind\">Validation report</p>\n<h1>{} <span class=\"soft\">version {}</span></h1>\n<p>{}</p>\n\
         <p class=\"soft small\">Model identity (SHA-256 of <code>model.json</code>): <code>{}</code></p>\n{}</header>\n\
         <section id=\"summary\" aria-labelledby=\"summary-h\"><h2 id=\"summary-h\">Summary</h2>\n{}{}</section>\n",
        escape(&facts.file.name),
        escape(&facts.file.version),
        escape(&facts.card.purpose),
        escape(facts.sha256),
        key_figures(facts),
        findings(facts),
        warnings(facts),
    )
}

fn key_figures(facts: &ReportFacts<'_>) -> String {
    let metrics = facts.metrics;
    let optional = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), figure);
    let auc_note = facts.validation.auc.map_or_else(String::new, |auc| format!("95 %: {}", interval(auc)));
    let slope = metrics.calibration.map(|line| line.slope);
    let intercept =
        metrics.calibration.map_or_else(String::new, |line| format!("intercept {}", signed(line.intercept)));
    let figures = [
        ("AUC", optional(metrics.auc), auc_note),
        ("Gini", optional(metrics.gini), "2 · AUC − 1".to_owned()),
        ("KS", optional(metrics.ks), "greatest gap between good and bad".to_owned()),
        (
            "Log-loss",
            figure(metrics.log_loss),
            format!("{} when all get the training bad rate", figure(facts.validation.flat_loss)),
        ),
        ("Calibration slope", optional(slope), intercept),
        (
            "Test loans",
            thousands(metrics.rows),
            format!("{} bad, {}", thousands(facts.validation.parts[1].bad), percent(metrics.bad_rate)),
        ),
    ];
    let items = figures.into_iter().map(|(name, value, note)| {
        format!(
            "<div><dt>{name}</dt><dd class=\"value\">{}</dd><dd class=\"note\">{}</dd></div>\n",
            escape(&value),
            escape(&note)
        )
    });
    format!("<dl class=\"figures\">\n{}</dl>\n", items.collect::<String>())
}

/// A finding and how it is to be taken.
type Finding = (Mark, String);

fn findings(facts: &ReportFacts<'_>) -> String {
    let always = [level(facts), directions(facts), scope(facts)];
    let found = rank(facts).into_iter().chain(benchmark(facts)).chain(shift(facts)).chain(always);
    let items = found.map(|(mark, text)| {
        format!("<li><span class=\"mark {}\">{}</span><span>{}</span>\n", mark.class(), mark.word(), escape(&text))
    });
    format!("<ul class=\"findings\">\n{}</ul>\n", items.collect::<String>())
}

fn rank(facts: &ReportFacts<'_>) -> Option<Finding> {
    let auc = facts.metrics.auc?;
    let inner = facts.inner.metrics.auc?;
    let top = facts.validation.bands.first()?;
    let mark = if auc < 0.55 || inner - auc > 0.05 {
        Mark::Alarm
    } else if inner - auc > 0.02 {
        Mark::Look
    } else {
        Mark::Good
    };
    Some((
        mark,
        format!(
            "It ranks: of a bad and a good loan, it gives the bad one the higher risk in {} of pairs ({} on the inner hold-out). The \
             riskiest tenth of the test loans holds {} of the bad ones.",
            percent(auc),
            percent(inner),
            percent(top.bad_caught)
        ),
    ))
}

fn level(facts: &ReportFacts<'_>) -> Finding {
    let test = &facts.validation.parts[1];
    let predicted = mean_predicted(facts);
    let observed = wilson(test.bad, test.rows);
    let rate = count(test.bad) / count(test.rows);
    let (mark, words) = if observed.contains(predicted) {
        (Mark::Good, "which is within its uncertainty")
    } else if (predicted - rate).abs() < 0.25 * rate {
        (Mark::Look, if predicted < rate { "predictions are too low" } else { "predictions are too high" })
    } else {
        (Mark::Alarm, if predicted < rate { "predictions are far too low" } else { "predictions are far too high" })
    };
    (
        mark,
        format!(
            "Its level: it predicted {} bad on average, and {} went bad ({}); {words}.",
            percent(predicted),
            percent(rate),
            percents(observed)
        ),
    )
}

fn mean_predicted(facts: &ReportFacts<'_>) -> f64 {
    let bands = &facts.validation.bands;
    bands.iter().map(|band| band.predicted * count(band.rows)).sum::<f64>() / count(facts.metrics.rows)
}

fn benchmark(facts: &ReportFacts<'_>) -> Option<Finding> {
    let strongest = facts
        .benchmarks
        .iter()
        .max_by(|a, b| a.metrics.auc.unwrap_or_default().total_cmp(&b.metrics.auc.unwrap_or_default()))?;
    let gain = strongest.auc_gain?;
    let Interval { low, high } = gain.interval;
    let (mark, words) = if low > 0.0 {
        (Mark::Good, "ahead of it")
    } else if high < 0.0 {
        (Mark::Look, "behind it")
    } else {
        (Mark::Good, "level with it")
    };
    Some((
        mark,
        format!(
            "Against the strongest benchmark model, {}: {words}; AUC {} ({}, p {}).",
            strongest.name,
            signed(gain.value),
            interval(gain.interval),
            p_value(gain.p_value)
        ),
    ))
}

fn shift(facts: &ReportFacts<'_>) -> Option<Finding> {
    let last = facts.validation.stability.periods.last()?;
    let mark = super::stability::mark(last.score);
    let words = match mark {
        Mark::Good => "the applicants are like those it learnt from",
        Mark::Look => "the applicants have begun to differ from those it learnt from",
        Mark::Alarm => "the applicants are not those it learnt from",
    };
    Some((mark, format!("Stability: in {}, the score's PSI is {:.3}; {words}.", last.name, last.score.psi)))
}

fn directions(facts: &ReportFacts<'_>) -> Finding {
    let features = &facts.file.schema.features;
    let constrained = features.iter().filter(|feature| !feature.monotone.is_free()).count();
    if constrained == 0 {
        return (
            Mark::Look,
            "Directions: none is declared, so risk may fall where a lender would expect it to rise.".to_owned(),
        );
    }
    let (raised, against) =
        facts.validation.effects.iter().fold((0, 0), |sums, effect| (sums.0 + effect.raised, sums.1 + effect.against));
    let mark = if against == 0 { Mark::Good } else { Mark::Alarm };
    (
        mark,
        format!(
            "Directions: {constrained} of {} features keep to one. A value was raised {} times for applicants of the test part; risk moved \
             against its direction {} times.",
            features.len(),
            thousands(raised),
            thousands(against)
        ),
    )
}

fn scope(facts: &ReportFacts<'_>) -> Finding {
    let bad = facts.validation.parts[0].bad;
    let mark = if bad < 500 { Mark::Look } else { Mark::Good };
    (
        mark,
        format!(
            "Data: it learnt from {} loans, {} of them bad.{}",
            thousands(facts.validation.parts[0].rows),
            thousands(bad),
            if bad < 500 { " Fewer than 500 bad loans leave every figure here uncertain." } else { "" }
        ),
    )
}

fn warnings(facts: &ReportFacts<'_>) -> String {
    match facts.warnings.len() {
        0 => String::new(),
        1 => "<div class=\"warnings\"><p>One warning; see <a href=\"#limits\">limits and warnings</a>.</p></div>\n"
            .to_owned(),
        number => format!(
            "<div class=\"warnings\"><p>{number} warnings; see <a href=\"#limits\">limits and warnings</a>.</p></div>\n"
        ),
    }
}
