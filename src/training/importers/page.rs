//! The card and the report of an imported model: one content, as Markdown and as HTML.

use std::fmt::Write;

/// A part of the page.
pub(super) enum Part {
    Heading(&'static str),
    Paragraph(String),
    List(Vec<String>),
    Table { head: Vec<&'static str>, rows: Vec<Vec<String>> },
}

/// Writes the page in Markdown.
pub(super) fn markdown(title: &str, parts: &[Part]) -> String {
    let mut page = format!("# Model card: {}\n", inline(title));
    for part in parts {
        page.push('\n');
        // Writing into a string cannot fail.
        let _ = match part {
            Part::Heading(text) => writeln!(page, "## {text}"),
            Part::Paragraph(text) => writeln!(page, "{}", inline(text)),
            Part::List(items) => items.iter().try_for_each(|item| writeln!(page, "- {}", inline(item))),
            Part::Table { head, rows } => writeln!(page, "| {} |\n|{}", head.join(" | "), "---|".repeat(head.len()))
                .and_then(|()| {
                    rows.iter().try_for_each(|row| {
                        let cells: Vec<String> = row.iter().map(|cell| inline(cell)).collect();
                        writeln!(page, "| {} |", cells.join(" | "))
                    })
                }),
        };
    }
    page
}

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;color:#1c2430;max-width:62rem;margin:2rem auto;padding:0 1rem}\
    table{border-collapse:collapse;width:100%;font-size:.9rem}td,th{padding:.3rem .6rem;text-align:left;\
    border-bottom:1px solid #e6e9ee;vertical-align:top;overflow-wrap:anywhere}h2{font-size:1.15rem;margin-top:2rem}";

/// Writes the page in HTML that loads nothing and runs nothing. Everything is escaped.
pub(super) fn html(title: &str, parts: &[Part]) -> String {
    let mut body = String::new();
    for part in parts {
        let _ = match part {
            Part::Heading(text) => writeln!(body, "<h2>{}</h2>", escape(text)),
            Part::Paragraph(text) => writeln!(body, "<p>{}</p>", escape(text)),
            Part::List(items) => {
                let items: Vec<String> = items.iter().map(|item| format!("<li>{}\n", escape(item))).collect();
                writeln!(body, "<ul>\n{}</ul>", items.concat())
            }
            Part::Table { head, rows } => {
                let head: Vec<String> = head.iter().map(|cell| format!("<th>{}", escape(cell))).collect();
                let row = |row: &Vec<String>| {
                    let cells: Vec<String> = row.iter().map(|cell| format!("<td>{}", escape(cell))).collect();
                    format!("<tr>{}\n", cells.concat())
                };
                let rows: Vec<String> = rows.iter().map(row).collect();
                writeln!(body, "<table>\n<tr>{}\n{}</table>", head.concat(), rows.concat())
            }
        };
    }
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Imported model: {0}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<h1>Imported model: {0}</h1>\n{body}</body>\n</html>\n",
        escape(title)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A text that stands in one line or one cell: no line ends, no cell ends.
fn inline(text: &str) -> String {
    text.replace(['\n', '\r'], " ").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_cell_ends_are_text() {
        let parts = [
            Part::Heading("What it reads"),
            Part::List(vec!["<b>\n".to_owned()]),
            Part::Table { head: vec!["a", "b"], rows: vec![vec!["1|2".to_owned(), "<i>".to_owned()]] },
        ];
        let page = markdown("x 1", &parts);
        assert_eq!(page, "# Model card: x 1\n\n## What it reads\n\n- <b> \n\n| a | b |\n|---|---|\n| 1\\|2 | <i> |\n");
        let page = html("x <1>", &parts);
        assert!(page.contains("<li>&lt;b&gt;") && page.contains("<td>&lt;i&gt;") && page.contains("x &lt;1&gt;"));
    }
}
