//! Starting where another listens; stopping without losing what was acknowledged; being asked for too much.

use underwright::{config, service::recorder};

use crate::{
    app::{Options, TestApp, application, context},
    store::{Backend, Store},
};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_acknowledged_is_lost_when_the_server_stops() {
    let mut app = TestApp::spawn().await;
    let service = app.service();
    let body = application();
    let submitting = async {
        let mut acknowledged = 0_u64;
        loop {
            let request = service.request(reqwest::Method::POST, "/v1/applications").json(&body).send().await;
            match request {
                Ok(answer) if answer.status() == 201 => acknowledged += 1,
                // 503 while it stops, or no connection once it has.
                _ => break acknowledged,
            }
        }
    };
    let stopping = async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        app.stop().await;
    };
    let (acknowledged, ()) = tokio::join!(submitting, stopping);
    let recorded = app.verified_entries().await;
    assert!(acknowledged > 0 && recorded >= acknowledged, "{acknowledged} acknowledged, {recorded} recorded");
    assert!(recorded <= acknowledged + 1, "{acknowledged} acknowledged, {recorded} recorded");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_taken_is_named_with_what_to_do() {
    let app = TestApp::spawn().await;
    let taken = config::Server { listen: app.address, ..config::Server::default() };
    let store = Store::new(Backend::Sqlite).await;
    let other = context(&store, &app.clock, &Options::default()).await;
    let error = underwright::http::server::Server::bind(&taken, other).expect_err("taken");
    let message = error.to_string();
    assert!(message.contains(&app.address.to_string()) && message.contains("--listen"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_at_once_is_503_and_nothing_of_it_is_kept() {
    let recorder = recorder::Settings { queue_capacity: 1, batch_max: 1, ..recorder::Settings::default() };
    let app = TestApp::spawn_with(Options { recorder, ..Options::default() }).await;
    let service = app.service();
    let body = application();
    let answers = futures_util::future::join_all((0..60).map(|_| service.post("/v1/applications", &body))).await;
    let mut acknowledged = 0;
    for answer in answers {
        if answer.status == 503 {
            answer.expect_problem(503, "overloaded");
            assert!(answer.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok()));
        } else {
            answer.expect(201);
            acknowledged += 1;
        }
    }
    assert_eq!(app.finish().await, acknowledged);
}
