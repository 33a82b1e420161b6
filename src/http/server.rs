//! Listening, serving and stopping.

use std::{any::Any, fmt, future::Future, io, net::SocketAddr, time::Duration};

use actix_web::{
    App as ActixApp, HttpServer,
    dev::{Extensions, Server as Running},
    http::KeepAlive,
    middleware::from_fn,
    rt::net::TcpStream,
    web::{self, Data},
};
use tracing_actix_web::TracingLogger;

use super::{Context, api, console, envelope};
use crate::config;

/// A server that listens, and serves once it is [run](Server::run).
pub struct Server {
    running: Running,
    address: SocketAddr,
    context: Data<Context>,
}

/// The server cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    #[error("cannot listen on {0}: another program does already; choose another address with --listen")]
    InUse(SocketAddr),
    #[error("cannot listen on {address}; choose another address with --listen")]
    Refused {
        address: SocketAddr,
        #[source]
        cause: io::Error,
    },
}

/// Adds addresses of a test's own to the API.
pub type Extension = fn(&mut web::ServiceConfig);

impl Server {
    /// Listens. Must be called within a tokio runtime.
    pub fn bind(settings: &config::Server, context: Context) -> Result<Self, BindError> {
        Self::bind_with(settings, context, |_| {})
    }

    /// As [`Server::bind`], with further addresses: for tests of what every answer has.
    pub fn bind_with(settings: &config::Server, context: Context, extension: Extension) -> Result<Self, BindError> {
        let context = Data::new(context);
        let shared = Data::clone(&context);
        let server = HttpServer::new(move || {
            ActixApp::new()
                .app_data(Data::clone(&shared))
                .configure(api::configure)
                .configure(console::configure)
                .configure(extension)
                .default_service(web::to(envelope::not_found))
                .wrap(TracingLogger::<envelope::RequestSpan>::new())
                .wrap(from_fn(envelope::wrap))
        });
        let server = match settings.workers {
            Some(workers) => server.workers(workers),
            None => server,
        };
        let server = server
            .on_connect(send_at_once)
            .client_request_timeout(Duration::from_millis(settings.head_deadline_ms))
            .keep_alive(KeepAlive::Timeout(Duration::from_millis(settings.keep_alive_ms)))
            .shutdown_timeout(settings.shutdown_grace_ms.div_ceil(1_000))
            .disable_signals()
            .bind(settings.listen)
            .map_err(|cause| match cause.kind() {
                io::ErrorKind::AddrInUse => BindError::InUse(settings.listen),
                _ => BindError::Refused { address: settings.listen, cause },
            })?;
        let address = server.addrs().first().copied().unwrap_or(settings.listen);
        Ok(Self { running: server.run(), address, context })
    }

    /// Where it listens: with the port that was given when port 0 was asked for.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` ends. Then it takes no new connection, lets running requests end, and records what was
    /// asked for; `hurry`, when it ends first, cuts running requests off. What was acknowledged is durable always.
    pub async fn run(self, stop: impl Future<Output = ()>, hurry: impl Future<Output = ()>) -> io::Result<()> {
        let handle = self.running.handle();
        let mut running = self.running;
        let result = tokio::select! {
            ended = &mut running => ended,
            () = stop => {
                tracing::info!("stopping: running requests end first");
                tokio::select! {
                    ((), ended) = async { tokio::join!(handle.stop(true), &mut running) } => ended,
                    () = hurry => Ok(()),
                }
            }
        };
        self.context.app.stop().await;
        result
    }
}

/// Lets no piece of an answer wait for the acknowledgement of the one before: with Nagle's algorithm a compressed page, which
/// is sent in pieces, would take 40 ms longer.
fn send_at_once(connection: &dyn Any, _: &mut Extensions) {
    if let Some(stream) = connection.downcast_ref::<TcpStream>()
        && let Err(error) = stream.set_nodelay(true)
    {
        tracing::debug!(%error, "a connection takes no TCP_NODELAY");
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}
