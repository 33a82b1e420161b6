//! The log as Apache Parquet: typed columns, compressed with zstd, in row groups of bounded size.
//!
//! Beside the columns of [`row`](super::row) stands `entry`, the entry's canonical bytes, so that SHA-256 over 0x00 and
//! it gives `leaf_hash`, and a query reaches whatever has no column of its own. Rows are buffered until a row group
//! is full; what is kept of a row group that is written is some kilobytes of its description, which a Parquet file
//! has at its end.

use std::sync::Arc;

use parquet::{
    basic::{Compression, ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel},
    column::writer::ColumnWriter,
    data_type::ByteArray,
    file::{
        metadata::KeyValue,
        properties::{EnabledStatistics, WriterProperties},
        writer::{SerializedColumnWriter, SerializedFileWriter},
    },
    schema::types::{ColumnPath, Type, TypePtr},
};

use super::{
    ExportError, Leaf,
    row::{COLUMNS, Column, Kind, Value, cells},
};
use crate::audit::exported::Head;

/// A row group is written when it has so many rows,
const ROWS: usize = 8_192;
/// or when its entries are so many bytes.
const BYTES: usize = 16 << 20;

/// The column that holds the entry itself.
const ENTRY: &str = "entry";

/// Writes Parquet.
#[derive(Debug)]
pub struct ParquetFile {
    file: SerializedFileWriter<Vec<u8>>,
    /// The rows of the row group that is being filled, a list of cells for each column.
    waiting: [Vec<Option<Value>>; COLUMNS.len()],
    entries: Vec<ByteArray>,
    entry_bytes: usize,
}

impl ParquetFile {
    /// Begins a file. It says in its metadata what it is an export of.
    pub(super) fn begin(head: &Head) -> Result<Self, ExportError> {
        let about = serde_json::json!({
            "format": head.format, "written_by": head.written_by, "filters": head.filters,
            "tree_size": head.tree_size, "root_hash": head.root_hash,
        });
        let properties = WriterProperties::builder()
            .set_created_by(head.written_by.clone())
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_column_statistics_enabled(ColumnPath::from(ENTRY), EnabledStatistics::None)
            .set_column_dictionary_enabled(ColumnPath::from(ENTRY), false)
            .set_offset_index_disabled(true)
            .set_key_value_metadata(Some(vec![KeyValue::new("underwright".to_owned(), about.to_string())]))
            .build();
        let file = SerializedFileWriter::new(Vec::new(), schema()?, Arc::new(properties)).map_err(encoding)?;
        Ok(Self { file, waiting: std::array::from_fn(|_| Vec::new()), entries: Vec::new(), entry_bytes: 0 })
    }

    pub(super) fn write(&mut self, leaves: &[Leaf]) -> Result<(), ExportError> {
        for leaf in leaves {
            for (column, cell) in self.waiting.iter_mut().zip(cells(leaf)?) {
                column.push(cell);
            }
            self.entries.push(ByteArray::from(leaf.entry.as_str()));
            self.entry_bytes += leaf.entry.len();
            if self.entries.len() >= ROWS || self.entry_bytes >= BYTES {
                self.write_row_group()?;
            }
        }
        Ok(())
    }

    /// Takes out the row groups that are written.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.file.inner_mut())
    }

    pub(super) fn finish(mut self) -> Result<Vec<u8>, ExportError> {
        if !self.entries.is_empty() {
            self.write_row_group()?;
        }
        self.file.finish().map_err(encoding)?;
        Ok(self.take())
    }

    fn write_row_group(&mut self) -> Result<(), ExportError> {
        let mut group = self.file.next_row_group().map_err(encoding)?;
        for cells in &mut self.waiting {
            let mut column = group.next_column().map_err(encoding)?.ok_or_else(too_few)?;
            write_column(&mut column, &std::mem::take(cells))?;
            column.close().map_err(encoding)?;
        }
        let mut column = group.next_column().map_err(encoding)?.ok_or_else(too_few)?;
        let entries = std::mem::take(&mut self.entries);
        if let ColumnWriter::ByteArrayColumnWriter(writer) = column.untyped() {
            writer.write_batch(&entries, None, None).map_err(encoding)?;
        }
        column.close().map_err(encoding)?;
        group.close().map_err(encoding)?;
        self.entry_bytes = 0;
        // What was written stands in the buffer of the file's writer until it is flushed.
        self.file.flush().map_err(|error| ExportError::Encoding(error.to_string()))
    }
}

/// Writes a column's cells: the values that are there, and for each row whether there is one.
fn write_column(column: &mut SerializedColumnWriter<'_>, cells: &[Option<Value>]) -> Result<(), ExportError> {
    let levels: Vec<i16> = cells.iter().map(|cell| i16::from(cell.is_some())).collect();
    let levels = Some(levels.as_slice());
    let present = || cells.iter().flatten();
    let written = match column.untyped() {
        ColumnWriter::ByteArrayColumnWriter(writer) => {
            let values: Vec<ByteArray> = present().filter_map(Value::as_bytes).collect();
            writer.write_batch(&values, levels, None)
        }
        ColumnWriter::Int64ColumnWriter(writer) => {
            let values: Vec<i64> = present().filter_map(Value::as_integer).collect();
            writer.write_batch(&values, levels, None)
        }
        ColumnWriter::DoubleColumnWriter(writer) => {
            let values: Vec<f64> = present().filter_map(Value::as_number).collect();
            writer.write_batch(&values, levels, None)
        }
        ColumnWriter::BoolColumnWriter(writer) => {
            let values: Vec<bool> = present().filter_map(Value::as_boolean).collect();
            writer.write_batch(&values, levels, None)
        }
        _ => return Err(too_few()),
    };
    written.map(drop).map_err(encoding)
}

impl Value {
    fn as_bytes(&self) -> Option<ByteArray> {
        match self {
            Self::Text(text) => Some(ByteArray::from(text.as_str())),
            _ => None,
        }
    }

    fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            Self::Time(time) => i64::try_from(time.instant().unix_timestamp_nanos() / 1_000).ok(),
            _ => None,
        }
    }

    fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    fn as_boolean(&self) -> Option<bool> {
        match self {
            Self::Boolean(answer) => Some(*answer),
            _ => None,
        }
    }
}

fn schema() -> Result<TypePtr, ExportError> {
    let mut fields = Vec::with_capacity(COLUMNS.len() + 1);
    for column in COLUMNS {
        fields.push(Arc::new(field(column, Repetition::OPTIONAL)?));
    }
    fields.push(Arc::new(field(Column { name: ENTRY, kind: Kind::Text }, Repetition::REQUIRED)?));
    let schema = Type::group_type_builder("audit_log").with_fields(fields).build().map_err(encoding)?;
    Ok(Arc::new(schema))
}

fn field(column: Column, repetition: Repetition) -> Result<Type, ExportError> {
    let builder = |physical| Type::primitive_type_builder(column.name, physical).with_repetition(repetition);
    let field = match column.kind {
        Kind::Text => builder(Physical::BYTE_ARRAY)
            .with_converted_type(ConvertedType::UTF8)
            .with_logical_type(Some(LogicalType::String)),
        Kind::Integer => builder(Physical::INT64),
        Kind::Number => builder(Physical::DOUBLE),
        Kind::Boolean => builder(Physical::BOOLEAN),
        Kind::Time => builder(Physical::INT64).with_logical_type(Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
    };
    field.build().map_err(encoding)
}

fn encoding(error: impl std::fmt::Display) -> ExportError {
    ExportError::Encoding(error.to_string())
}

fn too_few() -> ExportError {
    ExportError::Encoding("a row has another number of columns, or another kind in one, than the file".to_owned())
}
