//! Reading CSV files, compressed or not, row by row, with their hashes.

use std::{
    cell::{Cell, RefCell},
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    rc::Rc,
};

use csv::{ReaderBuilder, StringRecord, Trim};
use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};

/// Why a data file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    #[error("cannot read {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{} is empty; a data file has a line of column names and a line per loan", path.display())]
    Empty { path: PathBuf },
    #[error("{} has no column `{column}`; it has {existing}", path.display())]
    NoColumn { path: PathBuf, column: String, existing: String },
    #[error("{} has two columns named `{column}`; rename or remove one", path.display())]
    TwoColumns { path: PathBuf, column: String },
    #[error("{}, line {line}: {what}", path.display())]
    Malformed { path: PathBuf, line: u64, what: String },
}

/// What is known of a file once it has been read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFacts {
    /// Its name without the folder.
    pub name: String,
    /// SHA-256 of its bytes, in lower-case hexadecimal.
    pub sha256: String,
    /// SHA-256 of its text, which is the same file's whether it is compressed or not.
    pub content_sha256: String,
    /// Its rows, without the line of column names.
    pub rows: u64,
}

/// One row: the cells of the columns that were asked for.
#[derive(Debug)]
pub struct Row<'a> {
    record: &'a StringRecord,
    places: &'a [usize],
    /// The line on which it begins, counted from 1.
    pub line: u64,
}

impl Row<'_> {
    /// The trimmed text of the column asked for at `index`.
    #[must_use]
    pub fn cell(&self, index: usize) -> &str {
        self.record.get(self.places[index]).unwrap_or_default()
    }
}

/// The last row that was read.
#[derive(Default)]
struct Last {
    line: u64,
    /// Whether its last cell goes over several lines.
    spans_lines: bool,
}

/// Reads a file and shows `visit` each of its rows, in order.
///
/// `columns` are looked up by name; others are ignored. An error of `visit` ends the reading.
pub fn read<E: From<CsvError>>(
    path: &Path,
    columns: &[String],
    mut visit: impl FnMut(&Row<'_>) -> Result<(), E>,
) -> Result<FileFacts, E> {
    let unreadable = |source| CsvError::Unreadable { path: path.to_owned(), source };
    let raw = Hashing::new(File::open(path).map_err(unreadable)?);
    let (content, is_packed) = decompressed(raw.clone()).map_err(unreadable)?;
    // What is not packed is its own content, and is hashed once.
    let content = if is_packed { Hashing::new(content) } else { Hashing::passing(content) };
    let ends = Rc::new(Ends::default());
    let source = without_byte_order_mark(content.clone()).map_err(unreadable)?;
    let watched = Watched { source, line: 0, ends: Rc::clone(&ends) };
    let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(watched);
    let header = reader.headers().map_err(|error| explain(path, error, &ends))?.clone();
    if header.iter().all(str::is_empty) {
        return Err(CsvError::Empty { path: path.to_owned() }.into());
    }
    let places = columns.iter().map(|column| place_of(path, &header, column)).collect::<Result<Vec<_>, _>>()?;
    let mut record = StringRecord::new();
    let (mut rows, mut last) = (0, Last::default());
    while reader.read_record(&mut record).map_err(|error| explain(path, error, &ends))? {
        rows += 1;
        let line = ends.line(record.position());
        last = Last { line, spans_lines: record.iter().next_back().is_some_and(|cell| cell.contains('\n')) };
        visit(&Row { record: &record, places: &places, line })?;
    }
    drop(reader);
    if last.spans_lines && ends.last.get() != b'"' {
        return Err(CsvError::Malformed { path: path.to_owned(), line: last.line, what: UNCLOSED.to_owned() }.into());
    }
    let content_sha256 = content.finish().map_err(unreadable)?;
    let sha256 = raw.finish().map_err(unreadable)?.unwrap_or_default();
    let content_sha256 = content_sha256.unwrap_or_else(|| sha256.clone());
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    Ok(FileFacts { name, sha256, content_sha256, rows })
}

fn place_of(path: &Path, header: &StringRecord, column: &str) -> Result<usize, CsvError> {
    let mut places = header.iter().enumerate().filter(|(_, name)| *name == column).map(|(place, _)| place);
    let Some(place) = places.next() else {
        let existing = header.iter().collect::<Vec<_>>().join(", ");
        return Err(CsvError::NoColumn { path: path.to_owned(), column: column.to_owned(), existing });
    };
    if places.next().is_some() {
        return Err(CsvError::TwoColumns { path: path.to_owned(), column: column.to_owned() });
    }
    Ok(place)
}

/// Says what is wrong with a line in words that do not suppose knowledge of the parser.
fn explain(path: &Path, error: csv::Error, ends: &Ends) -> CsvError {
    let line = ends.line(error.position());
    let what = match error.into_kind() {
        csv::ErrorKind::Io(source) => return CsvError::Unreadable { path: path.to_owned(), source },
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("has {len} cells, but there are {expected_len} column names")
        }
        csv::ErrorKind::Utf8 { .. } => "is not UTF-8; save the file as UTF-8".to_owned(),
        other => format!("{other:?}"),
    };
    CsvError::Malformed { path: path.to_owned(), line, what }
}

/// Unpacks gzip, which is known by its content, not by the file's name; and whether it was.
fn decompressed(source: Hashing<File>) -> io::Result<(Box<dyn Read>, bool)> {
    let mut source = BufReader::with_capacity(1 << 16, source);
    let is_gzip = source.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    Ok((if is_gzip { Box::new(MultiGzDecoder::new(source)) } else { Box::new(source) }, is_gzip))
}

fn without_byte_order_mark(source: impl Read) -> io::Result<impl Read> {
    let mut source = BufReader::with_capacity(1 << 16, source);
    if source.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
        source.consume(3);
    }
    Ok(source)
}

/// The longest line that is read. Whatever has longer ones is not a table of loans, and would be held in memory whole.
const LONGEST_LINE: usize = 16 << 20;

const UNCLOSED: &str =
    "a quoted cell begins on this line and never ends, and has swallowed all that follows; close its quotes";

/// How the lines of a file end, and how the file does.
#[derive(Debug, Default)]
struct Ends {
    /// Whether lines end as on Windows: with two bytes.
    two_bytes: Cell<bool>,
    /// The last byte that is neither a space nor a line end.
    last: Cell<u8>,
}

impl Ends {
    /// The line of a place that the parser gives. It takes the second byte of a line end for the beginning
    /// of the next row, so its lines of such files are one too low from the second row on.
    fn line(&self, position: Option<&csv::Position>) -> u64 {
        position.map_or(0, |place| place.line() + u64::from(self.two_bytes.get() && place.record() > 0))
    }
}

/// A reader that refuses lines without end, and sees how lines and the file end.
struct Watched<R> {
    source: R,
    /// Bytes since the last line end.
    line: usize,
    ends: Rc<Ends>,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        let read = &buffer[..length];
        if let Some(&last) = read.iter().rev().find(|byte| !byte.is_ascii_whitespace()) {
            self.ends.last.set(last);
        }
        match read.iter().rposition(|&byte| byte == b'\n') {
            Some(place) => {
                self.ends.two_bytes.set(place > 0 && read[place - 1] == b'\r');
                self.line = length - place;
            }
            None => self.line += length,
        }
        if self.line > LONGEST_LINE {
            return Err(io::Error::other("a line is longer than 16 MiB, so this is not a table with a line per loan"));
        }
        Ok(length)
    }
}

/// A reader that hashes what passes through, if it is to; its clones are the same reader.
struct Hashing<R> {
    inner: Rc<RefCell<(R, Option<Sha256>)>>,
}

impl<R: Read> Hashing<R> {
    fn new(source: R) -> Self {
        Self { inner: Rc::new(RefCell::new((source, Some(Sha256::new())))) }
    }

    /// One that does not hash.
    fn passing(source: R) -> Self {
        Self { inner: Rc::new(RefCell::new((source, None))) }
    }

    /// Reads what is left and gives the hash of the whole.
    fn finish(mut self) -> io::Result<Option<String>> {
        io::copy(&mut self, &mut io::sink())?;
        Ok(self.inner.borrow_mut().1.take().map(|hash| hex::encode(hash.finalize())))
    }
}

impl<R> Clone for Hashing<R> {
    fn clone(&self) -> Self {
        Self { inner: Rc::clone(&self.inner) }
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (source, hash) = &mut *self.inner.borrow_mut();
        let length = source.read(buffer)?;
        if let Some(hash) = hash {
            hash.update(&buffer[..length]);
        }
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn file(content: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(content).expect("written");
        file
    }

    fn rows(content: &[u8], columns: &[&str]) -> Result<(Vec<String>, FileFacts), CsvError> {
        let file = file(content);
        let columns: Vec<String> = columns.iter().map(ToString::to_string).collect();
        let mut rows = Vec::new();
        let facts = read(file.path(), &columns, |row| {
            let cells: Vec<&str> = (0..columns.len()).map(|index| row.cell(index)).collect();
            rows.push(format!("{}: {}", row.line, cells.join("|")));
            Ok::<(), CsvError>(())
        })?;
        Ok((rows, facts))
    }

    #[test]
    fn columns_are_found_by_name_in_any_order_and_others_are_ignored() {
        let (rows, _) = rows(b"a,b,c\n1, x ,3\n4,\"y,\nz\",6\n7,,9\n", &["c", "b"]).expect("readable");
        assert_eq!(rows, ["2: 3|x", "3: 6|y,\nz", "5: 9|"]);
    }

    #[test]
    fn a_compressed_file_is_known_by_its_content_and_has_the_same_content_hash() {
        let text = b"a,b\n1,2\n";
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(text).expect("packed");
        let (plain_rows, plain) = rows(text, &["a"]).expect("readable");
        let (packed_rows, packed) = rows(&packed.finish().expect("packed"), &["a"]).expect("readable");
        assert_eq!(plain_rows, packed_rows);
        assert_eq!(plain.sha256, hex::encode(Sha256::digest(text)));
        assert_eq!(plain.sha256, plain.content_sha256);
        assert_eq!(packed.content_sha256, plain.content_sha256);
        assert_ne!(packed.sha256, plain.sha256);
        assert_eq!(packed.rows, 1);
    }

    #[test]
    fn a_byte_order_mark_is_not_part_of_the_first_name() {
        assert_eq!(rows(b"\xef\xbb\xbfa,b\n1,2\n", &["a"]).expect("readable").0, ["2: 1"]);
    }

    #[test]
    fn what_cannot_be_read_says_where_and_what_to_do() {
        let message = |content: &[u8], columns: &[&str]| rows(content, columns).expect_err("an error").to_string();
        assert!(message(b"", &[]).contains("is empty; a data file has a line of column names"));
        assert!(message(b"a,b\n", &["c"]).contains("has no column `c`; it has a, b"));
        assert!(message(b"a,b,a\n", &["a"]).contains("has two columns named `a`"));
        assert!(message(b"a,b\n1,2\n1,2,3\n", &["a"]).contains("line 3: has 3 cells, but there are 2 column names"));
        assert!(message(b"a,b\n1,\xff\n", &["a"]).contains("line 2: is not UTF-8"));
        assert!(message(b"\x1f\x8b\x08garbage", &["a"]).contains("cannot read"));
        let missing = read::<CsvError>(Path::new("/nowhere.csv"), &[], |_| Ok(()));
        assert!(missing.expect_err("no such file").to_string().contains("cannot read /nowhere.csv"));
    }

    #[test]
    fn a_quoted_cell_without_an_end_does_not_swallow_the_rest_in_silence() {
        let message = rows(b"a,b\n1,2\n3,\"4\n5,6\n7,8\n", &["a"]).expect_err("swallowed").to_string();
        assert!(message.contains("line 3: a quoted cell begins on this line and never ends"), "{message}");
        // A lone quote within a cell is text, and a closed cell may hold a line end.
        assert_eq!(rows(b"a,b\n1,5\" disc\n2,\"x\ny\"\n", &["a"]).expect("readable").1.rows, 2);
    }

    #[test]
    fn line_ends_of_every_kind_are_read_alike() {
        let expected = rows(b"a,b\n1,2\n3,4\n", &["b"]).expect("readable").0;
        assert_eq!(expected, ["2: 2", "3: 4"]);
        assert_eq!(rows(b"a,b\r\n1,2\r\n3,4\r\n", &["b"]).expect("readable").0, expected);
        assert_eq!(rows(b"a,b\n1,2\n\n3,4", &["b"]).expect("readable").1.rows, 2);
    }

    #[test]
    fn a_file_without_line_ends_is_refused_before_it_fills_the_memory() {
        let message = rows(&vec![b'x'; LONGEST_LINE + 100], &["a"]).expect_err("no table").to_string();
        assert!(message.contains("a line is longer than 16 MiB"), "{message}");
    }

    #[test]
    fn a_compressed_file_that_was_cut_off_is_refused() {
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all("a,b\n1,2\n".repeat(5_000).as_bytes()).expect("packed");
        let packed = packed.finish().expect("packed");
        let message = rows(&packed[..packed.len() / 2], &["a"]).expect_err("cut off").to_string();
        assert!(message.contains("cannot read"), "{message}");
    }

    #[test]
    fn a_column_named_twice_is_no_matter_when_it_is_not_read() {
        assert!(rows(b"a,b,a\n1,2,3\n", &["b"]).is_ok());
    }
}
