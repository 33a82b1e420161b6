//! What each feature does to the margin, by its value.

use super::{
    ReportFacts, explanation,
    page::{Cell, figure, figure_of, table},
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
        "<p>Dots and strokes: the mean contribution of a value's bin over the test rows, and where nine tenths of the contributions lie. The line: \
         the mean log-odds when 200 applicants are all given that value and keep everything else (partial dependence), above its own mean. \
         Bars at the foot: how many loans have such a value. Features that are computed from others are varied by themselves here, though in life \
         they move together.</p>\n<div class=\"plots small\">\n{figures}</div>\n"
    )
}

fn one(feature: &Feature, effect: &Effect) -> String {
    let title = feature.display_label();
    let bins = &effect.bins;
    let heights = || {
        bins.iter()
            .flat_map(|bin| [bin.contribution_range[0], bin.contribution_range[1], bin.dependence, bin.contribution])
    };
    let (least, most) = (heights().fold(-0.05, f64::min), heights().fold(0.05, f64::max));
    // Room at the foot for the bars.
    let foot = (most - least) * 0.22;
    let names: Vec<String> = bins.iter().map(|bin| shortened(&bin.name)).collect();
    let y = Axis::over("log-odds", (least - foot, most), false);
    let mut plot = Plot::new(SMALL, &title, Axis::names(&names, room(&names)), y);
    plot.level(0.0, "zero", "");
    draw(&mut plot, bins, foot * 0.8, feature.kind);
    let rows = bins.iter().map(|bin| {
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
    figure_of(&title, &plot.finish(), &caption, &table(&title, &head, rows))
}

fn draw(plot: &mut Plot, bins: &[Bin], bar_height: f64, kind: Kind) {
    let floor = plot.floor();
    let most_rows = count(bins.iter().map(|bin| bin.rows).max().unwrap_or(1));
    for (place, bin) in bins.iter().enumerate() {
        let left = count(place);
        plot.bar((left + 0.1, left + 0.9), (floor, floor + bar_height * count(bin.rows) / most_rows), "bar");
    }
    // A line over values that have an order; a missing value is not among them.
    let known = if bins.last().is_some_and(|bin| bin.name == "missing") { bins.len() - 1 } else { bins.len() };
    let stepped = |places: std::ops::Range<usize>| -> Vec<(f64, f64)> {
        places.flat_map(|place| [count(place), count(place + 1)].map(|x| (x, bins[place].dependence))).collect()
    };
    if kind == Kind::Category {
        for place in 0..bins.len() {
            plot.line(&stepped(place..place + 1), "l2");
        }
    } else {
        plot.line(&stepped(0..known), "l2");
        plot.line(&stepped(known..bins.len()), "l2");
    }
    for (place, bin) in bins.iter().enumerate() {
        let x = count(place) + 0.5;
        plot.whisker(x, (bin.contribution_range[0], bin.contribution_range[1]), "w1");
        plot.dot((x, bin.contribution), "f1");
    }
}

fn shortened(name: &str) -> String {
    const MOST: usize = 14;
    if name.chars().count() <= MOST { name.to_owned() } else { name.chars().take(MOST - 1).collect::<String>() + "…" }
}

/// How many of these names find room below a small plot.
fn room(names: &[String]) -> usize {
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(1);
    (46 / (longest + 1)).max(2)
}
