//! `/audit`: the audit log, searched, shown entry by entry, verified and taken away.

pub mod files;
pub mod verification;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use askama::Template;

use super::{SignedIn, Viewer, filters::escaped, forms::Fields, page, texts::Texts};
use crate::{
    audit::entry::Action,
    domain::timestamp::Timestamp,
    http::{Context, extract::permit, problem::Problem},
    service::{
        audit::{self as use_case, EntryView, Filter, WholeEntry, verification::Verified},
        view::PageLimit,
    },
};

/// How many entries a page shows.
const ROWS: u32 = 50;
/// The longest text that is searched for.
const LONGEST: usize = 255;

#[derive(Template)]
#[template(path = "audit/log.html")]
struct LogPage<'a> {
    viewer: &'a Viewer,
    t: Texts,
    search: Search,
    actions: Vec<(&'static str, &'static str)>,
    entries: Vec<EntryView>,
    /// The address of the page with what came before these.
    older: Option<String>,
    size: u64,
    verified: Option<Verified>,
}

#[derive(Template)]
#[template(path = "audit/entry.html")]
struct EntryPage<'a> {
    viewer: &'a Viewer,
    t: Texts,
    entry: WholeEntry,
    /// The payload, a line for each value.
    payload: String,
    has_next: bool,
}

/// What is searched for, as it was typed, and what of it cannot be searched for.
#[derive(Debug, Default)]
struct Search {
    action: String,
    actor: String,
    subject: String,
    request_id: String,
    from: String,
    to: String,
    /// The names of the fields that are not of their kind.
    wrong: Vec<&'static str>,
}

impl Search {
    fn read(fields: &Fields) -> (Self, Filter) {
        let text = |name: &str| fields.text(name).chars().take(LONGEST).collect::<String>();
        let mut search = Self {
            action: text("action"),
            actor: text("actor"),
            subject: text("subject"),
            request_id: text("request_id"),
            from: text("from"),
            to: text("to"),
            wrong: Vec::new(),
        };
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let mut wrong = Vec::new();
        let mut time = |name, text: &str| {
            let time = Timestamp::parse_day_or_time(text);
            if time.is_none() && !text.is_empty() {
                wrong.push(name);
            }
            time
        };
        let (from, to) = (time("from", &search.from), time("to", &search.to));
        let request_id = search.request_id.parse().ok();
        if request_id.is_none() && !search.request_id.is_empty() {
            wrong.push("request_id");
        }
        search.wrong = wrong;
        let filter = Filter {
            from,
            to,
            action: Action::parse(&search.action),
            actor: given(&search.actor),
            request_id,
            subject: given(&search.subject),
        };
        (search, filter)
    }

    fn is_wrong(&self, name: &str) -> bool {
        self.wrong.contains(&name)
    }

    /// The address of what was searched for.
    fn address(&self, more: &[(&str, &str)]) -> String {
        let Self { action, actor, subject, request_id, from, to, wrong: _ } = self;
        let fields = [
            ("action", action.as_str()),
            ("actor", actor),
            ("subject", subject),
            ("request_id", request_id),
            ("from", from),
            ("to", to),
        ];
        let given = fields.into_iter().chain(more.iter().copied()).filter(|(_, text)| !text.is_empty());
        let pairs: Vec<String> = given.map(|(name, text)| format!("{name}={}", escaped(text))).collect();
        format!("/audit?{}", pairs.join("&"))
    }

    /// The period alone: what an export is of.
    fn period(&self) -> String {
        let given = [("from", &self.from), ("to", &self.to)].into_iter().filter(|(_, text)| !text.is_empty());
        let pairs: Vec<String> = given.map(|(name, text)| format!("&{name}={}", escaped(text))).collect();
        pairs.concat()
    }
}

/// `GET /audit`
pub async fn list(
    who: SignedIn<permit::ReadAudit>,
    request: HttpRequest,
    context: Data<Context>,
) -> Result<HttpResponse, Problem> {
    let fields = Fields::parse(request.query_string().as_bytes());
    let (search, filter) = Search::read(&fields);
    let limit = PageLimit::new(ROWS).unwrap_or_default();
    let listed = if search.wrong.is_empty() {
        Some(use_case::newest_entries(&context.app, &filter, fields.text("before").parse().ok(), limit).await?)
    } else {
        None
    };
    let (entries, next) = listed.map(|listed| (listed.data, listed.next)).unwrap_or_default();
    let older = next.map(|before| search.address(&[("before", &before)]));
    let size = use_case::head(&context.app).await?.size;
    let actions = Action::ALL.map(|action| (action.as_str(), who.t.action(action))).to_vec();
    let verified = use_case::verification::known(&context.app).recorded;
    page(&LogPage { viewer: &who, t: who.t, search, actions, entries, older, size, verified })
}

/// `GET /audit/{sequence}`
pub async fn show(
    who: SignedIn<permit::ReadAudit>,
    context: Data<Context>,
    sequence: Path<String>,
) -> Result<HttpResponse, Problem> {
    let sequence: u64 = sequence.parse().map_err(|_| Problem::not_found())?;
    let entry = use_case::entry(&context.app, sequence).await?.ok_or_else(Problem::not_found)?;
    let size = use_case::head(&context.app).await?.size;
    let value: serde_json::Value =
        serde_json::from_str(entry.view.entry.payload.get()).map_err(|error| Problem::internal(&error))?;
    let payload = serde_json::to_string_pretty(&value).map_err(|error| Problem::internal(&error))?;
    let has_next = sequence + 1 < size;
    page(&EntryPage { viewer: &who, t: who.t, entry, payload, has_next })
}

/// The address of what an entry is about, when a page shows it.
#[must_use]
pub fn subject_address(subject: &str) -> Option<String> {
    let mut parts = subject.split('/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("model"), Some(name), Some(version)) => Some(format!("/models/{}/{}", escaped(name), escaped(version))),
        (Some("policy"), Some(_), Some(_)) => Some("/policy".to_owned()),
        (Some(id), None, None) if id.starts_with("app_") => Some(format!("/applications/{}", escaped(id))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_repeated_by_its_address_and_says_what_it_cannot_read() {
        let typed = b"action=application.decided&actor=service%3Alos-1&subject=%26%22x&from=2026-11-22&to=&request_id=";
        let (search, filter) = Search::read(&Fields::parse(typed));
        assert_eq!(filter.action, Some(Action::ApplicationDecided));
        assert_eq!((filter.actor.as_deref(), filter.subject.as_deref()), (Some("service:los-1"), Some("&\"x")));
        let address = search.address(&[("before", "7")]);
        assert_eq!(
            address,
            "/audit?action=application.decided&actor=service%3Alos-1&subject=%26%22x&from=2026-11-22&before=7"
        );
        assert_eq!(search.period(), "&from=2026-11-22");
        let (again, _) = Search::read(&Fields::parse(address.trim_start_matches("/audit?").as_bytes()));
        assert_eq!(again.subject, "&\"x");
        let (search, _) = Search::read(&Fields::parse(b"from=yesterday&request_id=x&action=unknown"));
        assert_eq!(search.wrong, ["from", "request_id"]);
    }

    #[test]
    fn what_a_page_shows_is_linked_and_nothing_else() {
        assert_eq!(subject_address("model/personal-loan/1").as_deref(), Some("/models/personal-loan/1"));
        assert_eq!(subject_address("app_x").as_deref(), Some("/applications/app_x"));
        for other in ["", "model/x", "applicant:00", "keys", "javascript:alert(1)", "//evil.example/a"] {
            assert_eq!(subject_address(other), None, "{other}");
        }
    }
}
