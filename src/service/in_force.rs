//! What decides now: the model and the policy that the log says are in force.
//!
//! A server holds them ready and looks every few seconds whether the log names others. Each decision takes both at
//! once, so none mixes two, and the recorder writes a decision only where what made it is in force at its place in the
//! log: whichever server it comes from, and however late that server learnt of a promotion. A server that cannot load
//! what was put into force decides nothing and says so in `/readyz`.

use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock, Weak},
    time::Duration,
};

use super::{
    App,
    activations::{self, Activation, Cause, Kind, NewActivation},
    app::Shared,
    audit::verification,
    blocking::off_the_runtime,
    promotion,
    recorder::{LoneEntry, RecordError},
    registry,
};
use crate::{
    decide::pipeline::Decider,
    domain::{
        decision::Versioned,
        principal::{Principal, Role},
    },
    storage::{
        self, Tx,
        audit::activations::{Marks, marks},
        registry as table,
    },
};

/// How often a server looks whether something else was put into force.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Who puts into force what the server is started with.
const SERVER: &str = "underwright-server";

/// A model and a policy, and where the log puts them into force. Cheap to clone.
#[derive(Debug, Clone)]
pub struct InForce {
    decider: Decider,
    marks: Marks,
}

impl InForce {
    /// The two, ready to decide.
    #[must_use]
    pub const fn decider(&self) -> &Decider {
        &self.decider
    }

    /// The entries that put them into force.
    #[must_use]
    pub const fn marks(&self) -> Marks {
        self.marks
    }
}

/// What a server holds ready.
#[derive(Debug)]
pub(super) struct Current {
    state: RwLock<State>,
    /// One looks at a time.
    look: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct State {
    in_force: InForce,
    /// Why it is not what is in force: something else is, and cannot be loaded.
    behind: Option<String>,
}

impl Current {
    /// Begins with what the server was started with, in a log that may say nothing yet.
    pub(super) fn new(decider: Decider) -> Self {
        let in_force = InForce { decider, marks: Marks::default() };
        Self { state: RwLock::new(State { in_force, behind: None }), look: tokio::sync::Mutex::default() }
    }

    fn read(&self) -> (InForce, Option<String>) {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        (state.in_force.clone(), state.behind.clone())
    }

    fn write(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.write().unwrap_or_else(PoisonError::into_inner));
    }
}

impl App {
    /// What decides now.
    ///
    /// # Errors
    /// Something was put into force that this server cannot load.
    pub fn in_force(&self) -> Result<InForce, RecordError> {
        let (in_force, behind) = self.current().read();
        behind.map_or(Ok(in_force), |why| Err(RecordError::NotLoaded(why)))
    }

    /// What decided last: for whatever is shown, also when something else is in force that cannot be loaded.
    #[must_use]
    pub fn last_in_force(&self) -> InForce {
        self.current().read().0
    }

    /// Looks into the log for what is in force, and loads it when it is something else.
    ///
    /// # Errors
    /// The store does not answer. What cannot be loaded is told by [`App::in_force`].
    pub async fn look_for_what_is_in_force(&self) -> Result<(), storage::Error> {
        let _one = self.current().look.lock().await;
        let mut tx = self.db().read().await?;
        let marks = marks(&mut tx).await?;
        self.verification().take_up(verification::last_recorded(&mut tx).await?);
        let (held, behind) = self.current().read();
        if held.marks == marks && behind.is_none() {
            return Ok(());
        }
        let loaded = load(&mut tx).await?;
        drop(tx);
        match loaded {
            Ok(decider) => {
                let (model, policy) = (decider.model().identity(), decider.policy().identity());
                tracing::info!(model = %name(model), policy = %name(policy), "in force");
                let in_force = InForce { decider, marks };
                self.current().write(|state| *state = State { in_force, behind: None });
            }
            Err(why) => {
                if behind.as_ref() != Some(&why) {
                    tracing::error!(%why, "what was put into force cannot be loaded: this server decides nothing");
                }
                self.current().write(|state| state.behind = Some(why));
            }
        }
        Ok(())
    }
}

fn name(what: &Versioned) -> String {
    format!("{}@{} {}", what.name, what.version, what.sha256)
}

/// Loads what the log says is in force, off the runtime's own threads.
async fn load(tx: &mut Tx) -> Result<Result<Decider, String>, storage::Error> {
    let last = async |tx: &mut Tx, kind| {
        let history = activations::history(tx, kind).await?;
        Ok::<_, storage::Error>(history.into_iter().next().map(|activation| activation.what.sha256))
    };
    let (Some(model), Some(policy)) = (last(tx, Kind::Model).await?, last(tx, Kind::Policy).await?) else {
        return Ok(Err("the log puts a model or a policy into force without the other".to_owned()));
    };
    let pair = match registry::pair(tx, &model, &policy).await? {
        Ok(pair) => pair,
        Err(error) => return Ok(Err(error.to_string())),
    };
    Ok(off_the_runtime(|| pair.check()).await.map_err(|error| error.to_string()))
}

/// Looks again and again, as long as the application is there.
pub(super) async fn keep_looking(app: Weak<Shared>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let Some(app) = App::upgrade(&app) else { return };
        if let Err(error) = app.look_for_what_is_in_force().await {
            tracing::warn!(%error, "cannot look for what is in force; a decision that needs it does");
        }
    }
}

/// Puts into force what the server was started with, where the log never did, and takes up what is in force.
///
/// What was in force before is not put into force again by a start: a server that starts anew with old settings does
/// not undo a promotion.
pub(super) async fn settle(app: &App) -> Result<(), RecordError> {
    let started = app.last_in_force();
    let mut change = LoneEntry::begin(app.db(), app.clock().now()).await?;
    let (model, policy) = (started.decider.model().identity(), started.decider.policy().identity());
    let models = activations::history(change.tx(), Kind::Model).await?;
    let policies = activations::history(change.tx(), Kind::Policy).await?;
    let (model, policy) = (Part::new(Kind::Model, model, &models), Part::new(Kind::Policy, policy, &policies));
    let refused = |what: String| RecordError::Storage(storage::Error::Conflict(what));
    if (model.in_force(), policy.in_force()) != (model.started, policy.started) {
        // The other part is an earlier one: what is in force must fit before the log says so.
        let pair = registry::decider(change.tx(), &model.in_force().sha256, &policy.in_force().sha256).await?;
        pair.map_err(|error| refused(error.to_string()))?;
    }
    let actor = Principal { subject: SERVER.to_owned(), role: Role::Admin };
    let request_id = app.ids().request(app.clock().now());
    let mut added = false;
    for part in [&model, &policy] {
        match part.new_activation() {
            Some(mut new) => {
                if let Some(kept) = table::model(change.tx(), &part.started.sha256).await? {
                    new.files = promotion::sums(&kept);
                }
                let subject = new.subject();
                change.add(new.facts(&actor, request_id, &subject), &new.payload()?)?;
                added = true;
            }
            None if part.in_force() != part.started => tracing::warn!(
                started_with = %name(part.started),
                in_force = %name(part.in_force()),
                "something else is in force than what the settings name: `underwright models` and `underwright policy` change it"
            ),
            None => {}
        }
    }
    if added {
        change.finish().await?;
    } else {
        drop(change);
    }
    app.look_for_what_is_in_force().await?;
    app.in_force().map(drop)
}

/// The model or the policy that a server was started with, beside what the log says.
struct Part<'a> {
    kind: Kind,
    started: &'a Versioned,
    last: Option<&'a Versioned>,
    /// Whether it was in force at any time.
    was: bool,
}

impl<'a> Part<'a> {
    fn new(kind: Kind, started: &'a Versioned, history: &'a [Activation]) -> Self {
        let was = history.iter().any(|activation| activation.what == *started);
        Self { kind, started, last: history.first().map(|activation| &activation.what), was }
    }

    /// What is in force once the server has started.
    fn in_force(&self) -> &'a Versioned {
        self.last.filter(|_| self.was).unwrap_or(self.started)
    }

    fn new_activation(&self) -> Option<NewActivation<'a>> {
        (!self.was).then(|| NewActivation {
            kind: self.kind,
            what: self.started,
            cause: Cause::Configured,
            replaces: self.last,
            files: BTreeMap::new(),
        })
    }
}
