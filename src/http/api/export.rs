//! `/v1/audit/export`: the audit log as a file.

use std::io;

use actix_web::{
    HttpResponse,
    http::header::{self, ContentDisposition, DispositionParam, DispositionType},
    web::{Bytes, Data},
};
use tokio::sync::mpsc;

use super::document::{QueryProblems, ServerProblems, SignedInProblems};
use crate::{
    audit::exported::{Filters, Manifest},
    export::Format,
    http::{
        Context,
        extract::{Allowed, QueryReader, permit},
        problem::Problem,
    },
    service::export::{self as use_case, Plan, Request},
};

/// How many parts of a file wait for a slow reader.
const WAITING_PARTS: usize = 2;

/// Take the audit log away
///
/// Streams a file. JSON Lines (`jsonl`) hold every entry byte for byte with its proof, begin with what they are of and
/// end with their manifest, and are checked offline with `underwright audit verify --file`; a file without its last line
/// was cut off. CSV and Parquet are for reading; their manifest stands under the address in the `Link` header. The
/// same request with the same `tree_size` gives the same entries at any time.
#[utoipa::path(
    get,
    path = "/v1/audit/export",
    operation_id = "export_audit_log",
    tag = "audit",
    security(("bearer" = [])),
    params(
        ("format" = Format, Query, description = "The form of the file"),
        ("from" = Option<String>, Query, description = "Recorded at this time or later: RFC 3339, or a day in UTC"),
        ("to" = Option<String>, Query, description = "Recorded before this time: RFC 3339, or a day in UTC"),
        ("tree_size" = Option<u64>, Query, description = "The log as it was at so many entries; as it is now when left out"),
    ),
    responses(
        (status = 200, description = "The file", content(
            (Vec<u8> = "application/jsonl"), (Vec<u8> = "text/csv"), (Vec<u8> = "application/vnd.apache.parquet"),
        )),
        QueryProblems, SignedInProblems, ServerProblems,
    ),
)]
pub async fn export(
    _who: Allowed<permit::ReadAudit>,
    context: Data<Context>,
    query: QueryReader,
) -> Result<HttpResponse, Problem> {
    file(&context, query).await
}

/// The file that a query asks for.
pub(in crate::http) async fn file(context: &Context, query: QueryReader) -> Result<HttpResponse, Problem> {
    let plan = use_case::plan_from_server(&context.app, request(query)?).await?;
    let format = plan.format;
    let filename = filename(&plan);
    let mut response = HttpResponse::Ok();
    response.content_type(format.media_type());
    response.insert_header(ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::Filename(filename)],
    });
    response.insert_header((header::LINK, format!("<{}>; rel=\"describedby\"", manifest_address(&plan))));
    Ok(response.streaming(stream(context, plan)))
}

fn filename(plan: &Plan) -> String {
    format!("audit-log-{}.{}", plan.head.tree_size, plan.format.as_str())
}

/// Read the manifest of an export
///
/// What the file of the same request holds: how many entries, the first and the last, the signed checkpoint, and the
/// SHA-256 of its bytes (in JSON Lines, of the lines before the manifest). The file is written anew to find out, so it
/// takes as long.
#[utoipa::path(
    get,
    path = "/v1/audit/export/manifest",
    operation_id = "read_audit_export_manifest",
    tag = "audit",
    security(("bearer" = [])),
    params(
        ("format" = Format, Query, description = "The form of the file"),
        ("from" = Option<String>, Query, description = "As it was asked for"),
        ("to" = Option<String>, Query, description = "As it was asked for"),
        ("tree_size" = Option<u64>, Query, description = "The log as it was at so many entries"),
    ),
    responses(
        (status = 200, description = "The manifest", body = Manifest),
        QueryProblems, SignedInProblems, ServerProblems,
    ),
)]
pub async fn manifest(
    _who: Allowed<permit::ReadAudit>,
    context: Data<Context>,
    query: QueryReader,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(described(&context, query).await?.0))
}

/// The manifest of the file that a query asks for, and the manifest's own name as a file.
pub(in crate::http) async fn described(context: &Context, query: QueryReader) -> Result<(Manifest, String), Problem> {
    let plan = use_case::plan_from_server(&context.app, request(query)?).await?;
    let manifest = use_case::manifest(&context.app, &plan).await?;
    Ok((manifest, format!("{}.manifest.json", filename(&plan))))
}

fn request(mut query: QueryReader) -> Result<Request, Problem> {
    let format = query.required("format", "jsonl, csv or parquet", Format::parse);
    let filters = Filters { from: query.time("from"), to: query.time("to") };
    let tree_size = query.read("tree_size", "how many entries the log had", |text| text.parse().ok());
    query.finish()?;
    // A query without a format did not end well above.
    Ok(Request { format: format.unwrap_or(Format::Jsonl), filters, tree_size })
}

/// Where the manifest of this very file stands.
fn manifest_address(plan: &Plan) -> String {
    let Filters { from, to } = plan.head.filters;
    let times = [("from", from), ("to", to)].into_iter().filter_map(|(name, time)| Some((name, time?.to_string())));
    let size = ("tree_size", plan.asked_tree_size.to_string());
    let parameters: Vec<String> = times.chain([size]).map(|(name, value)| format!("{name}={value}")).collect();
    format!("/v1/audit/export/manifest?format={}&{}", plan.format.as_str(), parameters.join("&"))
}

/// Writes the file while it is read: when the reader is gone, or slow, so is the writing.
fn stream(context: &Context, plan: Plan) -> impl futures_util::Stream<Item = io::Result<Bytes>> + use<> {
    let (parts, waiting) = mpsc::channel::<io::Result<Bytes>>(WAITING_PARTS);
    let app = context.app.clone();
    actix_web::rt::spawn(async move {
        let sink = async |bytes: Vec<u8>| {
            let sent = parts.send(Ok(Bytes::from(bytes))).await;
            sent.map_err(|_| "the reader is gone".to_owned())
        };
        if let Err(error) = use_case::write_from_server(&app, &plan, sink).await {
            // The connection is broken off, so that nobody takes the file for whole.
            let _ = parts.send(Err(io::Error::other("the export broke off"))).await;
            tracing::warn!(%error, "an export broke off");
        }
    });
    futures_util::stream::unfold(waiting, async |mut waiting| Some((waiting.recv().await?, waiting)))
}
