//! The clock, and the source of identifiers and randomness: passed in, never reached for.
