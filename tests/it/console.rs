//! The console over HTTP, as a browser meets it.

pub(crate) mod browser;
mod roles;
mod sessions;
mod shell;
