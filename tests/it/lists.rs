//! Lists: filters, pages, and queries that are refused.

use rstest::rstest;
use serde_json::Value;

use crate::{
    app::{OPENING_ENTRIES, TestApp, application, application_for},
    store::Backend,
};

fn ids(page: &Value) -> Vec<String> {
    let data = page["data"].as_array().expect("a list");
    data.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_one_another_without_gap_or_repeat_while_applications_come_in(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::spawn_on(backend).await;
    let mut submitted = Vec::new();
    for _ in 0..7 {
        submitted.push(app.service().submit(&application()).await["id"].as_str().expect("an id").to_owned());
        app.clock.advance(time::Duration::seconds(1));
    }
    submitted.reverse();
    let mut seen = Vec::new();
    let mut path = "/v1/applications?limit=3".to_owned();
    loop {
        let page = app.officer().get(&path).await.expect(200);
        seen.extend(ids(&page));
        let Some(next) = page["next"].as_str() else {
            assert_eq!(page["has_more"], false);
            break;
        };
        assert_eq!(page["has_more"], true);
        path = format!("/v1/applications?limit=3&after={next}");
        app.service().submit(&application()).await;
        app.clock.advance(time::Duration::seconds(1));
    }
    assert_eq!(seen, submitted, "newest first, as they were when the first page was read");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn filters_narrow_a_list(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::spawn_on(backend).await;
    let mut ids_by_purpose = Vec::new();
    for purpose in ["car", "medical", "vacation"] {
        let mut application = application_for(purpose);
        application["external_reference"] = format!("REF {purpose}").into();
        ids_by_purpose.push(app.service().submit(&application).await["id"].as_str().expect("an id").to_owned());
        app.clock.advance(time::Duration::hours(1));
    }
    let [car, medical, vacation] = [&ids_by_purpose[0], &ids_by_purpose[1], &ids_by_purpose[2]];
    for (query, expected) in [
        ("status=awaiting_review", vec![medical]),
        ("status=decided", vec![vacation, car]),
        ("outcome=decline", vec![vacation]),
        ("external_reference=REF%20car", vec![car]),
        ("external_reference=REF", vec![]),
        ("from=2026-11-22T14:00:00Z", vec![vacation, medical]),
        ("to=2026-11-22T14:00:00Z", vec![car]),
        ("from=2026-11-22T14:00:00Z&to=2026-11-22T15:00:00Z", vec![medical]),
        ("from=2026-11-23", vec![]),
        ("outcome=approve&status=awaiting_review", vec![]),
    ] {
        let page = app.officer().get(&format!("/v1/applications?{query}")).await.expect(200);
        assert_eq!(ids(&page).iter().collect::<Vec<_>>(), expected, "{query}");
    }
}

#[rstest]
#[case("limit=0", "?limit", "unknown_value")]
#[case("limit=101", "?limit", "unknown_value")]
#[case("limit=ten", "?limit", "unknown_value")]
#[case("limit=1&limit=2", "?limit", "duplicate_field")]
#[case("status=open", "?status", "unknown_value")]
#[case("outcome=maybe", "?outcome", "unknown_value")]
#[case("from=yesterday", "?from", "unknown_value")]
#[case("after=1", "?after", "unknown_value")]
#[case("external_reference=", "?external_reference", "wrong_length")]
#[case("colour=red", "?colour", "unknown_field")]
#[case("Limit=1", "?", "unknown_field")]
#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_is_not_as_it_must_be_is_400(#[case] query: &str, #[case] pointer: &str, #[case] code: &str) {
    let app = TestApp::spawn().await;
    let answer = app.officer().get(&format!("/v1/applications?{query}")).await;
    let problem = answer.expect_problem(400, "invalid_query");
    assert_eq!((&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]), (&pointer.into(), &code.into()));
}

#[rstest]
#[case("/v1/applications")]
#[case("/v1/audit/entries")]
#[tokio::test(flavor = "multi_thread")]
async fn a_period_that_ends_before_it_begins_is_422(#[case] path: &str) {
    let app = TestApp::spawn().await;
    let answer = app.auditor().get(&format!("{path}?from=2026-11-23&to=2026-11-22")).await;
    let problem = answer.expect_problem(422, "invalid_values");
    assert_eq!(
        (&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]),
        (&"?to".into(), &"contradiction".into())
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_is_read_in_its_order_a_page_at_a_time(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::spawn_on(backend).await;
    for _ in 0..5 - OPENING_ENTRIES {
        app.service().submit(&application()).await;
    }
    let sequences = |page: &Value| -> Vec<u64> {
        page["data"].as_array().expect("a list").iter().map(|e| e["sequence"].as_u64().expect("a number")).collect()
    };
    let first = app.auditor().get("/v1/audit/entries?limit=3").await.expect(200);
    assert_eq!((sequences(&first), &first["has_more"]), (vec![0, 1, 2], &true.into()));
    let next = first["next"].as_str().expect("a next page");
    let second = app.auditor().get(&format!("/v1/audit/entries?limit=3&after={next}")).await.expect(200);
    assert_eq!((sequences(&second), &second["has_more"], &second["next"]), (vec![3, 4], &false.into(), &Value::Null));
    let entry = &second["data"][0];
    for (name, value) in [("subject", &entry["subject"]), ("request_id", &entry["request_id"])] {
        let value = value.as_str().expect("a text");
        let about = app.auditor().get(&format!("/v1/audit/entries?{name}={value}")).await.expect(200);
        assert_eq!(sequences(&about), [3], "{name}");
    }
    for (query, expected) in [
        ("actor=service:test-service", vec![3, 4]),
        ("actor=service:test-service&limit=1&after=3", vec![4]),
        ("actor=officer:test-service", vec![]),
        ("action=application.decided", vec![3, 4]),
        ("action=model.activated", vec![1]),
        ("action=signing_key.activated&actor=admin:underwright-server", vec![0]),
        ("action=model.activated&from=2026-11-23", vec![]),
    ] {
        let page = app.auditor().get(&format!("/v1/audit/entries?{query}")).await.expect(200);
        assert_eq!(sequences(&page), expected, "{query}");
    }
    app.auditor().get("/v1/audit/entries?action=applications.burnt").await.expect_problem(400, "invalid_query");
    let reviewed = app.auditor().get("/v1/audit/entries?action=application.reviewed").await.expect(200);
    assert_eq!(sequences(&reviewed), Vec::<u64>::new());
}
