//! How fast the log is decided again and taken away: a log of real decisions in SQLite, on all cores.
//!
//! `cargo bench --bench audit_replay -- [DECISIONS]`; the figures are kept in `docs/benchmarks.md`. Each line is the
//! best and the median of five runs.

use std::{path::Path, sync::Arc, time::Instant};

use futures_util::{StreamExt as _, stream};
use serde_json::json;
use underwright::{
    audit::exported::Filters,
    clock::{Clock, Ids},
    crypto::{KeyEncryption, SecretKey},
    decide::pipeline::Decider,
    domain::{
        principal::{Principal, Role},
        timestamp::Timestamp,
    },
    export::Format,
    http::api::document::example_application,
    service::{
        App, Call, Parts, Vault,
        export::{Request, plan, write},
        recorder,
        registry::{self, LoadedPolicy},
        replay::{Period, replay},
        shipped,
        submit::submit,
    },
    storage::{DatabaseUrl, Db, erasure_journal::ErasureJournal},
    telemetry::RecorderMetrics,
};

const RUNS: usize = 5;

#[tokio::main]
async fn main() {
    let decisions = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(100_000);
    let folder = tempfile::tempdir().expect("a folder");
    let url = DatabaseUrl::Sqlite(folder.path().join("underwright.db"));
    fill(&url, folder.path(), decisions).await;
    let db = Db::open_read_only(&url).await.expect("a database");
    measure("replay", decisions, async || {
        let report = replay(&db, Period::default(), |_, _| ()).await.expect("the log is read");
        assert!(report.repeated && report.decisions == decisions, "{report:?}");
    })
    .await;
    for format in Format::ALL {
        measure(&format!("export as {}", format.as_str()), decisions, async || {
            let request = Request { format, filters: Filters::default(), tree_size: None };
            let plan = plan(&db, request, now()).await.expect("a plan");
            let manifest = write(&db, &plan, async |_| Ok(()), |_| ()).await.expect("it is written");
            assert_eq!(manifest.count, plan.end);
        })
        .await;
    }
}

fn now() -> Timestamp {
    Timestamp::parse("2026-11-22T13:00:00Z").expect("a time")
}

async fn measure(what: &str, entries: u64, run: impl AsyncFn()) {
    let mut seconds = Vec::new();
    for _ in 0..RUNS {
        let begun = Instant::now();
        run().await;
        seconds.push(begun.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    #[expect(clippy::cast_precision_loss, reason = "a count of entries is far below 2^53")]
    let rate = |seconds: f64| entries as f64 / seconds;
    println!(
        "{what}: {:.0} a second at best, {:.0} in the middle of {RUNS} runs",
        rate(seconds[0]),
        rate(seconds[RUNS / 2])
    );
}

/// Records decisions through the service: approvals, reviews and declines, as the shipped model and policy decide.
async fn fill(url: &DatabaseUrl, folder: &Path, decisions: u64) {
    let db = Db::open(url).await.expect("a database");
    let (model, policy) = (shipped::model().expect("a model"), LoadedPolicy::parse(shipped::POLICY).expect("a policy"));
    let clock = Clock::manual(now());
    registry::keep(&db, &model, &policy, clock.now()).await.expect("kept");
    let key = SecretKey::from_slice(&[7; 32]).expect("32 bytes");
    let vault = Vault::open(&db, KeyEncryption::single("bench", &key)).await.expect("a vault");
    let journal = ErasureJournal::open(folder.join("erasures.jsonl")).expect("a journal");
    let app = App::start(Parts {
        db,
        vault,
        decider: Decider::new(Arc::clone(&model.model), policy.policy).expect("they fit"),
        clock,
        ids: Ids::seeded(1),
        metrics: RecorderMetrics::unregistered(),
        recorder: recorder::Settings::default(),
        checkpoints: None,
        journal,
    });
    let who = Principal { subject: "bench".to_owned(), role: Role::Service };
    let submissions = stream::iter(0..decisions).map(|n| {
        let mut application = example_application();
        application["loan"]["amount"] = json!(400_000 + n % 97 * 25_000);
        application["loan"]["term_months"] = json!(if n % 3 == 0 { 60 } else { 36 });
        application["finances"]["annual_income"] = json!(3_000_000 + n % 89 * 70_000);
        let body = application.to_string().into_bytes();
        let call = Call { who: &who, request_id: app.ids().request(app.clock().now()), idempotency_key: None };
        let app = &app;
        async move { submit(app, call, &body).await.map(drop) }
    });
    let mut running = submissions.buffer_unordered(512);
    while let Some(submitted) = running.next().await {
        submitted.expect("recorded");
    }
    drop(running);
    app.stop().await;
}
