//! Training a model from a file of past loans.

pub mod binning;
pub mod boosting;
pub mod calibrate;
pub mod csv_rows;
pub mod encode;
pub mod evaluate;
pub mod parameters;
pub mod schema_file;
