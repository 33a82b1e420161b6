//! What was erased, in a file beside the database.
//!
//! A backup of the database holds the data keys that were alive when it was made. Whoever restores it restores them too;
//! this file is not in it, and says which of them must be destroyed again. It holds ids of applications and times, and
//! nothing of any applicant.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use crate::{
    crypto::private_file::{append_private, create_private_directory},
    domain::{id::ApplicationId, timestamp::Timestamp},
};

/// The file. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ErasureJournal(Arc<Path>);

#[derive(Serialize, Deserialize)]
struct Line {
    application: ApplicationId,
    erased_at: Timestamp,
}

impl ErasureJournal {
    /// Takes up a journal, and makes it when it is not there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
            create_private_directory(directory)?;
        }
        append_private(&path, "")?;
        Ok(Self(path.into()))
    }

    /// Adds applications, durably.
    pub async fn append(&self, applications: &[ApplicationId], erased_at: Timestamp) -> io::Result<()> {
        // Each line has a line break before it too: one that a crash cut off spoils no other.
        let lines: Result<Vec<String>, _> = applications
            .iter()
            .map(|&application| {
                serde_json::to_string(&Line { application, erased_at }).map(|line| format!("\n{line}\n"))
            })
            .collect();
        let (path, text) = (Arc::clone(&self.0), lines?.concat());
        tokio::task::spawn_blocking(move || append_private(&path, &text)).await.map_err(io::Error::other)?
    }

    /// Every application in it, each once. A line that a crash cut off, before anything was erased, is left out.
    pub async fn read(&self) -> io::Result<Vec<ApplicationId>> {
        let path = Arc::clone(&self.0);
        let text = tokio::task::spawn_blocking(move || fs::read_to_string(path)).await.map_err(io::Error::other)??;
        let mut found: Vec<ApplicationId> = Vec::new();
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line): &(i32, &str)| !line.is_empty()) {
            if let Ok(line) = serde_json::from_str::<Line>(line) {
                found.push(line.application);
            } else {
                tracing::warn!(line = number, "a line of the erasure journal cannot be read");
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Ids;

    #[tokio::test]
    async fn what_is_added_is_read_again_each_once_whatever_a_crash_left_between() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/erasures.jsonl");
        let now = Timestamp::parse("2026-11-22T12:00:00Z").unwrap();
        let ids = Ids::seeded(1);
        let (one, two) = (ids.application(now), ids.application(now));
        let journal = ErasureJournal::open(&path).unwrap();
        assert_eq!(journal.read().await.unwrap(), []);
        journal.append(&[one], now).await.unwrap();
        append_private(&path, "\n{\"application\":\"app_01").unwrap();
        journal.append(&[two, one], now).await.unwrap();
        let mut expected = [one, two];
        expected.sort_unstable();
        assert_eq!(ErasureJournal::open(&path).unwrap().read().await.unwrap(), expected);
    }

    #[test]
    fn a_journal_that_cannot_be_written_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        assert!(ErasureJournal::open(folder.path()).is_err());
    }
}
