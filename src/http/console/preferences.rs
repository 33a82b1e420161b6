//! Language and theme, each remembered in a cookie.

use actix_web::{HttpRequest, HttpResponse, web};

use super::{
    cookies, forms, is_from_own_page, see_other,
    sign_in::{safe_next, set_cookie, web_payload},
    viewer::{Theme, foreign_form},
};
use crate::{domain::language::Language, http::problem::Problem};

/// `POST /preferences`: whatever of the two is sent, then back to the page.
pub async fn change(request: HttpRequest, payload: web::Payload) -> Result<HttpResponse, Problem> {
    if !is_from_own_page(&request) {
        return Err(foreign_form());
    }
    let fields = forms::read(&request, web_payload(payload)).await?;
    let mut answer = see_other(safe_next(fields.raw("next")));
    if let Some(language) = Language::parse(fields.text("language")) {
        set_cookie(&mut answer, &cookies::preference(cookies::LANGUAGE, language.tag()));
    }
    if let Some(theme) = Theme::parse(fields.text("theme")) {
        set_cookie(&mut answer, &cookies::preference(cookies::THEME, theme.word()));
    }
    Ok(answer)
}
