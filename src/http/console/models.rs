//! `/models`: the models that are kept, their cards and reports, and putting one into force.

use actix_web::{
    HttpResponse,
    http::header::{self, HeaderValue},
    web::{Data, Path},
};
use askama::Template;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

use super::{
    Posted, SignedIn, Viewer,
    card::{self, Block, Span},
    page, see_other,
    texts::Texts,
};
use crate::{
    domain::principal::Permission,
    http::{
        Context,
        extract::{RequestName, permit},
        problem::{Code, Problem},
    },
    service::{
        activations::Cause,
        custody::Caller,
        models::{self as use_case, ModelSummary, ModelView},
        promotion::{self, Promotion, PromotionError},
    },
};

#[derive(Template)]
#[template(path = "registry/models.html")]
struct ListPage<'a> {
    viewer: &'a Viewer,
    t: Texts,
    models: Vec<ModelSummary>,
}

#[derive(Template)]
#[template(path = "registry/model.html")]
struct CardPage<'a> {
    viewer: &'a Viewer,
    t: Texts,
    model: ModelView,
    card: Vec<Block>,
    /// The model that is in force, when it is another.
    in_force: Option<ModelSummary>,
    may_promote: bool,
}

/// `GET /models`
pub async fn list(who: SignedIn<permit::ReadRegistry>, context: Data<Context>) -> Result<HttpResponse, Problem> {
    let mut models = use_case::list(&context.app).await?;
    // What is in force first, then what was last.
    models.sort_by(|a, b| {
        (b.active, b.activations.first().map(|last| last.from))
            .cmp(&(a.active, a.activations.first().map(|last| last.from)))
    });
    page(&ListPage { viewer: &who, t: who.t, models })
}

/// `GET /models/{name}/{version}`
pub async fn show(
    who: SignedIn<permit::ReadRegistry>,
    context: Data<Context>,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (name, version) = path.as_ref();
    let model = use_case::show(&context.app, name, version).await?;
    let in_force = use_case::list(&context.app).await?.into_iter().find(|other| other.active);
    let in_force = in_force.filter(|other| *other != model.summary);
    let card = card::parse(&model.card);
    let may_promote = who.may(Permission::PromoteModel);
    page(&CardPage { viewer: &who, t: who.t, model, card, in_force, may_promote })
}

/// `GET /models/{name}/{version}/report`: the validation report as it was written, which loads nothing and runs nothing.
pub async fn report(
    _who: SignedIn<permit::ReadRegistry>,
    context: Data<Context>,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (name, version) = path.as_ref();
    let report = use_case::report(&context.app, name, version).await?.ok_or_else(Problem::not_found)?;
    let policy = HeaderValue::try_from(report_policy(&report)).map_err(|error| Problem::internal(&error))?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, policy))
        .body(report))
}

/// What a report may do: apply its one style sheet, known by its hash. Its scripts, had it any, would not run.
fn report_policy(report: &str) -> String {
    let sheet = report.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>")).map(|(sheet, _)| sheet);
    let hash = STANDARD.encode(Sha256::digest(sheet.unwrap_or_default().as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
         sandbox allow-popups"
    )
}

/// `POST /models/promote`: puts a model that is kept into force.
pub async fn promote(
    who: Posted<permit::PromoteModel>,
    request: RequestName,
    context: Data<Context>,
) -> Result<HttpResponse, Problem> {
    let (name, version) = (who.fields.text("name"), who.fields.text("version"));
    let caller = Caller { who: who.principal(), request_id: request.0 };
    let promoted = promotion::promote_on(&context.app, caller, Promotion::Kept { name, version }).await?;
    Ok(see_other(&format!("/models/{}/{}", promoted.model.name, promoted.model.version)))
}

impl From<PromotionError> for Problem {
    fn from(error: PromotionError) -> Self {
        match error {
            PromotionError::NoModel(_) => Self::not_found(),
            PromotionError::Storage(error) => error.into(),
            other => Self::new(Code::InvalidValues, format!("{other}.")),
        }
    }
}

impl Texts {
    /// How something came into force.
    #[must_use]
    pub const fn cause(self, cause: Cause) -> &'static str {
        match cause {
            Cause::Configured => self.registry_cause_configured(),
            Cause::Promoted => self.registry_cause_promoted(),
            Cause::RolledBack => self.registry_cause_rolled_back(),
            Cause::Published => self.registry_cause_published(),
        }
    }

    /// How risk moves as a feature rises.
    #[must_use]
    pub fn monotone(self, direction: Option<&str>) -> &'static str {
        match direction {
            Some("increasing") => self.registry_never_falls(),
            Some("decreasing") => self.registry_never_rises(),
            _ => self.registry_moves_freely(),
        }
    }
}

/// The beginning of a hash: enough to tell it from others at a glance.
#[must_use]
pub fn short(sha256: &str) -> &str {
    sha256.get(..12).unwrap_or(sha256)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_may_apply_its_own_sheet_and_nothing_else() {
        // The SHA-256 of `p{}` in base64, by `printf 'p{}' | openssl dgst -sha256 -binary | base64`.
        let policy = report_policy("<html><style>p{}</style><style>q{}</style><script>1</script>");
        assert!(policy.contains("style-src 'sha256-gG2yISYereRMiG2lMXrbiUgi0Ubw9p7QCeWcroOvy9Y='"), "{policy}");
        assert!(policy.starts_with("default-src 'none'") && policy.contains("sandbox") && !policy.contains("unsafe"));
    }
}
