//! What else happened to an application beside its decisions: letters and looks; and the proof of each entry, to be handed out.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};

use super::{SignedIn, Viewer, audit::files::attachment};
use crate::{
    audit::entry::Action,
    domain::{
        principal::{Permission, Principal},
        timestamp::Timestamp,
    },
    http::{
        Context,
        extract::{path_id, permit},
        problem::Problem,
    },
    service::{
        applications,
        view::{ApplicationDetail, HistoryEntry},
    },
};

/// Letters and looks, in the order of the log.
#[derive(Debug)]
pub struct Events(Vec<Event>);

/// A letter or a look.
#[derive(Debug)]
pub struct Event {
    pub sequence: u64,
    pub at: Timestamp,
    pub actor: Principal,
    pub action: Action,
    /// The letter's language, or why somebody looked.
    pub what: &'static str,
    /// Whether it is a letter that this viewer may open.
    pub opens: bool,
}

impl Events {
    /// What an application's page shows to a viewer.
    #[must_use]
    pub fn of(viewer: &Viewer, detail: &ApplicationDetail) -> Self {
        let opens = detail.view.applicant_erased_at.is_none() && viewer.may(Permission::SeeApplicant);
        let letters = detail.notices.iter().map(|notice| Event {
            sequence: notice.sequence,
            at: notice.at,
            actor: notice.actor.clone(),
            action: Action::NoticeIssued,
            what: notice.language.own_name(),
            opens,
        });
        let looks = detail.looks.iter().map(|look| Event {
            sequence: look.sequence,
            at: look.at,
            actor: look.actor.clone(),
            action: Action::ApplicantViewed,
            what: viewer.t.look_reason(look.reason),
            opens: false,
        });
        let mut all: Vec<Event> = letters.chain(looks).collect();
        all.sort_by_key(|event| event.sequence);
        Self(all)
    }

    /// Those that stand directly before a decision, in the history of all of them.
    #[must_use]
    pub fn before(&self, decision: u64, history: &[HistoryEntry]) -> Vec<&Event> {
        let earlier = history.iter().map(|entry| entry.sequence).filter(|sequence| *sequence < decision).max();
        let between =
            |event: &&Event| earlier.is_none_or(|earlier| event.sequence > earlier) && event.sequence < decision;
        self.0.iter().filter(between).collect()
    }

    /// Those behind the last decision.
    #[must_use]
    pub fn behind(&self, history: &[HistoryEntry]) -> Vec<&Event> {
        let last = history.iter().map(|entry| entry.sequence).max();
        self.0.iter().filter(|event| last.is_none_or(|last| event.sequence > last)).collect()
    }
}

/// `GET /applications/{id}/history/{sequence}/proof`: for whoever may read the application.
pub async fn proof(
    who: SignedIn<permit::ReadApplication>,
    context: Data<Context>,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (id, sequence) = path.into_inner();
    let sequence: u64 = sequence.parse().map_err(|_| Problem::not_found())?;
    let proof = applications::proof(&context.app, who.principal(), path_id(&id)?, sequence).await?;
    Ok(HttpResponse::Ok().insert_header(attachment(format!("entry-{sequence}-proof.json"))).json(proof))
}
