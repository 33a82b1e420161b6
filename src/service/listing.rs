//! The console's lists of applications: filters, a page at a time by key, and no look at more than a bounded number.
//!
//! What has an index (outcome, reference, time) is looked up. Amounts and scores have none: every application that the
//! others leave is looked at, up to [`MOST_LOOKED_AT`] for a page; then the page ends early, and says where it would go on.

use super::{
    App,
    overview::{Line, line},
};
use crate::{
    audit::entry::actor_name,
    domain::{
        decision::{Outcome, Status},
        id::ApplicationId,
        principal::Principal,
        timestamp::Timestamp,
    },
    storage::{
        self,
        saved_views::{self, SavedView},
        summaries::{self, Selection},
    },
};

/// How many applications a page looks at.
pub const MOST_LOOKED_AT: usize = 2_000;
/// How many are read at once when not all of them may be shown.
const CHUNK: u32 = 500;
/// How many lists somebody may keep.
const MOST_VIEWS: usize = 50;

/// Which applications are asked for; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    pub status: Option<Status>,
    pub outcome: Option<Outcome>,
    pub external_reference: Option<String>,
    /// Received at this time or later.
    pub from: Option<Timestamp>,
    /// Received before this time.
    pub to: Option<Timestamp>,
    /// In the currency's main unit.
    pub amount_from: Option<f64>,
    pub amount_to: Option<f64>,
    pub score_from: Option<i32>,
    pub score_to: Option<i32>,
}

/// Where a page begins, and how long it is.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Behind this application.
    pub after: Option<ApplicationId>,
    pub oldest_first: bool,
    pub most: usize,
}

/// A page.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub lines: Vec<Line>,
    /// Where the next page begins; `None` when nothing follows.
    pub next: Option<ApplicationId>,
    /// Whether the page ended because enough was looked at, and where that was.
    pub looked_back_to: Option<Timestamp>,
}

impl Filter {
    /// Whether every application that is read is shown.
    fn is_indexed(&self) -> bool {
        self.status.is_none_or(|status| status == Status::AwaitingReview)
            && (self.from, self.to) == (None, None)
            && (self.amount_from, self.amount_to) == (None, None)
            && (self.score_from, self.score_to) == (None, None)
    }

    fn takes(&self, line: &Line, minor_digits: impl Fn(&str) -> i32) -> bool {
        let amount = as_f64(line.amount_minor) / 10_f64.powi(minor_digits(&line.currency));
        self.status.is_none_or(|status| status == Status::after(line.outcome))
            && self.from.is_none_or(|from| line.received_at >= from)
            && self.to.is_none_or(|to| line.received_at < to)
            && self.amount_from.is_none_or(|least| amount >= least)
            && self.amount_to.is_none_or(|most| amount <= most)
            && self.score_from.is_none_or(|least| line.score >= least)
            && self.score_to.is_none_or(|most| line.score <= most)
    }
}

/// Finds a page. `minor_digits` says how many digits of a currency stand behind the point.
pub async fn find(
    app: &App,
    who: &Principal,
    filter: &Filter,
    place: Place,
    minor_digits: impl Fn(&str) -> i32,
) -> Result<Found, storage::Error> {
    let own = who.role.sees_only_its_own().then(|| actor_name(who));
    let awaiting = (filter.status == Some(Status::AwaitingReview)).then_some(Outcome::Review);
    let mut selection = Selection {
        submitted_by: own.as_deref(),
        external_reference: filter.external_reference.as_deref(),
        outcome: filter.outcome.or(awaiting),
        from: filter.from,
        to: filter.to,
        beyond: place.after,
        oldest_first: place.oldest_first,
    };
    let page = u32::try_from(place.most).unwrap_or(CHUNK).saturating_add(1);
    let chunk = if filter.is_indexed() { page } else { CHUNK.max(page) };
    let (mut lines, mut looked_at) = (Vec::new(), 0);
    let mut tx = app.db().read().await?;
    loop {
        let rows = summaries::list(&mut tx, &selection, chunk).await?;
        let is_last = rows.len() < chunk as usize;
        let mut reached = None;
        for row in rows {
            looked_at += 1;
            let found = line(row)?;
            (selection.beyond, reached) = (Some(found.id), Some(found.received_at));
            if !filter.takes(&found, &minor_digits) {
                continue;
            }
            if lines.len() == place.most {
                let next = lines.last().map(|line: &Line| line.id);
                return Ok(Found { lines, next, looked_back_to: None });
            }
            lines.push(found);
        }
        if is_last {
            return Ok(Found { lines, next: None, looked_back_to: None });
        }
        if looked_at >= MOST_LOOKED_AT.max(place.most) {
            return Ok(Found { lines, next: selection.beyond, looked_back_to: reached });
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "amounts are below 2^53")]
const fn as_f64(amount_minor: i64) -> f64 {
    amount_minor as f64
}

/// The lists that somebody keeps, by name.
pub async fn views(app: &App, who: &Principal) -> Result<Vec<SavedView>, storage::Error> {
    saved_views::list(&mut app.db().read().await?, &who.subject).await
}

/// Keeps a list, in place of one of the same name. False when there are too many.
pub async fn save_view(app: &App, who: &Principal, view: &SavedView) -> Result<bool, storage::Error> {
    let mut tx = app.db().write().await?;
    let kept = saved_views::list(&mut tx, &who.subject).await?;
    if kept.len() >= MOST_VIEWS && kept.iter().all(|other| other.name != view.name) {
        return Ok(false);
    }
    saved_views::save(&mut tx, &who.subject, view, app.clock().now()).await?;
    tx.commit().await?;
    Ok(true)
}

/// Forgets a list.
pub async fn remove_view(app: &App, who: &Principal, name: &str) -> Result<(), storage::Error> {
    let mut tx = app.db().write().await?;
    saved_views::remove(&mut tx, &who.subject, name).await?;
    tx.commit().await
}
