//! From an application, or a row of a training file, to the numbers that a model reads.
//!
//! A [`schema::Schema`] says what is read; [`extract::Extractor`] is that schema resolved, and reads
//! both kinds of input through the same slots, so that the same applicant gives the same bits.

pub mod extract;
pub mod schema;

mod formula;
mod protected;
mod resolve;
mod slot;
pub(crate) mod source;
