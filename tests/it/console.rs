//! The console over HTTP, as a browser meets it.

mod accounts;
mod application;
pub(crate) mod browser;
mod home;
mod letters;
mod lists;
pub(crate) mod new_application;
mod personal;
mod registry;
mod roles;
mod sessions;
mod shell;
mod style;
mod translated;
mod weight;
mod what_if;
