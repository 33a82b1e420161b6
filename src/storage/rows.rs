//! Writing many rows with few messages.
//!
//! Every message to a database costs two changes of thread, or of process, whatever it holds: of the dozen statements that
//! a transaction of the recorder takes, those were most of the cost. So SQLite's thread is handed all of them as one
//! text, with all their values; PostgreSQL takes the rows of a table as one array for each column.

use std::{fmt::Write as _, mem};

use sqlx::{
    Arguments as _, AssertSqlSafe, Encode, PgConnection, Sqlite, SqliteConnection, Type, sqlite::SqliteArguments,
};

use super::{Error, Tx, failpoint};

/// How many rows of a table one message has at most: a text for each number up to it is prepared when it is first met, and
/// kept. The writer's connection keeps so many for batches with and without Idempotency-Keys.
pub const MOST_ROWS: usize = 64;

/// What a column holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Column {
    Text,
    Integer,
    Bytes,
}

impl Column {
    const fn array(self) -> &'static str {
        match self {
            Self::Text => "TEXT[]",
            Self::Integer => "BIGINT[]",
            Self::Bytes => "BYTEA[]",
        }
    }
}

/// An insertion into one table.
#[derive(Debug)]
pub(super) struct Insertion {
    /// `INSERT OR FAIL INTO t (a, b)`: SQLite keeps a copy of every page that a statement of many rows changes, unless
    /// what was inserted before a conflict may stay; it goes with the transaction, which no conflict leaves.
    head_of_sqlite: String,
    /// A row's placeholders in SQLite: ` (?, ?),`. It looks a name such as `$1` up among all before it, for every value that
    /// is bound: of the hundreds of a statement that would cost more than to write the rows.
    row: String,
    /// PostgreSQL's text, for any number of rows.
    pub(super) of_arrays: &'static str,
}

impl Insertion {
    /// An insertion that begins as `head` says, of rows of these columns.
    ///
    /// Its text lives as long as the process: make one per table, in a `LazyLock`.
    pub(super) fn new(head: &'static str, columns: &[Column]) -> Self {
        let row = format!(" ({}),", vec!["?"; columns.len()].join(", "));
        let mut of_arrays = format!("{head} SELECT * FROM UNNEST(");
        for (column, number) in columns.iter().zip(1_usize..) {
            let comma = if number == 1 { "" } else { ", " };
            write!(of_arrays, "{comma}${number}::{}", column.array()).expect("a String takes all text");
        }
        of_arrays.push(')');
        let head_of_sqlite = head.replacen("INSERT INTO", "INSERT OR FAIL INTO", 1);
        Self { head_of_sqlite, row, of_arrays: of_arrays.leak() }
    }

    /// SQLite's text for so many rows, at least one.
    pub(super) fn of_rows(&self, rows: usize) -> String {
        let mut text = format!("{} VALUES", self.head_of_sqlite);
        text.reserve(self.row.len() * rows);
        for _ in 0..rows {
            text.push_str(&self.row);
        }
        text.pop();
        text
    }
}

/// Statements and their values, one after the other, as SQLite's thread takes them together.
#[derive(Debug, Default)]
pub(super) struct Message {
    text: String,
    arguments: SqliteArguments,
    /// How many rows they change when all goes well.
    rows: u64,
}

impl Message {
    /// Begins an insertion of so many rows, at least one. What is bound next are their values, row by row.
    pub(super) fn insert(&mut self, insertion: &Insertion, rows: usize) {
        self.statement(&insertion.of_rows(rows), rows as u64);
    }

    /// Begins a statement that is to change so many rows. What is bound next are its values.
    pub(super) fn statement(&mut self, text: &str, rows: u64) {
        self.text.push_str(text);
        self.text.push(';');
        self.rows += rows;
    }

    pub(super) fn bind<'q, T: Encode<'q, Sqlite> + Type<Sqlite>>(&mut self, value: T) -> Result<(), Error> {
        self.arguments.add(value).map_err(|error| Error::Conflict(error.to_string()))
    }

    /// Whether every row was changed that was to be.
    async fn send(&mut self, connection: &mut SqliteConnection) -> Result<bool, Error> {
        let Self { text, arguments, rows } = mem::take(self);
        if text.is_empty() {
            return Ok(true);
        }
        // A text is made of those of this crate, and of no value.
        let done = sqlx::query_with(AssertSqlSafe(text), arguments).execute(connection).await?;
        Ok(done.rows_affected() == rows)
    }
}

/// What is written in a transaction, in as few messages as its database takes.
///
/// What was given to it is written once it was [sent](Writing::send), and not before.
#[derive(Debug)]
pub struct Writing<'t> {
    tx: &'t mut Tx,
    message: Message,
}

/// Where rows go.
pub(super) enum Target<'t> {
    /// To be sent with all else.
    Sqlite(&'t mut Message),
    /// To be written at once.
    Postgres(&'t mut PgConnection),
}

impl Tx {
    /// Begins to write many rows.
    pub fn writing(&mut self) -> Writing<'_> {
        Writing { tx: self, message: Message::default() }
    }
}

impl Writing<'_> {
    pub(super) fn target(&mut self) -> Target<'_> {
        match &mut *self.tx {
            Tx::Sqlite(_) => Target::Sqlite(&mut self.message),
            Tx::Postgres(tx) => Target::Postgres(tx),
        }
    }

    /// Sends what has not been sent. Answers whether every row was changed that was to be.
    pub async fn send(&mut self) -> Result<bool, Error> {
        match &mut *self.tx {
            Tx::Sqlite(tx) => self.message.send(&mut *tx).await,
            Tx::Postgres(_) => Ok(true),
        }
    }

    /// Says that a place was reached. Where somebody waits for one, what stands before it is sent first, so that a
    /// transaction can be cut off behind each of its statements.
    pub async fn reach(&mut self, place: &str) -> Result<(), Error> {
        if failpoint::is_awaited() {
            self.send().await?;
        }
        failpoint::reach(place)
    }
}

/// Inserts all rows, which are given as a slice that may be taken from: `$row` is a mutable reference.
macro_rules! insert_rows {
    ($writing:expr, $insertion:expr, $rows:expr, |$row:ident| [$($value:expr),+ $(,)?]) => {{
        let rows = $rows;
        if !rows.is_empty() {
            match $writing.target() {
                $crate::storage::rows::Target::Sqlite(message) => {
                    message.insert(&$insertion, rows.len());
                    for $row in rows {
                        $(message.bind($value)?;)+
                    }
                }
                $crate::storage::rows::Target::Postgres(connection) => {
                    let mut query = sqlx::query($insertion.of_arrays);
                    $({
                        let column = rows.iter_mut().map(|$row| Ok($value));
                        query = query.bind(column.collect::<Result<Vec<_>, $crate::storage::Error>>()?);
                    })+
                    query.execute(connection).await?;
                }
            }
        }
        Ok::<(), $crate::storage::Error>(())
    }};
}
pub(super) use insert_rows;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_insertion_has_a_text_for_rows_and_one_for_columns() {
        let insertion = Insertion::new("INSERT INTO t (a, b, c)", &[Column::Text, Column::Integer, Column::Bytes]);
        assert_eq!(insertion.of_rows(2), "INSERT OR FAIL INTO t (a, b, c) VALUES (?, ?, ?), (?, ?, ?)");
        let of_arrays = "INSERT INTO t (a, b, c) SELECT * FROM UNNEST($1::TEXT[], $2::BIGINT[], $3::BYTEA[])";
        assert_eq!(insertion.of_arrays, of_arrays);
    }
}
