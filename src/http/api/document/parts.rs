//! What many operations have in common: parameters, and the problems that they may answer.

use std::collections::BTreeMap;

use utoipa::{
    IntoParams, IntoResponses,
    openapi::{
        HeaderBuilder, Object, ObjectBuilder, Ref, RefOr, Required, Response, ResponseBuilder, Type,
        content::ContentBuilder,
        path::{Parameter, ParameterBuilder, ParameterIn},
    },
};

use crate::http::problem::{Code, MEDIA_TYPE};

type Responses = BTreeMap<String, RefOr<Response>>;

/// A problem answer: its status, the codes it may carry and its headers.
fn problems(description: &str, codes: &[Code], headers: &[(&str, &str)]) -> (String, RefOr<Response>) {
    let words: Vec<String> = codes.iter().map(|code| format!("`{}`", code.word())).collect();
    let schema = RefOr::Ref(Ref::from_schema_name("Problem"));
    let mut response = ResponseBuilder::new()
        .description(format!("{description}: code {}", words.join(" or ")))
        .content(MEDIA_TYPE, ContentBuilder::new().schema(Some(schema)).build());
    for (name, description) in headers {
        response =
            response.header(*name, HeaderBuilder::new().schema(Some(text())).description(Some(*description)).build());
    }
    let status = codes.first().map_or_else(String::new, |code| code.status().as_str().to_owned());
    (status, RefOr::T(response.build()))
}

fn text() -> Object {
    ObjectBuilder::new().schema_type(Type::String).build()
}

macro_rules! responses {
    ($(#[$doc:meta])* $name:ident: $($problem:expr),+ $(,)?) => {
        $(#[$doc])*
        pub(in crate::http::api) struct $name;

        impl IntoResponses for $name {
            fn responses() -> Responses {
                BTreeMap::from([$($problem),+])
            }
        }
    };
}

const CHALLENGE: (&str, &str) = ("WWW-Authenticate", "What is wrong with the token (RFC 6750)");
const RETRY_AFTER: (&str, &str) = ("Retry-After", "Seconds to wait");

responses!(
    /// Of every operation that asks who calls.
    SignedInProblems:
    problems("No token, or one that is not accepted", &[Code::Unauthenticated], &[CHALLENGE]),
    problems("The role may not do this", &[Code::Forbidden], &[]),
);
responses!(
    /// Of an operation that asks for a token but for no role.
    UnauthenticatedProblem:
    problems("No token, or one that is not accepted", &[Code::Unauthenticated], &[CHALLENGE]),
);
responses!(
    /// Of every operation that may fail.
    ServerProblems:
    problems("Too many requests of this caller or this address", &[Code::RateLimited], &[RETRY_AFTER]),
    problems("Something failed here; nothing of the cause is shown", &[Code::Internal], &[]),
    problems("Not now", &[Code::Overloaded, Code::Unavailable], &[RETRY_AFTER]),
);
responses!(
    /// Of every operation that reads a body.
    BodyProblems:
    problems("The body or a header cannot be read", &[Code::MalformedJson, Code::InvalidHeader, Code::BadRequest], &[]),
    problems("The body took too long", &[Code::RequestTimeout], &[]),
    problems("The body is longer than the limit (64 KiB unless set otherwise)", &[Code::BodyTooLarge], &[]),
    problems("The body is not `application/json`", &[Code::UnsupportedMediaType], &[]),
);
responses!(
    /// Of a body's values, where no `Idempotency-Key` is taken.
    ValueProblems:
    problems("Values are invalid or contradict each other", &[Code::InvalidValues], &[]),
);
responses!(
    /// Of every operation that takes an `Idempotency-Key`, and a body.
    IdempotencyProblems:
    problems("The same request is being worked on", &[Code::IdempotencyKeyInFlight], &[RETRY_AFTER]),
    problems(
        "Values are invalid or contradict each other, or the key was used for another request",
        &[Code::InvalidValues, Code::IdempotencyKeyReused],
        &[],
    ),
);
responses!(
    /// Of an erasure.
    HoldProblem:
    problems("There is a legal hold on the applicant's data", &[Code::LegalHold], &[]),
);
responses!(
    /// Of every operation that needs an applicant's data.
    ErasedProblem:
    problems("The applicant's data was erased", &[Code::ApplicantErased], &[]),
);
responses!(
    /// Of making a letter.
    LetterProblem:
    problems("The application is not declined, or a setting that the letter must hold is missing", &[Code::NoLetter], &[]),
);
responses!(
    /// Of every operation that takes `If-Match`.
    VersionProblems:
    problems("The application has changed", &[Code::VersionMismatch], &[]),
    problems("`If-Match` is missing", &[Code::VersionRequired], &[]),
);
responses!(
    /// Of every operation that reads a query.
    QueryProblems:
    problems("A parameter is unknown or not valid", &[Code::InvalidQuery], &[]),
);
responses!(
    /// Of every operation on one thing.
    NotFoundProblem:
    problems("There is no such thing, or it is not yours to see", &[Code::NotFound], &[]),
);

macro_rules! parameter {
    ($(#[$doc:meta])* $name:ident: $parameter:expr) => {
        $(#[$doc])*
        pub(in crate::http::api) struct $name;

        impl IntoParams for $name {
            fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
                vec![$parameter.build()]
            }
        }
    };
}

parameter!(
    /// `Idempotency-Key`.
    IdempotencyKeyParam:
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "Your name for this change, so that sending it again does not do it again. A repeat with the same body \
             gets the stored answer byte for byte, with `Idempotent-Replayed: true`; with another body, 422; while \
             the first is being worked on, 409. Kept for at least 24 hours, for each caller and address.",
        ))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255)).build()))
);
parameter!(
    /// `limit`.
    LimitParam:
    ParameterBuilder::new()
        .name("limit")
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some("How many a page holds: 20 unless said otherwise"))
        .schema(Some(ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(100)).build()))
);
parameter!(
    /// An applicant's reference in the path.
    ApplicantReferenceParam:
    ParameterBuilder::new()
        .name("reference")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some("The lender's own number for the applicant, as applications give it in `applicant.reference`"))
        .example(Some("C-88121".into()))
        .schema(Some(text()))
);
parameter!(
    /// An application's id in the path.
    ApplicationIdParam:
    ParameterBuilder::new()
        .name("id")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some("The application's id"))
        .example(Some("app_019aa9a5-0000-7000-8000-000000000001".into()))
        .schema(Some(text()))
);
