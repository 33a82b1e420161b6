//! From settings to everything that a server needs, or to what keeps it from starting.

use std::sync::Arc;

use anyhow::{Context as _, bail};

use crate::{
    auth::{
        development::{DevelopmentKey, create_private_directory},
        keys::KeySet,
        token::{Rules, TokenVerifier},
    },
    cli::{custody::journal, settings::database_url, token::development_key},
    clock::{self, Clock, Ids},
    config::{DEVELOPMENT_KEY_ID, Mode, Settings},
    crypto::{KeyEncryption, signing::CheckpointSigner},
    decide::pipeline::Decider,
    domain::{
        principal::{Principal, Role},
        timestamp::Timestamp,
    },
    http::{BodyLimits, Context, console, limits::RateLimits},
    service::{
        App, Parts, Vault,
        audit::{checkpoints, record_what_is_in_force},
        custody::Caller,
        models::LoadedModel,
        privacy, recorder,
        registry::{self, LoadedPolicy},
        shipped,
    },
    storage::{Db, checkpoint_files},
    telemetry::Metrics,
};

/// What a server is started with.
pub(super) struct Started {
    pub(super) context: Context,
    /// In development mode alone.
    pub(super) development_key: Option<DevelopmentKey>,
}

/// Opens and checks everything.
pub(super) async fn start(settings: &Settings) -> anyhow::Result<Started> {
    let (keys, development_key) = keys(settings)?;
    let key_encryption = KeyEncryption::load(settings, std::env::vars_os())?;
    let named = Named::load(settings)?;
    if settings.mode == Mode::Development {
        create_private_directory(&settings.data_dir)
            .with_context(|| format!("cannot make the data directory {}", settings.data_dir.display()))?;
    }
    let checkpoints = checkpoints(settings)?;
    let url = database_url(settings)?;
    let db = Db::open_with(&url, &settings.database).await.context("the store cannot be opened")?;
    let vault = Vault::open(&db, key_encryption).await.context("personal data cannot be sealed")?;
    let clock = Clock::system();
    let decider = named.decider(&db, clock.now()).await?;
    let metrics = Metrics::new();
    let app = App::start(Parts {
        db,
        vault,
        journal: journal(settings)?,
        decider,
        clock,
        ids: Ids::from_system()?,
        metrics: metrics.recorder.clone(),
        recorder: recorder::Settings {
            record_within: settings.limits.record_within(),
            write_timeout: settings.database.write_timeout(),
            ..recorder::Settings::default()
        },
        checkpoints: Some(checkpoints),
    });
    check_readiness(&app).await?;
    record_what_is_in_force(&app).await.context("what is in force cannot be recorded in the audit log")?;
    reapply_erasures(&app).await?;
    let rules = Rules {
        issuer: settings.issuer().to_owned(),
        audience: settings.auth.audience.clone(),
        leeway_s: settings.auth.leeway_s,
    };
    let context = Context {
        app,
        tokens: TokenVerifier::new(keys, rules),
        metrics,
        metrics_token: settings.metrics.token.clone(),
        body: BodyLimits { bytes: settings.server.body_limit_bytes, deadline: settings.server.body_deadline() },
        rates: RateLimits::new(&settings.limits),
        answer_within: settings.limits.answer_within(),
        console: console::Settings::new(&settings.console, settings.mode),
        lender: settings.lender.in_mode(settings.mode),
    };
    Ok(Started { context, development_key })
}

/// The keys that tokens are verified with: those of the settings, and in development mode the one of the
/// data directory, which production mode refuses under whatever name it comes.
fn keys(settings: &Settings) -> anyhow::Result<(KeySet, Option<DevelopmentKey>)> {
    let mut keys = KeySet::load(&settings.auth.keys)?;
    if settings.mode == Mode::Development {
        let key = development_key(settings)?;
        keys.insert(DEVELOPMENT_KEY_ID, key.verifying().clone());
        return Ok((keys, Some(key)));
    }
    if let Ok(development) = DevelopmentKey::open(&settings.development_key_file())
        && let Some((kid, _)) = keys.iter().find(|(_, key)| key.is_same_key(development.verifying()))
    {
        bail!(
            "the key `{kid}` is the development key of {}: production mode takes no development key",
            settings.data_dir.display()
        );
    }
    Ok((keys, None))
}

/// How the head of the audit log is signed: with the key of the settings, or in development mode with the one of the
/// data directory, which production mode refuses wherever it lies.
fn checkpoints(settings: &Settings) -> anyhow::Result<checkpoints::Settings> {
    let (audit, development_file) = (&settings.audit, settings.development_signing_key_file());
    let signer = match (&audit.signing_key_file, settings.mode) {
        (Some(file), _) => CheckpointSigner::open(&audit.origin, file)?,
        (None, Mode::Development) => {
            let seed = clock::random_key().context("the audit log's signing key cannot be made")?;
            CheckpointSigner::open_or_create(&audit.origin, &development_file, &seed)?
        }
        (None, Mode::Production) => bail!(
            "audit.signing_key_file is missing: production mode needs the Ed25519 key that signs the audit log's \
             checkpoints; `openssl genpkey -algorithm ED25519 -out audit-signing-key.pem` makes one"
        ),
    };
    if settings.mode == Mode::Production
        && let Ok(development) = CheckpointSigner::open(&audit.origin, &development_file)
        && development.verifier() == signer.verifier()
    {
        bail!(
            "audit.signing_key_file is the development key of {}: production mode takes no development key",
            settings.data_dir.display()
        );
    }
    if let Some(directory) = &audit.checkpoint_dir {
        checkpoint_files::check(directory)
            .with_context(|| format!("audit.checkpoint_dir {} cannot be written", directory.display()))?;
    }
    tracing::info!(key = %signer.verifier(), "checkpoints of the audit log are signed by this key");
    let (interval, directory) = (audit.checkpoint_interval(), audit.checkpoint_dir.clone());
    Ok(checkpoints::Settings { signer, interval, directory })
}

/// What the settings name to decide; what they do not name is what is in force, or else what comes with the binary.
struct Named {
    model: Option<LoadedModel>,
    policy: Option<LoadedPolicy>,
}

impl Named {
    fn load(settings: &Settings) -> anyhow::Result<Self> {
        let model = settings.model.directory.as_ref().map(|directory| {
            LoadedModel::from_directory(directory)
                .with_context(|| format!("the model in {} cannot be used", directory.display()))
        });
        let policy = settings.policy.file.as_ref().map(|file| {
            let named = file.display();
            let text = std::fs::read_to_string(file).with_context(|| format!("cannot read the policy {named}"))?;
            LoadedPolicy::parse(&text).with_context(|| format!("the policy {named} cannot be used"))
        });
        Ok(Self { model: model.transpose()?, policy: policy.transpose()? })
    }

    /// A model and a policy that fit, kept in the database.
    async fn decider(self, db: &Db, now: Timestamp) -> anyhow::Result<Decider> {
        let (model, policy) = match self {
            Self { model: Some(model), policy: Some(policy) } => (model, policy),
            Self { model, policy } => {
                let in_force = registry::in_force(db).await.context("what is in force cannot be read")?;
                let in_force = in_force.transpose().context("what is in force cannot be loaded")?;
                let (model_in_force, policy_in_force) = in_force.unzip();
                let model = model.or(model_in_force).map_or_else(shipped::model, Ok);
                let policy = policy.or(policy_in_force).map_or_else(|| LoadedPolicy::parse(shipped::POLICY), Ok);
                (
                    model.context("the model that comes with the binary cannot be used")?,
                    policy.context("the policy that comes with the binary cannot be used")?,
                )
            }
        };
        let decider = Decider::new(Arc::clone(&model.model), Arc::clone(&policy.policy))
            .context("the policy does not fit the model")?;
        registry::keep(db, &model, &policy, now).await.context("the model and the policy cannot be kept")?;
        Ok(decider)
    }
}

/// Destroys again what a restored backup has brought back, before anything is served.
async fn reapply_erasures(app: &App) -> anyhow::Result<()> {
    let server = Principal { subject: "server".to_owned(), role: Role::Privacy };
    let custody = app.custody();
    let caller = Caller { who: &server, request_id: custody.request_id() };
    let applications = privacy::reapply(custody, caller).await.context("the erasure journal cannot be applied")?;
    if applications > 0 {
        tracing::warn!(applications, "erased again: the database was restored from before their erasure");
    }
    Ok(())
}

async fn check_readiness(app: &App) -> anyhow::Result<()> {
    let readiness = app.readiness().await;
    if !readiness.database {
        bail!("the store does not answer");
    }
    if !readiness.recorder {
        bail!("the audit log cannot be written: let this process write to the store");
    }
    if !readiness.model {
        bail!("the model does not give the numbers that its parity vectors ask for");
    }
    Ok(())
}
