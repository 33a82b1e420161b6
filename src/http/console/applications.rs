//! `/applications` and `/waiting`: the lists, their CSV, and the views that people keep of them.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
    web::Data,
};
use askama::Template;
use time::Duration;

use super::{
    Posted, SignedIn, Viewer,
    filters::Filters,
    format::{amount, minor_digits},
    page, page_with, see_other,
    texts::Texts,
};
use crate::{
    export::defused,
    http::{Context, extract::permit, problem::Problem},
    service::{
        listing::{self, Filter, Found, Place},
        overview::Line,
    },
    storage::saved_views::SavedView,
};

/// How many lines a page has, and how many a file.
const PAGE: usize = 50;
const FILE: usize = 1_000;
/// The longest name of a view.
const LONGEST_NAME: usize = 60;

#[derive(Template)]
#[template(path = "applications.html")]
struct List<'a> {
    viewer: &'a Viewer,
    t: Texts,
    filters: &'a Filters,
    found: Found,
    views: Vec<SavedView>,
}

impl List<'_> {
    /// The name of the saved view that is shown, when it is one.
    fn shown_view(&self) -> Option<&str> {
        let query = self.filters.query();
        self.views.iter().find(|view| view.query == query).map(|view| view.name.as_str())
    }
}

#[derive(Template)]
#[template(path = "waiting.html")]
struct Waiting<'a> {
    viewer: &'a Viewer,
    t: Texts,
    found: Found,
    target: Duration,
}

impl Waiting<'_> {
    fn age(&self, line: &Line) -> Duration {
        self.viewer.now.instant() - line.received_at.instant()
    }
}

/// `GET /applications`
pub async fn list(
    who: SignedIn<permit::ReadApplication>,
    request: HttpRequest,
    context: Data<Context>,
) -> Result<HttpResponse, Problem> {
    let filters = Filters::parse(request.query_string(), context.console.offset);
    let views = listing::views(&context.app, who.principal()).await?;
    if !filters.wrong.is_empty() {
        let found = Found { lines: Vec::new(), next: None, looked_back_to: None };
        let shown = List { viewer: &who, t: who.t, filters: &filters, found, views };
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown);
    }
    let place = Place { after: filters.after, oldest_first: false, most: PAGE };
    let found = listing::find(&context.app, who.principal(), &filters.filter, place, digits).await?;
    page(&List { viewer: &who, t: who.t, filters: &filters, found, views })
}

/// `GET /waiting`: those that await review, the oldest first.
pub async fn waiting(
    who: SignedIn<permit::ReviewApplication>,
    request: HttpRequest,
    context: Data<Context>,
) -> Result<HttpResponse, Problem> {
    let after = Filters::parse(request.query_string(), context.console.offset).after;
    let filter = Filter { outcome: Some(crate::domain::decision::Outcome::Review), ..Filter::default() };
    let place = Place { after, oldest_first: true, most: PAGE };
    let found = listing::find(&context.app, who.principal(), &filter, place, digits).await?;
    page(&Waiting { viewer: &who, t: who.t, found, target: context.console.review_target })
}

/// `GET /applications.csv`: what the list shows from the same place on, up to a thousand lines.
pub async fn csv(
    who: SignedIn<permit::ReadApplication>,
    request: HttpRequest,
    context: Data<Context>,
) -> Result<HttpResponse, Problem> {
    let filters = Filters::parse(request.query_string(), context.console.offset);
    let place = Place { after: filters.after, oldest_first: false, most: FILE };
    let found = listing::find(&context.app, who.principal(), &filters.filter, place, digits).await?;
    let file = written(&found.lines).map_err(|error| Problem::internal(&error))?;
    let name = HeaderValue::from_static("attachment; filename=\"applications.csv\"");
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, name))
        .body(file))
}

/// `POST /applications/views`: keeps the filters under a name.
pub async fn save_view(form: Posted<permit::ReadApplication>, context: Data<Context>) -> Result<HttpResponse, Problem> {
    let filters = Filters::parse(form.fields.raw("query"), context.console.offset);
    let name: String = form.fields.text("name").chars().filter(|sign| !sign.is_control()).take(LONGEST_NAME).collect();
    let view = SavedView { name, query: filters.query() };
    if !view.name.is_empty() && filters.wrong.is_empty() {
        listing::save_view(&context.app, form.principal(), &view).await?;
    }
    Ok(see_other(&format!("/applications?{}", view.query)))
}

/// `POST /applications/views/remove`
pub async fn remove_view(
    form: Posted<permit::ReadApplication>,
    context: Data<Context>,
) -> Result<HttpResponse, Problem> {
    listing::remove_view(&context.app, form.principal(), form.fields.raw("name")).await?;
    Ok(see_other("/applications"))
}

fn digits(currency: &str) -> i32 {
    i32::try_from(minor_digits(currency)).unwrap_or(2)
}

/// Columns as in the API; amounts with their point. No cell is a formula to a spreadsheet.
fn written(lines: &[Line]) -> Result<Vec<u8>, csv::Error> {
    let mut file = csv::Writer::from_writer(Vec::new());
    file.write_record([
        "id",
        "external_reference",
        "received_at",
        "outcome",
        "amount",
        "currency",
        "score",
        "grade",
        "probability_of_default",
    ])?;
    for line in lines {
        file.write_record([
            line.id.to_string(),
            defused(line.external_reference.as_deref().unwrap_or_default()),
            line.received_at.to_string(),
            line.outcome.to_string(),
            amount(line.amount_minor, &line.currency).replace(',', ""),
            defused(&line.currency),
            line.score.to_string(),
            defused(&line.grade),
            line.probability_of_default.to_string(),
        ])?;
    }
    file.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}
