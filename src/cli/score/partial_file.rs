//! A file that appears when it is complete, and not before.

use std::{
    fs::{self, File},
    io::{self, BufWriter},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

/// A hidden file beside the one to be written; removed unless it is kept.
pub(super) struct PartialFile {
    file: File,
    path: PathBuf,
    target: PathBuf,
}

impl PartialFile {
    pub(super) fn create(target: &Path) -> anyhow::Result<Self> {
        let target = real_target(target)?;
        let name = target.file_name().with_context(|| format!("{} is no name for a file", target.display()))?;
        let path = target.with_file_name(format!(".{}.partial-{}", name.to_string_lossy(), std::process::id()));
        let file = File::create_new(&path).with_context(|| format!("cannot write {}", target.display()))?;
        Ok(Self { file, path, target })
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

/// The file that a name stands for: itself, or where its symbolic links lead. Only a regular file may be there
/// already, because what is there is replaced.
fn real_target(target: &Path) -> anyhow::Result<PathBuf> {
    let named = || format!("cannot write {}", target.display());
    match fs::metadata(target) {
        Ok(there) if there.is_dir() => bail!("{} is a folder; give the name of a file", target.display()),
        Ok(there) if !there.is_file() => {
            bail!("{} is a device, a pipe or a socket; give --output the name of a file", target.display())
        }
        Ok(_) => fs::canonicalize(target).with_context(named),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(end_of_links(target)),
        Err(error) => Err(error).with_context(named),
    }
}

/// Where symbolic links lead that end at nothing.
fn end_of_links(target: &Path) -> PathBuf {
    let mut path = target.to_owned();
    // They do end, or the system would have called them a loop; the bound is for links that change meanwhile.
    for _ in 0..40 {
        let Ok(next) = fs::read_link(&path) else { break };
        path = path.parent().map_or_else(|| next.clone(), |folder| folder.join(&next));
    }
    path
}

/// Whether two names stand for one file that exists.
#[cfg(unix)]
pub(super) fn is_same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |path: &Path| fs::metadata(path).map(|file| (file.dev(), file.ino()));
    matches!((identity(one), identity(other)), (Ok(one), Ok(other)) if one == other)
}

/// Whether two names stand for one file that exists.
#[cfg(not(unix))]
pub(super) fn is_same_file(one: &Path, other: &Path) -> bool {
    matches!((fs::canonicalize(one), fs::canonicalize(other)), (Ok(one), Ok(other)) if one == other)
}
