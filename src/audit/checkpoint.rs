//! Checkpoints: the signed head of the log (C2SP `tlog-checkpoint`).
//!
//! A checkpoint is a note whose text says which log it is of, how many entries it has, and the root of their
//! tree. Whoever kept one can later hold the log against it: a log that was cut off behind it, or whose
//! earlier entries were rewritten with all of their hashes, gives another root at that size, or none.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    note::{NotANote, Note, Unsigned, VerifierKey},
    tree::{Hash, proof::Head},
};

/// What a checkpoint says.
///
/// Invariant: `origin` is one line and not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Names the log.
    pub origin: String,
    pub head: Head,
}

impl Checkpoint {
    /// Reads the text of a note. Lines behind the third are for others, and are not read.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        if origin.is_empty() || lines.any(str::is_empty) {
            return None;
        }
        let number: u64 = size.parse().ok()?;
        let root = Hash::from_slice(&STANDARD.decode(root).ok()?)?;
        // A number has one spelling.
        (number.to_string() == size).then(|| Self { origin: origin.to_owned(), head: Head { size: number, root } })
    }
}

impl fmt::Display for Checkpoint {
    /// The text that is signed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.head.size, STANDARD.encode(self.head.root.as_bytes()))
    }
}

/// A checkpoint with its signatures, which are yet to be verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

/// The text is not a signed checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotACheckpoint {
    #[error(transparent)]
    NotANote(#[from] NotANote),
    #[error("it is a signed note, but not of a checkpoint: the log's name, its size and its root, a line each")]
    AnotherNote,
}

impl SignedCheckpoint {
    /// Joins a checkpoint and one key's signature over its text.
    #[must_use]
    pub fn new(checkpoint: Checkpoint, key: &VerifierKey, signature: &[u8]) -> Self {
        let note = Note::sign(checkpoint.to_string(), key, signature);
        Self { checkpoint, note }
    }

    /// Reads a checkpoint. Its signatures are not verified.
    pub fn parse(note: &str) -> Result<Self, NotACheckpoint> {
        let note = Note::parse(note)?;
        let checkpoint = Checkpoint::parse(note.text()).ok_or(NotACheckpoint::AnotherNote)?;
        Ok(Self { checkpoint, note })
    }

    /// What it says. To be ignored until it is [verified](SignedCheckpoint::verify), or known by another way.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The size and root that it says.
    #[must_use]
    pub const fn head(&self) -> Head {
        self.checkpoint.head
    }

    /// Verifies the signatures by the keys that are trusted, and gives the first of those keys.
    pub fn verify<'key>(&self, trusted: &'key [VerifierKey]) -> Result<&'key VerifierKey, Unsigned> {
        self.note.verify(trusted)
    }
}

impl fmt::Display for SignedCheckpoint {
    /// The note.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.note, f)
    }
}

#[cfg(test)]
mod tests;
