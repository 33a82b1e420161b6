//! The use cases on a real database of their own, with a small model and policy.

mod checkpoints;
mod comparing;
mod duplicates;
mod erasing;
mod promoting;
mod reading;
mod recording;
mod replaying;
mod reviewing;
mod tallying;
mod tampering;

use std::sync::Arc;

use rstest::rstest;
use serde_json::{Value, json};
use time::Duration;

use super::{
    Answer, App, Call, IdempotencyKey, Parts, Vault,
    audit::{self, Report, verify},
    models::LoadedModel,
    recorder::Settings,
    registry::{self, LoadedPolicy},
    submit::{SubmitError, submit},
};
use crate::{
    clock::{Clock, Ids},
    crypto::{KeyEncryption, SecretKey},
    decide::pipeline::Decider,
    domain::{
        id::ApplicationId,
        principal::{Principal, Role},
        timestamp::Timestamp,
    },
    model::{
        self,
        bundle::{model_json, parity_line},
    },
    storage::{DatabaseUrl, Db, bundle_files::BundleFiles, erasure_journal::ErasureJournal},
    store::{Backend, Store},
    telemetry::RecorderMetrics,
};

const POLICY: &str = r#"
    name = "example"
    version = "2"
    cut_offs = { approve_below = 0.3, decline_from = 0.6 }
    grade = [{ letter = "A", from_score = 500 }, { letter = "B" }]

    [[rule]]
    id = "long-term"
    when = "features.duration > 60"
    then = "decline"
    reason = "UW-LONG-TERM"
    text = "The term is longer than we lend for"
"#;

/// A server without its sockets.
struct Bench {
    app: App,
    clock: Clock,
    store: Store,
}

fn kek() -> SecretKey {
    SecretKey::from_slice(b"an invented key-encryption key!!").unwrap()
}

fn noon() -> Timestamp {
    Timestamp::parse("2026-11-22T12:00:00Z").unwrap()
}

fn principal(role: Role, subject: &str) -> Principal {
    Principal { subject: subject.to_owned(), role }
}

fn key(key: &str) -> IdempotencyKey {
    IdempotencyKey::new(key).unwrap()
}

/// A form that the example policy sends to review (`duration` 24), approves (6) or declines (70).
fn form(reference: &str, duration: u32) -> Vec<u8> {
    let account = if duration < 12 { "small" } else { "none" };
    let form = json!({
        "external_reference": reference,
        "applicant": {"reference": "C-CANARY-1", "given_name": "Zaphira", "family_name": "Quuxley",
            "date_of_birth": "1988-03-14", "email": "canary@example.com"},
        "loan": {"amount": 1_200_000, "currency": "USD", "term_months": 36, "purpose": "car"},
        "attributes": {"duration": duration, "account": account, "phone": true},
    });
    serde_json::to_vec(&form).unwrap()
}

/// The small model with its card, as if read from a bundle.
fn example_model() -> LoadedModel {
    let model = model::tests::example();
    let parity = model::tests::example_rows().iter().map(|row| parity_line(&model, row)).collect::<String>();
    LoadedModel::from_files(BundleFiles {
        model_json: model_json(&model::tests::example_file()),
        parity_jsonl: parity.into_bytes(),
        card_md: "# A card".to_owned(),
        report_html: None,
    })
    .unwrap()
}

impl Bench {
    async fn new() -> Self {
        Self::on(Backend::Sqlite).await
    }

    async fn on(backend: Backend) -> Self {
        Self::with(backend, Settings::default()).await
    }

    async fn with(backend: Backend, recorder: Settings) -> Self {
        let store = Store::new(backend).await;
        let clock = Clock::manual(noon());
        let app = Self::start(&store, &clock, recorder).await;
        Self { app, clock, store }
    }

    async fn start(store: &Store, clock: &Clock, recorder: Settings) -> App {
        Self::start_with(store, clock, recorder, POLICY).await
    }

    async fn start_with(store: &Store, clock: &Clock, recorder: Settings, policy: &str) -> App {
        Self::start_as(store, clock, recorder, (policy, None)).await
    }

    /// Starts with a policy, and with a key that signs the log when there is one.
    async fn start_as(
        store: &Store,
        clock: &Clock,
        recorder: Settings,
        (policy, checkpoints): (&str, Option<audit::checkpoints::Settings>),
    ) -> App {
        let db = Db::open(&DatabaseUrl::parse(&store.url()).unwrap()).await.unwrap();
        let (model, policy) = (example_model(), LoadedPolicy::parse(policy).unwrap());
        registry::keep(&db, &model, &policy, clock.now()).await.unwrap();
        let vault = Vault::open(&db, KeyEncryption::single("test", &kek())).await.unwrap();
        App::start(Parts {
            db,
            vault,
            journal: ErasureJournal::open(store.folder().join("erasures.jsonl")).unwrap(),
            decider: Decider::new(Arc::clone(&model.model), policy.policy).unwrap(),
            clock: clock.clone(),
            ids: Ids::seeded(1),
            metrics: RecorderMetrics::unregistered(),
            recorder,
            checkpoints,
        })
    }

    fn url(&self) -> DatabaseUrl {
        DatabaseUrl::parse(&self.store.url()).unwrap()
    }

    fn call<'a>(&self, who: &'a Principal, key: Option<&'a IdempotencyKey>) -> Call<'a> {
        Call { who, request_id: self.app.ids().request(self.clock.now()), idempotency_key: key }
    }

    async fn submit(&self, reference: &str, duration: u32) -> (ApplicationId, Value) {
        let who = principal(Role::Service, "los-1");
        let answer = submit(&self.app, self.call(&who, None), &form(reference, duration)).await.unwrap();
        (answer.application_id, serde_json::from_slice(&answer.body).unwrap())
    }

    async fn submit_under(&self, key: &IdempotencyKey, body: &[u8]) -> Result<Answer, SubmitError> {
        let who = principal(Role::Service, "los-1");
        submit(&self.app, self.call(&who, Some(key)), body).await
    }

    /// Submits so many applications at once that they are recorded in groups.
    async fn submit_many(&self, count: u32) -> Vec<ApplicationId> {
        let submissions = (0..count).map(|i| self.submit_owned(format!("R-{i}"), 4 + i % 70));
        let answers = futures_util::future::join_all(submissions).await;
        self.clock.advance(Duration::seconds(1));
        answers
    }

    async fn submit_owned(&self, reference: String, duration: u32) -> ApplicationId {
        self.submit(&reference, duration).await.0
    }

    /// Runs a statement behind the service's back.
    async fn execute(&self, statement: &'static str) {
        match &self.store {
            Store::Sqlite(_) => {
                sqlx::raw_sql(statement).execute(&mut tampering::connect(self).await).await.unwrap();
            }
            Store::Postgres(database, _) => database.execute(statement).await,
        }
    }

    /// The one number that a query gives.
    async fn count(&self, query: &'static str) -> i64 {
        match &self.store {
            Store::Sqlite(_) => sqlx::query_scalar(query).fetch_one(&mut tampering::connect(self).await).await.unwrap(),
            Store::Postgres(database, _) => {
                sqlx::query_scalar(query).fetch_one(&mut database.connect().await).await.unwrap()
            }
        }
    }

    /// Verifies the log as the command does.
    async fn verify(&self) -> Report {
        let db = Db::open_read_only(&self.url()).await.unwrap();
        let report = verify(&db, |_, _| ()).await.unwrap();
        db.close().await;
        report
    }
}
