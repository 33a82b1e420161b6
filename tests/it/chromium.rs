//! The console in a real Chromium, as the people use it who work in it all day.
//!
//! Needs the Debian packages `chromium`, `chromium-driver` and `fonts-noto-cjk`, and `axe-core` where `scripts/test` puts
//! it; without them these tests fail and say so. One chromedriver serves all of them, two browsers at a time.

mod acts;
mod axe;
mod harness;
mod new_application;
mod pages;

use underwright::domain::principal::Role;

use crate::app::TestApp;
pub(crate) use crate::browser::{Look, Page};

impl Page {
    /// Opens a browser on a server's sign-in.
    pub(crate) async fn open(app: &TestApp, look: Look) -> Self {
        Self::open_at(app.address, look).await
    }

    /// Opens a browser and signs in as a role, as development mode does it.
    pub(crate) async fn signed_in(app: &TestApp, role: Role, look: Look) -> Self {
        let page = Self::open(app, look).await;
        page.sign_in(role).await;
        page
    }
}
