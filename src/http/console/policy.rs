//! `/policy`: the policy in force, in plain words.

use actix_web::{HttpResponse, web::Data};
use askama::Template;

use super::{SignedIn, Viewer, format::percent, page, texts::Texts};
use crate::{
    domain::{decision::Outcome, probability::Probability},
    http::{Context, extract::permit, problem::Problem},
    policy::Policy,
    service::policies::{self as use_case, PolicySummary},
};

/// The plot's bars, each of so many points of probability of default.
const BAR_SHARE: f64 = 0.01;
/// The plot ends here: few applicants lie beyond.
const PLOT_END: f64 = 0.5;
/// The plot's size in its own units.
const WIDTH: f64 = 1_080.0;
const HEIGHT: f64 = 210.0;

#[derive(Template)]
#[template(path = "registry/policy.html")]
struct Page<'a> {
    viewer: &'a Viewer,
    t: Texts,
    policy: Option<&'a PolicySummary>,
    others: Vec<&'a PolicySummary>,
    approve_below: String,
    decline_from: String,
    approve_score: i32,
    decline_score: i32,
    plot: Plot,
    rules: Vec<RuleRow>,
    grades: Vec<GradeRow>,
    confirmation: Option<String>,
}

/// A rule, for a page.
struct RuleRow {
    id: String,
    /// CEL, without the white space around it.
    when: String,
    declines: bool,
    reason: String,
    text: String,
}

/// A grade: its letter, the lowest score that earns it, and the probability that this score stands for.
struct GradeRow {
    letter: String,
    from_score: Option<i32>,
    at_most: Option<String>,
}

/// Where the last applications lie between the cut-offs.
#[derive(Debug, Default)]
struct Plot {
    bars: Vec<Bar>,
    /// How many decisions it is made of.
    decisions: usize,
    approve_x: f64,
    decline_x: f64,
    /// The shares of the three bands.
    approve: String,
    review: String,
    decline: String,
}

#[derive(Debug)]
struct Bar {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    class: &'static str,
}

/// `GET /policy`
pub async fn show(who: SignedIn<permit::ReadRegistry>, context: Data<Context>) -> Result<HttpResponse, Problem> {
    let in_force = context.app.last_in_force();
    let policy = in_force.decider().policy();
    let kept = use_case::list(&context.app).await?;
    let probabilities = use_case::last_probabilities(&context.app).await?;
    let cut_offs = policy.cut_offs();
    let score = |probability: Probability| score_of(policy, probability.value());
    page(&Page {
        viewer: &who,
        t: who.t,
        policy: kept.iter().find(|one| one.sha256 == policy.identity().sha256),
        others: kept.iter().filter(|one| one.sha256 != policy.identity().sha256).rev().collect(),
        approve_below: percent(cut_offs.approve_below().value()),
        decline_from: percent(cut_offs.decline_from().value()),
        approve_score: score(cut_offs.approve_below()),
        decline_score: score(cut_offs.decline_from()),
        plot: Plot::of(policy, &probabilities),
        rules: policy.rules().map(|rule| RuleRow::of(rule, who.t)).collect(),
        grades: grades(policy),
        confirmation: None,
    })
}

fn score_of(policy: &Policy, probability: f64) -> i32 {
    policy.scaling().score(libm::log(probability / (1.0 - probability)))
}

impl RuleRow {
    fn of(rule: crate::policy::RuleView<'_>, t: Texts) -> Self {
        Self {
            id: rule.id.to_owned(),
            when: rule.when.trim().to_owned(),
            declines: rule.then == Outcome::Decline,
            reason: rule.reason.to_string(),
            text: t.reason(rule.reason.as_str(), rule.text).text,
        }
    }
}

fn grades(policy: &Policy) -> Vec<GradeRow> {
    let row = |(letter, from_score): (&str, Option<i32>)| GradeRow {
        letter: letter.to_owned(),
        from_score,
        at_most: from_score.map(|score| percent(policy.scaling().probability_at(score).value())),
    };
    policy.grades().iter().map(row).collect()
}

impl Plot {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "counts of at most some thousands, and shares from 0 to 1"
    )]
    fn of(policy: &Policy, probabilities: &[f64]) -> Self {
        let bars = (PLOT_END / BAR_SHARE).round() as usize;
        let mut counts = vec![0_u32; bars];
        let mut bands = [0_usize; 3];
        for &probability in probabilities {
            let index = ((probability / BAR_SHARE) as usize).min(bars - 1);
            counts[index] += 1;
            let band = Probability::new(probability).map(|probability| policy.cut_offs().outcome(probability));
            bands[match band {
                Some(Outcome::Approve) => 0,
                Some(Outcome::Review) | None => 1,
                Some(Outcome::Decline) => 2,
            }] += 1;
        }
        let most = f64::from(counts.iter().copied().max().unwrap_or(0).max(1));
        let width = WIDTH / bars as f64;
        let bar = |(index, count): (usize, u32)| {
            let height = (HEIGHT - 10.0) * f64::from(count) / most;
            let middle = (index as f64 + 0.5) * BAR_SHARE;
            Bar {
                x: index as f64 * width + 1.0,
                y: HEIGHT - height,
                width: width - 2.0,
                height,
                class: match Probability::new(middle).map(|middle| policy.cut_offs().outcome(middle)) {
                    Some(Outcome::Approve) => "plot-approve",
                    Some(Outcome::Review) | None => "plot-review",
                    Some(Outcome::Decline) => "plot-decline",
                },
            }
        };
        let place = |probability: Probability| (probability.value() / PLOT_END).min(1.0) * WIDTH;
        let total = probabilities.len().max(1) as f64;
        let [approve, review, decline] = bands.map(|count| percent(count as f64 / total));
        Self {
            bars: counts.into_iter().enumerate().filter(|(_, count)| *count > 0).map(bar).collect(),
            decisions: probabilities.len(),
            approve_x: place(policy.cut_offs().approve_below()),
            decline_x: place(policy.cut_offs().decline_from()),
            approve,
            review,
            decline,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::shipped;

    #[test]
    fn every_decision_of_the_plot_lies_in_the_bar_and_band_of_its_probability() {
        let policy = Policy::parse(shipped::POLICY).unwrap();
        let plot = Plot::of(&policy, &[0.011, 0.012, 0.129, 0.13, 0.26, 0.9]);
        assert_eq!(plot.bars.len(), 5);
        assert_eq!(
            plot.bars.iter().map(|bar| bar.class).collect::<Vec<_>>(),
            ["plot-approve", "plot-approve", "plot-review", "plot-decline", "plot-decline"]
        );
        assert_eq!([plot.approve, plot.review, plot.decline], ["50.0%", "16.7%", "33.3%"]);
        assert!(plot.approve_x < plot.decline_x && plot.decline_x < WIDTH);
        assert_eq!(Plot::of(&policy, &[]).bars.len(), 0);
    }

    #[test]
    fn a_grade_names_the_probability_of_its_lowest_score() {
        // 1 / (1 + 50 · 2^((score − 600) / 20)), by hand: 5.354 %, 8.687 %, 13.793 %, 21.204 %, 31.155 %, 43.219 %.
        let policy = Policy::parse(shipped::POLICY).unwrap();
        let shown: Vec<_> = grades(&policy).into_iter().map(|grade| grade.at_most.unwrap_or_default()).collect();
        assert_eq!(shown, ["5.4%", "8.7%", "13.8%", "21.2%", "31.2%", "43.2%", ""]);
    }
}
