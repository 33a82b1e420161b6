//! Drawing: a frame with two axes, and marks within it. Colours come from the style sheet, by class.

use std::fmt::Write;

use super::page::escape;

const LEFT: f64 = 58.0;
const RIGHT: f64 = 22.0;
const TOP: f64 = 10.0;
/// Below an axis with a label, and below one without.
const BOTTOM: [f64; 2] = [38.0, 24.0];

/// One axis of a plot.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    label: &'static str,
    low: f64,
    high: f64,
    ticks: Vec<(f64, String)>,
}

impl Axis {
    /// An axis over at least `low` to `high`, with ticks at round numbers. Written as a share when
    /// `in_percent`.
    pub(super) fn over(label: &'static str, (low, high): (f64, f64), in_percent: bool) -> Self {
        let (low, high) = if low.is_finite() && high > low { (low, high) } else { (0.0, 1.0) };
        let step = round_step((high - low) / 4.5);
        let first = libm::floor(low / step + 1e-9);
        let last = libm::ceil(high / step - 1e-9);
        let text = |value: f64| {
            let (value, step, unit) = if in_percent { (value * 100.0, step * 100.0, " %") } else { (value, step, "") };
            let decimals = decimals(step);
            format!("{:.decimals$}{unit}", value + 0.0).replace('-', "−")
        };
        let mut ticks = Vec::new();
        let mut place = first;
        while place <= last {
            ticks.push((place * step, text(place * step)));
            place += 1.0;
        }
        Self { label, low: first * step, high: last * step, ticks }
    }

    /// An axis from 0 to 1 with its ends and quarters marked in percent.
    pub(super) fn share(label: &'static str) -> Self {
        Self::over(label, (0.0, 1.0), true)
    }

    /// An axis of `names`, each in the middle of a slot from its place to the next; only as many are
    /// written as find room.
    pub(super) fn names(names: &[String], most: usize) -> Self {
        let every = names.len().div_ceil(most.max(1)).max(1);
        #[expect(clippy::cast_precision_loss, reason = "a handful of names")]
        let middle = |place: usize| place as f64 + 0.5;
        let ticks = names.iter().enumerate().filter(|(place, _)| place % every == 0);
        Self {
            label: "",
            low: 0.0,
            high: middle(names.len()) - 0.5,
            ticks: ticks.map(|(place, name)| (middle(place), name.clone())).collect(),
        }
    }

    /// The values that are marked, with what is written at them.
    pub(super) fn ticks(&self) -> &[(f64, String)] {
        &self.ticks
    }

    /// Where a value stands, from 0 to 1, or a little beyond an end when it lies beyond it.
    pub(super) fn place(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(-0.02, 1.02)
    }
}

/// As many decimals as a step has.
fn decimals(step: f64) -> usize {
    let is_whole = |decimals: &i32| {
        let scaled = step * libm::pow(10.0, f64::from(*decimals));
        (scaled - scaled.round()).abs() < 1e-6 * scaled
    };
    (0..6).find(is_whole).and_then(|decimals| usize::try_from(decimals).ok()).unwrap_or(6)
}

/// 1, 2, 2.5 or 5 times a power of ten, not below `least`.
pub(super) fn round_step(least: f64) -> f64 {
    let power = libm::pow(10.0, libm::floor(libm::log10(least)));
    [1.0, 2.0, 2.5, 5.0].map(|times| times * power).into_iter().find(|&step| step >= least).unwrap_or(10.0 * power)
}

/// A plot being drawn.
pub(super) struct Plot {
    svg: String,
    width: f64,
    /// Where the lower axis stands.
    bottom: f64,
    x: Axis,
    y: Axis,
}

/// How large a plot is, in units of the page's pixels before it is fitted.
pub(super) const NORMAL: (f64, f64) = (420.0, 300.0);
pub(super) const SMALL: (f64, f64) = (340.0, 196.0);
pub(super) const WIDE: (f64, f64) = (880.0, 260.0);

impl Plot {
    /// An empty plot. `title` is what those hear who do not see it.
    pub(super) fn new((width, height): (f64, f64), title: &str, x: Axis, y: Axis) -> Self {
        let svg = format!(
            "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{0}\"><title>{0}</title>",
            escape(title)
        );
        let bottom = height - BOTTOM[usize::from(x.label.is_empty())];
        let mut plot = Self { svg, width, bottom, x, y };
        plot.frame();
        plot
    }

    fn frame(&mut self) {
        let (bottom, right) = (self.bottom, self.width - RIGHT);
        for (value, text) in self.y.ticks.clone() {
            let y = self.up(value);
            let _ = write!(
                self.svg,
                "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{right}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                LEFT - 6.0,
                y + 3.5,
                escape(&text)
            );
        }
        for (value, text) in self.x.ticks.clone() {
            let x = self.across(value);
            let _ = write!(
                self.svg,
                "<path class=\"axis\" d=\"M{x:.1} {bottom}v4\"/><text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                bottom + 16.0,
                escape(&text)
            );
        }
        let _ = write!(self.svg, "<path class=\"axis\" d=\"M{LEFT} {bottom}H{right}\"/>");
        if !self.x.label.is_empty() {
            let _ = write!(
                self.svg,
                "<text x=\"{right}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                bottom + 32.0,
                self.x.label
            );
        }
        if !self.y.label.is_empty() {
            let middle = TOP + (bottom - TOP) / 2.0;
            let _ = write!(
                self.svg,
                "<text x=\"10\" y=\"{middle:.1}\" text-anchor=\"middle\" transform=\"rotate(-90 10 {middle:.1})\">{}</text>",
                self.y.label
            );
        }
    }

    /// The value at the bottom of the frame.
    pub(super) const fn floor(&self) -> f64 {
        self.y.low
    }

    fn across(&self, value: f64) -> f64 {
        LEFT + self.x.place(value) * (self.width - LEFT - RIGHT)
    }

    fn up(&self, value: f64) -> f64 {
        TOP + (1.0 - self.y.place(value)) * (self.bottom - TOP)
    }

    fn path(&self, points: &[(f64, f64)]) -> String {
        let points: Vec<String> =
            points.iter().map(|&(x, y)| format!("{:.1} {:.1}", self.across(x), self.up(y))).collect();
        format!("M{}", points.join("L"))
    }

    pub(super) fn line(&mut self, points: &[(f64, f64)], class: &str) {
        if !points.is_empty() {
            let path = self.path(points);
            let _ = write!(self.svg, "<path class=\"{class}\" d=\"{path}\"/>");
        }
    }

    /// The area between a line and the bottom.
    pub(super) fn area(&mut self, points: &[(f64, f64)], class: &str) {
        if let (Some(first), Some(last)) = (points.first(), points.last()) {
            let (path, bottom) = (self.path(points), self.bottom);
            let (from, to) = (self.across(first.0), self.across(last.0));
            let _ = write!(self.svg, "<path class=\"{class}\" d=\"{path}L{to:.1} {bottom}L{from:.1} {bottom}Z\"/>");
        }
    }

    /// A bar from `from` to `to` across, and from the bottom, or from `base`, up to `height`.
    pub(super) fn bar(&mut self, (from, to): (f64, f64), (base, height): (f64, f64), class: &str) {
        let (left, right) = (self.across(from), self.across(to));
        let (low, high) = (self.up(base.min(height)), self.up(base.max(height)));
        let _ = write!(
            self.svg,
            "<rect class=\"{class}\" x=\"{left:.1}\" y=\"{high:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
            right - left,
            (low - high).max(0.5)
        );
    }

    pub(super) fn dot(&mut self, (x, y): (f64, f64), class: &str) {
        let _ = write!(
            self.svg,
            "<circle class=\"{class}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.4\"/>",
            self.across(x),
            self.up(y)
        );
    }

    /// An upright stroke between two heights.
    pub(super) fn whisker(&mut self, x: f64, (low, high): (f64, f64), class: &str) {
        let (x, low, high) = (self.across(x), self.up(low), self.up(high));
        let _ = write!(self.svg, "<path class=\"{class}\" d=\"M{x:.1} {low:.1}V{high:.1}\"/>");
    }

    /// A level line all across, named at its right end.
    pub(super) fn level(&mut self, value: f64, class: &str, name: &str) {
        let (y, right) = (self.up(value), self.width - RIGHT);
        let _ = write!(
            self.svg,
            "<path class=\"{class}\" d=\"M{LEFT} {y:.1}H{right}\"/><text class=\"halo\" x=\"{right}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            y - 4.0,
            escape(name)
        );
    }

    /// A text with its middle, or its start, at a point.
    pub(super) fn text(&mut self, (x, y): (f64, f64), text: &str, class: &str) {
        let _ = write!(
            self.svg,
            "<text class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            self.across(x),
            self.up(y),
            escape(text)
        );
    }

    /// Names the lines, in their colours, in the upper left corner.
    pub(super) fn key(&mut self, names: &[(&str, &str)]) {
        for (line, (class, name)) in (0_u32..).zip(names) {
            let y = TOP + 14.0 + 15.0 * f64::from(line);
            let _ = write!(
                self.svg,
                "<text class=\"{class}\" x=\"{:.1}\" y=\"{y:.1}\">{}</text>",
                LEFT + 8.0,
                escape(name)
            );
        }
    }

    pub(super) fn finish(self) -> String {
        self.svg + "</svg>"
    }
}

/// A bar in a table's cell, as long as a share of it.
pub(super) fn cell_bar(share: f64) -> String {
    format!(
        "<svg viewBox=\"0 0 100 6\" role=\"presentation\"><rect class=\"f1\" width=\"{:.1}\" height=\"6\" rx=\"1\"/></svg>",
        share.clamp(0.0, 1.0) * 100.0
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_hold_the_data() {
        for (low, high) in [(0.0, 1.0), (-2.31, 0.77), (0.0, 0.037), (100.0, 100_000.0), (-0.2, -0.1)] {
            let axis = Axis::over("", (low, high), false);
            assert!(axis.low <= low && axis.high >= high, "{axis:?}");
            assert!((4..=8).contains(&axis.ticks.len()), "{axis:?}");
        }
        let texts = |axis: Axis| axis.ticks.into_iter().map(|tick| tick.1).collect::<Vec<_>>();
        assert_eq!(texts(Axis::over("", (0.0, 0.2), true)), ["0 %", "5 %", "10 %", "15 %", "20 %"]);
        assert_eq!(texts(Axis::over("", (0.0, 0.0999), true)), ["0.0 %", "2.5 %", "5.0 %", "7.5 %", "10.0 %"]);
        assert_eq!(texts(Axis::over("", (0.0, 1.0), false)), ["0.00", "0.25", "0.50", "0.75", "1.00"]);
        assert_eq!(texts(Axis::over("", (-1.0, 1.0), false)), ["−1.0", "−0.5", "0.0", "0.5", "1.0"]);
    }

    #[test]
    fn an_axis_without_a_range_has_one_all_the_same() {
        for range in [(0.0, 0.0), (f64::NAN, 1.0), (f64::INFINITY, f64::NEG_INFINITY)] {
            assert!(Axis::over("", range, false).high > 0.0);
        }
    }

    #[test]
    fn names_are_thinned_out_until_they_find_room() {
        let names: Vec<String> = (0..10).map(|name| name.to_string()).collect();
        let axis = Axis::names(&names, 4);
        assert_eq!(axis.ticks.iter().map(|tick| tick.1.as_str()).collect::<Vec<_>>(), ["0", "3", "6", "9"]);
    }
}
