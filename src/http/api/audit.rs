//! `/v1/audit/entries`: the audit log.

use actix_web::{HttpResponse, web::Data};

use super::{
    applications::word,
    document::{LimitParam, QueryProblems, ServerProblems, SignedInProblems},
};
use crate::{
    audit::entry::Action,
    http::{
        Context,
        extract::{Allowed, QueryReader, permit},
        problem::Problem,
    },
    service::{audit as use_case, audit::EntryView, view::Page},
};

/// Read the audit log
///
/// In the log's own order. An entry's `leaf_hash` is its RFC 6962 leaf hash, over its canonical JSON (RFC 8785)
/// without `leaf_hash` itself.
#[utoipa::path(
    get,
    path = "/v1/audit/entries",
    operation_id = "list_audit_entries",
    tag = "audit",
    security(("bearer" = [])),
    params(
        ("from" = Option<String>, Query, description = "Recorded at this time or later: RFC 3339, or a day in UTC"),
        ("to" = Option<String>, Query, description = "Recorded before this time: RFC 3339, or a day in UTC"),
        ("action" = Option<Action>, Query),
        ("subject" = Option<String>, Query, description = "What the entry is about: an application's id"),
        LimitParam,
        ("after" = Option<u64>, Query, description = "The `next` of the page before: a sequence"),
    ),
    responses(
        (status = 200, description = "A page of the log", body = Page<EntryView>),
        QueryProblems, SignedInProblems, ServerProblems,
    ),
)]
pub async fn entries(
    _who: Allowed<permit::ReadAudit>,
    context: Data<Context>,
    mut query: QueryReader,
) -> Result<HttpResponse, Problem> {
    let filter = use_case::Filter {
        from: query.time("from"),
        to: query.time("to"),
        action: query.read("action", "application.decided or application.reviewed", word),
        subject: query.text("subject"),
    };
    let after = query.read("after", "the `next` of the page before", |text| text.parse().ok());
    let limit = query.limit();
    query.finish()?;
    Ok(HttpResponse::Ok().json(use_case::entries(&context.app, &filter, after, limit).await?))
}
