//! The log as JSON Lines: see [`crate::audit::exported`].

use super::{Beside, ExportError, Leaf};
use crate::audit::exported::{Block, Head, Line, to_hex};

/// Writes JSON Lines.
#[derive(Debug, Default)]
pub struct JsonLines {
    buffer: Vec<u8>,
}

impl JsonLines {
    /// Writes the first line.
    #[must_use]
    pub fn begin(head: Head) -> Self {
        Self { buffer: Line::Export(Box::new(head)).to_text().into_bytes() }
    }

    /// Writes a block of entries and its proof.
    pub fn write(&mut self, block: &[Leaf], beside: Option<&Beside>) -> Result<(), ExportError> {
        let Some(first) = block.first() else { return Ok(()) };
        for leaf in block {
            // Canonical JSON has no line end within it. An entry that was tampered with could otherwise pass for several.
            if leaf.entry.contains('\n') {
                return Err(ExportError::NotAnEntry(leaf.sequence));
            }
            self.buffer.extend_from_slice(leaf.entry.as_bytes());
            self.buffer.push(b'\n');
        }
        let Beside { left, right } = beside.ok_or_else(|| ExportError::Encoding("a block has no proof".to_owned()))?;
        let proof = Block {
            first: first.sequence,
            leaf_hashes: block.iter().map(|leaf| leaf.hash.to_string()).collect(),
            left: to_hex(left),
            right: to_hex(right),
        };
        self.buffer.extend_from_slice(Line::Proof(proof).to_text().as_bytes());
        Ok(())
    }

    /// Takes out the lines that are ready.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.buffer)
    }
}
