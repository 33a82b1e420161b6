//! Checkpoints outside the database: a file for each, in a folder for each day, and the latest.
//!
//! Each is written beside its place, made durable and renamed, so that nobody reads half of one. Files are never
//! changed, so that the folder can lie on a medium that is written once.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::domain::timestamp::Timestamp;

/// The file that holds the last checkpoint that was written.
pub const LATEST: &str = "latest.checkpoint";

/// Writes a checkpoint of so many entries.
pub fn write(directory: &Path, now: Timestamp, size: u64, note: &str) -> io::Result<()> {
    let day = directory.join(now.date().to_string());
    fs::create_dir_all(&day)?;
    // Of one width, so that the order of the names is that of the sizes.
    replace(&day, &format!("{size:016}.checkpoint"), note)?;
    replace(directory, LATEST, note)
}

/// Checks that checkpoints can be written, by writing something.
pub fn check(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let (probe, file) = draft(directory)?;
    file.sync_all()?;
    fs::remove_file(probe)
}

fn replace(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    let (draft, mut file) = draft(folder)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, folder.join(name))?;
    sync_folder(folder)
}

/// A new file under a name that nobody else uses, whatever was left by one that crashed.
fn draft(folder: &Path) -> io::Result<(PathBuf, File)> {
    static MADE: AtomicU64 = AtomicU64::new(0);
    loop {
        let name = format!(".draft-{}-{}", process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let path = folder.join(name);
        match File::create_new(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return Ok((path, made?)),
        }
    }
}

/// Makes the folder's list of names durable, where the system can.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_checkpoint_has_its_file_by_day_and_the_latest_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("checkpoints");
        check(&root).unwrap();
        let at = |text| Timestamp::parse(text).unwrap();
        write(&root, at("2026-11-22T23:59:59Z"), 9, "nine\n").unwrap();
        write(&root, at("2026-11-23T00:00:00Z"), 12, "twelve\n").unwrap();
        let read = |name: &str| fs::read_to_string(root.join(name)).unwrap();
        assert_eq!(read("2026-11-22/0000000000000009.checkpoint"), "nine\n");
        assert_eq!(read("2026-11-23/0000000000000012.checkpoint"), "twelve\n");
        assert_eq!(read(LATEST), "twelve\n");
        let names = fs::read_dir(&root).unwrap().count();
        assert_eq!(names, 3, "two days and the latest: no draft or probe is left");
    }
}
