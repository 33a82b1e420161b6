//! The models that this one was held against.

use super::{
    ReportFacts,
    page::{Cell, escape, figure_of, interval, p_value, signed, table},
    plot::{Axis, Plot, WIDE},
};
use crate::training::{
    benchmark::{Benchmark, TREATMENT},
    evaluate::count,
    intervals::Interval,
};

pub(super) fn render(facts: &ReportFacts<'_>) -> String {
    if facts.benchmarks.is_empty() {
        return String::new();
    }
    format!(
        "<p>On the same features and the same test rows. {}</p>\n{}{}{}",
        escape(TREATMENT),
        picture(facts),
        figures(facts),
        gains(facts.benchmarks),
    )
}

fn picture(facts: &ReportFacts<'_>) -> String {
    let title = "AUC with 95 % interval";
    let ours = facts.metrics.auc.zip(facts.validation.auc).map(|(auc, interval)| ("this model", auc, interval));
    let others = facts.benchmarks.iter().filter_map(|b| Some((b.name, b.metrics.auc?, b.auc_interval?)));
    let models: Vec<(&str, f64, Interval)> = ours.into_iter().chain(others).collect();
    let least = models.iter().map(|model| model.2.low).fold(1.0, f64::min);
    let most = models.iter().map(|model| model.2.high).fold(0.0, f64::max);
    let names: Vec<String> = models.iter().map(|model| model.0.to_owned()).collect();
    let mut plot = Plot::new(WIDE, title, Axis::names(&names, names.len()), Axis::over("AUC", (least, most), false));
    for (place, (_, auc, interval)) in models.iter().enumerate() {
        let class = if place == 0 { "f2" } else { "f1" };
        plot.whisker(count(place) + 0.5, (interval.low, interval.high), "w1");
        plot.dot((count(place) + 0.5, *auc), class);
    }
    let caption = "Intervals of one AUC each (DeLong). Whether two models differ is told by the paired test below, for they are measured on the same loans.";
    format!("<div class=\"plots wide\">{}</div>\n", figure_of(title, &plot.finish(), caption, ""))
}

fn figures(facts: &ReportFacts<'_>) -> String {
    let row = |name: &str, trained_on: usize, metrics: &crate::training::evaluate::Metrics, auc: Option<Interval>| {
        vec![
            Cell::text(name),
            Cell::count(trained_on),
            Cell::optional(metrics.auc),
            Cell::Number(auc.map_or_else(|| "–".to_owned(), interval)),
            Cell::optional(metrics.ks),
            Cell::figure(metrics.log_loss),
            Cell::figure(metrics.brier),
        ]
    };
    let ours = row("this model", facts.validation.parts[0].rows, facts.metrics, facts.validation.auc);
    let others = facts.benchmarks.iter().map(|b| row(b.name, b.trained_on, &b.metrics, b.auc_interval));
    let head = ["model", "loans trained on", "AUC", "95 % interval", "KS", "log-loss", "Brier"];
    table("The models beside one another", &head, [ours].into_iter().chain(others))
}

fn gains(benchmarks: &[Benchmark]) -> String {
    let row = |benchmark: &Benchmark| {
        let (auc, log_loss) = (benchmark.auc_gain?, benchmark.log_loss_gain?);
        Some(vec![
            Cell::text(benchmark.name),
            Cell::Number(signed(auc.value)),
            Cell::Number(interval(auc.interval)),
            Cell::Number(p_value(auc.p_value)),
            Cell::Number(signed(log_loss.value)),
            Cell::Number(interval(log_loss.interval)),
            Cell::Number(p_value(log_loss.p_value)),
        ])
    };
    let head = ["this model against", "AUC", "95 % interval", "p", "log-loss lower by", "95 % interval", "p"];
    table("What this model gains, on the same loans (paired)", &head, benchmarks.iter().filter_map(row))
}
