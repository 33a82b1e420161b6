//! `underwright serve`.

mod greeting;
mod start;

use std::{io, net::SocketAddr, time::Duration};

use anyhow::Context;

use super::{Answer, settings::SettingsArgs};
use crate::{
    clock,
    http::server::Server,
    service::{
        comparable,
        retention::{Periods, keep_applying},
        tally::keep_counting,
    },
    telemetry::{log, trace::Traces},
};

/// Serve the API.
///
/// Without any setting it starts in development mode: on loopback only, with an embedded database and a fresh
/// key under ./data/, the shipped model and policy; and it prints a `curl` that is ready to paste. What a
/// command needs no name for: `underwright` alone serves.
///
/// Example: underwright serve --listen 127.0.0.1:9090 --data-dir /tmp/underwright
#[derive(Debug, Default, clap::Args)]
pub(super) struct Args {
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    #[command(flatten)]
    settings: SettingsArgs,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Answer> {
    let settings = args.settings.load_listening(args.listen)?;
    // The generator of keys gathers its first entropy for a while: beside everything else, and not in the first decision.
    std::thread::spawn(clock::random::<1>);
    let traces = Traces::start(&settings.telemetry)?;
    log::start(settings.logs_json(), &settings.log.level, traces.as_ref())?;
    log::log_panics_by_place();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start threads to serve with")?;
    let served = runtime.block_on(async {
        let started = start::start(&settings).await?;
        let periods = Periods::from(&settings.retention);
        let interval = Duration::from_secs(u64::from(settings.retention.interval_hours) * 3_600);
        let custody = started.context.app.custody().clone();
        let app = started.context.app.clone();
        let counting = tokio::spawn(keep_counting(started.context.app.clone(), started.context.console.offset));
        let server = Server::bind(&settings.server, started.context)?;
        // After that: where it cannot listen, nothing may be under way when the process ends.
        tokio::spawn(comparable::prepare(app));
        let retention = periods.end().then(|| tokio::spawn(keep_applying(custody, periods, interval)));
        // Before anybody is told that it serves, and might ask it to stop.
        let mut signals = Signals::listen().context("cannot listen for signals")?;
        tracing::info!(address = %server.address(), "serving");
        if let Some(key) = &started.development_key {
            eprintln!("{}", greeting::greeting(&settings, key, server.address())?);
        }
        // The first signal stops gracefully, the second at once; both listen to the same streams.
        let (first, second) = tokio::sync::oneshot::channel();
        let (hurry, hurried) = tokio::sync::oneshot::channel();
        tokio::spawn(async move {
            signals.next().await;
            let _ = first.send(());
            signals.next().await;
            let _ = hurry.send(());
        });
        server
            .run(async { drop(second.await) }, async { drop(hurried.await) })
            .await
            .context("the server broke off")?;
        counting.abort();
        if let Some(retention) = retention {
            retention.abort();
        }
        tracing::info!("stopped: everything acknowledged is recorded");
        Ok(Answer::Done)
    });
    if let Some(traces) = traces {
        traces.stop();
    }
    served
}

/// The signals that ask the process to end.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    #[cfg(not(unix))]
    fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
