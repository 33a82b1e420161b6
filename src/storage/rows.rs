//! Statements over many rows at once.
//!
//! A batch of changes is written with a few statements of many rows each, because every statement costs a
//! message to the connection whatever its size. The texts for a fixed set of row counts are made once, so
//! that each is prepared once, and every backend can run them.

use std::fmt::Write;

/// How many rows one statement may have, largest first. The largest keeps the widest table well below the
/// 32,766 parameters that SQLite takes.
const ROW_COUNTS: [usize; 4] = [64, 16, 4, 1];

/// One statement in a form for each of the row counts.
#[derive(Debug)]
pub(super) struct ManyRows {
    forms: [(usize, &'static str); ROW_COUNTS.len()],
}

impl ManyRows {
    /// A statement that reads `head`, then rows of `columns` placeholders in parentheses, then `tail`.
    ///
    /// The texts live as long as the process: make one per statement, in a `LazyLock`.
    pub(super) fn new(head: &str, columns: usize, tail: &str) -> Self {
        let forms = ROW_COUNTS.map(|rows| {
            let mut text = head.to_owned();
            for row in 0..rows {
                text.push_str(if row == 0 { " (" } else { ", (" });
                for column in 1..=columns {
                    let comma = if column == 1 { "" } else { ", " };
                    write!(text, "{comma}${}", row * columns + column).expect("a String takes all text");
                }
                text.push(')');
            }
            text.push_str(tail);
            (rows, &*text.leak())
        });
        Self { forms }
    }

    /// The form for the most rows that `waiting` rows fill, with its row count. `waiting` is above zero.
    pub(super) fn form_for(&self, waiting: usize) -> (usize, &'static str) {
        let fits = self.forms.into_iter().find(|&(rows, _)| rows <= waiting);
        fits.expect("the smallest form takes one row")
    }

    /// Every form's text, to be prepared in a test.
    pub(super) fn texts(&self) -> impl Iterator<Item = &'static str> {
        self.forms.into_iter().map(|(_, text)| text)
    }
}

/// Inserts all rows with as few statements as their number allows.
macro_rules! insert_rows {
    ($tx:expr, $statement:expr, $rows:expr, |$row:ident| [$($value:expr),+ $(,)?]) => {{
        let mut rows = $rows.into_iter();
        while rows.len() > 0 {
            let (count, text) = $statement.form_for(rows.len());
            $crate::storage::db::on_backend!($tx, |connection| {
                let mut query = sqlx::query(text);
                for $row in rows.by_ref().take(count) {
                    query = query$(.bind($value))+;
                }
                query.execute(connection).await?;
            });
        }
        Ok::<(), $crate::storage::Error>(())
    }};
}
pub(super) use insert_rows;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_numbers_its_placeholders_row_by_row() {
        let statement = ManyRows::new("INSERT INTO t (a, b) VALUES", 2, " ON CONFLICT DO NOTHING");
        let (rows, text) = statement.form_for(5);
        assert_eq!(rows, 4);
        assert_eq!(text, "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4), ($5, $6), ($7, $8) ON CONFLICT DO NOTHING");
    }

    #[test]
    fn any_number_of_rows_is_taken_whole() {
        let statement = ManyRows::new("VALUES", 1, "");
        for total in 1..200 {
            let mut left = total;
            while left > 0 {
                left -= statement.form_for(left).0;
            }
            assert_eq!(left, 0);
        }
    }
}
