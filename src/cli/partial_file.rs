//! A file that appears when it is complete, and not before.

use std::{
    fs::{self, File, TryLockError},
    io::{self, BufWriter},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

/// A hidden file beside the one to be written; removed unless it is kept.
///
/// It is locked as long as it is written. So one that is there and not locked was left by a run that was killed, and
/// is removed by the next; one that is locked belongs to a run that is still at work, and the next is refused.
pub(super) struct PartialFile {
    file: File,
    path: PathBuf,
    target: PathBuf,
    is_kept: bool,
}

impl PartialFile {
    pub(super) fn create(target: &Path) -> anyhow::Result<Self> {
        let target = real_target(target)?;
        let name = target.file_name().with_context(|| format!("{} is no name for a file", target.display()))?;
        let path = target.with_file_name(format!(".{}.partial", name.to_string_lossy()));
        // Twice is enough but for runs that begin and end in the same moment.
        for _ in 0..8 {
            match File::create_new(&path) {
                // Another run may have taken it for an abandoned one before it was locked, and removed it.
                Ok(file) if is_locked(&file) && is_at(&file, &path) => {
                    return Ok(Self { file, path, target, is_kept: false });
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => remove_abandoned(&path, &target)?,
                Err(error) => return Err(error).with_context(|| format!("cannot write {}", target.display())),
            }
        }
        bail!("cannot write {}: other runs are writing it; let them end", target.display())
    }

    /// Writes into the file, through a buffer.
    pub(super) fn writer(&self) -> BufWriter<&File> {
        BufWriter::with_capacity(1 << 16, &self.file)
    }

    /// Makes the content durable and gives the file its name.
    pub(super) fn keep(mut self) -> anyhow::Result<()> {
        let named = || format!("cannot write {}", self.target.display());
        self.file.sync_all().with_context(named)?;
        fs::rename(&self.path, &self.target).with_context(named)?;
        self.is_kept = true;
        Ok(())
    }
}

impl Drop for PartialFile {
    fn drop(&mut self) {
        if !self.is_kept {
            // Nothing better can be done than to try.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Locks a file that was just made. Where the file system has no locks, every file counts as locked: then a file that a
/// killed run left has to be removed by hand.
fn is_locked(file: &File) -> bool {
    !matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

/// Removes the partial file of a run that was killed; an error when a run is still at work on it.
fn remove_abandoned(path: &Path, target: &Path) -> anyhow::Result<()> {
    let (path_name, target_name) = (path.display(), target.display());
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Ok(there) if there.is_file() => {}
        _ => bail!("cannot write {target_name}: {path_name} is in the way and is not a file; remove it"),
    }
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened.with_context(|| format!("cannot write {target_name}: {path_name} is in the way"))?,
    };
    match file.try_lock() {
        // While this lock is held nobody else removes or renames the file: that it is still there remains true.
        Ok(()) if is_at(&file, path) => {
            fs::remove_file(path).with_context(|| format!("cannot write {target_name}: cannot remove {path_name}"))
        }
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => bail!("another run is writing {target_name}; let it end, or stop it"),
        Err(TryLockError::Error(_)) => bail!(
            "cannot write {target_name}: another run is writing it, or one that was killed left {path_name}; remove \
             that file if no run is at work"
        ),
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

/// Whether an open file is still the one that has this name.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let named = fs::symlink_metadata(path);
    matches!((file.metadata(), named), (Ok(open), Ok(named)) if (open.dev(), open.ino()) == (named.dev(), named.ino()))
}

/// Whether an open file is still the one that has this name: elsewhere an open file is neither removed nor renamed.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}
