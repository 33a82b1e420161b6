//! Who is calling: verified tokens.
