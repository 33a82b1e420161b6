//! Model bundles on disk: read whole, written whole or not at all.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use crate::model::bundle::{self, BundleError};

/// No file of a bundle may be larger: 256 MiB.
const MAX_FILE_BYTES: u64 = 256 << 20;

const MODEL: &str = "model.json";
const PARITY: &str = "parity.jsonl";
const CARD: &str = "card.md";
const REPORT: &str = "report.html";
const SUMS: &str = "SHA256SUMS";

/// The files of a bundle, without `SHA256SUMS`, which is made and checked here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleFiles {
    /// `model.json`.
    pub model_json: Vec<u8>,
    /// `parity.jsonl`.
    pub parity_jsonl: Vec<u8>,
    /// `card.md`.
    pub card_md: String,
    /// `report.html`, when there is one.
    pub report_html: Option<String>,
}

/// Why a bundle could not be read.
#[derive(Debug, thiserror::Error)]
pub enum BundleReadError {
    #[error("cannot read {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{} is larger than {} MiB, so it is no file of a model", path.display(), MAX_FILE_BYTES >> 20)]
    TooLarge { path: PathBuf },
    #[error("{} is not text", path.display())]
    NotText { path: PathBuf },
    #[error("{}: {source}", path.display())]
    Changed { path: PathBuf, source: BundleError },
}

/// Why a bundle could not be written.
#[derive(Debug, thiserror::Error)]
pub enum BundleWriteError {
    #[error("cannot write {}: {source}", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    #[error("{} already exists and holds something else; choose another folder or remove it", .0.display())]
    Exists(PathBuf),
}

impl BundleFiles {
    /// Every file by name and content, in the order of `SHA256SUMS`.
    fn named(&self) -> Vec<(&'static str, &[u8])> {
        let report = self.report_html.as_ref().map(|report| (REPORT, report.as_bytes()));
        let always = [(CARD, self.card_md.as_bytes()), (MODEL, &self.model_json), (PARITY, &self.parity_jsonl)];
        always.into_iter().chain(report).collect()
    }
}

/// Reads a bundle's folder and checks its files against `SHA256SUMS`.
///
/// What the files say is not looked at: [`crate::model::Model::parse`] does that.
pub fn read_bundle(dir: &Path) -> Result<BundleFiles, BundleReadError> {
    let sums = text(dir, SUMS, read(dir, SUMS)?)?;
    let report = if dir.join(REPORT).exists() { Some(read(dir, REPORT)?) } else { None };
    let files = BundleFiles {
        model_json: read(dir, MODEL)?,
        parity_jsonl: read(dir, PARITY)?,
        card_md: text(dir, CARD, read(dir, CARD)?)?,
        report_html: report.map(|report| text(dir, REPORT, report)).transpose()?,
    };
    bundle::check_sums(&sums, &files.named())
        .map_err(|source| BundleReadError::Changed { path: dir.to_owned(), source })?;
    Ok(files)
}

fn read(dir: &Path, name: &str) -> Result<Vec<u8>, BundleReadError> {
    let path = dir.join(name);
    let mut bytes = Vec::new();
    // One byte more than is allowed, to tell a file that is as large as allowed from a larger one.
    let read = File::open(&path).and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes));
    match read {
        Err(source) => Err(BundleReadError::Unreadable { path, source }),
        Ok(_) if bytes.len() as u64 > MAX_FILE_BYTES => Err(BundleReadError::TooLarge { path }),
        Ok(_) => Ok(bytes),
    }
}

fn text(dir: &Path, name: &str, bytes: Vec<u8>) -> Result<String, BundleReadError> {
    String::from_utf8(bytes).map_err(|_| BundleReadError::NotText { path: dir.join(name) })
}

/// Writes a bundle's folder whole: into a folder beside it, which is then renamed.
///
/// A folder that exists is left alone: the same bundle in it is success, an empty one is filled,
/// and anything else is refused, because a model's version never changes.
pub fn write_bundle(dir: &Path, files: &BundleFiles) -> Result<(), BundleWriteError> {
    if dir.exists() && read_bundle(dir).is_ok_and(|there| there == *files) {
        return Ok(());
    }
    if dir.exists() && !is_empty_folder(dir) {
        return Err(BundleWriteError::Exists(dir.to_owned()));
    }
    let unwritable = |source| BundleWriteError::Unwritable { path: dir.to_owned(), source };
    let parent = match dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent).map_err(unwritable)?;
    let partial = PartialFolder::create(parent, dir).map_err(unwritable)?;
    write_files(&partial.0, files).map_err(unwritable)?;
    fs::rename(&partial.0, dir).and_then(|()| sync_folder(parent)).map_err(unwritable)
}

fn is_empty_folder(dir: &Path) -> bool {
    fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_none())
}

fn write_files(folder: &Path, files: &BundleFiles) -> io::Result<()> {
    let named = files.named();
    let sums = bundle::sums(&named);
    for (name, bytes) in named.into_iter().chain([(SUMS, sums.as_bytes())]) {
        let mut file = File::create_new(folder.join(name))?;
        file.write_all(bytes)?;
        file.sync_all()?;
    }
    sync_folder(folder)
}

/// Makes the names in a folder durable, as `sync_all` does a file's content.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// A folder that is being filled; removed with its content unless it was renamed.
struct PartialFolder(PathBuf);

impl PartialFolder {
    /// Creates a hidden folder beside `dir`, named after it and this process.
    fn create(parent: &Path, dir: &Path) -> io::Result<Self> {
        let name = dir.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let partial = parent.join(format!(".{}.partial-{}", name.to_string_lossy(), std::process::id()));
        fs::create_dir(&partial)?;
        Ok(Self(partial))
    }
}

impl Drop for PartialFolder {
    fn drop(&mut self) {
        // After the rename there is nothing to remove; otherwise nothing better can be done.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> BundleFiles {
        BundleFiles {
            model_json: b"{}".to_vec(),
            parity_jsonl: b"{}\n".to_vec(),
            card_md: "# Card\n".to_owned(),
            report_html: None,
        }
    }

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).expect("a folder");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_bundle_reads_back_and_leaves_nothing_beside_it() {
        let home = tempfile::tempdir().expect("a folder");
        let dir = home.path().join("models/example/1");
        for report_html in [None, Some("<p>".to_owned())] {
            let files = BundleFiles { report_html, ..files() };
            write_bundle(&dir, &files).expect("written");
            assert_eq!(read_bundle(&dir).expect("read"), files);
            assert_eq!(names(&home.path().join("models/example")), ["1"]);
            fs::remove_dir_all(&dir).expect("removed");
        }
    }

    #[test]
    fn the_same_bundle_again_is_success_and_another_one_is_refused() {
        let home = tempfile::tempdir().expect("a folder");
        let dir = home.path().join("1");
        write_bundle(&dir, &files()).expect("written");
        write_bundle(&dir, &files()).expect("the same");
        let other = BundleFiles { card_md: "# Other\n".to_owned(), ..files() };
        assert!(matches!(write_bundle(&dir, &other), Err(BundleWriteError::Exists(_))));
        assert_eq!(read_bundle(&dir).expect("untouched"), files());
        assert_eq!(names(home.path()), ["1"]);
    }

    #[test]
    fn an_empty_folder_is_filled() {
        let home = tempfile::tempdir().expect("a folder");
        write_bundle(home.path(), &files()).expect("written");
        assert_eq!(names(home.path()), ["SHA256SUMS", "card.md", "model.json", "parity.jsonl"]);
    }

    #[test]
    fn a_changed_added_or_missing_file_is_refused() {
        let home = tempfile::tempdir().expect("a folder");
        let dir = home.path().join("1");
        write_bundle(&dir, &files()).expect("written");
        let message = || read_bundle(&dir).expect_err("refused").to_string();
        fs::write(dir.join(REPORT), "<script>").expect("added");
        assert!(message().contains("report.html is not listed"));
        fs::remove_file(dir.join(REPORT)).expect("removed");
        fs::write(dir.join(MODEL), "[]").expect("changed");
        assert!(message().contains("model.json is not the file that was written"));
        fs::remove_file(dir.join(PARITY)).expect("removed");
        assert!(message().contains("cannot read") && message().contains(PARITY));
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named() {
        let home = tempfile::tempdir().expect("a folder");
        let file = home.path().join("file");
        fs::write(&file, "").expect("a file");
        let message = write_bundle(&file.join("1"), &files()).expect_err("refused").to_string();
        assert!(message.contains("cannot write") && message.contains("file"), "{message}");
        assert!(matches!(write_bundle(&file, &files()), Err(BundleWriteError::Exists(_))));
    }
}
