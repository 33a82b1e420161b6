//! `/audit/verification`: verifying the whole log while one watches, or does something else.

use actix_web::{HttpResponse, web::Data};
use askama::Template;

use crate::{
    http::{
        Context,
        console::{Posted, SignedIn, Viewer, page, see_other, texts::Texts},
        extract::permit,
        problem::Problem,
    },
    service::{
        audit as use_case,
        audit::verification::{self, Known},
    },
};

#[derive(Template)]
#[template(path = "audit/verification.html")]
struct Verification<'a> {
    viewer: &'a Viewer,
    t: Texts,
    known: Known,
    size: u64,
    /// The last signed head, as it is taken away.
    checkpoint: Option<String>,
}

/// `GET /audit/verification`
pub async fn show(who: SignedIn<permit::ReadAudit>, context: Data<Context>) -> Result<HttpResponse, Problem> {
    let known = verification::known(&context.app);
    let size = use_case::head(&context.app).await?.size;
    let checkpoint = use_case::checkpoint(&context.app).await.ok().map(|checkpoint| checkpoint.to_string());
    page(&Verification { viewer: &who, t: who.t, known, size, checkpoint })
}

/// `POST /audit/verification`
pub async fn begin(who: Posted<permit::ReadAudit>, context: Data<Context>) -> Result<HttpResponse, Problem> {
    verification::begin(&context.app, who.principal());
    Ok(see_other("/audit/verification"))
}
