//! One entry and its canonical bytes (RFC 8785).
