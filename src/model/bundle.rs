//! The files of a model bundle: reading, checking, writing.
