//! The pieces that a page is put together from. Whatever comes from a schema or from data is escaped here.

use crate::training::intervals::Interval;

/// A cell of a table.
pub(super) enum Cell {
    Text(String),
    /// Set to the right.
    Number(String),
    Code(String),
    /// A number on a ground that says how it is to be taken, which the number's own text says too.
    Marked(Mark, String),
    /// Markup of our own.
    Html(String),
}

/// How a finding is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    Good,
    Look,
    Alarm,
}

impl Mark {
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Look => "look",
            Self::Alarm => "alarm",
        }
    }

    /// Its word, for those who do not see colours.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Good => "in order",
            Self::Look => "look",
            Self::Alarm => "act",
        }
    }
}

impl Cell {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A number of rows.
    pub(super) fn count(number: usize) -> Self {
        Self::Number(thousands(number))
    }

    pub(super) fn figure(value: f64) -> Self {
        Self::Number(figure(value))
    }

    pub(super) fn optional(value: Option<f64>) -> Self {
        Self::Number(value.map_or_else(|| "–".to_owned(), figure))
    }

    pub(super) fn percent(share: f64) -> Self {
        Self::Number(percent(share))
    }

    const fn is_number(&self) -> bool {
        matches!(self, Self::Number(_) | Self::Marked(..))
    }

    fn render(&self) -> String {
        match self {
            Self::Text(text) => format!("<td>{}", escape(text)),
            Self::Number(text) => format!("<td class=\"n\">{}", escape(text)),
            Self::Code(text) => format!("<td><code>{}</code>", escape(text)),
            Self::Marked(mark, text) => format!("<td class=\"n {}\">{}", mark.class(), escape(text)),
            Self::Html(html) => format!("<td>{html}"),
        }
    }
}

/// A table; its columns are set as its first row's cells are.
pub(super) fn table(caption: &str, head: &[&str], rows: impl IntoIterator<Item = Vec<Cell>>) -> String {
    let rows: Vec<Vec<Cell>> = rows.into_iter().collect();
    let is_number = |place: usize| rows.first().and_then(|row| row.get(place)).is_some_and(Cell::is_number);
    let head: Vec<String> = head
        .iter()
        .enumerate()
        .map(|(place, name)| {
            let class = if is_number(place) { " class=\"n\"" } else { "" };
            format!("<th scope=\"col\"{class}>{}", escape(name))
        })
        .collect();
    let rows: Vec<String> =
        rows.iter().map(|row| format!("<tr>{}\n", row.iter().map(Cell::render).collect::<String>())).collect();
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table><caption>{0}</caption>\n\
         {1}<tbody>{2}</table></div>\n",
        escape(caption),
        if head.is_empty() { String::new() } else { format!("<thead><tr>{}\n", head.concat()) },
        rows.concat()
    )
}

/// A picture with its caption and, to be unfolded, the figures that it shows.
pub(super) fn figure_of(title: &str, svg: &str, caption: &str, table: &str) -> String {
    let details = if table.is_empty() {
        String::new()
    } else {
        format!("<details><summary>The figures</summary>{table}</details>")
    };
    format!("<figure><h4>{}</h4>{svg}<figcaption>{}</figcaption>{details}</figure>\n", escape(title), escape(caption))
}

/// A paragraph of plain text; none when there is none.
pub(super) fn paragraph(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("<p>{}</p>\n", escape(text)) }
}

/// A list of plain sentences; none when there are none.
pub(super) fn list<'a>(items: impl IntoIterator<Item = &'a str>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| format!("<li>{}\n", escape(item))).collect();
    if items.is_empty() { String::new() } else { format!("<ul>\n{}</ul>\n", items.concat()) }
}

/// Four decimals, or a whole number.
pub(super) fn figure(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() >= 2.0 {
        return format!("{value}");
    }
    let text = format!("{value:.4}");
    // "-0.0000" says nothing that "0.0000" does not.
    if text == "-0.0000" { "0.0000".to_owned() } else { text.replace('-', "−") }
}

/// A figure with its sign.
pub(super) fn signed(value: f64) -> String {
    let text = figure(value);
    if text.starts_with('−') || text == "0.0000" { text } else { format!("+{text}") }
}

pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// "0.6875 to 0.7007".
pub(super) fn interval(interval: Interval) -> String {
    format!("{} to {}", figure(interval.low), figure(interval.high))
}

pub(super) fn percents(interval: Interval) -> String {
    format!("{:.1} to {:.1} %", interval.low * 100.0, interval.high * 100.0)
}

pub(super) fn p_value(value: f64) -> String {
    if value < 0.001 { "below 0.001".to_owned() } else { format!("{value:.3}") }
}

/// 21,721.
pub(super) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_text_is_text() {
        assert_eq!(escape("<b a=\"1\">&"), "&lt;b a=&quot;1&quot;&gt;&amp;");
        let table = table("a < b", &["<i>"], [vec![Cell::text("<script>")]]);
        assert!(!table.contains("<script>") && !table.contains("<i>") && !table.contains("a < b"), "{table}");
        assert!(!list(["<b>"]).contains("<b>") && !paragraph("<b>").contains("<b>"));
        assert!(!figure_of("<b>", "", "<b>", "").contains("<b>"));
    }

    #[test]
    fn numbers_read_easily() {
        assert_eq!([0, 999, 1_000, 21_721, 1_234_567].map(thousands), ["0", "999", "1,000", "21,721", "1,234,567"]);
        assert_eq!((figure(-0.000_01), figure(0.25), figure(7.0)), ("0.0000".into(), "0.2500".into(), "7".into()));
        assert_eq!((signed(0.1), signed(-0.1), signed(0.0)), ("+0.1000".into(), "−0.1000".into(), "0.0000".into()));
        assert_eq!((p_value(0.000_4), p_value(0.027_18)), ("below 0.001".into(), "0.027".into()));
    }
}
