//! The `underwright` binary.

fn main() {}
