//! What is taken away from the audit log: proofs, the signed head, exports.

use actix_web::{
    HttpResponse,
    http::header::{ContentDisposition, ContentType, DispositionParam, DispositionType},
    web::{Data, Path},
};

use crate::{
    http::{
        Context,
        api::export,
        console::SignedIn,
        extract::{QueryReader, permit},
        problem::Problem,
    },
    service::audit as use_case,
};

/// A file to keep, under a name.
pub(in crate::http::console) fn attachment(filename: String) -> ContentDisposition {
    ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::Filename(filename)],
    }
}

/// `GET /audit/{sequence}/proof`
pub async fn proof(
    _who: SignedIn<permit::ReadAudit>,
    context: Data<Context>,
    sequence: Path<String>,
) -> Result<HttpResponse, Problem> {
    let sequence: u64 = sequence.parse().map_err(|_| Problem::not_found())?;
    let proof = use_case::proof_from_server(&context.app, sequence).await?;
    Ok(HttpResponse::Ok().insert_header(attachment(format!("entry-{sequence}-proof.json"))).json(proof))
}

/// `GET /audit/checkpoint`
pub async fn checkpoint(_who: SignedIn<permit::ReadAudit>, context: Data<Context>) -> Result<HttpResponse, Problem> {
    let checkpoint = use_case::checkpoint(&context.app).await?;
    let name = attachment(format!("{:016}.checkpoint", checkpoint.head().size));
    Ok(HttpResponse::Ok().insert_header(ContentType::plaintext()).insert_header(name).body(checkpoint.to_string()))
}

/// `GET /audit/export`
pub async fn take_away(
    _who: SignedIn<permit::ReadAudit>,
    context: Data<Context>,
    query: QueryReader,
) -> Result<HttpResponse, Problem> {
    export::file(&context, query).await
}

/// `GET /audit/export/manifest`
pub async fn manifest(
    _who: SignedIn<permit::ReadAudit>,
    context: Data<Context>,
    query: QueryReader,
) -> Result<HttpResponse, Problem> {
    let (manifest, name) = export::described(&context, query).await?;
    Ok(HttpResponse::Ok().insert_header(attachment(name)).json(manifest))
}
