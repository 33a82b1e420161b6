//! The OpenAPI 3.1 document: gathered from the handlers, so that it says what they do.

use std::collections::BTreeSet;

use actix_web::web::Bytes;
use serde_json::{Value, json};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self, RefOr, Schema,
        security::{Http, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

mod parts;

pub(super) use parts::*;

use super::{applicants, applications, audit, export, models, notices, operations, policies, review, simulations};
use crate::{
    domain::fault::{Fault, FaultCode},
    export::Format,
    http::problem,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Underwright",
        description = "Decides loan applications: scores, explains, applies the lender's policy, and records every decision in an audit log that proves itself.\n\n\
            Amounts of money are integers in the currency's minor unit: `1200000` is 12,000.00 USD. Rates and probabilities are numbers from 0 to 1. \
            Times are RFC 3339 in UTC with microseconds. Fields that are not part of the contract are refused.\n\n\
            Every answer carries `Request-Id`, made by the server. Every refusal is a `Problem` (RFC 9457) that lists all the faults found. \
            Every GET answers HEAD too.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    paths(
        applications::submit,
        applications::list,
        applications::show,
        applications::explanation,
        review::decide,
        notices::issue,
        notices::list,
        simulations::simulate,
        models::list,
        models::show,
        policies::list,
        audit::entries,
        export::export,
        export::manifest,
        audit::proof,
        audit::checkpoint,
        applicants::erase,
        applicants::hold,
        applicants::release,
        applicants::search,
        operations::healthz,
        operations::readyz,
        operations::metrics,
        operations::openapi,
    ),
    components(schemas(problem::Body, problem::Code, Fault, FaultCode, Format)),
    tags(
        (name = "applications", description = "Decide, read, explain and review applications"),
        (name = "registry", description = "The models and policies that decide"),
        (name = "audit", description = "The log of everything that was decided"),
        (name = "privacy", description = "Erase applicants, hold their data, find what is theirs"),
        (name = "operations", description = "For those who run the server"),
    ),
    modifiers(&Security, &OpenUnderAllOf, &OneParameterPerName, &Examples),
)]
struct ApiDoc;

/// The whole document.
#[must_use]
pub fn document() -> openapi::OpenApi {
    ApiDoc::openapi()
}

/// The document as JSON, indented, with a line end: what `underwright openapi` prints.
pub fn json_text() -> Result<String, serde_json::Error> {
    document().to_pretty_json().map(|text| text + "\n")
}

/// The document as it is served: written out once.
#[derive(Debug, Clone)]
pub struct Rendered(Bytes);

impl Rendered {
    pub(super) fn new() -> Self {
        // The document is made of texts, which always serialise; a test holds that.
        Self(Bytes::from(json_text().unwrap_or_default()))
    }

    pub(super) fn bytes(&self) -> Bytes {
        self.0.clone()
    }
}

/// The application of the contract: invented, complete, and accepted by the shipped model.
#[must_use]
pub fn example_application() -> Value {
    json!({
        "external_reference": "LOS-2026-000123",
        "applicant": {
            "reference": "C-88121", "given_name": "Ada", "family_name": "Example", "date_of_birth": "1988-03-14",
            "national_id": "123-45-6789", "email": "ada@example.com", "phone": "+15550100",
            "address": {"lines": ["1 Main St"], "city": "Springfield", "region": "IL", "postal_code": "62701", "country": "US"}
        },
        "loan": {"amount": 1_200_000, "currency": "USD", "term_months": 36, "purpose": "debt_consolidation"},
        "employment": {"years": 4},
        "finances": {
            "annual_income": 6_400_000, "income_verification": "source_verified", "home_ownership": "rent",
            "monthly_debt_payments": 98_000
        },
        "bureau": {
            "delinquencies_24m": 0, "inquiries_6m": 1, "months_since_delinquency": null,
            "months_since_public_record": null, "open_accounts": 9, "total_accounts": 21, "public_records": 0,
            "bankruptcies": 0, "revolving_balance": 840_000, "revolving_utilization": 0.431,
            "first_credit_line": "2004-06-01"
        },
        "attributes": {}
    })
}

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some(
                "A JWT signed with a key that the server is set up with (EdDSA, ES256, RS256 or HS256), with `exp`, `iss`, \
                 `aud`, `sub`, and `role`: officer, manager, risk, auditor, privacy, service or admin. For development, \
                 `underwright token --role officer` makes one.",
            ))
            .build();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        components.add_security_scheme("metrics_token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
}

/// A schema that others extend by `allOf` must stay open there: closed ones joined accept nothing.
struct OpenUnderAllOf;

impl Modify for OpenUnderAllOf {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let Some(components) = &mut document.components else { return };
        let extended: Vec<String> = components
            .schemas
            .values()
            .filter_map(|schema| match schema {
                RefOr::T(Schema::AllOf(all)) => Some(all),
                _ => None,
            })
            .flat_map(|all| &all.items)
            .filter_map(|item| match item {
                RefOr::Ref(reference) => reference.ref_location.rsplit('/').next().map(str::to_owned),
                RefOr::T(_) => None,
            })
            .collect();
        for name in extended {
            if let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(&name) {
                object.additional_properties = None;
            }
        }
    }
}

/// A path parameter is described here and found again in its handler's signature: the description stays.
struct OneParameterPerName;

impl Modify for OneParameterPerName {
    fn modify(&self, document: &mut openapi::OpenApi) {
        for item in document.paths.paths.values_mut() {
            let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
            for parameters in operations.into_iter().flatten().filter_map(|operation| operation.parameters.as_mut()) {
                let mut seen = BTreeSet::new();
                parameters.retain(|parameter| match parameter {
                    RefOr::T(parameter) => seen.insert(parameter.name.clone()),
                    RefOr::Ref(_) => true,
                });
            }
        }
    }
}

/// Bodies to try out.
struct Examples;

impl Modify for Examples {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let review =
            json!({"outcome": "approve", "reason_codes": [], "note": "Payslips of the last three months seen."});
        for (path, example) in [
            ("/v1/applications", example_application()),
            ("/v1/simulations", example_application()),
            ("/v1/applications/{id}/review", review),
        ] {
            let body = document
                .paths
                .paths
                .get_mut(path)
                .and_then(|item| item.post.as_mut())
                .and_then(|operation| operation.request_body.as_mut())
                .and_then(|body| match body {
                    RefOr::T(body) => body.content.get_mut("application/json"),
                    RefOr::Ref(_) => None,
                });
            if let Some(RefOr::T(content)) = body {
                content.example = Some(example);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_openapi_3_1_and_every_operation_has_a_name_of_its_own() {
        let document: Value = serde_json::from_str(&json_text().unwrap()).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
        let operations: Vec<&Value> = document["paths"]
            .as_object()
            .unwrap()
            .values()
            .flat_map(|item| item.as_object().unwrap().values())
            .collect();
        let mut names: Vec<&str> =
            operations.iter().map(|operation| operation["operationId"].as_str().unwrap()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), operations.len());
    }

    #[test]
    fn every_reference_of_the_document_leads_somewhere() {
        let text = json_text().unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        for reference in text.split("\"$ref\": \"#").skip(1) {
            let pointer = reference.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
    }

    #[test]
    fn the_examples_stand_in_the_document() {
        let document: Value = serde_json::from_str(&json_text().unwrap()).unwrap();
        let body = &document["paths"]["/v1/applications"]["post"]["requestBody"]["content"]["application/json"];
        assert_eq!(body["example"]["loan"]["amount"], 1_200_000);
    }
}
