//! What the model is for, what it learnt from, and how it is built.

use super::{
    ReportFacts,
    page::{Cell, escape, list, paragraph, table, thousands},
};
use crate::{
    features::schema::{Feature, Kind},
    training::{evaluate::count, segments::range, validation::Part},
};

pub(super) fn purpose(facts: &ReportFacts<'_>) -> String {
    let Some(population) = &facts.file.provenance.population else { return paragraph(&facts.card.purpose) };
    let target = &population.target;
    let filter: Vec<String> =
        population.split.filter.iter().map(|(column, values)| format!("{column} is {}", values.join(" or "))).collect();
    let filter = if filter.is_empty() { "every row of the data".to_owned() } else { filter.join(", and ") };
    let rows = [
        ("What it is for", facts.card.purpose.clone()),
        ("A bad loan", format!("column {} is {}; anything else but an empty cell is a good one", target.column, target.positive.join(" or "))),
        ("Population", filter),
        ("Output", "log-odds of a bad loan (the margin), its probability, and one contribution per feature".to_owned()),
        (
            "Use",
            "it predicts; the lender's policy decides. Applications with a value outside what it learnt from go to a person"
                .to_owned(),
        ),
    ];
    let rows = rows.into_iter().map(|(name, text)| vec![Cell::text(name), Cell::text(text)]);
    table("Scope", &[], rows)
}

pub(super) fn data(facts: &ReportFacts<'_>) -> String {
    let provenance = &facts.file.provenance;
    let files = provenance.data.iter().map(|file| {
        vec![
            Cell::text(&file.name),
            Cell::count(usize::try_from(file.rows).unwrap_or(usize::MAX)),
            Cell::Code(file.sha256.clone()),
        ]
    });
    let part = |part: &Part| {
        let days = part.days.map_or_else(|| "–".to_owned(), |[first, last]| format!("{first} to {last}"));
        vec![
            Cell::text(part.name),
            Cell::count(part.rows),
            Cell::count(part.bad),
            Cell::percent(count(part.bad) / count(part.rows)),
            Cell::text(days),
        ]
    };
    let inner = &facts.inner.metrics;
    let inner = vec![
        Cell::text("inner hold-out, within training"),
        Cell::count(inner.rows),
        Cell::Number(format!("{:.0}", inner.bad_rate * count(inner.rows))),
        Cell::percent(inner.bad_rate),
        Cell::text(&facts.inner.split),
    ];
    let [train, test] = &facts.validation.parts;
    format!(
        "{}{}{}<p>How they were told apart: {}. The number of trees and the calibration were chosen on the inner hold-out by trees that \
         had not seen it; the test part was used once, for the figures here.</p>\n{}",
        paragraph(&facts.about.data),
        table("Files", &["file", "rows", "SHA-256"], files),
        table("Parts", &["part", "loans", "bad", "bad rate", "made"], [part(train), inner, part(test)]),
        escape(&provenance.split),
        quality(facts),
    )
}

/// What is in each feature's column.
fn quality(facts: &ReportFacts<'_>) -> String {
    let features = facts.file.schema.features.iter().zip(&facts.file.training_ranges);
    let rows = features.zip(&facts.validation.effects).zip(facts.alone).map(|(((feature, ranges), effect), alone)| {
        let seen = match ranges.range {
            Some([least, greatest]) => grouped(&range(least, greatest)),
            None if feature.kind == Kind::Category => format!("{} categories", ranges.categories.len()),
            None => "nothing".to_owned(),
        };
        vec![
            Cell::text(feature.display_label()),
            Cell::text(kind(feature)),
            Cell::text(seen),
            Cell::percent(effect.missing[0]),
            Cell::percent(effect.missing[1]),
            Cell::optional(*alone),
        ]
    });
    format!(
        "<h3>Quality of the columns</h3>\n{}<p class=\"soft small\">AUC alone: how well this feature's values rank bad loans by themselves, \
         learnt on one half of the training rows and measured on the other. From 0.95 on a feature is a suspected leak: it most likely was \
         known only after the loan went bad, and training stops.</p>\n",
        table(
            "Every feature, in the training rows",
            &["feature", "kind", "values seen", "missing, training", "missing, test", "AUC alone"],
            rows
        )
    )
}

/// A range with commas in its whole numbers of five digits and more.
fn grouped(range: &str) -> String {
    let word = |word: &str| match word.parse::<usize>() {
        Ok(number) if number >= 10_000 => thousands(number),
        _ => word.to_owned(),
    };
    range.split(' ').map(word).collect::<Vec<String>>().join(" ")
}

fn kind(feature: &Feature) -> &'static str {
    match feature.kind {
        Kind::Category => "category",
        Kind::Boolean => "yes or no",
        Kind::Number | Kind::Date if feature.derive.is_some() => "number, derived",
        Kind::Number | Kind::Date => "number",
    }
}

pub(super) fn design(facts: &ReportFacts<'_>) -> String {
    let chosen =
        format!("{} rounds of boosting predicted the inner hold-out best ({}).", facts.inner.rounds, facts.inner.split);
    let parameters = facts.file.provenance.parameters.iter();
    let parameters = parameters.map(|(name, value)| vec![Cell::Code(name.clone()), Cell::Number(format!("{value}"))]);
    format!(
        "{}<details><summary>Every parameter</summary>{}</details>\n",
        list(facts.card.design.iter().map(String::as_str).chain([chosen.as_str()])),
        table("Parameters of training", &["parameter", "value"], parameters)
    )
}
