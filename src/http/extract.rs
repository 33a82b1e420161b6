//! What a handler is given: who calls, under which request, with what.

mod allowed;
mod body;
mod headers;
mod query;

pub(in crate::http) use allowed::bearer_token;
pub use allowed::{Allowed, Permit, permit};
pub use body::JsonBody;
pub(in crate::http) use body::read as read_body;
pub use headers::{IdempotencyHeader, RequestName, SeenVersion};
pub use query::QueryReader;

use std::str::FromStr;

use super::problem::Problem;

/// Reads an identifier from the path. One that has not the form of an identifier names nothing.
pub fn path_id<T: FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}
