//! The list of applications: filters in its address, pages by key, views, CSV.

use time::Duration;
use underwright::domain::principal::Role;

use super::browser::{Browser, text};
use crate::{
    app::{TestApp, application, application_for},
    store::Backend,
};

/// How often an application is linked to.
fn lines(page: &str) -> usize {
    page.matches("href=\"/applications/app_").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_live_in_the_address_on_either_store() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let app = TestApp::spawn_on(backend).await;
        for purpose in ["medical", "medical", "vacation"] {
            app.service().submit(&application_for(purpose)).await;
        }
        app.clock.advance(Duration::hours(14));
        let mut large = application();
        large["external_reference"] = "LARGE".into();
        large["loan"]["amount"] = 1_300_000.into();
        app.service().submit(&large).await;
        let officer = Browser::signed_in(&app, Role::Officer).await;
        for (query, expected) in [
            ("", 4),
            ("?status=awaiting_review", 2),
            ("?status=decided", 2),
            ("?outcome=decline", 1),
            ("?outcome=approve&status=awaiting_review", 0),
            ("?reference=LARGE", 1),
            ("?reference=LARG", 0),
            ("?amount_from=12%2C000.01", 1),
            ("?amount_to=12000", 3),
            ("?from=2026-11-23", 1),
            ("?to=2026-11-22", 3),
            ("?from=2026-11-24&to=2026-11-25", 0),
            ("?score_from=0&score_to=1000", 4),
            ("?score_from=1001", 0),
        ] {
            let page = officer.page(&format!("/applications{query}")).await;
            assert_eq!(lines(&page), expected, "{query}");
        }
        let answer = officer.get("/applications?amount_from=lots&from=%3Cb%3E").await;
        assert_eq!(answer.status, 422);
        let page = text(&answer);
        assert!(page.contains("Some filters cannot be read") && page.contains("value=\"lots\""), "{page}");
        assert!(page.contains("value=\"&#60;b&#62;\"") && !page.contains("<b>\""), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_each_other_by_key_and_no_application_is_missed_or_shown_twice() {
    let app = TestApp::spawn().await;
    for _ in 0..120 {
        app.service().submit(&application_for("medical")).await;
    }
    let officer = Browser::signed_in(&app, Role::Officer).await;
    for list in ["/applications", "/waiting", "/applications?score_to=1000"] {
        let (mut address, mut seen, mut pages) = (list.to_owned(), std::collections::BTreeSet::new(), 0);
        loop {
            let page = officer.page(&address).await;
            let ids: Vec<&str> = page.split("href=\"/applications/app_").skip(1).map(|rest| &rest[..36]).collect();
            pages += 1;
            for id in ids {
                assert!(seen.insert(id.to_owned()), "{list}: {id} twice");
            }
            // A page that was submitted meanwhile changes nothing of the pages behind.
            app.service().submit(&application()).await;
            let Some((_, rest)) = page.split_once("rel=\"next\" href=\"") else { break };
            address = rest.split('"').next().expect("its end").replace("&#38;", "&");
        }
        assert!(seen.len() >= 120 && pages >= 3, "{list}: {} on {pages} pages", seen.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_is_kept_for_its_owner_and_removed() {
    let app = TestApp::spawn().await;
    let officer = Browser::signed_in(&app, Role::Officer).await;
    let fields = [("name", " <i>Large</i> ones "), ("query", "amount_from=10000&status=decided&after=app_x&evil=1")];
    let answer = officer.submit("/applications", "/applications/views", &fields).await;
    assert_eq!(answer.header("location"), Some("/applications?status=decided&amount_from=10000"));
    let page = officer.page("/applications?status=decided&amount_from=10000").await;
    assert!(page.contains("<h1><bdi>&#60;i&#62;Large&#60;/i&#62; ones</bdi></h1>"), "{page}");
    let other = Browser::signed_in(&app, Role::Manager).await.page("/applications").await;
    assert!(!other.contains("Large"), "another's");
    officer.submit("/applications", "/applications/views/remove", &[("name", "<i>Large</i> ones")]).await;
    assert!(!officer.page("/applications").await.contains("Large"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_csv_holds_what_is_shown_and_no_formula() {
    let app = TestApp::spawn().await;
    let mut formula = application_for("medical");
    formula["external_reference"] = "=cmd|'/c calc'!A1".into();
    app.service().submit(&formula).await;
    app.service().submit(&application()).await;
    let officer = Browser::signed_in(&app, Role::Officer).await;
    let answer = officer.get("/applications.csv?outcome=review").await;
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(answer.header("content-disposition").is_some_and(|value| value.contains("applications.csv")));
    let file = text(&answer);
    let lines: Vec<&str> = file.lines().collect();
    assert_eq!(lines.len(), 2, "{file}");
    assert_eq!(
        lines[0],
        "id,external_reference,received_at,outcome,amount,currency,score,grade,probability_of_default"
    );
    assert!(lines[1].contains(",'=cmd|") && lines[1].contains(",12000.00,USD,"), "{file}");
}
