//! Statements over many rows at once.
//!
//! A batch of changes is written with a few statements of many rows each, because every statement costs a
//! message to the connection whatever its size. The texts for a fixed set of row counts are made once, so
//! that each is prepared once, and every backend can run them.

use std::fmt::Write;

use super::Tx;

/// How many rows one statement may have, largest first. The largest keeps the widest table well below the
/// 32,766 parameters that SQLite takes.
const ROW_COUNTS: [usize; 4] = [64, 16, 4, 1];

/// One statement in a form for each of the row counts.
#[derive(Debug)]
pub(super) struct ManyRows {
    forms: [Form; ROW_COUNTS.len()],
}

/// A statement of so many rows.
#[derive(Debug)]
struct Form {
    rows: usize,
    /// Its placeholders are `$1`, `$2` and so on.
    numbered: &'static str,
    /// Its placeholders are `?`. SQLite looks a name up among all before it, for every value that is bound: of the
    /// hundreds of a statement that costs more than to write the rows.
    plain: &'static str,
}

impl ManyRows {
    /// A statement that reads `head`, then rows of `columns` placeholders in parentheses, then `tail`.
    ///
    /// The texts live as long as the process: make one per statement, in a `LazyLock`.
    pub(super) fn new(head: &str, columns: usize, tail: &str) -> Self {
        let text = |rows: usize, placeholder: fn(&mut String, usize)| {
            let mut text = head.to_owned();
            for row in 0..rows {
                text.push_str(if row == 0 { " (" } else { ", (" });
                for column in 1..=columns {
                    text.push_str(if column == 1 { "" } else { ", " });
                    placeholder(&mut text, row * columns + column);
                }
                text.push(')');
            }
            text.push_str(tail);
            &*text.leak()
        };
        let numbered = |text: &mut String, number| write!(text, "${number}").expect("a String takes all text");
        let forms = ROW_COUNTS.map(|rows| Form {
            rows,
            numbered: text(rows, numbered),
            plain: text(rows, |text, _| text.push('?')),
        });
        Self { forms }
    }

    /// The form for the most rows that `waiting` rows fill, with its row count, as the backend takes it. `waiting` is
    /// above zero.
    pub(super) fn form_for(&self, tx: &Tx, waiting: usize) -> (usize, &'static str) {
        let fits = self.forms.iter().find(|form| form.rows <= waiting);
        let form = fits.expect("the smallest form takes one row");
        let text = match tx {
            Tx::Sqlite(_) => form.plain,
            Tx::Postgres(_) => form.numbered,
        };
        (form.rows, text)
    }

    /// Every form's text that all backends take, to be prepared in a test.
    pub(super) fn texts(&self) -> impl Iterator<Item = &'static str> {
        self.forms.iter().map(|form| form.numbered)
    }
}

/// Inserts all rows with as few statements as their number allows.
macro_rules! insert_rows {
    ($tx:expr, $statement:expr, $rows:expr, |$row:ident| [$($value:expr),+ $(,)?]) => {{
        let mut rows = $rows.into_iter();
        while rows.len() > 0 {
            let (count, text) = $statement.form_for(&*$tx, rows.len());
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
        let form = &statement.forms[2];
        let numbered = "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4), ($5, $6), ($7, $8) ON CONFLICT DO NOTHING";
        let plain = "INSERT INTO t (a, b) VALUES (?, ?), (?, ?), (?, ?), (?, ?) ON CONFLICT DO NOTHING";
        assert_eq!((form.rows, form.numbered, form.plain), (4, numbered, plain));
    }

    #[test]
    fn any_number_of_rows_is_taken_whole() {
        let fewer_each_time = ROW_COUNTS.windows(2).all(|pair| pair[0] > pair[1]);
        assert!(fewer_each_time && ROW_COUNTS.last() == Some(&1));
    }
}
