//! The log as CSV (RFC 4180, UTF-8, a header line).
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@`, a tab or a line end for a formula, and runs it.
//! Texts come from outside, so such a text is defused: it gets an apostrophe before it, and so does one that begins
//! with an apostrophe, so that taking one away gives every text back. Numbers of our own are never touched: a
//! negative margin stays a number.

use super::{
    ExportError, Leaf,
    row::{COLUMNS, Value, cells},
};

/// Writes CSV.
#[derive(Debug)]
pub struct CsvFile {
    writer: ::csv::Writer<Vec<u8>>,
}

impl CsvFile {
    /// Writes the header line.
    pub(super) fn begin() -> Result<Self, ExportError> {
        let mut writer = new_writer(Vec::new());
        writer.write_record(COLUMNS.map(|column| column.name)).map_err(|error| encoding(&error))?;
        Ok(Self { writer })
    }

    pub(super) fn write(&mut self, leaves: &[Leaf]) -> Result<(), ExportError> {
        for leaf in leaves {
            for cell in cells(leaf)? {
                let text = cell.map(|value| shown(&value)).unwrap_or_default();
                self.writer.write_field(text).map_err(|error| encoding(&error))?;
            }
            self.writer.write_record(None::<&[u8]>).map_err(|error| encoding(&error))?;
        }
        Ok(())
    }

    /// Takes out the lines that are ready. What the writer still holds in its buffer comes next time.
    pub(super) fn take(&mut self) -> Vec<u8> {
        let whole = std::mem::replace(&mut self.writer, new_writer(Vec::new()));
        // Writing into a vector does not fail.
        whole.into_inner().unwrap_or_default()
    }

    /// Takes out the rest.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.take()
    }
}

fn new_writer(buffer: Vec<u8>) -> ::csv::Writer<Vec<u8>> {
    ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(buffer)
}

fn encoding(error: &::csv::Error) -> ExportError {
    ExportError::Encoding(error.to_string())
}

/// A cell's text.
fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => defused(text),
        Value::Integer(number) => number.to_string(),
        // The shortest text that reads back to the same bits.
        Value::Number(number) => number.to_string(),
        Value::Boolean(answer) => answer.to_string(),
        Value::Time(time) => time.to_string(),
    }
}

/// A text that no spreadsheet takes for a formula. The wide forms are those that some turn into the narrow ones.
#[must_use]
pub fn defused(text: &str) -> String {
    const STARTS: [char; 12] = ['=', '+', '-', '@', '\t', '\r', '\n', '\'', '＝', '＋', '－', '＠'];
    if text.starts_with(STARTS) { format!("'{text}") } else { text.to_owned() }
}
