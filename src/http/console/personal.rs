//! The applicant's personal data on the page of an application: hidden until somebody asks for it and says why, which is
//! recorded before it is shown.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};

use super::{Posted, Viewer, application, letters::text::full_name, texts::Texts};
use crate::{
    domain::{
        application::{Address, Applicant},
        look::LookReason,
        principal::Permission,
    },
    http::{
        Context,
        extract::{RequestName, path_id, permit},
        problem::Problem,
    },
    service::{custody::Caller, personal as use_case, view::ApplicationDetail},
};

/// What the page says of the applicant.
#[derive(Debug)]
pub struct Part {
    pub state: State,
    /// Whether no reason was chosen.
    pub is_wrong: bool,
}

/// What of it is shown.
#[derive(Debug)]
pub enum State {
    /// Nobody can read it.
    Erased,
    /// Not for this role.
    Closed,
    /// To be asked for.
    Hidden,
    Shown(Vec<Line>),
}

/// A name and what stands beside it.
#[derive(Debug)]
pub struct Line {
    pub name: &'static str,
    pub values: Vec<String>,
}

/// What was asked for on this page.
#[derive(Debug, Clone, Copy, Default)]
pub enum Asked<'a> {
    #[default]
    Nothing,
    /// To see the applicant, without a reason.
    WithoutReason,
    /// It is recorded, and shown this once.
    Shown(&'a Applicant),
}

impl Asked<'_> {
    /// Whether something was asked for that was not shown.
    #[must_use]
    pub const fn is_refused(self) -> bool {
        matches!(self, Self::WithoutReason)
    }
}

impl Part {
    /// For whoever looks at the page.
    #[must_use]
    pub fn of(viewer: &Viewer, detail: &ApplicationDetail, asked: Asked<'_>) -> Self {
        let state = match asked {
            _ if detail.view.applicant_erased_at.is_some() => State::Erased,
            Asked::Shown(applicant) => State::Shown(lines(viewer.t, applicant)),
            _ if !viewer.may(Permission::SeeApplicant) => State::Closed,
            Asked::Nothing | Asked::WithoutReason => State::Hidden,
        };
        Self { state, is_wrong: asked.is_refused() }
    }
}

/// Everything that the application says of its applicant.
fn lines(t: Texts, applicant: &Applicant) -> Vec<Line> {
    let Applicant { reference, given_name: _, family_name: _, date_of_birth, national_id, email, phone, address } =
        applicant;
    let place = address.iter().flat_map(|address| {
        let Address { lines, city, region, postal_code, country } = address;
        let place = [Some(city), region.as_ref(), postal_code.as_ref()].into_iter().flatten().cloned();
        lines.iter().cloned().chain([place.collect::<Vec<_>>().join(" "), country.clone()])
    });
    let all = [
        (t.personal_name(), vec![full_name(applicant)]),
        (t.personal_reference(), vec![reference.clone()]),
        (t.personal_birth(), vec![t.date(*date_of_birth)]),
        (t.personal_national_id(), national_id.iter().cloned().collect()),
        (t.personal_email(), email.iter().cloned().collect()),
        (t.personal_phone(), phone.iter().cloned().collect()),
        (t.personal_address(), place.collect()),
    ];
    let given = all.into_iter().filter(|(_, values)| !values.is_empty());
    given.map(|(name, values)| Line { name, values }).collect()
}

/// `POST /applications/{id}/applicant`
pub async fn look(
    who: Posted<permit::SeeApplicant>,
    request: RequestName,
    context: Data<Context>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = path_id(&id)?;
    let Some(reason) = LookReason::parse_choice(who.fields.text("reason")) else {
        return application::after_asking(&who, &context, id, Asked::WithoutReason).await;
    };
    let caller = Caller { who: who.principal(), request_id: request.0 };
    let applicant = use_case::look(&context.app, caller, id, reason).await?;
    application::after_asking(&who, &context, id, Asked::Shown(&applicant)).await
}

impl Texts {
    /// Why somebody looked.
    #[must_use]
    pub const fn look_reason(self, reason: LookReason) -> &'static str {
        match reason {
            LookReason::Contact => self.personal_reason_contact(),
            LookReason::Identity => self.personal_reason_identity(),
            LookReason::Documents => self.personal_reason_documents(),
            LookReason::Complaint => self.personal_reason_complaint(),
            LookReason::AccessRequest => self.personal_reason_access_request(),
            LookReason::Letter => self.personal_reason_letter(),
        }
    }
}
