//! Which reasons are stated.
