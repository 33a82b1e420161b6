//! From an application, or a row of a training file, to the numbers that a model reads.

pub mod extract;
pub mod schema;
