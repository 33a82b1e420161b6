//! More than can be done: by one caller, from one address, by all of them together.

use std::time::Duration;

use futures_util::future::join_all;
use rstest::rstest;
use underwright::{
    config,
    domain::principal::Role,
    service::recorder,
    storage::{DatabaseUrl, Db},
};

use crate::{
    app::{Options, Received, TestApp, application, claims, sign},
    store::Backend,
};

const ROUTE: &str = "/v1/applications";

/// A rate that nobody's patience outlasts: what follows a burst is refused.
fn limits(set: impl FnOnce(&mut config::Limits)) -> Options {
    let mut options = Options::default();
    set(&mut options.limits);
    options
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_asks_too_often_is_429_and_the_others_go_on() {
    let app = TestApp::spawn_with(limits(|limits| {
        limits.caller_per_minute = 1;
        limits.caller_burst = 3;
    }))
    .await;
    let one = app.client_of(Role::Service, "los-1");
    for _ in 0..2 {
        one.submit(&application()).await;
    }
    // A rate is the caller's, with whatever token and for whatever address.
    app.client_of(Role::Officer, "los-1").get(ROUTE).await.expect(200);
    let refused = one.post(ROUTE, &application()).await;
    refused.expect_problem(429, "rate_limited");
    let seconds: u32 = refused.header("retry-after").expect("a time").parse().expect("seconds");
    assert!((1..=60).contains(&seconds), "{seconds}");
    app.client_of(Role::Service, "los-2").submit(&application()).await;
    assert!(metrics(&app).await.contains("underwright_problems_total{code=\"rate_limited\"} 1"));
    assert_eq!(app.finish().await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_guesses_tokens_is_429_and_known_callers_from_there_go_on() {
    let app = TestApp::spawn_with(limits(|limits| {
        limits.address_per_minute = 1;
        limits.address_burst = 5;
    }))
    .await;
    let service = app.service();
    // The first request of a token is one of nobody in particular.
    service.submit(&application()).await;
    let forged = |guess: u32| app.client_with(Some(format!("{}{guess}", sign(&claims("service", "los-1")))));
    for guess in 0..3 {
        forged(guess).get(ROUTE).await.expect_problem(401, "unauthenticated");
    }
    app.anonymous().get(ROUTE).await.expect_problem(401, "unauthenticated");
    let refused = forged(3).get(ROUTE).await;
    refused.expect_problem(429, "rate_limited");
    assert!(refused.header("retry-after").is_some());
    app.anonymous().get(ROUTE).await.expect_problem(429, "rate_limited");
    // A token that is good but new has to wait too; one that is known has not.
    app.officer().get(ROUTE).await.expect_problem(429, "rate_limited");
    service.submit(&application()).await;
    assert_eq!(app.finish().await, 2);
}

async fn metrics(app: &TestApp) -> String {
    let page = app.anonymous().get("/metrics").await;
    String::from_utf8(page.body).expect("text")
}

/// How many applications were looked at so far.
async fn looked_at(app: &TestApp) -> usize {
    let page = metrics(app).await;
    let (_, rest) = page.split_once("underwright_stage_seconds_count{stage=\"intake\"} ").expect("a count");
    rest.lines().next().expect("a number").parse().expect("a number")
}

#[rstest]
#[case(Backend::Sqlite)]
#[case(Backend::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn while_the_store_is_silent_an_application_is_refused_before_it_is_looked_at(#[case] backend: Backend) {
    let recorder =
        recorder::Settings { record_within: Some(Duration::from_millis(50)), ..recorder::Settings::default() };
    let app = TestApp::spawn_with(Options { backend, recorder, ..Options::default() }).await;
    let service = app.service();
    let body = application();
    service.submit(&body).await;
    let other = Db::open(&DatabaseUrl::parse(&app.store.url()).expect("an address")).await.expect("it opens");
    let blocking = other.write().await.expect("nobody else writes");
    let mut waiting = Vec::new();
    // One after another joins the queue, until it is seen that the first is getting nowhere.
    loop {
        let mut answer = Box::pin(service.post(ROUTE, &body));
        match tokio::time::timeout(Duration::from_millis(200), &mut answer).await {
            Err(_) => waiting.push(answer),
            Ok(answer) => {
                answer.expect_problem(503, "overloaded");
                assert!(answer.header("retry-after").is_some());
                break;
            }
        }
    }
    drop(blocking);
    other.close().await;
    // On a slow machine a refusal may have come late, and stand among those who waited.
    let is_refused = |answer: &Received| answer.status == 503 && answer.json()["code"] == "overloaded";
    let answers: Vec<Received> = join_all(waiting).await.into_iter().filter(|answer| !is_refused(answer)).collect();
    assert_eq!(looked_at(&app).await, 1 + answers.len());
    let decided = answers.iter().filter(|answer| answer.status == 201).count();
    service.submit(&application()).await;
    assert_eq!(app.finish().await, decided as u64 + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_at_once_are_decided_or_told_to_come_again() {
    let recorder =
        recorder::Settings { record_within: Some(Duration::from_millis(1)), ..recorder::Settings::default() };
    let app = TestApp::spawn_with(Options { recorder, ..Options::default() }).await;
    let service = app.service();
    let body = application();
    let answers = join_all((0..1_000).map(|_| service.post(ROUTE, &body))).await;
    let mut decided = 0;
    for answer in answers {
        if answer.status == 503 {
            answer.expect_problem(503, "overloaded");
            assert!(answer.header("retry-after").is_some());
        } else {
            answer.expect(201);
            decided += 1;
        }
    }
    service.submit(&body).await;
    assert_eq!(app.finish().await, decided + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_say_nothing_keep_nobody_from_being_served() {
    let app = TestApp::spawn().await;
    let mut open = Vec::new();
    for number in 0..200 {
        let connection = tokio::net::TcpStream::connect(app.address).await.expect("connected");
        if number % 2 == 0 {
            // Half a head.
            connection.writable().await.expect("open");
            connection.try_write(b"POST /v1/applications HTTP/1.1\r\nHost: x\r\n").expect("written");
        }
        open.push(connection);
    }
    app.service().submit(&application()).await;
    drop(open);
}
