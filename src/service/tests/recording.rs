use super::{super::recorder::RecordError, *};
use crate::{
    domain::fault::Refusal,
    storage::{applications, audit, data_keys, idempotency},
};

async fn key_count(bench: &Bench) -> usize {
    usize::try_from(bench.count("SELECT COUNT(*) FROM idempotency_keys").await).unwrap()
}

#[rstest]
#[tokio::test]
async fn an_application_is_answered_with_its_decision_and_its_place_in_the_log(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    let who = principal(Role::Service, "los-1");
    let answer = submit(&bench.app, bench.call(&who, None), &form("R-1", 24)).await.unwrap();
    assert_eq!((answer.status, answer.version, answer.replayed), (201, 1, false));
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["id"], answer.application_id.to_string());
    assert_eq!((&body["status"], &body["version"]), (&json!("awaiting_review"), &json!(1)));
    assert_eq!(body["received_at"], "2026-11-22T12:00:00.000000Z");
    assert_eq!(body["applicant"]["given_name"], "Zaphira");
    assert_eq!(body["decision"]["outcome"], "review");
    assert_eq!(body["decision"]["audit"]["sequence"], 0);
    let mut tx = bench.app.db().read().await.unwrap();
    let stored = audit::list(&mut tx, &audit::EntryListing { limit: 1, ..Default::default() }).await.unwrap();
    assert_eq!(body["decision"]["audit"]["leaf_hash"], stored[0].leaf_hash.to_string());
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_at_once_get_contiguous_places_in_one_log_that_verifies(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    let ids = bench.submit_many(200).await;
    let mut distinct = ids.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), 200);
    let report = bench.verify().await;
    assert!(report.intact, "{:?}", report.message);
    assert_eq!(report.entries, 200);
    let places = "SELECT COUNT(DISTINCT sequence) FROM audit_entries WHERE sequence BETWEEN 0 AND 199";
    assert_eq!(bench.count(places).await, 200);
}

#[rstest]
#[tokio::test]
async fn the_same_request_under_its_key_is_answered_byte_for_byte(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    let first = bench.submit_under(&key("k-1"), &form("R-1", 24)).await.unwrap();
    bench.clock.advance(Duration::hours(1));
    let again = bench.submit_under(&key("k-1"), &form("R-1", 24)).await.unwrap();
    assert!(again.replayed && !first.replayed);
    assert_eq!(Answer { replayed: false, ..again }, first);
    assert_eq!(bench.verify().await.entries, 1);
}

#[rstest]
#[tokio::test]
async fn another_request_under_a_used_key_is_refused_even_when_it_is_invalid(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    bench.submit_under(&key("k-1"), &form("R-1", 24)).await.unwrap();
    for body in [form("R-2", 24), b"{}".to_vec(), b"{".to_vec()] {
        let refused = bench.submit_under(&key("k-1"), &body).await.unwrap_err();
        assert!(matches!(refused, SubmitError::Record(RecordError::KeyReused)), "{refused:?}");
    }
    assert_eq!(bench.verify().await.entries, 1);
}

#[rstest]
#[tokio::test]
async fn a_refused_request_leaves_its_key_free(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let bench = Bench::on(backend).await;
    let refused = bench.submit_under(&key("k-1"), b"{}").await.unwrap_err();
    assert!(matches!(refused, SubmitError::Refused(Refusal::Faults(_))), "{refused:?}");
    assert!(bench.submit_under(&key("k-1"), &form("R-1", 24)).await.is_ok());
}

#[rstest]
#[tokio::test]
async fn keys_of_two_callers_never_meet(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let bench = Bench::on(backend).await;
    let key = key("k-1");
    for subject in ["los-1", "los-2"] {
        let who = principal(Role::Service, subject);
        let answer = submit(&bench.app, bench.call(&who, Some(&key)), &form("R-1", 24)).await.unwrap();
        assert!(!answer.replayed, "{subject}");
    }
    assert_eq!(bench.verify().await.entries, 2);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn fifty_duplicates_at_once_make_one_decision(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let bench = Arc::new(Bench::on(backend).await);
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let bench = Arc::clone(&bench);
            tokio::spawn(async move { bench.submit_under(&key("k-1"), &form("R-1", 24)).await })
        })
        .collect();
    let mut bodies = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            Ok(answer) => bodies.push(answer.body),
            Err(SubmitError::Record(RecordError::InFlight)) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "one answer, the same for all");
    assert_eq!(bench.verify().await.entries, 1);
}

#[rstest]
#[tokio::test]
async fn a_key_is_kept_for_a_day_and_then_swept(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let bench = Bench::on(backend).await;
    bench.submit_under(&key("old"), &form("R-1", 24)).await.unwrap();
    bench.clock.advance(Duration::hours(24));
    bench.submit_under(&key("later"), &form("R-2", 24)).await.unwrap();
    assert!(bench.submit_under(&key("old"), &form("R-1", 24)).await.unwrap().replayed, "kept for a day at least");
    bench.clock.advance(Duration::seconds(1));
    bench.submit_under(&key("latest"), &form("R-3", 24)).await.unwrap();
    assert_eq!(key_count(&bench).await, 2);
    assert!(!bench.submit_under(&key("old"), &form("R-1", 24)).await.unwrap().replayed);
}

#[rstest]
#[tokio::test]
async fn many_keys_are_found_whatever_their_number(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let bench = Bench::on(backend).await;
    let ids: Vec<_> = (0..90)
        .map(|i| idempotency::KeyId {
            caller: "service:los-1".into(),
            route: "POST /v1/applications",
            key: format!("k-{i}"),
        })
        .collect();
    for i in [3, 64, 89] {
        bench.submit_under(&key(&format!("k-{i}")), &form("R-1", 24)).await.unwrap();
    }
    let mut tx = bench.app.db().read().await.unwrap();
    let mut found: Vec<_> = idempotency::find(&mut tx, &ids).await.unwrap().into_iter().map(|(id, _)| id.key).collect();
    found.sort_unstable();
    assert_eq!(found, ["k-3", "k-64", "k-89"]);
}

#[rstest]
#[tokio::test]
async fn a_clock_set_back_does_not_set_the_log_back(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let bench = Bench::on(backend).await;
    bench.submit("R-1", 24).await;
    bench.clock.advance(Duration::hours(-1));
    bench.submit("R-2", 24).await;
    let report = bench.verify().await;
    assert!(report.intact, "{:?}", report.message);
}

#[rstest]
#[tokio::test]
async fn what_was_acknowledged_before_a_stop_is_there_and_later_changes_are_refused(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    bench.submit_many(30).await;
    bench.app.stop().await;
    let who = principal(Role::Service, "los-1");
    let refused = submit(&bench.app, bench.call(&who, None), &form("R-1", 24)).await.unwrap_err();
    assert!(matches!(refused, SubmitError::Record(RecordError::Stopping { .. })), "{refused:?}");
    let report = bench.verify().await;
    assert_eq!((report.intact, report.entries), (true, 30));
    let again = Bench::start(&bench.store, &bench.clock, Settings::default()).await;
    let answer = submit(&again, bench.call(&who, None), &form("R-1", 24)).await.unwrap();
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["decision"]["audit"]["sequence"], 30, "the log goes on where it was left");
}

#[tokio::test]
async fn a_full_queue_refuses_and_says_when_to_come_back() {
    let bench = Bench::with(Backend::Sqlite, Settings { queue_capacity: 2, batch_max: 1, ..Settings::default() }).await;
    // Another process holds the lock, so that nothing can be written meanwhile.
    let mut other = tampering::connect(&bench).await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let who = principal(Role::Service, "los-1");
    let body = form("R-1", 24);
    let submissions = (0..8).map(|_| submit(&bench.app, bench.call(&who, None), &body));
    let all = futures_util::future::join_all(submissions);
    let release = async {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    };
    let (answers, ()) = tokio::join!(all, release);
    let recorded = answers.iter().filter(|answer| answer.is_ok()).count();
    let busy = answers
        .iter()
        .filter(|answer| matches!(answer, Err(SubmitError::Record(RecordError::Busy { retry_after_seconds: 1 }))));
    assert_eq!((recorded, recorded + busy.count()), (recorded, 8));
    assert!((2..8).contains(&recorded), "{recorded}");
    assert_eq!(bench.verify().await.entries, recorded as u64);
}

#[rstest]
#[tokio::test]
async fn a_transaction_that_was_not_committed_leaves_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    bench.submit("R-1", 24).await;
    let mut tx = bench.app.db().write().await.unwrap();
    let frontier = crate::audit::tree::Frontier::new(2, vec![crate::audit::tree::leaf_hash(b"half")]).unwrap();
    audit::move_head(&mut tx.writing(), 1, &frontier, noon()).await.unwrap();
    drop(tx);
    bench.submit("R-2", 24).await;
    let report = bench.verify().await;
    assert_eq!((report.intact, report.entries), (true, 2), "{:?}", report.message);
}

#[rstest]
#[tokio::test]
async fn a_store_that_fails_is_reported_and_recording_goes_on_when_it_is_back(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    bench.execute("ALTER TABLE decisions RENAME TO elsewhere").await;
    let who = principal(Role::Service, "los-1");
    let body = form("R-1", 24);
    let refused = submit(&bench.app, bench.call(&who, None), &body).await.unwrap_err();
    assert!(matches!(refused, SubmitError::Record(RecordError::Storage(_))), "{refused:?}");
    bench.execute("ALTER TABLE elsewhere RENAME TO decisions").await;
    assert!(submit(&bench.app, bench.call(&who, None), &body).await.is_ok());
    let report = bench.verify().await;
    assert_eq!((report.intact, report.entries), (true, 1), "{:?}", report.message);
}

#[tokio::test]
async fn personal_data_stands_in_no_table_in_the_clear() {
    let bench = Bench::new().await;
    bench.submit_under(&key("k-1"), &form("R-1", 24)).await.unwrap();
    let mut connection = tampering::connect(&bench).await;
    let tables: Vec<String> = sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table'")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    for table in tables {
        let found =
            tampering::rows_with(&mut connection, &table, &["CANARY", "Zaphira", "Quuxley", "1988-03-14", "canary@"])
                .await;
        assert_eq!(found, 0, "{table}");
    }
}

#[rstest]
#[tokio::test]
async fn a_service_is_ready_until_it_stops(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let bench = Bench::on(backend).await;
    assert!(bench.app.readiness().await.is_ready());
    bench.app.stop().await;
    let readiness = bench.app.readiness().await;
    assert!(!readiness.recorder && !readiness.database && !readiness.is_ready());
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_recorders_on_one_store_make_one_log(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let one = Bench::on(backend).await;
    // Identifiers begin with the time, so that those of the two differ.
    let clock = Clock::manual(noon().checked_add(Duration::hours(1)).unwrap());
    let other = Bench::start(&one.store, &clock, Settings::default()).await;
    let who = principal(Role::Service, "los-1");
    let of_other = (0..40).map(|i| {
        let (app, who, body) = (&other, &who, form(&format!("O-{i}"), 24));
        async move {
            let call = Call { who, request_id: app.ids().request(app.clock().now()), idempotency_key: None };
            submit(app, call, &body).await.unwrap();
        }
    });
    tokio::join!(one.submit_many(40), futures_util::future::join_all(of_other));
    let report = one.verify().await;
    assert_eq!((report.intact, report.entries), (true, 80), "{:?}", report.message);
}

#[tokio::test]
async fn a_second_writer_with_an_old_head_changes_nothing() {
    let bench = Bench::new().await;
    bench.submit("R-1", 24).await;
    let mut tx = bench.app.db().write().await.unwrap();
    let head = audit::head(&mut tx).await.unwrap().unwrap();
    let mut frontier = crate::audit::tree::Frontier::new(head.size, head.peaks).unwrap();
    frontier.append(crate::audit::tree::leaf_hash(b"fork"), |_| ());
    let refused = audit::move_head(&mut tx.writing(), 0, &frontier, noon()).await.unwrap_err();
    assert!(matches!(refused, crate::storage::Error::Conflict(_)), "{refused:?}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_indexed_by_segments_of_the_log_is_found_in_each_of_them(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let bench = Bench::on(backend).await;
    let (first, _) = bench.submit("R-twice", 24).await;
    let others = u32::try_from(crate::audit::SEGMENT_ENTRIES).unwrap() - 2;
    let applicants = bench.submit_many(others).await.len() + 3;
    // The last of the first segment, and the first of the second.
    bench.submit("R-last", 24).await;
    let (second, _) = bench.submit("R-twice", 24).await;
    let mut tx = bench.app.db().read().await.unwrap();
    let counts = "SELECT COUNT(DISTINCT segment) FROM applications";
    assert_eq!(bench.count(counts).await, 2);
    let twice = applications::Listing { external_reference: Some("R-twice"), limit: 10, ..Default::default() };
    let found: Vec<_> = applications::list(&mut tx, &twice).await.unwrap().iter().map(|found| found.id).collect();
    assert_eq!(found, [second, first], "newest first");
    let tag = bench.app.vault().index().reference("C-CANARY-1");
    assert_eq!(data_keys::of_applicant(&mut tx, tag).await.unwrap().len(), applicants);
    let report = bench.verify().await;
    assert!(report.intact, "{:?}", report.message);
}
