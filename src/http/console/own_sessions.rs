//! `/sessions`: where somebody is signed in.

use actix_web::{HttpResponse, web::Data};
use askama::Template;

use super::{Posted, SignedIn, Viewer, page, see_other, texts::Texts};
use crate::{
    http::{
        Context,
        extract::{RequestName, permit},
        problem::Problem,
    },
    service::sessions::{self, Ending, OwnSession},
};

#[derive(Template)]
#[template(path = "sessions.html")]
struct Own<'a> {
    viewer: &'a Viewer,
    t: Texts,
    sessions: Vec<OwnSession>,
}

/// `GET /sessions`
pub async fn show(who: SignedIn<permit::UseConsole>, context: Data<Context>) -> Result<HttpResponse, Problem> {
    let (rules, account) = (context.console.sessions, &who.principal().subject);
    let sessions = sessions::of_account(&context.app, rules, account).await?;
    page(&Own { viewer: &who, t: who.t, sessions })
}

/// `POST /sessions/end`
pub async fn end(
    form: Posted<permit::UseConsole>,
    name: RequestName,
    context: Data<Context>,
) -> Result<HttpResponse, Problem> {
    let which = Ending::One(form.fields.text("id"));
    sessions::end(&context.app, &form.session, which, name.0).await?;
    Ok(see_other("/sessions"))
}

/// `POST /sessions/end-others`
pub async fn end_others(
    form: Posted<permit::UseConsole>,
    name: RequestName,
    context: Data<Context>,
) -> Result<HttpResponse, Problem> {
    sessions::end(&context.app, &form.session, Ending::Others, name.0).await?;
    Ok(see_other("/sessions"))
}
