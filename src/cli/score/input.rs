//! The file that is scored: CSV or JSON Lines, plain or gzip, told apart by content, read in chunks.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Cursor, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use csv::ByteRecord;
use flate2::read::MultiGzDecoder;
use indicatif::ProgressBar;

/// A chunk ends at so many records, or at so many bytes.
const CHUNK_RECORDS: usize = 8_192;
const CHUNK_BYTES: usize = 4 << 20;
/// The longest line of JSON: what the API takes as a body.
const MAX_LINE_BYTES: usize = 64 << 10;
/// The longest row of CSV. A quote that is never closed would otherwise swallow the rest of the file.
const MAX_ROW_BYTES: usize = 1 << 20;

type Text = Box<dyn BufRead + Send>;

/// A file that is being read.
pub(super) struct Input {
    path: PathBuf,
    records: Records,
}

enum Records {
    Csv(csv::Reader<Bounded>),
    Lines(Text),
}

/// Where in a record things stand.
#[derive(Debug, Clone)]
pub(super) enum Layout {
    Csv {
        /// The place of each column that was asked for.
        places: Vec<usize>,
        /// How many cells a row has.
        width: usize,
        /// The place of the column `external_reference`, if there is one.
        reference: Option<usize>,
    },
    Lines,
}

/// One row or line, as it was read.
#[derive(Debug)]
pub(super) enum Record {
    Row(ByteRecord),
    Line(Vec<u8>),
    /// A line longer than is read.
    Overlong,
}

impl Input {
    /// Opens a file and finds out what it is. A CSV must have all of `columns`.
    pub(super) fn open(path: &Path, columns: &[String], progress: &ProgressBar) -> anyhow::Result<(Self, Layout)> {
        let name = path.display();
        let file = File::open(path).with_context(|| format!("cannot open {name}"))?;
        let mut text = plain_text(progress.wrap_read(file)).with_context(|| format!("cannot read {name}"))?;
        let (records, layout) = match first_letter(&mut text).with_context(|| format!("cannot read {name}"))? {
            None => bail!("{name} is empty; give CSV with a line of column names, or JSON Lines"),
            Some(b'[') => bail!("{name} is a JSON array; write one application per line (JSON Lines)"),
            Some(b'{') => (Records::Lines(text), Layout::Lines),
            Some(_) => {
                let (reader, layout) = open_csv(path, text, columns)?;
                (Records::Csv(reader), layout)
            }
        };
        Ok((Self { path: path.to_owned(), records }, layout))
    }

    /// Puts the next records into `chunk`, in order, in place of those that were there, whose memory is used again.
    /// None at the end.
    pub(super) fn fill(&mut self, chunk: &mut Vec<Record>) -> anyhow::Result<()> {
        let (mut filled, mut bytes) = (0, 0);
        while filled < CHUNK_RECORDS && bytes < CHUNK_BYTES {
            if filled == chunk.len() {
                chunk.push(Record::Overlong);
            }
            let record = &mut chunk[filled];
            let found = match &mut self.records {
                Records::Csv(reader) => next_row(reader, record),
                Records::Lines(text) => next_line(text, record).map_err(anyhow::Error::from),
            };
            if !found.with_context(|| format!("cannot read {}", self.path.display()))? {
                break;
            }
            bytes += record.bytes();
            filled += 1;
        }
        chunk.truncate(filled);
        Ok(())
    }
}

impl Record {
    fn bytes(&self) -> usize {
        match self {
            Self::Row(row) => row.as_slice().len(),
            Self::Line(line) => line.len(),
            Self::Overlong => 0,
        }
    }
}

/// Unpacks gzip, which is known by its first bytes, and leaves a byte order mark out.
fn plain_text(file: impl Read + Send + 'static) -> io::Result<Text> {
    let (start, file) = peek(file, 2)?;
    if start == [0x1f, 0x8b] {
        return without_byte_order_mark(MultiGzDecoder::new(BufReader::with_capacity(1 << 16, file)));
    }
    without_byte_order_mark(file)
}

fn without_byte_order_mark(text: impl Read + Send + 'static) -> io::Result<Text> {
    let (start, mut text) = peek(text, 3)?;
    if start == *b"\xef\xbb\xbf" {
        text.read_exact(&mut [0; 3])?;
    }
    Ok(Box::new(BufReader::with_capacity(1 << 16, text)))
}

/// The first `count` bytes, or as many as there are, and a reader that still has them.
fn peek<R: Read + Send + 'static>(mut reader: R, count: u64) -> io::Result<(Vec<u8>, impl Read + Send + 'static)> {
    let mut start = Vec::new();
    reader.by_ref().take(count).read_to_end(&mut start)?;
    Ok((start.clone(), Cursor::new(start).chain(reader)))
}

/// Skips white space and shows the byte after it.
fn first_letter(text: &mut Text) -> io::Result<Option<u8>> {
    loop {
        let buffer = text.fill_buf()?;
        if buffer.is_empty() {
            return Ok(None);
        }
        let blank = buffer.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let first = buffer.get(blank).copied();
        text.consume(blank);
        if first.is_some() {
            return Ok(first);
        }
    }
}

fn open_csv(path: &Path, text: Text, columns: &[String]) -> anyhow::Result<(csv::Reader<Bounded>, Layout)> {
    let bounded = Bounded { inner: text, since_row: 0 };
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bounded);
    let header =
        reader.headers().with_context(|| format!("cannot read the column names of {}", path.display()))?.clone();
    reader.get_mut().since_row = 0;
    let places_of = |column: &str| -> Vec<usize> {
        header.iter().enumerate().filter(|(_, name)| name.trim() == column).map(|(place, _)| place).collect()
    };
    let found: Vec<Vec<usize>> = columns.iter().map(|column| places_of(column)).collect();
    let wrong = |is_wrong: fn(usize) -> bool| -> Vec<&str> {
        let pairs = columns.iter().zip(&found);
        pairs.filter(|(_, places)| is_wrong(places.len())).map(|(column, _)| column.as_str()).collect()
    };
    for (what, columns) in [("no column", wrong(|found| found == 0)), ("two columns", wrong(|found| found > 1))] {
        if !columns.is_empty() {
            bail!("{} has {what} named {}, which the model reads", path.display(), columns.join(", "));
        }
    }
    let layout = Layout::Csv {
        places: found.concat(),
        width: header.len(),
        reference: places_of("external_reference").first().copied(),
    };
    Ok((reader, layout))
}

/// Reads the next row into `record`; false at the end.
fn next_row(reader: &mut csv::Reader<Bounded>, record: &mut Record) -> anyhow::Result<bool> {
    let mut row = match std::mem::replace(record, Record::Overlong) {
        Record::Row(row) => row,
        _ => ByteRecord::new(),
    };
    let line = reader.position().line();
    let found = reader.read_byte_record(&mut row).with_context(|| format!("after line {line}"))?;
    reader.get_mut().since_row = 0;
    *record = Record::Row(row);
    Ok(found)
}

/// Reads the next line that is not blank into `record`; false at the end.
fn next_line(text: &mut Text, record: &mut Record) -> io::Result<bool> {
    let mut line = match std::mem::replace(record, Record::Overlong) {
        Record::Line(line) => line,
        _ => Vec::new(),
    };
    loop {
        line.clear();
        let read = text.take(MAX_LINE_BYTES as u64 + 1).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(false);
        }
        if line.len() > MAX_LINE_BYTES && line.last() != Some(&b'\n') {
            text.skip_until(b'\n')?;
            return Ok(true);
        }
        if !line.trim_ascii().is_empty() {
            *record = Record::Line(line);
            return Ok(true);
        }
    }
}

/// A reader that gives up when a row is longer than [`MAX_ROW_BYTES`].
struct Bounded {
    inner: Text,
    since_row: usize,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since_row > MAX_ROW_BYTES {
            return Err(io::Error::other("a row is longer than 1 MiB; look for a quote that is not closed"));
        }
        let read = self.inner.read(buffer)?;
        self.since_row += read;
        Ok(read)
    }
}
