//! The model and the policy that come with the binary.

use super::models::LoadedModel;
use crate::{model::bundle::BundleError, storage::bundle_files::BundleFiles};

/// `config/policy.toml`, made for the shipped model.
pub const POLICY: &str = include_str!("../../config/policy.toml");

/// `models/personal-loan/1`, checked like any other.
pub fn model() -> Result<LoadedModel, BundleError> {
    LoadedModel::from_files(BundleFiles {
        model_json: include_bytes!("../../models/personal-loan/1/model.json").to_vec(),
        parity_jsonl: include_bytes!("../../models/personal-loan/1/parity.jsonl").to_vec(),
        card_md: include_str!("../../models/personal-loan/1/card.md").to_owned(),
        report_html: None,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{decide::pipeline::Decider, policy::Policy};

    #[test]
    fn the_shipped_model_and_policy_load_and_fit_together() {
        let model = model().unwrap_or_else(|error| panic!("{error}")).model;
        let policy = Policy::parse(POLICY).unwrap_or_else(|error| panic!("{error}"));
        Decider::new(model, Arc::new(policy)).unwrap_or_else(|error| panic!("{error}"));
    }
}
