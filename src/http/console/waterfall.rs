//! Why a score is what it is: from the average applicant to this one, a step for each factor.
//!
//! A row is a line of text with a strip of SVG, all strips to one scale of log-odds; lengths are percentages, so that
//! the same rows are drawn on a phone and on a wide screen. Points are whole and sum to the score.

use super::{
    format::{grouped, percent, signed},
    standing::{Place, company},
    texts::Texts,
};
use crate::{
    decide::{
        pipeline::Decider,
        record::{DecisionRecord, ScoredFeature},
    },
    domain::{language::Language, probability::Probability},
    features::schema::Schema,
    model::scorecard::apportion,
    service::comparable::Comparable,
};

/// So many factors have a row of their own in sight; what the others do is one step, which opens.
const IN_SIGHT: usize = 8;
/// How much of the width is left free beside the outermost step, on either side.
const MARGIN: f64 = 0.05;
/// Ticks are at least this share of the width apart.
const TICK_APART: f64 = 0.14;
/// Probabilities that ticks stand for, in percent, from the roundest list to the finest.
const TICKS: [&[f64]; 4] = [
    &[0.1, 1.0, 5.0, 10.0, 20.0, 50.0, 80.0, 90.0, 99.0],
    &[0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 95.0, 99.0],
    &[1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0, 45.0, 50.0, 60.0, 70.0],
    &[2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0, 19.0, 20.0, 22.0],
];
const FEWEST_TICKS: usize = 4;

/// The whole way from the baseline to the margin.
#[derive(Debug)]
pub struct Waterfall {
    pub ticks: Vec<Tick>,
    /// Where the policy's cut-offs stand; `None` beyond the edges.
    pub approve_below: Option<Tick>,
    pub decline_from: Option<Tick>,
    pub baseline: End,
    /// The strongest factors, in order.
    pub steps: Vec<Step>,
    /// What the others do together; `None` when there are none.
    pub rest: Option<Step>,
    /// Each of the others.
    pub others: Vec<Step>,
    pub end: End,
    /// What happened, in a sentence.
    pub summary: String,
    /// Whether a factor's name is in another language than the viewer's.
    pub is_foreign: bool,
    /// With whom the applicant is compared.
    pub company: String,
}

/// A place on the scale, in percent of its width, and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tick {
    pub x: String,
    pub label: String,
}

/// Where the way begins or ends.
#[derive(Debug)]
pub struct End {
    pub x: String,
    /// Points, or log-odds where the scale of points is not known.
    pub amount: String,
    pub probability: String,
}

/// What one factor does, or several together.
#[derive(Debug)]
pub struct Step {
    pub label: String,
    pub value: String,
    pub raises_risk: bool,
    /// In points: `−28`.
    pub amount: String,
    /// The same in log-odds of default: `+0.97`.
    pub log_odds: String,
    /// Where the applicant's value stands among others', where that is known.
    pub place: Option<Place>,
    /// The bar, and where the way was before and is after it, in percent of the width.
    pub bar_x: String,
    pub bar_width: String,
    pub before: String,
    pub after: String,
}

impl Waterfall {
    /// Draws a decision; `decider` is what made it, where that is still to be had: it knows points and cut-offs.
    #[must_use]
    pub fn of(record: &DecisionRecord, decider: Option<&Decider>, comparable: &Comparable, t: Texts) -> Self {
        let order = strongest_first(&record.features);
        let contributions: Vec<f64> = order.iter().map(|&index| record.features[index].contribution).collect();
        let amounts = Amounts::of(record, decider, &contributions);
        let cut_offs = decider.map(|decider| {
            let cut_offs = decider.policy().cut_offs();
            [cut_offs.approve_below(), cut_offs.decline_from()]
        });
        let scale = Scale::around(record, &contributions, cut_offs.as_ref());
        let schema = decider.map(|decider| decider.model().schema());
        let nothing = Schema::default();
        let schema = schema.unwrap_or(&nothing);
        let mut is_foreign = false;
        let mut at = record.baseline;
        let mut all = Vec::with_capacity(order.len());
        for ((&index, &contribution), &amount) in order.iter().zip(&contributions).zip(&amounts.parts) {
            let scored = &record.features[index];
            let called = t.factor_of(&scored.feature, schema);
            is_foreign |= called.is_foreign;
            let place = match comparable {
                Comparable::Sample(sample) => sample
                    .spread(index)
                    .and_then(|spread| Some(Place::of(spread, schema.raw_value(index, &scored.value)?, t))),
                Comparable::Nobody | Comparable::Soon => None,
            };
            let name = Name { label: called.text, value: t.factor_value(&scored.value), place };
            all.push(Step::of(name, &scale, (at, contribution), amounts.moved(amount)));
            at += contribution;
        }
        let others = if all.len() > IN_SIGHT + 1 { all.split_off(IN_SIGHT) } else { Vec::new() };
        let rest = (!others.is_empty()).then(|| {
            let before: f64 = record.baseline + contributions[..IN_SIGHT].iter().sum::<f64>();
            let name = Name { label: t.waterfall_others(others.len()), value: String::new(), place: None };
            let moved = amounts.moved(amounts.parts[IN_SIGHT..].iter().sum());
            Step::of(name, &scale, (before, record.margin - before), moved)
        });
        let cut_off = |which: usize| cut_offs.as_ref().and_then(|both| scale.tick(both[which].value()));
        let end = |margin: f64, amount: i64| End {
            x: scale.place(margin),
            amount: amounts.plain(amount),
            probability: percent(Probability::from_margin(margin).value()),
        };
        Self {
            ticks: scale.ticks(),
            approve_below: cut_off(0),
            decline_from: cut_off(1),
            baseline: end(record.baseline, amounts.baseline),
            end: end(record.margin, amounts.end),
            summary: amounts.summary(t),
            is_foreign,
            company: company(comparable, t),
            steps: all,
            rest,
            others,
        }
    }
}

/// What a step is called.
struct Name {
    label: String,
    value: String,
    place: Option<Place>,
}

impl Step {
    fn of(name: Name, scale: &Scale, (before, contribution): (f64, f64), amount: String) -> Self {
        let (from, to) = (scale.share(before), scale.share(before + contribution));
        // A movement of nothing is a hair's breadth, so that the way goes on.
        let width = (to - from).abs().max(0.002);
        Self {
            label: name.label,
            value: name.value,
            place: name.place,
            raises_risk: contribution > 0.0,
            amount,
            log_odds: signed(contribution, 2),
            bar_x: place(from.min(to)),
            bar_width: place(width),
            before: place(from),
            after: place(to),
        }
    }
}

/// Whole amounts that sum: points, or hundredths of log-odds where no scale of points is known.
struct Amounts {
    are_points: bool,
    baseline: i64,
    parts: Vec<i64>,
    end: i64,
}

impl Amounts {
    #[expect(clippy::cast_possible_truncation, reason = "log-odds are small, and `as` saturates")]
    fn of(record: &DecisionRecord, decider: Option<&Decider>, contributions: &[f64]) -> Self {
        if let Some(decider) = decider {
            let scaling = decider.policy().scaling();
            let breakdown = scaling.breakdown(record.baseline, contributions, record.margin);
            let (baseline, end) = (i64::from(breakdown.baseline), i64::from(breakdown.score));
            return Self { are_points: true, baseline, parts: breakdown.parts, end };
        }
        let hundredths = |value: f64| (value * 100.0).round() as i64;
        let (baseline, end) = (hundredths(record.baseline), hundredths(record.margin));
        let parts: Vec<f64> = contributions.iter().map(|contribution| contribution * 100.0).collect();
        Self { are_points: false, baseline, parts: apportion(&parts, end - baseline), end }
    }

    fn plain(&self, amount: i64) -> String {
        if self.are_points { grouped(&amount.to_string()) } else { signed(hundredth(amount), 2) }
    }

    fn moved(&self, amount: i64) -> String {
        match amount {
            _ if !self.are_points => signed(hundredth(amount), 2),
            1.. => format!("+{}", grouped(&amount.to_string())),
            _ => grouped(&amount.to_string()),
        }
    }

    /// How many factors take points away and how many give some, and how many points.
    fn summary(&self, t: Texts) -> String {
        if !self.are_points {
            return t.waterfall_no_points().to_owned();
        }
        let of = |is_meant: fn(&i64) -> bool| {
            let meant: Vec<i64> = self.parts.iter().copied().filter(is_meant).collect();
            (meant.len(), grouped(&meant.iter().sum::<i64>().abs().to_string()))
        };
        let ((against, lost), (favour, won)) = (of(|part| *part < 0), of(|part| *part > 0));
        let sentences = [
            t.waterfall_from(self.plain(self.baseline)),
            t.waterfall_lost(against, lost),
            t.waterfall_won(favour, won, self.plain(self.end)),
        ];
        sentences.join(if t.language() == Language::English { " " } else { "" })
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn hundredth(amount: i64) -> f64 {
    amount as f64 / 100.0
}

/// The part of the log-odds that is shown.
struct Scale {
    from: f64,
    to: f64,
}

impl Scale {
    /// Everything that the way passes, and the cut-offs where they are near.
    fn around(record: &DecisionRecord, contributions: &[f64], cut_offs: Option<&[Probability; 2]>) -> Self {
        let mut at = record.baseline;
        let (mut from, mut to) = (at.min(record.margin), at.max(record.margin));
        for contribution in contributions {
            at += contribution;
            (from, to) = (from.min(at), to.max(at));
        }
        let reach = (to - from).max(0.5);
        for cut_off in cut_offs.into_iter().flatten() {
            let at = log_odds(cut_off.value());
            if at > from - reach && at < to + reach {
                (from, to) = (from.min(at), to.max(at));
            }
        }
        let free = (to - from).max(0.1) * MARGIN;
        Self { from: from - free, to: to + free }
    }

    fn share(&self, margin: f64) -> f64 {
        ((margin - self.from) / (self.to - self.from)).clamp(0.0, 1.0)
    }

    fn place(&self, margin: f64) -> String {
        place(self.share(margin))
    }

    /// A probability's place; `None` beyond the edges.
    fn tick(&self, probability: f64) -> Option<Tick> {
        let at = log_odds(probability);
        (at >= self.from && at <= self.to).then(|| Tick { x: self.place(at), label: percent(probability) })
    }

    /// The roundest probabilities of which enough lie far enough apart.
    fn ticks(&self) -> Vec<Tick> {
        let thinned = |list: &[f64]| {
            let mut last = -TICK_APART / 2.0;
            let mut kept = Vec::new();
            for &percent in list {
                let at = log_odds(percent / 100.0);
                let share = self.share(at);
                // Labels stand around their tick and must not be cut off.
                if at < self.from || at > self.to || share - last < TICK_APART || share > 1.0 - TICK_APART / 4.0 {
                    continue;
                }
                last = share;
                kept.push(Tick { x: place(share), label: format!("{percent}%") });
            }
            kept
        };
        let lists = TICKS.map(thinned);
        let enough = lists.iter().position(|ticks| ticks.len() >= FEWEST_TICKS);
        let best = enough.unwrap_or_else(|| {
            let most = lists.iter().map(Vec::len).max();
            lists.iter().position(|ticks| Some(ticks.len()) == most).unwrap_or_default()
        });
        lists.into_iter().nth(best).unwrap_or_default()
    }
}

fn log_odds(probability: f64) -> f64 {
    libm::log(probability / (1.0 - probability))
}

/// A share of the width as an SVG length.
fn place(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}

/// Indexes of the features, the strongest contribution first; ties in the schema's order.
fn strongest_first(features: &[ScoredFeature]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..features.len()).collect();
    order.sort_by(|&one, &other| features[other].contribution.abs().total_cmp(&features[one].contribution.abs()));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_has_round_ticks_far_enough_apart_wherever_it_lies() {
        for (from, to) in [(-6.0, 6.0), (-2.1, -1.2), (-2.0, -1.6), (-3.0, 0.5), (-9.0, -6.0), (0.0, 1.0)] {
            let scale = Scale { from, to };
            let ticks = scale.ticks();
            assert!(!ticks.is_empty(), "{from} {to}");
            let places: Vec<f64> = ticks.iter().map(|tick| tick.x.trim_end_matches('%').parse().unwrap()).collect();
            assert!(places.windows(2).all(|pair| pair[1] - pair[0] >= TICK_APART * 100.0 - 0.01), "{places:?}");
        }
        let scale = Scale { from: -2.1, to: -1.2 };
        let labels: Vec<String> = scale.ticks().into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels, ["12%", "14%", "16%", "18%", "20%"]);
        // One in nine against: log-odds of −ln 9.
        assert_eq!(scale.tick(0.1), None);
        assert_eq!(Scale { from: -2.197_224_577, to: 0.0 }.place(-2.197_224_577), "0.00%");
    }
}
