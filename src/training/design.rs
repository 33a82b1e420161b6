//! How a model is built, in sentences, for its card and its report.

use crate::{features::schema::Kind, forest::Forest, model::file::ModelFile};

/// What a reader has to know of the design, a sentence or two each.
#[must_use]
pub fn sentences(file: &ModelFile) -> Vec<String> {
    let depth = file.forest.depth();
    let features = &file.schema.features;
    let constrained = features.iter().filter(|feature| !feature.monotone.is_free()).count();
    let trees = file.forest.trees();
    let [trees, missing] = match file.forest {
        Forest::Symmetric(_) => [
            format!(
                "Gradient boosting of {trees} symmetric trees of depth {depth} or less on the logistic loss; a tree asks one question per level."
            ),
            "A missing value is not filled in: each question says which way it goes, as learnt.".to_owned(),
        ],
        Forest::General(_) => [
            format!(
                "Gradient boosting of {trees} regression trees of depth {depth} or less on the logistic loss, by second-order steps."
            ),
            "A missing value counts as below all values, and can be parted from them by a question of its own."
                .to_owned(),
        ],
    };
    let mut sentences = vec![trees, missing];
    if features.iter().any(|feature| feature.kind == Kind::Category) {
        sentences.push(
            "A category is read as its bad rate, drawn to the overall rate where it is rare. In training, a feature with fewer than 64 rows per \
             category is read as the rates of other folds, so that no row sees its own outcome. A category never seen takes the overall rate."
                .to_owned(),
        );
    }
    sentences.push(if constrained == 0 {
        "No feature is held to a direction of risk.".to_owned()
    } else {
        format!(
            "{constrained} of {} features are held to a direction of risk, exactly: between any two applicants who differ in that feature alone.",
            features.len()
        )
    });
    sentences.push(format!(
        "Calibration (Platt): log-odds = {:.4} + {:.4} · raw margin, learnt on rows that the trees had not seen. The slope is above 0, so no \
         order changes.",
        file.calibration.intercept(),
        file.calibration.slope()
    ));
    sentences.push(
        "Explanations are exact Shapley values; with the baseline they sum to the log-odds within 1e-9.".to_owned(),
    );
    sentences
}
