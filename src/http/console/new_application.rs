//! `/applications/new`: a form that checks as one types, keeps everything on an error, and gives the decision at once.
//!
//! What is typed goes to [`submit::submit`] as the API's body does, so that rules, log, idempotency and admission are the
//! same. It is personal: no address and no log line holds it, and no answer but the one to the form itself.

mod faults;
mod fields;
mod form;
mod typed;
mod words;

use std::collections::BTreeMap;

use actix_web::{
    HttpResponse,
    http::{StatusCode, header::HeaderValue},
    web::Data,
};
use askama::Template;

use self::{
    fields::Kind,
    form::{BUREAU, Form, Told},
};
use super::{Posted, SignedIn, Viewer, page_with, refused::Said, see_other, texts::Texts};
use crate::{
    domain::{fault::Refusal, id::RequestId},
    http::{
        Context,
        extract::{RequestName, permit},
        problem::Problem,
    },
    service::{
        Call, IdempotencyKey,
        recorder::RecordError,
        submit::{self, SubmitError},
    },
};

#[derive(Template)]
#[template(path = "new_application.html")]
struct Page<'a> {
    viewer: &'a Viewer,
    t: Texts,
    /// So that what is sent twice is one application.
    key: String,
    form: Form,
    faults: Vec<Told>,
    notice: Option<Notice>,
}

/// Why nothing was recorded, where that is no fault of what was typed.
#[derive(Debug)]
enum Notice {
    /// An application was made from this form before.
    Sent,
    Refused(Said),
}

/// `GET /applications/new`
pub async fn show(
    who: SignedIn<permit::SubmitApplication>,
    request: RequestName,
    context: Data<Context>,
) -> Result<HttpResponse, Problem> {
    let form = Form::new(who.t, context.app.last_in_force().decider().model());
    let page = Page { viewer: &who, t: who.t, key: key_of(request.0), form, faults: Vec::new(), notice: None };
    page_with(StatusCode::OK, &page)
}

/// `POST /applications/new`
pub async fn submit(
    sent: Posted<permit::SubmitApplication>,
    request: RequestName,
    context: Data<Context>,
) -> Result<HttpResponse, Problem> {
    let form = Form::sent(sent.t, context.app.last_in_force().decider().model(), &sent.fields);
    let key = IdempotencyKey::new(sent.fields.raw("key"));
    let call = Call { who: sent.principal(), request_id: request.0, idempotency_key: key.as_ref() };
    match submit::submit_once(&context.app, call, form.body().as_bytes()).await {
        Ok(answer) => Ok(see_other(&format!("/applications/{}", answer.application_id))),
        Err(error) => again(&sent, form, key, (request.0, error)),
    }
}

/// `POST /applications/new/check`: what is wrong with the form as it stands, by the names of its fields.
pub async fn check(sent: Posted<permit::SubmitApplication>, context: Data<Context>) -> Result<HttpResponse, Problem> {
    let mut form = Form::sent(sent.t, context.app.last_in_force().decider().model(), &sent.fields);
    match submit::check(&context.app, form.body().as_bytes()) {
        Ok(()) => {}
        Err(SubmitError::Refused(Refusal::Faults(faults))) => drop(form.tell(&faults)),
        Err(error) => return Err(error.into()),
    }
    let wrong = form.fields().filter_map(|field| Some((field.pointer.as_ref(), field.fault.as_deref()?)));
    Ok(HttpResponse::Ok().json(wrong.collect::<BTreeMap<_, _>>()))
}

/// The form again, with everything that was typed, and why nothing was recorded.
fn again(
    viewer: &Viewer,
    mut form: Form,
    key: Option<IdempotencyKey>,
    (request_id, error): (RequestId, SubmitError),
) -> Result<HttpResponse, Problem> {
    let t = viewer.t;
    let key = key.map_or_else(|| key_of(request_id), |key| key.as_str().to_owned());
    let page = |key, form, faults, notice| Page { viewer, t, key, form, faults, notice };
    match error {
        SubmitError::Refused(Refusal::Faults(faults)) => {
            let faults = form.tell(&faults);
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &page(key, form, faults, None))
        }
        SubmitError::Record(RecordError::KeyReused) => {
            let page = page(key_of(request_id), form, Vec::new(), Some(Notice::Sent));
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        error => {
            let problem = Problem::from(error);
            let said = Said::of(problem.code(), t);
            let mut answer =
                page_with(problem.code().status(), &page(key, form, Vec::new(), Some(Notice::Refused(said))))?;
            for (name, value) in problem.headers() {
                answer.headers_mut().append(name.clone(), HeaderValue::clone(value));
            }
            Ok(answer)
        }
    }
}

/// The idempotency key of a form: the request that it was shown to.
fn key_of(request_id: RequestId) -> String {
    format!("form-{request_id}")
}

#[cfg(test)]
mod tests;
