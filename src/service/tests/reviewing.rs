use super::{
    super::{
        applications::{explanation, show},
        review::{ReviewError, decide},
    },
    *,
};
use crate::{
    audit::entry::Action,
    domain::{decision::Outcome, fault::Refusal},
};

const DECLINE: &[u8] = br#"{"outcome": "decline", "reason_codes": ["UW-LONG-TERM", "EX-PHONE"], "note": "Called."}"#;
const APPROVE: &[u8] = br#"{"outcome": "approve", "reason_codes": ["EX-PHONE"]}"#;

async fn review(bench: &Bench, id: ApplicationId, seen_version: u32, body: &[u8]) -> Result<Value, ReviewError> {
    let who = principal(Role::Officer, "ada");
    let answer = decide(&bench.app, bench.call(&who, None), id, seen_version, body).await?;
    assert_eq!((answer.status, answer.version), (200, seen_version + 1));
    Ok(serde_json::from_slice(&answer.body).unwrap())
}

#[rstest]
#[tokio::test]
async fn a_person_decides_what_awaits_review_and_states_why(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    let (id, before) = bench.submit("R-1", 24).await;
    bench.clock.advance(Duration::minutes(5));
    let after = review(&bench, id, 1, DECLINE).await.unwrap();
    assert_eq!((&after["status"], &after["version"]), (&json!("decided"), &json!(2)));
    let decision = &after["decision"];
    assert_eq!((&decision["outcome"], &decision["automatic"]), (&json!("decline"), &json!(false)));
    assert_eq!(decision["reasons"][0]["text"], "The term is longer than we lend for");
    assert_eq!(decision["reasons"][1]["code"], "EX-PHONE");
    assert_eq!(decision["audit"]["sequence"], 1);
    assert_ne!(decision["id"], before["decision"]["id"]);
    assert_eq!(decision["probability_of_default"], before["decision"]["probability_of_default"]);
    assert_eq!(decision["decided_at"], "2026-11-22T12:05:00.000000Z");
    assert_eq!(after["applicant"], before["applicant"]);
    assert!(bench.verify().await.intact);
}

#[rstest]
#[tokio::test]
async fn an_override_is_kept_beside_what_it_overrides(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let bench = Bench::on(backend).await;
    let (id, _) = bench.submit("R-1", 24).await;
    review(&bench, id, 1, DECLINE).await.unwrap();
    let approved = review(&bench, id, 2, APPROVE).await.unwrap();
    assert_eq!(approved["decision"]["reasons"], json!([]), "an approval states no reasons");
    let auditor = principal(Role::Auditor, "max");
    let detail = show(&bench.app, &auditor, id).await.unwrap();
    let outcomes: Vec<_> = detail.history.iter().map(|step| (step.sequence, step.action, step.outcome)).collect();
    assert_eq!(
        outcomes,
        [
            (0, Action::ApplicationDecided, Outcome::Review),
            (1, Action::ApplicationReviewed, Outcome::Decline),
            (2, Action::ApplicationReviewed, Outcome::Approve),
        ]
    );
    assert_eq!(detail.history[1].note.as_deref(), Some("Called."));
    assert_eq!(detail.history[1].actor, principal(Role::Officer, "ada"));
    assert_eq!(detail.history[2].reason_codes[0].as_str(), "EX-PHONE", "the reviewer's codes are kept");
    assert_eq!(detail.view.version, 3);
    let report = bench.verify().await;
    assert_eq!((report.intact, report.entries), (true, 3), "{:?}", report.message);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_decide_on_one_version_exactly_one_wins(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Arc::new(Bench::on(backend).await);
    let (id, _) = bench.submit("R-1", 24).await;
    let tasks: Vec<_> = (0..20)
        .map(|i| {
            let bench = Arc::clone(&bench);
            tokio::spawn(async move { review(&bench, id, 1, if i % 2 == 0 { APPROVE } else { DECLINE }).await })
        })
        .collect();
    let mut won = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => won += 1,
            Err(ReviewError::VersionMismatch { current: 2 }) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(won, 1);
    let report = bench.verify().await;
    assert_eq!((report.intact, report.entries), (true, 2), "{:?}", report.message);
}

#[rstest]
#[tokio::test]
async fn a_reason_that_is_not_in_the_catalogue_is_refused_with_those_that_are(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    let (id, _) = bench.submit("R-1", 24).await;
    let body = br#"{"outcome": "decline", "reason_codes": ["EX-PHONE", "XX-UNKNOWN"]}"#;
    let ReviewError::Refused(Refusal::Faults(faults)) = review(&bench, id, 1, body).await.unwrap_err() else {
        panic!("not refused")
    };
    assert_eq!(faults[0].pointer, "/reason_codes/1");
    assert!(faults[0].message.contains("EX-ACCOUNT") && faults[0].message.contains("UW-LONG-TERM"));
    assert_eq!(bench.verify().await.entries, 1);
}

#[rstest]
#[tokio::test]
async fn what_is_not_there_or_no_longer_as_it_was_seen_is_not_decided(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    let (id, _) = bench.submit("R-1", 24).await;
    assert!(matches!(review(&bench, id, 3, APPROVE).await, Err(ReviewError::VersionMismatch { current: 1 })));
    let nobody = bench.app.ids().application(noon());
    assert!(matches!(review(&bench, nobody, 1, APPROVE).await, Err(ReviewError::NotFound)));
}

#[rstest]
#[tokio::test]
async fn a_review_under_a_key_is_made_once_and_answered_again_though_the_version_moved_on(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    let (id, _) = bench.submit("R-1", 24).await;
    let (who, key) = (principal(Role::Officer, "ada"), key("k-1"));
    let first = decide(&bench.app, bench.call(&who, Some(&key)), id, 1, DECLINE).await.unwrap();
    let again = decide(&bench.app, bench.call(&who, Some(&key)), id, 1, DECLINE).await.unwrap();
    assert!(again.replayed);
    assert_eq!((again.body, again.version), (first.body, 2));
    assert_eq!(bench.verify().await.entries, 2);
}

#[rstest]
#[tokio::test]
async fn an_explanation_stays_what_model_and_policy_decided_by(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    let (id, _) = bench.submit("R-1", 24).await;
    let auditor = principal(Role::Auditor, "max");
    let before = explanation(&bench.app, &auditor, id).await.unwrap();
    review(&bench, id, 1, APPROVE).await.unwrap();
    assert_eq!(explanation(&bench.app, &auditor, id).await.unwrap(), before);
    let sum: f64 = before.contributions.iter().map(|part| part.contribution).sum();
    assert!((before.baseline + sum - before.margin).abs() < 1e-9);
}
