//! Verifying the log beside a running server, for whoever watches it in a browser.
//!
//! One verification runs at a time. It goes on when nobody watches; its result is remembered, and recorded in the log
//! itself, so that every server knows when the log was last found intact.

use std::{
    fmt::Display,
    panic::AssertUnwindSafe,
    sync::{Mutex, PoisonError},
};

use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

use super::{Report, verify};
use crate::{
    audit::entry::{Action, Entry},
    domain::{principal::Principal, timestamp::Timestamp},
    service::{App, custody::Caller},
    storage::{self, Tx, audit::activations::of_rare_action},
};

/// What the entry of a verification is about.
const SUBJECT: &str = "log";

/// What a server knows of verifications.
#[derive(Debug, Default)]
pub(in crate::service) struct Verification(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    running: Option<Running>,
    task: Option<JoinHandle<()>>,
    ended: Option<Ended>,
    /// What the log itself says.
    recorded: Option<Verified>,
}

/// A verification that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Running {
    pub started_at: Timestamp,
    /// How many entries are verified.
    pub done: u64,
    /// Of how many; 0 while that is not known.
    pub total: u64,
}

/// A verification that ended on this server.
#[derive(Debug, Clone)]
pub struct Ended {
    pub started_at: Timestamp,
    pub finished_at: Timestamp,
    /// What it came to, or why it could not go on.
    pub report: Result<Report, String>,
}

/// The last verification that the log says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    pub at: Timestamp,
    pub intact: bool,
    /// How many entries were verified.
    pub entries: u64,
}

/// What is known of verifications.
#[derive(Debug, Clone)]
pub struct Known {
    pub running: Option<Running>,
    pub ended: Option<Ended>,
    pub recorded: Option<Verified>,
}

/// What the entry of a verification says.
#[derive(Serialize, Deserialize)]
struct Payload {
    entries: u64,
    intact: bool,
    /// The first thing that is not what it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// Of the log that was verified, when it is intact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    root_hash: Option<String>,
}

impl Verification {
    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Breaks off what runs: the server stops.
    pub(in crate::service) fn stop(&self) {
        if let Some(task) = self.with(|state| state.task.take()) {
            task.abort();
        }
    }

    /// Takes up what the log says of itself.
    pub(in crate::service) fn take_up(&self, recorded: Option<Verified>) {
        self.with(|state| state.recorded = recorded);
    }
}

/// What the log says of its last verification; `None` when it was never verified beside a server.
pub(in crate::service) async fn last_recorded(tx: &mut Tx) -> Result<Option<Verified>, storage::Error> {
    let rows = of_rare_action(tx, Action::LogVerified, 1).await?;
    Ok(rows.first().and_then(|row| {
        let entry: Entry = serde_json::from_str(&row.entry).ok()?;
        let payload: Payload = serde_json::from_str(entry.payload.get()).ok()?;
        Some(Verified { at: entry.time, intact: payload.intact, entries: payload.entries })
    }))
}

/// What is known of verifications.
#[must_use]
pub fn known(app: &App) -> Known {
    app.verification().with(|state| Known {
        running: state.running,
        ended: state.ended.clone(),
        recorded: state.recorded,
    })
}

/// Begins to verify the whole log, unless that runs already. Answers at once.
pub fn begin(app: &App, who: &Principal) {
    let started_at = app.clock().now();
    app.verification().with(|state| {
        if state.running.is_some() {
            return;
        }
        state.running = Some(Running { started_at, done: 0, total: 0 });
        let (app, who) = (app.clone(), who.clone());
        state.task = Some(tokio::spawn(run(app, who, started_at)));
    });
}

async fn run(app: App, who: Principal, started_at: Timestamp) {
    let progress = |done, total| {
        app.verification().with(|state| state.running = Some(Running { started_at, done, total }));
    };
    let report = whatever_happens(verify(app.db(), progress)).await;
    let finished_at = app.clock().now();
    match &report {
        Ok(report) => record(&app, &who, report).await,
        Err(error) => tracing::warn!(%error, "the log could not be verified"),
    }
    app.verification().with(|state| {
        state.running = None;
        state.ended = Some(Ended { started_at, finished_at, report });
    });
}

/// What a verification came to, or why it could not go on: a fault of ours too ends it, so that another can begin.
async fn whatever_happens<T>(verification: impl Future<Output = Result<T, impl Display>>) -> Result<T, String> {
    match AssertUnwindSafe(verification).catch_unwind().await {
        Ok(ended) => ended.map_err(|error| error.to_string()),
        Err(_) => Err("a fault of this program ended it; its place stands in the server's messages".to_owned()),
    }
}

/// Writes into the log what its verification came to. A log that is broken may not take it; what was found is shown all
/// the same.
async fn record(app: &App, who: &Principal, report: &Report) {
    if !report.intact {
        tracing::error!(finding = report.message.as_deref().unwrap_or_default(), "the audit log is not intact");
    }
    let payload = Payload {
        entries: report.entries,
        intact: report.intact,
        message: report.message.clone(),
        root_hash: report.log.as_ref().map(|log| log.root_hash.clone()),
    };
    let custody = app.custody();
    let caller = Caller { who, request_id: custody.request_id() };
    let written = async {
        let change = custody.begin().await?;
        let at = change.now();
        custody.commit(change, caller, Action::LogVerified, (SUBJECT, &payload)).await?;
        Ok::<_, storage::Error>(at)
    };
    match written.await {
        Ok(at) => {
            let verified = Verified { at, intact: report.intact, entries: report.entries };
            app.verification().take_up(Some(verified));
        }
        Err(error) => tracing::warn!(%error, "the verification is not recorded in the log"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_verification_that_panics_has_ended() {
        assert_eq!(whatever_happens(async { Ok::<_, String>(1) }).await, Ok(1));
        assert_eq!(whatever_happens(async { Err::<u8, _>("no store") }).await, Err("no store".to_owned()));
        let panics =
            async { if SUBJECT.is_empty() { Ok::<u8, String>(1) } else { panic!("as if by a fault of ours") } };
        assert!(whatever_happens(panics).await.expect_err("it panicked").contains("a fault of this program"));
    }
}
