//! `/v1/audit`: the audit log, its signed head, and proofs of its entries.

use actix_web::{
    HttpResponse,
    http::header::{ContentDisposition, ContentType},
    web::{Data, Path},
};

use super::{
    applications::word,
    document::{LimitParam, NotFoundProblem, QueryProblems, ServerProblems, SignedInProblems, ValueProblems},
};
use crate::{
    audit::{entry::Action, proof::ProofFile},
    domain::id::RequestId,
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
/// without `leaf_hash` itself. With `subject`, the whole history of one application.
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
        ("actor" = Option<String>, Query, description = "Who did it: role, colon and subject, as in `service:los-1`"),
        ("subject" = Option<String>, Query, description = "What the entry is about: an application's id, or how the log names an applicant"),
        ("request_id" = Option<RequestId>, Query, description = "The request that asked for it"),
        LimitParam,
        ("after" = Option<u64>, Query, description = "The `next` of the page before: a sequence"),
    ),
    responses(
        (status = 200, description = "A page of the log", body = Page<EntryView>),
        QueryProblems, ValueProblems, SignedInProblems, ServerProblems,
    ),
)]
pub async fn entries(
    _who: Allowed<permit::ReadAudit>,
    context: Data<Context>,
    mut query: QueryReader,
) -> Result<HttpResponse, Problem> {
    let (from, to) = query.period();
    let filter = use_case::Filter {
        from,
        to,
        action: query.read("action", &words(), word),
        actor: query.text("actor"),
        request_id: query.read("request_id", "the `Request-Id` of an answer", |text| text.parse().ok()),
        subject: query.text("subject"),
    };
    let after = query.read("after", "the `next` of the page before", |text| text.parse().ok());
    let limit = query.limit();
    query.finish()?;
    Ok(HttpResponse::Ok().json(use_case::entries(&context.app, &filter, after, limit).await?))
}

/// Every action, for whoever asked for another.
fn words() -> String {
    Action::ALL.map(Action::as_str).join(", ")
}

/// Prove that an entry is in the log
///
/// The answer is a file that can be handed to the applicant, or to a court: the entry, the hashes from it to the root
/// of the log's tree, and that root signed. It is checked offline, with `underwright audit verify --proof` or by the
/// steps that stand in it.
#[utoipa::path(
    get,
    path = "/v1/audit/entries/{sequence}/proof",
    operation_id = "prove_audit_entry",
    tag = "audit",
    security(("bearer" = [])),
    params(("sequence" = u64, Path, description = "The entry's place in the log, from 0", example = 123)),
    responses(
        (status = 200, description = "The proof", body = ProofFile),
        NotFoundProblem, SignedInProblems, ServerProblems,
    ),
)]
pub async fn proof(
    _who: Allowed<permit::ReadAudit>,
    context: Data<Context>,
    sequence: Path<String>,
) -> Result<HttpResponse, Problem> {
    let sequence: u64 = sequence.parse().map_err(|_| Problem::not_found())?;
    let proof = use_case::proof_from_server(&context.app, sequence).await?;
    let disposition = ContentDisposition::attachment(format!("audit-proof-{sequence}.json"));
    Ok(HttpResponse::Ok().insert_header(disposition).json(proof))
}

/// Read the signed head of the log
///
/// A checkpoint (C2SP `tlog-checkpoint`): the log's name, its size and its root, signed. Keep it: whoever holds one can
/// later show that the log was cut off behind it, or rewritten before it (`underwright audit verify --checkpoint`).
#[utoipa::path(
    get,
    path = "/v1/audit/checkpoint",
    operation_id = "read_audit_checkpoint",
    tag = "audit",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The checkpoint, a signed note", body = String, content_type = "text/plain"),
        NotFoundProblem, SignedInProblems, ServerProblems,
    ),
)]
pub async fn checkpoint(_who: Allowed<permit::ReadAudit>, context: Data<Context>) -> Result<HttpResponse, Problem> {
    let checkpoint = use_case::checkpoint(&context.app).await?;
    Ok(HttpResponse::Ok().insert_header(ContentType::plaintext()).body(checkpoint.to_string()))
}
