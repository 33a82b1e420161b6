//! The console in a real Chromium, as the people use it who work in it all day.
//!
//! Needs the Debian packages `chromium`, `chromium-driver` and `fonts-noto-cjk`, and `axe-core` where `scripts/test` puts
//! it; without them these tests fail and say so. One chromedriver serves all of them, two browsers at a time.

mod acts;
mod axe;
mod driver;
mod harness;
mod page;
mod pages;

pub(crate) use page::{Look, Page};
