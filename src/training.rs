//! Training a model from a file of past loans.

pub mod benchmark;
pub mod binning;
pub mod boosting;
pub mod calibrate;
pub mod column;
pub mod csv_rows;
pub mod dataset;
pub mod design;
pub mod encode;
pub mod engine;
pub mod evaluate;
pub mod evaluation;
pub mod fit;
pub mod importers;
pub mod inner;
pub mod intervals;
pub mod parameters;
pub mod report;
pub mod rows;
pub mod run;
pub mod schema_file;
pub mod segments;
pub mod smartcore_engine;
pub mod smartcore_estimator;
pub mod validation;
