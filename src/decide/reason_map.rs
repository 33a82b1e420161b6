//! Which reason each feature and each rule states, and the hash by which a decision names it.

use serde::Serialize;

use crate::{
    domain::canonical::canonical,
    model::{Model, bundle::sha256_hex},
    policy::Policy,
};

/// A reason map, as it is hashed: the features in the schema's order, the rules in the policy's.
#[derive(Serialize)]
struct ReasonMap<'a> {
    features: Vec<Stated<'a>>,
    rules: Vec<Stated<'a>>,
}

#[derive(Serialize)]
struct Stated<'a> {
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    feature: Option<&'a str>,
    text: &'a str,
}

/// SHA-256 of the canonical JSON (RFC 8785) of a model's and a policy's reasons, in lower-case hexadecimal.
///
/// It follows from the two files that decide; it stands in a decision by itself so that two decisions that
/// state a reason in other words are told apart at a glance.
pub(super) fn sha256(model: &Model, policy: &Policy) -> String {
    let features = model.schema().features.iter().zip(model.reasons());
    let map = ReasonMap {
        features: features
            .map(|(feature, reason)| Stated {
                code: reason.code.as_str(),
                feature: Some(&feature.name),
                text: &reason.text,
            })
            .collect(),
        rules: policy.reasons().map(|(code, text)| Stated { code: code.as_str(), feature: None, text }).collect(),
    };
    sha256_hex(canonical(&map).expect("a map of texts has a canonical form").as_bytes())
}
