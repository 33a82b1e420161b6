//! A log of made-up applications, recorded as the server records them.

use std::{ops::Range, path::Path, sync::Arc};

use serde_json::json;
use underwright::{
    clock::{Clock, Ids},
    crypto::{KeyEncryption, SecretKey, signing::CheckpointSigner},
    decide::pipeline::Decider,
    domain::principal::{Principal, Role},
    http::api::document::example_application,
    service::{
        App, Call, IdempotencyKey, Parts, Vault,
        audit::{checkpoints, record_what_is_in_force},
        recorder,
        registry::{self, LoadedPolicy},
        shipped, submit,
    },
    storage::{DatabaseUrl, Db, erasure_journal::ErasureJournal},
    telemetry::RecorderMetrics,
};

/// How many applications are submitted at a time: as many as one transaction takes.
pub(crate) const AT_ONCE: u64 = 512;

/// The server's insides over a database in a folder, and the database.
pub(crate) async fn open(folder: &Path) -> (App, Db) {
    let db = Db::open(&DatabaseUrl::resolve(None, folder).expect("a path")).await.expect("a database");
    let model = shipped::model().expect("the shipped model loads");
    let policy = LoadedPolicy::parse(shipped::POLICY).expect("the shipped policy");
    let clock = Clock::system();
    registry::keep(&db, &model, &policy, clock.now()).await.expect("kept");
    // The same each time: a folder that is kept is opened again.
    let key = SecretKey::from_slice(&[7; 32]).expect("32 bytes");
    let app = App::start(Parts {
        vault: Vault::open(&db, KeyEncryption::single("bench", &key)).await.expect("a vault"),
        journal: ErasureJournal::open(folder.join("erasures.jsonl")).expect("a journal"),
        db: db.clone(),
        decider: Decider::new(Arc::clone(&model.model), policy.policy).expect("they fit"),
        clock,
        ids: Ids::from_system().expect("randomness"),
        metrics: RecorderMetrics::unregistered(),
        recorder: recorder::Settings::default(),
        checkpoints: Some(checkpoints::Settings {
            signer: CheckpointSigner::from_seed("bench.example/log", &[7; 32]).expect("a name"),
            interval: std::time::Duration::from_secs(1),
            directory: None,
        }),
    });
    record_what_is_in_force(&app).await.expect("recorded");
    (app, db)
}

/// One of many applications that are not the same.
pub(crate) fn body(number: u64) -> Vec<u8> {
    let mut application = example_application();
    application["external_reference"] = json!(format!("LOS-{number:09}"));
    application["loan"]["amount"] = json!(200_000 + number % 97 * 20_000);
    application["loan"]["term_months"] = json!(if number.is_multiple_of(3) { 60 } else { 36 });
    application["bureau"]["revolving_utilization"] = json!(f64::from(u32::try_from(number % 89).unwrap_or(0)) / 97.0);
    application.to_string().into_bytes()
}

/// Submits applications, so many at once, from one number to before another; each under an `Idempotency-Key` when asked for.
pub(crate) async fn fill(app: &App, numbers: Range<u64>, is_keyed: bool) {
    let mut next = numbers.start;
    while next < numbers.end {
        let end = numbers.end.min(next + AT_ONCE);
        let tasks: Vec<_> = (next..end).map(|number| tokio::spawn(submit_one(app.clone(), number, is_keyed))).collect();
        for task in tasks {
            task.await.expect("no panic");
        }
        next = end;
    }
}

async fn submit_one(app: App, number: u64, is_keyed: bool) {
    let who = Principal { subject: "los-1".to_owned(), role: Role::Service };
    let key = is_keyed.then(|| IdempotencyKey::new(format!("key-{number}")).expect("a key"));
    let request_id = app.ids().request(app.clock().now());
    let call = Call { who: &who, request_id, idempotency_key: key.as_ref() };
    submit::submit(&app, call, &body(number)).await.unwrap_or_else(|error| panic!("{error}"));
}
