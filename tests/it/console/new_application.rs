//! A new application, as an officer types it in.

use std::time::Duration;

use futures_util::future::join;
use serde_json::Value;
use underwright::{
    domain::principal::Role,
    service::recorder,
    storage::{DatabaseUrl, Db},
};

use super::browser::{Browser, text};
use crate::app::{Options, Received, TestApp, application};

pub(crate) const PATH: &str = "/applications/new";

/// The contract's example, as people write it, in the order of the form.
pub(crate) const EXAMPLE: &[(&str, &str)] = &[
    ("/applicant/reference", "C-88121"),
    ("/applicant/given_name", "Ada"),
    ("/applicant/family_name", "Example"),
    ("/applicant/date_of_birth", "14 March 1988"),
    ("/applicant/national_id", "123-45-6789"),
    ("/applicant/email", "ada@example.com"),
    ("/applicant/phone", "+1 555 0100"),
    ("/applicant/address/lines", "1 Main St"),
    ("/applicant/address/city", "Springfield"),
    ("/applicant/address/region", "IL"),
    ("/applicant/address/postal_code", "62701"),
    ("/applicant/address/country", "us"),
    ("/loan/amount", "12,000.00"),
    ("/loan/currency", "USD"),
    ("/loan/term_months", "36"),
    ("/loan/purpose", "debt_consolidation"),
    ("/external_reference", "LOS-2026-000123"),
    ("/finances/annual_income", "64,000"),
    ("/finances/income_verification", "source_verified"),
    ("/finances/monthly_debt_payments", "980"),
    ("/finances/home_ownership", "rent"),
    ("/employment/years", "4"),
    ("bureau", "file"),
    ("/bureau/delinquencies_24m", "0"),
    ("/bureau/inquiries_6m", "1"),
    ("/bureau/open_accounts", "9"),
    ("/bureau/total_accounts", "21"),
    ("/bureau/public_records", "0"),
    ("/bureau/bankruptcies", "0"),
    ("/bureau/revolving_balance", "8,400"),
    ("/bureau/revolving_utilization", "43.1"),
    ("/bureau/first_credit_line", "2004-06-01"),
];

/// The example with some fields typed otherwise.
fn with<'a>(other: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let typed_otherwise = |name: &str| other.iter().any(|(other, _)| *other == name);
    EXAMPLE.iter().filter(|(name, _)| !typed_otherwise(name)).chain(other).copied().collect()
}

/// The idempotency key of a page's form.
fn key(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"key\" value=\"").expect("a key");
    rest.split('"').next().expect("an attribute's end").to_owned()
}

async fn count(app: &TestApp) -> usize {
    let list: Value = app.officer().get("/v1/applications").await.expect(200);
    list["data"].as_array().expect("a list").len()
}

/// What an officer's browser is answered under a key.
async fn send(officer: &Browser, key: &str, typed: &[(&str, &str)]) -> Received {
    let mut fields = typed.to_vec();
    fields.push(("key", key));
    officer.submit(PATH, PATH, &fields).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_is_decided_at_once_and_is_what_the_interface_would_have_been_sent() {
    let app = TestApp::spawn().await;
    let officer = Browser::signed_in(&app, Role::Officer).await;
    let answer = officer.submit(PATH, PATH, EXAMPLE).await;
    let address = answer.header("location").expect("an address").to_owned();
    assert_eq!((answer.status.as_u16(), answer.body.len()), (303, 0), "nothing personal comes back");
    assert!(officer.page(&address).await.contains("pill approve"));
    let made: Value = app.officer().get(&format!("/v1{address}")).await.expect(200);
    let sent = app.service().submit(&application()).await;
    assert_eq!((&made["applicant"], &made["application"]), (&sent["applicant"], &sent["application"]));
    assert_eq!(made["decision"]["score"], sent["decision"]["score"]);
    let actor = &made["history"][0]["actor"];
    assert_eq!(actor["role"], "officer", "{actor}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_beside_its_field_and_everything_typed_is_kept_whatever_it_is() {
    let app = TestApp::spawn().await;
    let officer = Browser::signed_in(&app, Role::Officer).await;
    let long = "<script>alert(1)</script>\u{202e}\"'&".repeat(400);
    let other = [
        ("/applicant/given_name", long.as_str()),
        ("/applicant/address/lines", "</textarea><img src=x onerror=alert(1)>"),
        ("/loan/amount", "12.000,00"),
        ("/loan/purpose", ""),
    ];
    let typed = with(&other);
    let answer = officer.submit(PATH, PATH, &typed).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (422, Some("no-store")));
    let page = text(&answer);
    assert!(page.contains("<title>Error: New application"), "{page}");
    for (id, fault) in [
        ("applicant-given_name", "Write at most 200 characters"),
        ("loan-amount", "Write an amount such as 12,000.00"),
        ("loan-purpose", "Must be given"),
    ] {
        assert!(page.contains(&format!("<a href=\"#{id}\">")), "{id} is in the summary");
        assert!(page.contains(&format!("id=\"{id}-fault\">{fault}</p>")), "{id}: {fault}");
        let (_, control) = page.split_once(&format!(" id=\"{id}\"")).expect("a control");
        let control = control.split('>').next().expect("its end");
        assert!(control.contains("aria-invalid=\"true\"") && control.contains(&format!("{id}-fault\"")), "{control}");
    }
    assert_eq!(page.matches("aria-invalid").count(), 3);
    assert!(!page.contains("<script>alert") && !page.contains("<img") && page.contains("\u{202e}"), "escaped, not cut");
    for kept in ["value=\"12.000,00\"", "value=\"14 March 1988\"", "value=\"43.1\"", "&#60;/textarea&#62;"] {
        assert!(page.contains(kept), "{kept}");
    }
    assert!(page.contains("<option value=\"rent\" selected>"), "{page}");
    assert_eq!(count(&app).await, 0);
    let empty = officer.page(PATH).await;
    assert!(!empty.contains("14 March 1988") && !empty.contains("aria-invalid"), "nothing is kept but in that answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_form_makes_one_application_however_often_it_is_sent() {
    let app = TestApp::spawn().await;
    let officer = Browser::signed_in(&app, Role::Officer).await;
    let first = key(&officer.page(PATH).await);
    let (one, other) = join(send(&officer, &first, EXAMPLE), send(&officer, &first, EXAMPLE)).await;
    let again = send(&officer, &first, EXAMPLE).await;
    let address = one.header("location").expect("an address");
    assert!(address.starts_with("/applications/app_"), "{address}");
    for answer in [&one, &other, &again] {
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, Some(address)));
    }
    // Back, another amount, and sent again: another application, once the officer has been told.
    let changed = with(&[("/loan/amount", "13,000")]);
    let told = send(&officer, &first, &changed).await;
    let page = text(&told);
    assert_eq!(told.status, 422);
    assert!(
        page.contains("An application was already made from this form") && page.contains("value=\"13,000\""),
        "{page}"
    );
    assert_ne!(key(&page), first);
    let second = send(&officer, &key(&page), &changed).await;
    assert_ne!(second.header("location").expect("an address"), address);
    assert_eq!(count(&app).await, 2);
    // A form at fault has recorded nothing: mended, it goes on under its key.
    let third = key(&officer.page(PATH).await);
    let faulty = send(&officer, &third, &with(&[("/loan/amount", "")])).await;
    assert_eq!((faulty.status.as_u16(), key(&text(&faulty))), (422, third.clone()));
    assert_eq!(send(&officer, &third, EXAMPLE).await.status, 303);
    assert_eq!(count(&app).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_what_recording_would_and_repeats_nothing() {
    let app = TestApp::spawn().await;
    let officer = Browser::signed_in(&app, Role::Officer).await;
    let check = format!("{PATH}/check");
    let sound = officer.submit(PATH, &check, EXAMPLE).await;
    assert_eq!(sound.expect(200), serde_json::json!({}));
    let typed = with(&[
        ("/applicant/given_name", "Canary4711\u{7}"),
        ("/applicant/email", "Canary4711 at home"),
        ("/bureau/total_accounts", "8"),
    ]);
    let found = officer.submit(PATH, &check, &typed).await;
    assert!(!text(&found).contains("Canary4711"));
    assert_eq!(found.header("cache-control"), Some("no-store"));
    let told = found.expect(200);
    let names: Vec<&String> = told.as_object().expect("an object").keys().collect();
    assert_eq!(names, ["/applicant/email", "/applicant/given_name", "/bureau/total_accounts"], "{told}");
    let refused = officer.submit(PATH, PATH, &typed).await;
    for fault in told.as_object().expect("an object").values() {
        assert!(text(&refused).contains(fault.as_str().expect("a text")), "{fault}");
    }
    assert_eq!(count(&app).await, 0, "nothing is recorded by a check");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_store_is_silent_what_was_typed_stays_and_is_sent_again_under_its_key() {
    let recorder =
        recorder::Settings { record_within: Some(Duration::from_millis(50)), ..recorder::Settings::default() };
    let app = TestApp::spawn_with(Options { recorder, ..Options::default() }).await;
    let officer = Browser::signed_in(&app, Role::Officer).await;
    let first = key(&officer.page(PATH).await);
    app.service().submit(&application()).await;
    let other = Db::open(&DatabaseUrl::parse(&app.store.url()).expect("an address")).await.expect("it opens");
    let blocking = other.write().await.expect("nobody else writes");
    let (service, body) = (app.service(), application());
    let mut waiting = Vec::new();
    let refused = loop {
        let mut answer = Box::pin(service.post("/v1/applications", &body));
        match tokio::time::timeout(Duration::from_millis(200), &mut answer).await {
            Err(_) => waiting.push(answer),
            Ok(_) => break send(&officer, &first, EXAMPLE).await,
        }
    };
    assert_eq!(refused.status, 503);
    assert!(refused.header("retry-after").is_some());
    let page = text(&refused);
    assert!(page.contains("Too much is waiting") && page.contains("value=\"14 March 1988\""), "{page}");
    assert_eq!(key(&page), first);
    drop(blocking);
    other.close().await;
    for answer in waiting {
        answer.await;
    }
    assert_eq!(send(&officer, &first, EXAMPLE).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_no_page_of_the_session_is_refused() {
    let app = TestApp::spawn().await;
    let officer = Browser::signed_in(&app, Role::Officer).await;
    for path in [PATH.to_owned(), format!("{PATH}/check")] {
        assert_eq!(officer.post(&path, EXAMPLE).await.status, 403, "{path}");
    }
    assert_eq!(count(&app).await, 0);
}
