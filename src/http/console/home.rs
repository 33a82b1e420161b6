//! `GET /`: what waits.

use actix_web::HttpResponse;
use askama::Template;

use super::{SignedIn, Viewer, page, texts::Texts};
use crate::http::{extract::permit, problem::Problem};

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    viewer: &'a Viewer,
    t: Texts,
}

/// `GET /`
pub async fn show(who: SignedIn<permit::UseConsole>) -> Result<HttpResponse, Problem> {
    page(&Home { viewer: &who, t: who.t })
}
