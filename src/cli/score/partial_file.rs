//! A file that appears when it is complete, and not before.

use std::{
    fs::{self, File},
    io::BufWriter,
    path::{Path, PathBuf},
};

use anyhow::Context;

/// A hidden file beside the one to be written; removed unless it is kept.
pub(super) struct PartialFile {
    file: File,
    path: PathBuf,
    target: PathBuf,
}

impl PartialFile {
    pub(super) fn create(target: &Path) -> anyhow::Result<Self> {
        let name = target.file_name().with_context(|| format!("{} is no name for a file", target.display()))?;
        if target.is_dir() {
            anyhow::bail!("{} is a folder; give the name of a file", target.display());
        }
        let path = target.with_file_name(format!(".{}.partial-{}", name.to_string_lossy(), std::process::id()));
        let file = File::create_new(&path).with_context(|| format!("cannot write {}", target.display()))?;
        Ok(Self { file, path, target: target.to_owned() })
    }

    /// Writes into the file, through a buffer.
    pub(super) fn writer(&self) -> BufWriter<&File> {
        BufWriter::with_capacity(1 << 16, &self.file)
    }

    /// Makes the content durable and gives the file its name.
    pub(super) fn keep(self) -> anyhow::Result<()> {
        let named = || format!("cannot write {}", self.target.display());
        self.file.sync_all().with_context(named)?;
        fs::rename(&self.path, &self.target).with_context(named)
    }
}

impl Drop for PartialFile {
    fn drop(&mut self) {
        // Once it was renamed there is nothing to remove; otherwise nothing better can be done.
        let _ = fs::remove_file(&self.path);
    }
}
