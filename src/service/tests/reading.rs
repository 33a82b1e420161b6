use super::{
    super::{
        applications::{Filter, ReadError, explanation, list, show},
        audit::record_what_is_in_force,
        models, policies,
        simulate::simulate,
        view::{PageLimit, Status},
    },
    *,
};
use crate::{audit::entry::Action, domain::decision::Outcome};

fn officer() -> Principal {
    principal(Role::Officer, "ada")
}

#[rstest]
#[tokio::test]
async fn a_list_is_read_page_by_page_newest_first_without_gaps_or_repeats(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    let mut ids = bench.submit_many(25).await;
    ids.sort_unstable();
    ids.reverse();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = list(&bench.app, &officer(), &Filter::default(), after, PageLimit::new(10).unwrap()).await.unwrap();
        seen.extend(page.data.iter().map(|view| view.id));
        assert_eq!(page.has_more, page.next.is_some());
        let Some(next) = page.next else { break };
        after = Some(next.parse().unwrap());
    }
    assert_eq!(seen, ids);
}

#[rstest]
#[tokio::test]
async fn every_filter_gives_exactly_what_it_says(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let bench = Bench::on(backend).await;
    let (approved, answer) = bench.submit("R-A", 6).await;
    assert_eq!(answer["decision"]["outcome"], "approve");
    bench.clock.advance(Duration::hours(1));
    let (reviewed, _) = bench.submit("R-B", 24).await;
    bench.clock.advance(Duration::hours(1));
    let (declined, _) = bench.submit("R-B", 70).await;
    let from = |hours| noon().checked_add(Duration::hours(hours));
    let cases = [
        (Filter { outcome: Some(Outcome::Approve), ..Filter::default() }, vec![approved]),
        (Filter { status: Some(Status::AwaitingReview), ..Filter::default() }, vec![reviewed]),
        (Filter { status: Some(Status::Decided), ..Filter::default() }, vec![declined, approved]),
        (Filter { external_reference: Some("R-B".into()), ..Filter::default() }, vec![declined, reviewed]),
        (Filter { from: from(1), ..Filter::default() }, vec![declined, reviewed]),
        (Filter { to: from(1), ..Filter::default() }, vec![approved]),
        (Filter { from: from(1), to: from(2), ..Filter::default() }, vec![reviewed]),
        (
            Filter { outcome: Some(Outcome::Decline), external_reference: Some("R-A".into()), ..Filter::default() },
            vec![],
        ),
    ];
    for who in [officer(), principal(Role::Service, "los-1")] {
        for (filter, expected) in &cases {
            let page = list(&bench.app, &who, filter, None, PageLimit::default()).await.unwrap();
            assert_eq!(page.data.iter().map(|view| view.id).collect::<Vec<_>>(), *expected, "{filter:?} {who:?}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_service_sees_its_own_applications_and_of_others_that_there_are_none(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    let (id, _) = bench.submit("R-1", 24).await;
    let stranger = principal(Role::Service, "los-2");
    assert!(list(&bench.app, &stranger, &Filter::default(), None, PageLimit::default()).await.unwrap().data.is_empty());
    assert!(matches!(show(&bench.app, &stranger, id).await, Err(ReadError::NotFound)));
    assert!(matches!(explanation(&bench.app, &stranger, id).await, Err(ReadError::NotFound)));
    assert!(show(&bench.app, &principal(Role::Service, "los-1"), id).await.is_ok());
}

#[rstest]
#[tokio::test]
async fn a_service_does_not_see_what_its_namesake_in_another_role_submitted(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    let (officer, service) = (principal(Role::Officer, "twin"), principal(Role::Service, "twin"));
    let answer = submit(&bench.app, bench.call(&officer, None), &form("R-1", 24)).await.unwrap();
    let page = list(&bench.app, &service, &Filter::default(), None, PageLimit::default()).await.unwrap();
    assert!(page.data.is_empty());
    assert!(matches!(show(&bench.app, &service, answer.application_id).await, Err(ReadError::NotFound)));
    assert!(show(&bench.app, &officer, answer.application_id).await.is_ok());
    let report = bench.verify().await;
    assert!(report.intact, "{:?}", report.message);
}

#[rstest]
#[tokio::test]
async fn an_application_is_shown_as_it_was_answered_with_its_history(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    let (id, answer) = bench.submit("R-1", 24).await;
    let shown = serde_json::to_value(show(&bench.app, &officer(), id).await.unwrap()).unwrap();
    for (field, value) in answer.as_object().unwrap() {
        assert_eq!(&shown[field], value, "{field}");
    }
    assert_eq!(shown["history"][0]["action"], "application.decided");
    assert_eq!(shown["history"][0]["actor"], json!({"subject": "los-1", "role": "service"}));
    assert_eq!(shown["history"][0]["at"], "2026-11-22T12:00:00.000000Z");
}

#[rstest]
#[tokio::test]
async fn a_simulation_decides_alike_and_leaves_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let bench = Bench::on(backend).await;
    let simulated = serde_json::to_value(simulate(&bench.app, &form("R-1", 24)).unwrap()).unwrap();
    assert!(simulated["decision"].get("audit").is_none());
    assert_eq!(bench.verify().await.entries, 0);
    let (_, answer) = bench.submit("R-1", 24).await;
    for field in ["outcome", "probability_of_default", "score", "grade", "reasons", "rules", "model", "policy"] {
        assert_eq!(simulated["decision"][field], answer["decision"][field], "{field}");
    }
}

#[rstest]
#[tokio::test]
async fn entries_are_listed_by_time_subject_and_action(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let bench = Bench::on(backend).await;
    let (first, _) = bench.submit("R-1", 24).await;
    bench.clock.advance(Duration::hours(1));
    bench.submit("R-2", 24).await;
    bench.clock.advance(Duration::hours(1));
    bench.submit("R-3", 24).await;
    let at = |hours| noon().checked_add(Duration::hours(hours));
    let cases = [
        (audit::Filter::default(), vec![0, 1, 2]),
        (audit::Filter { from: at(1), ..Default::default() }, vec![1, 2]),
        (audit::Filter { to: at(1), ..Default::default() }, vec![0]),
        (audit::Filter { from: at(1), to: at(2), ..Default::default() }, vec![1]),
        (audit::Filter { from: at(3), ..Default::default() }, vec![]),
        (audit::Filter { subject: Some(first.to_string()), ..Default::default() }, vec![0]),
        (audit::Filter { action: Some(Action::ApplicationReviewed), ..Default::default() }, vec![]),
    ];
    for (filter, expected) in cases {
        let page = audit::entries(&bench.app, &filter, None, PageLimit::default()).await.unwrap();
        assert_eq!(page.data.iter().map(|view| view.entry.sequence).collect::<Vec<_>>(), expected, "{filter:?}");
    }
    let page =
        audit::entries(&bench.app, &audit::Filter::default(), Some(0), PageLimit::new(1).unwrap()).await.unwrap();
    assert_eq!((page.data[0].entry.sequence, page.next.as_deref()), (1, Some("1")));
    let head = audit::head(&bench.app).await.unwrap();
    assert_eq!((head.size, head.updated_at), (3, at(2)));
}

#[rstest]
#[tokio::test]
async fn the_registry_shows_what_decides(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let bench = Bench::on(backend).await;
    record_what_is_in_force(&bench.app).await.unwrap();
    let listed = models::list(&bench.app).await.unwrap();
    assert_eq!((listed[0].name.as_str(), listed[0].active), ("example", true));
    let shown = models::show(&bench.app, "example", "1").await.unwrap();
    assert_eq!((shown.card.as_str(), shown.features.len()), ("# A card", 3));
    assert_eq!(shown.features[0].monotone.as_deref(), Some("increasing"));
    let absent = models::show(&bench.app, "example", "2").await.unwrap_err();
    assert!(matches!(absent, models::ShowError::NotFound), "{absent}");
    let policies = policies::list(&bench.app).await.unwrap();
    assert_eq!((policies[0].version.as_str(), policies[0].activations.len()), ("2", 1));
}
