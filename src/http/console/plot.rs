//! Small plots as SVG: the numbers of their attributes. Colours come from the style sheet.

/// A line through a row of values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spark {
    /// The `points` of each unbroken stretch.
    pub lines: Vec<String>,
    /// Where the last value stands: x and y.
    pub last: Option<(String, String)>,
}

/// The size of a spark's view box.
pub const SPARK_WIDTH: f64 = 140.0;
pub const SPARK_HEIGHT: f64 = 32.0;
const MARGIN: f64 = 4.0;

/// A line through values from left to right; where one is missing it breaks. `from_zero`: the bottom is 0.
#[must_use]
pub fn spark(values: impl IntoIterator<Item = Option<f64>>, from_zero: bool) -> Spark {
    let values: Vec<Option<f64>> = values.into_iter().map(|value| value.filter(|value| value.is_finite())).collect();
    let present = values.iter().flatten().copied();
    if present.clone().count() < 2 {
        // A point alone says nothing.
        return Spark { lines: Vec::new(), last: None };
    }
    let least = if from_zero { 0.0 } else { present.clone().fold(f64::INFINITY, f64::min) };
    let most = present.fold(f64::NEG_INFINITY, f64::max);
    let steps = f64::from(u32::try_from(values.len().saturating_sub(1)).unwrap_or(u32::MAX)).max(1.0);
    let place = |index: usize, value: f64| {
        let index = f64::from(u32::try_from(index).unwrap_or(u32::MAX));
        let x = MARGIN + (SPARK_WIDTH - 2.0 * MARGIN) * index / steps;
        let height = if most > least { (value - least) / (most - least) } else { 0.5 };
        let y = SPARK_HEIGHT - MARGIN - (SPARK_HEIGHT - 2.0 * MARGIN) * height;
        (format!("{x:.1}"), format!("{y:.1}"))
    };
    let (mut lines, mut points, mut last) = (Vec::new(), Vec::new(), None);
    for (index, value) in values.iter().enumerate() {
        if let Some(value) = value {
            let (x, y) = place(index, *value);
            points.push(format!("{x},{y}"));
            last = Some((x, y));
        } else if !points.is_empty() {
            lines.push(std::mem::take(&mut points).join(" "));
        }
    }
    if !points.is_empty() {
        lines.push(points.join(" "));
    }
    Spark { lines, last }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_spans_the_box_and_breaks_where_a_value_is_missing() {
        let drawn = spark([Some(0.0), Some(10.0), None, Some(5.0)], true);
        assert_eq!(drawn.lines, ["4.0,28.0 48.0,4.0", "136.0,16.0"]);
        assert_eq!(drawn.last, Some(("136.0".to_owned(), "16.0".to_owned())));
        for nothing in [[None, Some(f64::NAN)], [None, Some(1.0)]] {
            assert_eq!(spark(nothing, false), Spark { lines: Vec::new(), last: None });
        }
        assert_eq!(spark([Some(3.0), Some(3.0)], false).lines, ["4.0,16.0 136.0,16.0"]);
    }
}
