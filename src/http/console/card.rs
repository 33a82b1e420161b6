//! A model's card, as a page shows it: the Markdown that cards are written in, and no more of Markdown than that.
//!
//! Headings, paragraphs, lists, tables, and in a line code and bold. Everything else is text, which the template escapes.

/// A part of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    Heading(Line),
    SubHeading(Line),
    Paragraph(Line),
    List(Vec<Line>),
    /// Each cell of the head, and of each row, with whether its column holds numbers.
    Table {
        head: Vec<Cell>,
        rows: Vec<Vec<Cell>>,
    },
}

/// A cell of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    pub line: Line,
    pub is_number: bool,
}

/// What stands in one line.
pub type Line = Vec<Span>;

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    Text(String),
    Code(String),
    Bold(String),
}

/// Reads a card. Its first heading is left out: the page has its own.
#[must_use]
pub fn parse(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = markdown.lines().map(str::trim_end).peekable();
    while let Some(text) = lines.next() {
        if text.is_empty() || text.starts_with("# ") {
            continue;
        }
        if let Some(heading) = text.strip_prefix("## ") {
            blocks.push(Block::Heading(line(heading)));
        } else if let Some(heading) = text.strip_prefix("### ") {
            blocks.push(Block::SubHeading(line(heading)));
        } else if let Some(first) = text.strip_prefix("- ") {
            let mut items = vec![line(first)];
            while let Some(next) = lines.next_if(|next| next.starts_with("- ")) {
                items.push(line(&next[2..]));
            }
            blocks.push(Block::List(items));
        } else if let (true, Some(rule)) = (text.starts_with('|'), lines.next_if(|next| is_rule(next))) {
            let numbers: Vec<bool> = cells(rule).iter().map(|cell| cell.ends_with(':')).collect();
            let mut rows = Vec::new();
            while let Some(next) = lines.next_if(|next| next.starts_with('|')) {
                rows.push(row(next, &numbers));
            }
            blocks.push(Block::Table { head: row(text, &numbers), rows });
        } else {
            let mut paragraph = text.to_owned();
            while let Some(next) = lines.next_if(|next| goes_on(next)) {
                paragraph.push(' ');
                paragraph.push_str(next);
            }
            blocks.push(Block::Paragraph(line(&paragraph)));
        }
    }
    blocks
}

/// Whether a line goes on with the paragraph before it.
fn goes_on(line: &str) -> bool {
    !line.is_empty() && !line.starts_with(['#', '|']) && !line.starts_with("- ")
}

/// Whether a line parts a table's head from its rows.
fn is_rule(line: &str) -> bool {
    line.starts_with('|') && line.contains('-') && line.bytes().all(|byte| matches!(byte, b'|' | b'-' | b':' | b' '))
}

/// The cells of a table's line; `\|` is no border.
fn cells(line: &str) -> Vec<String> {
    let line = line.trim_start_matches('|');
    let line = line.strip_suffix('|').unwrap_or(line);
    line.replace("\\|", "\u{0}").split('|').map(|cell| cell.trim().replace('\u{0}', "|")).collect()
}

fn row(text: &str, numbers: &[bool]) -> Vec<Cell> {
    let is_number = |index: usize| numbers.get(index).copied().unwrap_or(false);
    let cells = cells(text).into_iter().enumerate();
    cells.map(|(index, cell)| Cell { line: line(&cell), is_number: is_number(index) }).collect()
}

/// Reads a line's code and bold; a mark without another is text.
fn line(text: &str) -> Line {
    let mut spans = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let code = marked(rest, "`").map(|found| (found, Span::Code as fn(String) -> Span));
        let bold = marked(rest, "**").map(|found| (found, Span::Bold as fn(String) -> Span));
        let first = [code, bold].into_iter().flatten().min_by_key(|((before, ..), _)| before.len());
        let Some(((before, inside, behind), span)) = first else { break };
        if !before.is_empty() {
            spans.push(Span::Text(before.to_owned()));
        }
        spans.push(span(inside.to_owned()));
        rest = behind;
    }
    if !rest.is_empty() {
        spans.push(Span::Text(rest.to_owned()));
    }
    spans
}

/// What stands before, between and behind the first two of a mark.
fn marked<'a>(text: &'a str, mark: &str) -> Option<(&'a str, &'a str, &'a str)> {
    let (before, rest) = text.split_once(mark)?;
    let (inside, behind) = rest.split_once(mark)?;
    (!inside.is_empty()).then_some((before, inside, behind))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(text: &str) -> Span {
        Span::Text(text.to_owned())
    }

    #[test]
    fn the_blocks_of_a_card_are_read() {
        let card = "# Model card: x 1\n\nOne line\nand its rest, **bold** and `a < b`.\n\n## Figures\n\n| figure | rows |\n|---|---:|\n\
                    | AUC \\| Gini | 7 |\n\n- one\n- `two`\n\n### Below\n";
        let cell = |line: Line, is_number| Cell { line, is_number };
        let expected = vec![
            Block::Paragraph(vec![
                text("One line and its rest, "),
                Span::Bold("bold".to_owned()),
                text(" and "),
                Span::Code("a < b".to_owned()),
                text("."),
            ]),
            Block::Heading(vec![text("Figures")]),
            Block::Table {
                head: vec![cell(vec![text("figure")], false), cell(vec![text("rows")], true)],
                rows: vec![vec![cell(vec![text("AUC | Gini")], false), cell(vec![text("7")], true)]],
            },
            Block::List(vec![vec![text("one")], vec![Span::Code("two".to_owned())]]),
            Block::SubHeading(vec![text("Below")]),
        ];
        assert_eq!(parse(card), expected);
    }

    #[test]
    fn what_is_not_closed_is_text() {
        assert_eq!(line("a ` b **c"), [text("a ` b **c")]);
        assert_eq!(line("`a` and `b"), [Span::Code("a".to_owned()), text(" and `b")]);
        assert_eq!(parse("| no table |"), [Block::Paragraph(vec![text("| no table |")])]);
        assert_eq!(parse("#no heading"), [Block::Paragraph(vec![text("#no heading")])]);
    }

    proptest! {
        #[test]
        fn any_text_is_a_card_and_no_letter_of_a_line_is_lost(card in "[a-z`*|#\\-\n ]{0,200}", one in "[a-z`* ]{0,60}") {
            let _ = parse(&card);
            let said: String = line(&one).into_iter().map(|span| match span {
                Span::Text(text) => text,
                Span::Code(text) => format!("`{text}`"),
                Span::Bold(text) => format!("**{text}**"),
            }).collect();
            prop_assert_eq!(said, one);
        }
    }
}
