//! Whether the parts of a `model.json` fit together.

use std::collections::BTreeSet;

use super::file::{Encoding, ModelFile, TrainingRange};
use crate::{
    domain::reason::ReasonCode,
    features::schema::{Feature, Kind},
    forest::Forest,
};

/// The longest text of a reason, in characters.
const MAX_REASON_CHARS: usize = 300;

/// The most faults that are named: a file in which each of a thousand trees is broken is not read to its end.
const MOST_FAULTS: usize = 20;

/// What is wrong with a model file whose schema is sound, each in a sentence; behind the first twenty, how many more.
pub(super) fn faults(file: &ModelFile) -> Vec<String> {
    let mut faults = all_faults(file);
    if faults.len() > MOST_FAULTS {
        let more = faults.len() - MOST_FAULTS;
        faults.truncate(MOST_FAULTS);
        faults.push(format!("and {more} more"));
    }
    faults
}

fn all_faults(file: &ModelFile) -> Vec<String> {
    let mut faults = Vec::new();
    for (what, text) in [("name", &file.name), ("version", &file.version)] {
        if !is_plain_name(text) {
            faults.push(format!(
                "the {what} must have 1 to 64 letters, digits, dots and hyphens, and begin with a letter or digit"
            ));
        }
    }
    reason_faults(file, &mut faults);
    encoding_faults(file, &mut faults);
    range_faults(file, &mut faults);
    if file.forest.features() != file.schema.features.len() {
        let (read, named) = (file.forest.features(), file.schema.features.len());
        faults.push(format!("the forest reads {read} features and the schema names {named}"));
    }
    faults.extend(file.forest.faults());
    if faults.is_empty() {
        faults.extend(file.calibration.fold(&file.forest).faults());
    }
    faults
}

/// Whether a text can name a folder and stand in a path of the API.
fn is_plain_name(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
}

fn reason_faults(file: &ModelFile, faults: &mut Vec<String>) {
    let codes: BTreeSet<&ReasonCode> =
        file.schema.features.iter().filter_map(|feature| feature.reason.as_ref()).collect();
    for code in codes.iter().filter(|code| !file.reasons.contains_key(**code)) {
        faults.push(format!("the reason {code} has no text"));
    }
    for (code, text) in &file.reasons {
        if !codes.contains(code) {
            faults.push(format!("the reason {code} has a text, and no feature has that reason"));
        }
        if text.trim().is_empty() || text.chars().count() > MAX_REASON_CHARS || text.chars().any(char::is_control) {
            faults
                .push(format!("the text of the reason {code} must be one line of 1 to {MAX_REASON_CHARS} characters"));
        }
    }
}

fn encoding_faults(file: &ModelFile, faults: &mut Vec<String>) {
    let categories = || file.schema.features.iter().filter(|feature| feature.kind == Kind::Category);
    // Only trees that can ask about codes may read them.
    let needs_all = matches!(file.forest, Forest::Symmetric(_));
    let mut encodings = file.encodings.iter().peekable();
    for feature in categories() {
        match encodings.next_if(|encoding| encoding.feature == feature.name) {
            Some(encoding) => faults.extend(encoding_fault(feature, encoding)),
            None if needs_all => break,
            None => {}
        }
    }
    let is_complete = !needs_all || file.encodings.len() == categories().count();
    if encodings.next().is_some() || !is_complete {
        faults.push("`encodings` must name the category features, each once, in the schema's order".to_owned());
    }
}

fn encoding_fault(feature: &Feature, encoding: &Encoding) -> Option<String> {
    if encoding.statistics.len() != feature.categories.len() {
        return Some(format!("the encoding of `{}` needs one statistic for each category", feature.name));
    }
    let finite = encoding.statistics.iter().chain([&encoding.prior]).all(|statistic| statistic.is_finite());
    (!finite).then(|| format!("a statistic of `{}` is not finite", feature.name))
}

fn range_faults(file: &ModelFile, faults: &mut Vec<String>) {
    let features = &file.schema.features;
    if file.training_ranges.is_empty() {
        return;
    }
    if !features.iter().map(|feature| &feature.name).eq(file.training_ranges.iter().map(|range| &range.feature)) {
        faults.push("`training_ranges` must name the features, each once, in the schema's order".to_owned());
        return;
    }
    for (feature, range) in features.iter().zip(&file.training_ranges) {
        faults.extend(range_fault(feature, range));
    }
}

fn range_fault(feature: &Feature, range: &TrainingRange) -> Option<String> {
    let name = &feature.name;
    if feature.kind == Kind::Category {
        if range.range.is_some() {
            return Some(format!("the training range of `{name}`, a category, must list `categories`"));
        }
        let known = range.categories.iter().all(|category| feature.categories.contains(category));
        return (!known).then(|| format!("the training range of `{name}` lists a category that the schema does not"));
    }
    if !range.categories.is_empty() {
        return Some(format!("the training range of `{name}`, a number, must be a `range`"));
    }
    let [min, max] = range.range?;
    let sound = min.is_finite() && max.is_finite() && min <= max;
    (!sound).then(|| format!("the training range of `{name}` is not a least and a greatest value"))
}
