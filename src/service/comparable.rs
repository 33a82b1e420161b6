//! Whom an applicant is compared with: those whom the same model decided last.
//!
//! What was scored is no personal data by the log's reckoning, and stays readable when a person's data is erased, so a
//! sample needs no key and changes with no erasure. It is read beside the pages that show it, kept for a while, and
//! continued from where it ended. While a model has decided too few, the rows that its bundle was tested on stand in.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::Deserialize;
use serde_json::Value;

use super::{
    App,
    activations::{self, Kind},
    blocking::off_the_runtime,
};
use crate::{
    audit::entry::{Action, Entry},
    decide::pipeline::Decider,
    domain::{principal::Principal, timestamp::Timestamp},
    features::{extract::FeatureVector, schema::Schema},
    model::bundle::tested_on,
    monitor::standing::Spread,
    storage::{self, audit, entries, registry},
};

/// A sample is of so many decisions.
const MOST: usize = 2_000;
/// Models with many features have smaller samples: so many values are kept of one.
const MOST_VALUES: usize = 200_000;
/// Fewer decisions than this say nothing of where one stands.
pub const FEWEST: usize = 50;
/// Fewer rows of a bundle than this.
const FEWEST_TESTED: usize = 30;
/// So many of the log's last entries are looked at: some are no decisions, or by another model.
const LOOKED_AT: u64 = 3_072;
/// How many entries are read at a time.
const CHUNK: u64 = 512;
/// Of so many models samples are kept.
const MOST_MODELS: usize = 4;
/// A sample that is older than this is continued.
const GOOD_FOR: time::Duration = time::Duration::seconds(30);
/// How long a page waits for the first sample of a model.
const PATIENCE: Duration = Duration::from_millis(20);

/// How the values of each feature are spread among those whom one is compared with.
#[derive(Debug)]
pub struct Sample {
    pub source: Source,
    /// How many they are.
    pub size: usize,
    spreads: Vec<Spread>,
}

/// Who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Those whom the model decided last.
    Decisions,
    /// Rows of the data that the model was tested on.
    Tested,
}

impl Sample {
    fn of(source: Source, schema: &Schema, rows: &[&[f64]]) -> Self {
        let spread = |(index, feature)| Spread::of(feature, rows.iter().map(|row| row[index]));
        Self { source, size: rows.len(), spreads: schema.features.iter().enumerate().map(spread).collect() }
    }

    /// How the feature at `index` of the schema is spread.
    #[must_use]
    pub fn spread(&self, index: usize) -> Option<&Spread> {
        self.spreads.get(index)
    }
}

/// What there is to compare with.
#[derive(Debug, Clone)]
pub enum Comparable {
    Sample(Arc<Sample>),
    /// Too few decisions, and no other data.
    Nobody,
    /// It is being read.
    Soon,
}

/// The samples of the last models that were asked for.
#[derive(Debug, Default)]
pub(super) struct Samples(Mutex<Vec<Kept>>);

#[derive(Debug)]
struct Kept {
    model_sha256: String,
    /// `None` until it was read for the first time.
    found: Option<Found>,
    read_at: Timestamp,
    /// `None` while it is being continued.
    rows: Option<Rows>,
}

#[derive(Debug, Clone)]
struct Found {
    decided: Option<Arc<Sample>>,
    tested: Option<Arc<Sample>>,
}

/// What was read so far.
#[derive(Debug, Default)]
struct Rows {
    values: VecDeque<Box<[f64]>>,
    /// Entries before this one were looked at.
    next: u64,
}

/// Those with whom an applicant of this model is compared. A caller who sees only their own applications is told nothing of
/// others' decisions.
pub async fn with(app: &App, who: &Principal, decider: &Decider) -> Comparable {
    let model_sha256 = decider.model().identity().sha256.as_str();
    let now = app.clock().now();
    let (found, due) = app.samples().ask(model_sha256, now);
    if let Some(rows) = due {
        let (app, decider) = (app.clone(), decider.clone());
        let before = found.clone();
        let reading = tokio::spawn(async move { renew(&app, &decider, rows, before).await });
        if found.is_none() {
            // Whoever waits in vain is told to come back; the reading goes on.
            drop(tokio::time::timeout(PATIENCE, reading).await);
        }
    }
    let Some(found) = found.or_else(|| app.samples().found(model_sha256)) else { return Comparable::Soon };
    let decided = found.decided.filter(|_| !who.role.sees_only_its_own());
    decided.or(found.tested).map_or(Comparable::Nobody, Comparable::Sample)
}

/// Reads the sample of the model in force, so that the first page has it.
pub async fn prepare(app: App) {
    let in_force = app.last_in_force();
    let decider = in_force.decider();
    let (before, due) = app.samples().ask(&decider.model().identity().sha256, app.clock().now());
    if let Some(rows) = due {
        renew(&app, decider, rows, before).await;
    }
}

/// Continues a sample and keeps it; one that cannot be read is tried again later.
async fn renew(app: &App, decider: &Decider, rows: Rows, before: Option<Found>) {
    let model_sha256 = decider.model().identity().sha256.as_str();
    match read(app, decider, rows, before).await {
        Ok((found, rows)) => app.samples().keep(model_sha256, Some(found), rows),
        Err(error) => {
            tracing::warn!(%error, "the applicants to compare with were not read; it is tried again");
            app.samples().keep(model_sha256, None, Rows::default());
        }
    }
}

async fn read(
    app: &App,
    decider: &Decider,
    rows: Rows,
    before: Option<Found>,
) -> Result<(Found, Rows), storage::Error> {
    let rows = read_on(app, decider, rows).await?;
    // What a bundle holds never changes.
    let bundle = match &before {
        Some(_) => None,
        None => registry::model(&mut app.db().read().await?, &decider.model().identity().sha256).await?,
    };
    let decider = decider.clone();
    let counted = off_the_runtime(move || {
        let schema = decider.model().schema();
        let decided: Vec<&[f64]> = rows.values.iter().map(|row| &**row).collect();
        let is_enough = decided.len() >= FEWEST;
        let decided = is_enough.then(|| Arc::new(Sample::of(Source::Decisions, schema, &decided)));
        let tested = bundle.map(|bundle| tested_on(decider.model(), &bundle.parity_jsonl)).unwrap_or_default();
        let tested: Vec<&[f64]> = tested.iter().map(FeatureVector::values).collect();
        let is_enough = tested.len() >= FEWEST_TESTED;
        let tested = is_enough.then(|| Arc::new(Sample::of(Source::Tested, schema, &tested)));
        (Found { decided, tested: before.map_or(tested, |before| before.tested) }, rows)
    });
    Ok(counted.await)
}

/// Reads what the model has decided since.
async fn read_on(app: &App, decider: &Decider, mut rows: Rows) -> Result<Rows, storage::Error> {
    let model_sha256 = decider.model().identity().sha256.clone();
    let most = (MOST_VALUES / decider.model().schema().features.len().max(1)).clamp(FEWEST, MOST);
    let mut tx = app.db().read().await?;
    let history = activations::history(&mut tx, Kind::Model).await?;
    let place = history.iter().position(|activation| activation.what.sha256 == model_sha256);
    let end = match place.and_then(|place| place.checked_sub(1)) {
        // What took its place ended its decisions.
        Some(next) => history[next].sequence,
        None => audit::head(&mut tx).await?.map_or(0, |head| head.size),
    };
    let mut first = rows.next.max(end.saturating_sub(LOOKED_AT));
    while first < end {
        let last = (first + CHUNK).min(end);
        let chunk = entries::range(&mut tx, first, last).await?;
        let (decider, sha256) = (decider.clone(), model_sha256.clone());
        let read = off_the_runtime(move || {
            let texts = chunk.part(0..chunk.len()).map(|(_, entry)| entry);
            texts.filter_map(|entry| scored(entry, decider.model().schema(), &sha256)).collect::<Vec<_>>()
        });
        rows.values.extend(read.await);
        let over = rows.values.len().saturating_sub(most);
        rows.values.drain(..over);
        first = last;
    }
    rows.next = end;
    Ok(rows)
}

/// What is read of a decision.
#[derive(Deserialize)]
struct Payload {
    features: Vec<Scored>,
    decision: Decided,
}

#[derive(Deserialize)]
struct Scored {
    feature: String,
    value: Value,
}

#[derive(Deserialize)]
struct Decided {
    model: Named,
}

#[derive(Deserialize)]
struct Named {
    sha256: String,
}

/// The values that a model scored, in its order; `None` when an entry is not a decision by it.
fn scored(entry: &str, schema: &Schema, model_sha256: &str) -> Option<Box<[f64]>> {
    let entry: Entry =
        serde_json::from_str(entry).ok().filter(|entry: &Entry| entry.action == Action::ApplicationDecided)?;
    let payload: Payload = serde_json::from_str(entry.payload.get()).ok()?;
    if payload.decision.model.sha256 != model_sha256 || payload.features.len() != schema.features.len() {
        return None;
    }
    let value = |(index, scored): (usize, &Scored)| {
        let is_its = schema.features[index].name == scored.feature;
        is_its.then(|| schema.raw_value(index, &scored.value)).flatten()
    };
    payload.features.iter().enumerate().map(value).collect()
}

impl Samples {
    fn lock(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn found(&self, model_sha256: &str) -> Option<Found> {
        self.lock().iter().find(|kept| kept.model_sha256 == model_sha256)?.found.clone()
    }

    /// What is known, and from where to read on when that is due: whoever takes that hands it back by [`Samples::keep`].
    fn ask(&self, model_sha256: &str, now: Timestamp) -> (Option<Found>, Option<Rows>) {
        let mut all = self.lock();
        if let Some(kept) = all.iter_mut().find(|kept| kept.model_sha256 == model_sha256) {
            let is_due = kept.found.is_none() || now.instant() - kept.read_at.instant() >= GOOD_FOR;
            let rows = if is_due { kept.rows.take() } else { None };
            if rows.is_some() {
                kept.read_at = now;
            }
            return (kept.found.clone(), rows);
        }
        if all.len() >= MOST_MODELS {
            all.remove(0);
        }
        all.push(Kept { model_sha256: model_sha256.to_owned(), found: None, read_at: now, rows: None });
        (None, Some(Rows::default()))
    }

    fn keep(&self, model_sha256: &str, found: Option<Found>, rows: Rows) {
        let mut all = self.lock();
        // One that other models have displaced meanwhile is read anew when it is asked for.
        if let Some(kept) = all.iter_mut().find(|kept| kept.model_sha256 == model_sha256) {
            kept.found = found.or(kept.found.take());
            kept.rows = Some(rows);
        }
    }
}
