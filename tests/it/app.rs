//! The real server on a free port, with a fixed clock and a fresh database; a client for each role.
//!
//! When it is dropped it stops the server and verifies the audit log, so that every test holds it.

pub(crate) mod client;
pub(crate) mod model;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use actix_web::web::ServiceConfig;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use serde_json::{Value, json};
use tokio::{sync::oneshot, task::JoinHandle};
use underwright::{
    auth::{
        keys::{KeySet, VerifyingKey},
        token::{Rules, TokenVerifier},
    },
    clock::{Clock, Ids},
    config,
    crypto::{KeyEncryption, SecretKey, signing::CheckpointSigner},
    decide::pipeline::Decider,
    domain::{principal::Role, timestamp::Timestamp},
    http::{BodyLimits, Context, api::document::example_application, console, limits::RateLimits, server::Server},
    service::{
        self, App, Parts, Vault,
        audit::{checkpoints, record_what_is_in_force},
        custody::Custody,
        models::LoadedModel,
        recorder,
        registry::{self, LoadedPolicy},
    },
    storage::{DatabaseUrl, Db, erasure_journal::ErasureJournal},
    telemetry::Metrics,
};

use crate::store::{Backend, Store};

pub(crate) use self::client::{Client, Received};

/// When every test takes place.
pub(crate) const NOW: &str = "2026-11-22T13:00:00Z";
pub(crate) const KEK: &[u8; 32] = b"an invented key-encryption key!!";
const SECRET: &[u8; 32] = b"an invented secret of 32 bytes!!";
pub(crate) const ISSUER: &str = "https://login.example";
pub(crate) const AUDIENCE: &str = "underwright";
/// The log's first entries say which key, model and policy are in force.
pub(crate) const OPENING_ENTRIES: u64 = 3;

/// A server that runs.
pub(crate) struct TestApp {
    pub(crate) address: SocketAddr,
    pub(crate) clock: Clock,
    pub(crate) store: Store,
    http: reqwest::Client,
    running: Option<Running>,
}

struct Running {
    stop: oneshot::Sender<()>,
    ended: JoinHandle<std::io::Result<()>>,
}

/// What a test may set.
pub(crate) struct Options {
    pub(crate) backend: Backend,
    pub(crate) server: config::Server,
    pub(crate) metrics_token: Option<config::Secret>,
    pub(crate) recorder: recorder::Settings,
    pub(crate) limits: config::Limits,
    pub(crate) console: config::Console,
    pub(crate) lender: config::Lender,
    /// Development, where anyone signs in to the console as any role.
    pub(crate) mode: config::Mode,
    /// What decides in place of the shipped model.
    pub(crate) model: Option<LoadedModel>,
    /// Further addresses.
    pub(crate) extension: fn(&mut ServiceConfig),
}

impl Default for Options {
    fn default() -> Self {
        let server = config::Server {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            workers: Some(1),
            shutdown_grace_ms: 5_000,
            ..config::Server::default()
        };
        Self {
            backend: Backend::Sqlite,
            server,
            metrics_token: None,
            recorder: recorder::Settings::default(),
            limits: config::Limits::default(),
            console: config::Console::default(),
            lender: config::Lender::default(),
            mode: config::Mode::Development,
            model: None,
            extension: |_| {},
        }
    }
}

impl TestApp {
    pub(crate) async fn spawn() -> Self {
        Self::spawn_with(Options::default()).await
    }

    /// As [`TestApp::spawn`], on a database of either kind.
    pub(crate) async fn spawn_on(backend: Backend) -> Self {
        Self::spawn_with(Options { backend, ..Options::default() }).await
    }

    pub(crate) async fn spawn_with(options: Options) -> Self {
        let store = Store::new(options.backend).await;
        let clock = Clock::manual(Timestamp::parse(NOW).expect("a time"));
        let context = context(&store, &clock, &options).await;
        let server = Server::bind_with(&options.server, context, options.extension).expect("a free port");
        let address = server.address();
        let (stop, stopped) = oneshot::channel::<()>();
        let ended = tokio::spawn(server.run(async { drop(stopped.await) }, std::future::pending()));
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(20))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client");
        Self { address, clock, store, http, running: Some(Running { stop, ended }) }
    }

    /// A client with a token of this role, for a subject named after it.
    pub(crate) fn client(&self, role: Role) -> Client {
        self.client_of(role, &format!("test-{role}"))
    }

    pub(crate) fn client_of(&self, role: Role, subject: &str) -> Client {
        self.client_with(Some(sign(&claims(&role.to_string(), subject))))
    }

    pub(crate) fn client_with(&self, token: Option<String>) -> Client {
        Client::new(self.http.clone(), self.address, token)
    }

    pub(crate) fn officer(&self) -> Client {
        self.client(Role::Officer)
    }

    pub(crate) fn manager(&self) -> Client {
        self.client(Role::Manager)
    }

    pub(crate) fn auditor(&self) -> Client {
        self.client(Role::Auditor)
    }

    pub(crate) fn service(&self) -> Client {
        self.client(Role::Service)
    }

    pub(crate) fn privacy(&self) -> Client {
        self.client(Role::Privacy)
    }

    pub(crate) fn anonymous(&self) -> Client {
        self.client_with(None)
    }

    /// The store of the running server as a command opens it.
    pub(crate) async fn custody(&self) -> Custody {
        let db = Db::open(&url(&self.store)).await.expect("a database");
        let journal = ErasureJournal::open(self.store.folder().join("erasures.jsonl")).expect("a journal");
        let encryption = KeyEncryption::single("test", &SecretKey::from_slice(KEK).expect("32 bytes"));
        Custody::open(db, encryption, journal, (self.clock.clone(), Ids::seeded(9))).await.expect("the keys")
    }

    /// Asks the server to stop, and waits until it has. Nobody else can use the database then.
    pub(crate) async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            // A server that ended by itself hears nothing.
            let _ = running.stop.send(());
            running.ended.await.expect("the server ends").expect("the server ends well");
        }
    }

    /// How many entries the log has behind those that open it, once it is found intact. The server must have stopped.
    pub(crate) async fn verified_entries(&self) -> u64 {
        let db = Db::open_read_only(&url(&self.store)).await.expect("the database opens");
        let report = service::audit::verify(&db, |_, _| {}).await.expect("the log can be read");
        assert!(report.intact, "{:?}", report.message);
        report.entries - OPENING_ENTRIES
    }

    /// Stops, verifies the audit log, and says how many entries it has behind those that open it.
    pub(crate) async fn finish(mut self) -> u64 {
        self.stop().await;
        self.verified_entries().await
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if self.running.is_none() || std::thread::panicking() {
            return;
        }
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async {
                self.stop().await;
                self.verified_entries().await;
            });
        });
    }
}

/// What a server is bound with.
pub(crate) async fn context(store: &Store, clock: &Clock, options: &Options) -> Context {
    let metrics = Metrics::new();
    let loaded = options.model.clone().unwrap_or_else(model::loaded);
    let policy = LoadedPolicy::parse(model::POLICY).unwrap_or_else(|error| panic!("{error}"));
    let db = Db::open(&url(store)).await.expect("a database");
    registry::keep(&db, &loaded, &policy, clock.now()).await.expect("model and policy are kept");
    let key = SecretKey::from_slice(KEK).expect("32 bytes");
    let vault = Vault::open(&db, KeyEncryption::single("test", &key)).await.expect("a vault");
    let app = App::start(Parts {
        db,
        vault,
        journal: ErasureJournal::open(store.folder().join("erasures.jsonl")).expect("a journal"),
        decider: Decider::new(Arc::clone(&loaded.model), policy.policy).expect("model and policy fit"),
        clock: clock.clone(),
        ids: Ids::seeded(7),
        metrics: metrics.recorder.clone(),
        recorder: options.recorder,
        checkpoints: Some(checkpoints::Settings {
            signer: CheckpointSigner::from_seed("test.example/log", &[7; 32]).expect("a name"),
            interval: Duration::from_hours(1),
            directory: None,
        }),
    });
    record_what_is_in_force(&app).await.expect("recorded");
    let mut keys = KeySet::default();
    keys.insert("k1", VerifyingKey::new(Algorithm::HS256, DecodingKey::from_secret(SECRET)));
    let rules = Rules { issuer: ISSUER.into(), audience: AUDIENCE.into(), leeway_s: 10 };
    Context {
        app,
        tokens: TokenVerifier::new(keys, rules),
        metrics,
        metrics_token: options.metrics_token.clone(),
        body: BodyLimits { bytes: options.server.body_limit_bytes, deadline: options.server.body_deadline() },
        rates: RateLimits::new(&options.limits),
        answer_within: options.limits.answer_within(),
        console: console::Settings::new(&options.console, options.mode),
        lender: options.lender.in_mode(options.mode),
    }
}

fn url(store: &Store) -> DatabaseUrl {
    DatabaseUrl::parse(&store.url()).expect("an address")
}

/// The claims of a sound token.
pub(crate) fn claims(role: &str, subject: &str) -> Value {
    let now = Timestamp::parse(NOW).expect("a time").instant().unix_timestamp();
    json!({"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "role": role, "iat": now, "exp": now + 86_400})
}

pub(crate) fn sign(claims: &Value) -> String {
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("k1".into());
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(SECRET)).expect("signed")
}

/// The contract's example, which the test policy approves.
pub(crate) fn application() -> Value {
    example_application()
}

/// The contract's example with another purpose: `medical` goes to review, `vacation` is declined.
pub(crate) fn application_for(purpose: &str) -> Value {
    let mut application = example_application();
    application["loan"]["purpose"] = purpose.into();
    application
}
