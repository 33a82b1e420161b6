//! The console over HTTP, as a browser meets it.

pub(crate) mod browser;
mod registry;
mod roles;
mod sessions;
mod shell;
