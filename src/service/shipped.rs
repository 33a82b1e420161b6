//! The model that comes with the binary.

use super::models::LoadedModel;
use crate::{model::bundle::BundleError, storage::bundle_files::BundleFiles};

/// `models/personal-loan/1`, checked like any other.
pub fn model() -> Result<LoadedModel, BundleError> {
    LoadedModel::from_files(BundleFiles {
        model_json: include_bytes!("../../models/personal-loan/1/model.json").to_vec(),
        parity_jsonl: include_bytes!("../../models/personal-loan/1/parity.jsonl").to_vec(),
        card_md: include_str!("../../models/personal-loan/1/card.md").to_owned(),
        report_html: None,
    })
}
