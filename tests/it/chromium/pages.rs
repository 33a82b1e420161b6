//! What holds on every main page: anybody can use it, on any window, by day and by night.

use underwright::domain::principal::Role;

use super::{Look, Page};
use crate::app::{TestApp, application, application_for};

/// Role and path of each main page.
const PAGES: &[(Role, &[&str])] = &[
    (Role::Officer, &["/", "/applications", "/applications/{id}", "/applications/new", "/waiting", "/sessions"]),
    (Role::Risk, &["/", "/models", "/models/personal-loan/1", "/policy"]),
    (Role::Auditor, &["/audit", "/audit/3", "/audit/verification"]),
    (Role::Privacy, &["/applicants"]),
];

/// With an application that awaits review, by its id.
async fn filled() -> (TestApp, String) {
    let app = TestApp::spawn().await;
    for purpose in ["car", "vacation"] {
        app.service().submit(&application_for(purpose)).await;
    }
    let waiting = app.service().submit(&application_for("medical")).await;
    app.service().submit(&application()).await;
    (app, waiting["id"].as_str().expect("an id").to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_main_page_is_accessible_by_day_and_by_night_and_fits_a_phone() {
    let (app, id) = filled().await;
    for (dark, language) in [(false, "en"), (true, "zh-CN")] {
        let page = Page::open(&app, Look { language, dark, ..Look::DESK }).await;
        page.is_accessible().await;
        for (role, paths) in PAGES {
            page.go("/sign-in").await;
            page.sign_in(*role).await;
            for path in *paths {
                page.resize(1440, 900).await;
                page.go(&path.replace("{id}", &id)).await;
                page.is_accessible().await;
                page.fits_the_window().await;
                page.resize(360, 780).await;
                page.fits_the_window().await;
            }
            page.resize(1440, 900).await;
            page.click("form[action='/sign-out'] button").await;
        }
        page.close().await;
    }
}
