//! `GET /`: what waits, how the day goes, what needs a look.

use actix_web::{HttpResponse, web::Data};
use askama::Template;
use time::Duration;

use super::{
    SignedIn, Viewer,
    format::{count, percent},
    page,
    plot::{Spark, spark},
    texts::Texts,
};
use crate::{
    domain::principal::Permission,
    http::{Context, extract::permit, problem::Problem},
    monitor::drift,
    service::overview::{self, Day, Line, Overview},
};

/// From so many waiting changes on the recorder is said to be busy.
const BUSY: usize = 256;

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    viewer: &'a Viewer,
    t: Texts,
    seen: &'a Overview,
    alerts: Vec<Alert>,
    figures: Vec<Figure>,
    target: Duration,
    /// Whether the role reads applications, and whether it decides them.
    reads: bool,
    reviews: bool,
}

impl Home<'_> {
    /// For how long an application has waited.
    fn age(&self, line: &Line) -> Duration {
        self.viewer.now.instant() - line.received_at.instant()
    }
}

/// Something that needs a look.
struct Alert {
    /// `warn` or `bad`.
    kind: &'static str,
    text: String,
}

/// A figure of the day, against the last weeks.
struct Figure {
    name: &'static str,
    today: String,
    /// Of a usual day, where there was one.
    before: Option<String>,
    spark: Spark,
}

/// `GET /`
pub async fn show(who: SignedIn<permit::UseConsole>, context: Data<Context>) -> Result<HttpResponse, Problem> {
    let console = context.console;
    let settings = overview::Settings { target: console.review_target, offset: console.offset };
    let seen = overview::read(&context.app, who.principal(), settings).await?;
    page(&Home {
        viewer: &who,
        t: who.t,
        alerts: alerts(&seen, who.t),
        figures: figures(&seen.days, who.t),
        target: console.review_target,
        reads: who.may(Permission::ReadApplication),
        reviews: who.may(Permission::ReviewApplication),
        seen: &seen,
    })
}

fn alerts(seen: &Overview, t: Texts) -> Vec<Alert> {
    let mut alerts = Vec::new();
    let mut say = |kind, text: String| alerts.push(Alert { kind, text });
    match seen.log.verified {
        Some(last) if !last.intact => say("bad", t.home_log_broken(t.moment(&last.at))),
        Some(last) if seen.log.is_stale => say("warn", t.home_log_stale(t.day(&last.at))),
        None if seen.log.is_stale => say("warn", t.home_log_never().to_owned()),
        _ => {}
    }
    if let Some(index) = seen.stability_index.filter(|index| *index >= drift::ACT) {
        say("warn", t.home_shifted(format!("{index:.2}")));
    }
    if seen.recorder_waiting >= BUSY {
        say("warn", t.home_recorder_busy(seen.recorder_waiting));
    }
    alerts
}

/// Volume, approvals and median score of the day, each against the days before on which something was decided.
fn figures(days: &[Day], t: Texts) -> Vec<Figure> {
    let Some((today, before)) = days.split_last() else { return Vec::new() };
    let busy: Vec<&Day> = before.iter().filter(|day| day.decided > 0).collect();
    let none = || "\u{2013}".to_owned();
    let mean = |values: Vec<f64>| (!values.is_empty()).then(|| values.iter().sum::<f64>() / length(values.len()));
    let volumes = mean(busy.iter().map(|day| number(day.decided)).collect());
    let shares = mean(busy.iter().filter_map(|day| day.approved_share).collect());
    let scores = mean(busy.iter().filter_map(|day| day.median_score).map(f64::from).collect());
    vec![
        Figure {
            name: t.home_decided(),
            today: count(today.decided),
            before: volumes.map(|mean| super::format::grouped(&format!("{mean:.0}"))),
            spark: spark(days.iter().map(|day| Some(number(day.decided))), true),
        },
        Figure {
            name: t.home_approved(),
            today: today.approved_share.map_or_else(none, percent),
            before: shares.map(percent),
            spark: spark(days.iter().map(|day| day.approved_share), false),
        },
        Figure {
            name: t.home_median_score(),
            today: today.median_score.map_or_else(none, |score| score.to_string()),
            before: scores.map(|mean| format!("{mean:.0}")),
            spark: spark(days.iter().map(|day| day.median_score.map(f64::from)), false),
        },
    ]
}

#[expect(clippy::cast_precision_loss, reason = "a day has fewer than 2^53 decisions")]
fn number(count: u64) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "a month has few days")]
fn length(count: usize) -> f64 {
    count as f64
}
