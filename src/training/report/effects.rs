//! What each feature does to the margin, by its value.

use std::fmt::Write;

use super::{
    ReportFacts, explanation,
    page::{Cell, escape, figure, figure_of, table},
    plot::{Axis, Plot, SMALL},
};
use crate::{
    features::schema::{Feature, Kind},
    training::{
        evaluate::count,
        validation::effects::{Bin, Effect},
    },
};

pub(super) fn render(facts: &ReportFacts<'_>) -> String {
    let mut order: Vec<(&Feature, &Effect)> =
        facts.file.schema.features.iter().zip(&facts.validation.effects).collect();
    order.sort_by(|a, b| b.1.importance.total_cmp(&a.1.importance));
    let figures: String = order.into_iter().map(|(feature, effect)| one(feature, effect)).collect();
    format!(
        "<p>Dots and strokes: the mean contribution of the loans with about that value, and where nine tenths of the contributions lie. Red: \
         the mean log-odds when 200 applicants are all given that value and keep everything else (partial dependence), above its own mean. Grey \
         bars: how many loans have such a value; a value named below is typical of its bar. Features that are computed from others are varied by \
         themselves here, though in life they move together.</p>\n<div class=\"plots small\">\n{figures}</div>\n"
    )
}

fn one(feature: &Feature, effect: &Effect) -> String {
    let title = feature.display_label();
    let svg = if feature.kind == Kind::Category { categories(&title, effect) } else { numbers(&title, effect) };
    let rows = effect.bins.iter().map(|bin| {
        vec![
            Cell::text(&bin.name),
            Cell::count(bin.rows),
            Cell::percent(count(bin.bad) / count(bin.rows)),
            Cell::figure(bin.contribution),
            Cell::Number(format!("{} to {}", figure(bin.contribution_range[0]), figure(bin.contribution_range[1]))),
            Cell::figure(bin.dependence),
        ]
    });
    let head = ["value", "loans", "bad rate", "mean contribution", "nine tenths within", "dependence"];
    let caption = match explanation::direction(feature) {
        "by category" => "By category.".to_owned(),
        direction => format!("As it rises, risk {direction}."),
    };
    figure_of(&title, &svg, &caption, &table(&title, &head, rows))
}

/// The least and the greatest height that a picture of these bins needs.
fn reach(bins: &[Bin]) -> (f64, f64) {
    let heights = bins.iter().flat_map(|bin| {
        let [low, high] = bin.contribution_range;
        [low, high, bin.dependence, bin.contribution]
    });
    heights.fold((-0.05, 0.05), |(least, most), height| (f64::min(least, height), f64::max(most, height)))
}

/// Values that have an order, from left to right; missing ones last.
fn numbers(title: &str, effect: &Effect) -> String {
    let bins = &effect.bins;
    let (least, most) = reach(bins);
    // Room at the foot for the bars.
    let foot = (most - least) * 0.22;
    let names: Vec<String> = bins.iter().map(|bin| bin.typical.clone()).collect();
    let y = Axis::over("log-odds", (least - foot, most), false);
    let mut plot = Plot::new(SMALL, title, Axis::names(&names, room(&names)), y);
    plot.level(0.0, "zero", "");
    let floor = plot.floor();
    let most_rows = count(bins.iter().map(|bin| bin.rows).max().unwrap_or(1));
    for (place, bin) in bins.iter().enumerate() {
        let height = floor + foot * 0.8 * count(bin.rows) / most_rows;
        plot.bar((count(place) + 0.1, count(place) + 0.9), (floor, height), "bar");
    }
    let known = if bins.last().is_some_and(|bin| bin.name == "missing") { bins.len() - 1 } else { bins.len() };
    for places in [0..known, known..bins.len()] {
        let step = |place: usize| [count(place), count(place + 1)].map(|x| (x, bins[place].dependence));
        plot.line(&places.flat_map(step).collect::<Vec<_>>(), "l2");
    }
    for (place, bin) in bins.iter().enumerate() {
        let x = count(place) + 0.5;
        plot.whisker(x, (bin.contribution_range[0], bin.contribution_range[1]), "w1");
        plot.dot((x, bin.contribution), "f1");
    }
    plot.finish()
}

/// How many of these names find room below a small plot.
fn room(names: &[String]) -> usize {
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(1);
    (50 / (longest + 2)).max(2)
}

/// Values without an order, one below the other.
fn categories(title: &str, effect: &Effect) -> String {
    const ROW: f64 = 17.0;
    const LEFT: f64 = 118.0;
    const RIGHT: f64 = 282.0;
    const WIDTH: f64 = 340.0;
    let bins = &effect.bins;
    let axis = Axis::over("", reach(bins), false);
    let across = |value: f64| LEFT + axis.place(value) * (RIGHT - LEFT);
    let bottom = ROW * count(bins.len()) + 6.0;
    let height = bottom + 22.0;
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{0}\"><title>{0}</title>",
        escape(title)
    );
    let every = axis.ticks().len().div_ceil(4).max(1);
    for (value, text) in axis.ticks().iter().step_by(every) {
        let x = across(*value);
        let _ = write!(
            svg,
            "<path class=\"grid\" d=\"M{x:.1} 2V{bottom}\"/><text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{text}</text>",
            bottom + 14.0
        );
    }
    let _ = write!(svg, "<path class=\"zero\" d=\"M{0:.1} 2V{bottom}\"/>", across(0.0));
    let most_rows = count(bins.iter().map(|bin| bin.rows).max().unwrap_or(1));
    for (place, bin) in bins.iter().enumerate() {
        let y = ROW * count(place) + ROW / 2.0 + 3.0;
        let [low, high] = bin.contribution_range.map(across);
        let (dot, line) = (across(bin.contribution), across(bin.dependence));
        let _ = write!(
            svg,
            "<text class=\"strong\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
             <rect class=\"bar\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>\
             <path class=\"l2\" d=\"M{line:.1} {:.1}v{:.1}\"/><path class=\"w1\" d=\"M{low:.1} {y:.1}H{high:.1}\"/>\
             <circle class=\"f1\" cx=\"{dot:.1}\" cy=\"{y:.1}\" r=\"3.2\"/>",
            LEFT - 8.0,
            y + 4.0,
            escape(&shortened(&bin.name)),
            RIGHT + 10.0,
            y - 4.0,
            (WIDTH - RIGHT - 12.0) * count(bin.rows) / most_rows,
            8.0,
            y - 6.0,
            12.0,
        );
    }
    svg + "</svg>"
}

fn shortened(name: &str) -> String {
    const MOST: usize = 18;
    if name.chars().count() <= MOST { name.to_owned() } else { name.chars().take(MOST - 1).collect::<String>() + "…" }
}
