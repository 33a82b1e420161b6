//! The home page: what waits, how the day goes, what needs a look.

use time::Duration;
use underwright::{config, domain::principal::Role};

use super::browser::Browser;
use crate::{
    app::{Options, TestApp, application, application_for},
    store::Backend,
};

#[tokio::test(flavor = "multi_thread")]
async fn it_shows_what_waits_oldest_first_and_what_was_decided_on_either_store() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let console = config::Console { review_target_hours: 12, ..config::Console::default() };
        let app = TestApp::spawn_with(Options { backend, console, ..Options::default() }).await;
        for (reference, purpose) in [("FIRST", "medical"), ("SECOND", "medical"), ("THIRD", "vacation")] {
            let mut application = application_for(purpose);
            application["external_reference"] = reference.into();
            app.service().submit(&application).await;
            app.clock.advance(Duration::hours(7));
        }
        app.service().submit(&application()).await;
        let officer = Browser::signed_in(&app, Role::Officer).await;
        let page = officer.page("/").await;
        let (waiting, recent) = page.split_once("Recent decisions").expect("both lists");
        let (first, second) = (waiting.find("FIRST").expect("waits"), waiting.find("SECOND").expect("waits"));
        assert!(first < second && !waiting.contains("THIRD"), "the oldest first: {waiting}");
        assert!(waiting.contains("2 wait longer than 12 hours"), "{waiting}");
        assert!(waiting.contains("21 hours</span>") && waiting.contains("class=\"count\">2<"), "{waiting}");
        assert!(recent.find("THIRD").expect("decided") < recent.find("SECOND").expect("decided"), "{recent}");
        assert!(page.contains("never verified here"), "nobody has verified the log: {page}");

        let risk = Browser::signed_in(&app, Role::Risk).await.page("/").await;
        assert!(risk.contains("Decided today") && !risk.contains("FIRST"), "risk reads no application: {risk}");
        let service = Browser::signed_in(&app, Role::Service).await.page("/").await;
        assert!(!service.contains("FIRST"), "a service sees its own alone");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_text_is_shown_and_never_obeyed() {
    let app = TestApp::spawn().await;
    let hostile = "<script>alert(1)</script>\u{202e}\u{2066}\"'&";
    let mut application = application_for("medical");
    application["external_reference"] = hostile.into();
    app.service().submit(&application).await;
    let officer = Browser::signed_in(&app, Role::Officer).await;
    for path in ["/", "/applications", "/waiting"] {
        let page = officer.page(path).await;
        assert!(!page.contains("<script>alert"), "{path}");
        assert!(page.contains("<bdi>&#60;script&#62;alert(1)&#60;/script&#62;"), "{path}: {page}");
    }
}
