//! Six weeks of a lender's work, written by the program's own use cases under a clock that is set back.

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, anyhow, ensure};
use serde_json::{Value, json};
use time::Duration;
use underwright::{
    auth::development::create_private_directory,
    clock::{self, Clock, Ids},
    config::Settings,
    crypto::{KeyEncryption, signing::CheckpointSigner},
    decide::pipeline::Decider,
    domain::{
        id::ApplicationId,
        principal::{Principal, Role},
        timestamp::Timestamp,
    },
    service::{
        App, Call, Parts, Vault,
        audit::{checkpoints, record_what_is_in_force},
        recorder,
        registry::{self, LoadedPolicy},
        review, shipped,
        submit::submit,
    },
    storage::{DatabaseUrl, Db, erasure_journal::ErasureJournal},
    telemetry::Metrics,
};

use crate::applicants::Applicants;

/// How long the lender has been at work.
const WEEKS: i64 = 6;
/// The latest applications, of so many hours, are still to be looked at.
const OPEN_HOURS: i64 = 80;
const OFFICERS: [&str; 4] = ["ada.osei", "jonas.lindqvist", "mei.zhang", "rosa.castillo"];
const NOTES: [&str; 6] = [
    "Payslips of the last three months seen; income confirmed with the employer.",
    "Bank statements show steady surplus. Utilization falls since the summer.",
    "Called the applicant: the inquiries were for one car loan, at several dealers.",
    "Existing loan is repaid by this one; the burden falls rather than rises.",
    "Income could not be confirmed. Offered to apply again with papers.",
    "Two late payments explained by a change of bank; no pattern.",
];

/// Fills a data directory.
pub(crate) async fn write(directory: &Path, applications: u32, seed: u64) -> anyhow::Result<()> {
    ensure!(!directory.exists(), "{} is there already: name another directory", directory.display());
    create_private_directory(directory)?;
    let settings = Settings { data_dir: directory.to_owned(), ..Settings::default() };
    let now = Clock::system().now();
    let begin = now.checked_add(-Duration::weeks(WEEKS)).context("a clock far from the year 0")?;
    let clock = Clock::manual(begin);
    let app = start(&settings, &clock).await?;
    let mut applicants = Applicants::new(seed);
    let times = applicants.times(begin, now, applications).context("a clock far from the year 0")?;
    let mut waiting: Vec<(Timestamp, ApplicationId)> = Vec::new();
    for (number, at) in times.into_iter().enumerate() {
        clock.advance(at.instant() - clock.now().instant());
        let los = Principal { subject: "los-1".to_owned(), role: Role::Service };
        let request_id = app.ids().request(clock.now());
        let body = serde_json::to_vec(&applicants.application(at.date()))?;
        let call = Call { who: &los, request_id, idempotency_key: None };
        let answer = submit(&app, call, &body).await.map_err(|error| anyhow!("application {number}: {error:?}"))?;
        let said: Value = serde_json::from_slice(&answer.body)?;
        if said["status"] == "awaiting_review" {
            waiting.push((at, answer.application_id));
        }
        let due = |received: &Timestamp| clock.now().instant() - received.instant() > Duration::hours(OPEN_HOURS);
        while waiting.first().is_some_and(|(received, _)| due(received)) {
            let (_, id) = waiting.remove(0);
            decide(&app, &mut applicants, id).await?;
        }
    }
    // Of the latest some are decided, so that those who wait are not all there is.
    let mut left = Vec::new();
    for (at, id) in waiting {
        if applicants.chance(30) {
            decide(&app, &mut applicants, id).await?;
        } else {
            left.push((at, id));
        }
    }
    app.stop().await;
    println!("{applications} applications in {}; {} await review", directory.display(), left.len());
    Ok(())
}

/// A person decides one.
async fn decide(app: &App, applicants: &mut Applicants, id: ApplicationId) -> anyhow::Result<()> {
    let who = Principal { subject: applicants.one_of(&OFFICERS).to_owned(), role: Role::Officer };
    let request_id = app.ids().request(app.clock().now());
    let body = if applicants.chance(64) {
        json!({"outcome": "approve", "note": applicants.one_of(&NOTES[..4])})
    } else {
        json!({"outcome": "decline", "reason_codes": ["UW-LOAN-TO-INCOME", "UW-TERM"], "note": applicants.one_of(&NOTES[4..])})
    };
    let call = Call { who: &who, request_id, idempotency_key: None };
    review::decide(app, call, id, 1, &serde_json::to_vec(&body)?).await?;
    Ok(())
}

/// The application of a server in development mode, under another clock.
async fn start(settings: &Settings, clock: &Clock) -> anyhow::Result<App> {
    let key_encryption = KeyEncryption::load(settings, std::env::vars_os())?;
    let seed = clock::random_key()?;
    let signer =
        CheckpointSigner::open_or_create(&settings.audit.origin, &settings.development_signing_key_file(), &seed)?;
    let db = Db::open(&DatabaseUrl::resolve(None, &settings.data_dir)?).await?;
    let vault = Vault::open(&db, key_encryption).await?;
    let (model, policy) = (shipped::model()?, LoadedPolicy::parse(shipped::POLICY)?);
    registry::keep(&db, &model, &policy, clock.now()).await?;
    let app = App::start(Parts {
        db,
        vault,
        journal: ErasureJournal::open(settings.erasure_journal())?,
        decider: Decider::new(Arc::clone(&model.model), policy.policy)?,
        clock: clock.clone(),
        ids: Ids::from_system()?,
        metrics: Metrics::new().recorder,
        recorder: recorder::Settings::default(),
        checkpoints: Some(checkpoints::Settings {
            signer,
            interval: std::time::Duration::from_hours(1),
            directory: None,
        }),
    });
    record_what_is_in_force(&app).await?;
    Ok(app)
}
