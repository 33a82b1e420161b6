//! The audit log as a file: JSON Lines, CSV and Parquet.
//!
//! A [`Writer`] takes entries in order and gives bytes as they come, in memory that does not grow with the log.
//! JSON Lines hold the entries byte for byte with their proofs, and are evidence ([`crate::audit::exported`]). CSV
//! and Parquet are for reading: a column for each thing that an auditor asks for ([`row`]).

mod csv;
mod jsonl;
mod parquet;
pub mod row;

pub use csv::defused;
pub use jsonl::JsonLines;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::{csv::CsvFile, parquet::ParquetFile};
use crate::audit::{exported::Head, tree::Hash};

/// The forms of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Jsonl,
    Csv,
    Parquet,
}

impl Format {
    pub const ALL: [Self; 3] = [Self::Jsonl, Self::Csv, Self::Parquet];

    /// The word that names it, which is also the ending of a file's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }

    /// Parses the word that names it.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == word)
    }

    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jsonl => "application/jsonl",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }
}

/// An entry with its hash, ready to be written.
#[derive(Debug, Clone)]
pub struct Leaf {
    pub sequence: u64,
    /// Canonical JSON.
    pub entry: String,
    /// Computed from the entry's bytes.
    pub hash: Hash,
}

/// Why an export cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The entry is not in the form in which entries are written.
    #[error("entry {0} is not one that underwright writes; run `underwright audit verify`")]
    NotAnEntry(u64),
    #[error("the file cannot be made: {0}")]
    Encoding(String),
}

/// What writes one form.
#[derive(Debug)]
pub enum Writer {
    Jsonl(JsonLines),
    Csv(Box<CsvFile>),
    Parquet(Box<ParquetFile>),
}

impl Writer {
    /// Begins an export.
    pub fn begin(format: Format, head: &Head) -> Result<Self, ExportError> {
        Ok(match format {
            Format::Jsonl => Self::Jsonl(JsonLines::begin(head.clone())),
            Format::Csv => Self::Csv(Box::new(CsvFile::begin()?)),
            Format::Parquet => Self::Parquet(Box::new(ParquetFile::begin(head)?)),
        })
    }

    /// Takes the next entries: one block, with the subtrees beside it when the form asks for them.
    pub fn write(&mut self, block: &[Leaf], beside: Option<&Beside>) -> Result<(), ExportError> {
        match self {
            Self::Jsonl(lines) => lines.write(block, beside),
            Self::Csv(file) => file.write(block),
            Self::Parquet(file) => file.write(block),
        }
    }

    /// Takes out what is ready of the file.
    pub fn take(&mut self) -> Vec<u8> {
        match self {
            Self::Jsonl(lines) => lines.take(),
            Self::Csv(file) => file.take(),
            Self::Parquet(file) => file.take(),
        }
    }

    /// Ends the file and gives its rest. JSON Lines lack the manifest, which is its last line.
    pub fn finish(self) -> Result<Vec<u8>, ExportError> {
        match self {
            Self::Jsonl(mut lines) => Ok(lines.take()),
            Self::Csv(file) => Ok(file.finish()),
            Self::Parquet(file) => file.finish(),
        }
    }
}

/// The complete subtrees beside a block, from left to right.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beside {
    pub left: Vec<Hash>,
    pub right: Vec<Hash>,
}

#[cfg(test)]
mod tests;
