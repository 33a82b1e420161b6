//! XGBoost 3: `save_model("model.json")` or `save_model("model.ubj")`.
//!
//! Source: the schema in XGBoost's documentation ("Introduction to Model IO") and the behaviour of version 3.2.0, which
//! `fixtures/imported` holds. A split sends a value to the left when it is below the condition, as 32-bit floats; a categorical
//! split sends the listed categories to the right. Leaf values and covers (sums of the hessian) are 32-bit floats, and
//! sums of them are made here in 64 bits.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    Fault, MOST_FEATURES, Options, SourceFeature, SourceModel,
    grow::{Place, grow},
    shown, single, ubjson,
};
use crate::forest::{
    Forest,
    general::{GeneralForest, GeneralTree, Test},
};

#[derive(Deserialize)]
struct File {
    learner: Learner,
    version: Vec<u32>,
}

#[derive(Deserialize)]
struct Learner {
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default)]
    feature_names: Vec<String>,
    gradient_booster: Booster,
    #[serde(rename = "learner_model_param")]
    model: ModelParameters,
    objective: Objective,
}

#[derive(Deserialize)]
struct ModelParameters {
    base_score: String,
    num_class: String,
    num_feature: String,
    num_target: String,
}

#[derive(Deserialize)]
struct Objective {
    name: String,
}

#[derive(Deserialize)]
struct Booster {
    name: String,
    model: Option<Model>,
    gbtree: Option<Inner>,
    #[serde(default)]
    weight_drop: Vec<f32>,
}

#[derive(Deserialize)]
struct Inner {
    model: Model,
}

#[derive(Deserialize)]
struct Model {
    #[serde(default)]
    trees: Vec<Tree>,
    #[serde(default)]
    iteration_indptr: Vec<usize>,
    cats: Option<Categories>,
}

#[derive(Deserialize)]
struct Categories {
    #[serde(default)]
    enc: Vec<Encoding>,
}

/// The texts of a feature's categories, one after another, and where each begins. Numbers where categories are numbers.
#[derive(Deserialize)]
struct Encoding {
    #[serde(default)]
    offsets: Vec<usize>,
    #[serde(default)]
    values: Vec<f64>,
}

#[derive(Deserialize)]
struct Tree {
    left_children: Vec<i64>,
    right_children: Vec<i64>,
    split_indices: Vec<u32>,
    split_conditions: Vec<f32>,
    default_left: Vec<u8>,
    sum_hessian: Vec<f32>,
    #[serde(default)]
    split_type: Vec<u8>,
    #[serde(default)]
    categories: Vec<u32>,
    #[serde(default)]
    categories_nodes: Vec<usize>,
    #[serde(default)]
    categories_segments: Vec<usize>,
    #[serde(default)]
    categories_sizes: Vec<usize>,
    #[serde(rename = "tree_param")]
    size: TreeParameters,
}

#[derive(Deserialize)]
struct TreeParameters {
    size_leaf_vector: String,
}

pub(super) fn read(bytes: &[u8], options: Options) -> Result<SourceModel, Fault> {
    // Both forms begin with a brace; a quotation mark or a space never follows it in UBJSON.
    let is_text = bytes.iter().skip(1).find(|byte| !byte.is_ascii_whitespace()).is_none_or(|&byte| byte == b'"');
    let file: File = if is_text { serde_json::from_slice(bytes)? } else { ubjson::from_slice(bytes)? };
    let version = file.version.iter().map(u32::to_string).collect::<Vec<_>>().join(".");
    if file.version.first() != Some(&3) {
        return Err(Fault::Refused(format!(
            "the model was saved by XGBoost {version}; load it with XGBoost 3 and save it again"
        )));
    }
    let Learner { attributes, feature_names, gradient_booster, model, objective } = file.learner;
    check_kind(&gradient_booster, &model, &objective)?;
    let bias = bias(&model.base_score, &objective.name)?;
    let count: usize = model.num_feature.parse().map_err(|_| "num_feature is no number")?;
    if count > MOST_FEATURES || (!feature_names.is_empty() && feature_names.len() != count) {
        return Err(Fault::Unreadable(format!("{count} features are announced, and {} named", feature_names.len())));
    }
    let weights = gradient_booster.weight_drop;
    let model = gradient_booster.gbtree.map(|inner| inner.model).or(gradient_booster.model);
    let model = model.ok_or("it has no trees")?;
    if gradient_booster.name == "dart" && weights.len() != model.trees.len() {
        return Err("a DART model needs a weight for each tree".into());
    }
    let mut notes = Vec::new();
    let used = used_trees(&model, &attributes, options, &mut notes)?;
    let mut trees = Vec::with_capacity(used);
    for (number, tree) in model.trees.iter().take(used).enumerate() {
        let weight = weights.get(number).copied().map_or(1.0, f64::from);
        trees.push(tree.read(weight).map_err(|what| format!("tree {number}: {what}"))?);
    }
    let mut features: Vec<SourceFeature> = (0..count)
        .map(|index| SourceFeature { name: feature_names.get(index).cloned(), categories: Vec::new() })
        .collect();
    for (feature, encoding) in features.iter_mut().zip(model.cats.iter().flat_map(|cats| &cats.enc)) {
        feature.categories = encoding.texts();
    }
    let forest = Forest::General(GeneralForest { features: count, bias, trees });
    Ok(SourceModel { trained_by: format!("XGBoost {version}"), features, forest, notes })
}

/// Refuses what is no gradient boosting of trees for one probability, by its name.
fn check_kind(booster: &Booster, parameters: &ModelParameters, objective: &Objective) -> Result<(), Fault> {
    let name = &objective.name;
    let refused = |what: String| Err(Fault::Refused(what));
    if !["gbtree", "dart"].contains(&booster.name.as_str()) {
        return refused(format!(
            "the booster `{}` has no trees; only gbtree and dart are imported",
            shown(&booster.name)
        ));
    }
    if !["binary:logistic", "reg:logistic", "binary:logitraw"].contains(&name.as_str()) {
        return refused(format!(
            "the objective `{}` gives no probability of default; train with binary:logistic",
            shown(name)
        ));
    }
    if !["0", "1"].contains(&parameters.num_class.as_str()) || parameters.num_target != "1" {
        return refused("the model has more than one output; train one with two classes".to_owned());
    }
    Ok(())
}

/// The margin before the first tree. `base_score` is a probability, but for raw log-odds a margin; version 3 writes it as
/// a list of one.
fn bias(base_score: &str, objective: &str) -> Result<f64, Fault> {
    let text = base_score.trim().trim_start_matches('[').trim_end_matches(']');
    let score: f32 = text.parse().map_err(|_| "base_score is no number")?;
    if objective == "binary:logitraw" {
        return Ok(f64::from(score));
    }
    if score > 0.0 && score < 1.0 {
        let score = f64::from(score);
        return Ok(libm::log(score / (1.0 - score)));
    }
    Err("base_score is no probability between 0 and 1".into())
}

/// How many trees count: those up to the best iteration where training was stopped early, as XGBoost's own scikit-learn
/// interface predicts.
fn used_trees(
    model: &Model,
    attributes: &BTreeMap<String, String>,
    options: Options,
    notes: &mut Vec<String>,
) -> Result<usize, Fault> {
    let all = model.trees.len();
    let Some(best) = attributes.get("best_iteration").filter(|_| !options.all_trees) else { return Ok(all) };
    let best: usize = best.parse().map_err(|_| "best_iteration is no number")?;
    let ends = &model.iteration_indptr;
    let used = best.checked_add(1).and_then(|next| ends.get(next)).copied();
    let used = used.filter(|&used| used <= all).ok_or("best_iteration is none of the iterations")?;
    if used < all {
        notes.push(format!(
            "Training was stopped early: of {all} trees the {used} up to the best iteration, {best}, are used, as XGBoost's \
             scikit-learn interface does; `--all-trees` uses all."
        ));
    }
    Ok(used)
}

impl Encoding {
    fn texts(&self) -> Vec<String> {
        if self.offsets.is_empty() {
            return self.values.iter().map(f64::to_string).collect();
        }
        let text = |ends: &[usize]| {
            let bytes = self.values.get(ends[0]..ends[1]).unwrap_or_default();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a byte, written as a number")]
            let bytes: Vec<u8> = bytes.iter().map(|&byte| byte.rem_euclid(256.0) as u8).collect();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        self.offsets.windows(2).map(text).collect()
    }
}

impl Tree {
    fn read(&self, weight: f64) -> Result<GeneralTree, String> {
        let places = self.left_children.len();
        let lengths = [
            self.right_children.len(),
            self.split_indices.len(),
            self.split_conditions.len(),
            self.default_left.len(),
            self.sum_hessian.len(),
        ];
        if lengths.iter().any(|&length| length != places) || places == 0 {
            return Err("its lists differ in length".to_owned());
        }
        if !["0", "1"].contains(&self.size.size_leaf_vector.as_str()) {
            return Err("a leaf has more than one value".to_owned());
        }
        let sets = self.sets()?;
        grow(0, places, |place| {
            let no_node = || "a child is no node".to_owned();
            let at = Some(place).filter(|&place| place < places).ok_or_else(no_node)?;
            if self.left_children[at] == -1 {
                let value = weight * f64::from(self.split_conditions[at]);
                return Ok(Place::Leaf { value, cover: f64::from(self.sum_hessian[at]) });
            }
            let child = |children: &[i64]| usize::try_from(children[at]).map_err(|_| no_node());
            let test = if self.split_type.get(at) == Some(&1) {
                let codes = sets.get(&at).ok_or_else(|| "a categorical split lists no categories".to_owned())?;
                Test::OneOf(codes.clone())
            } else {
                let condition = self.split_conditions[at];
                if !condition.is_finite() {
                    return Err("a threshold is not finite".to_owned());
                }
                Test::Above { threshold: single::at_least(condition), zero_is_missing: false }
            };
            Ok(Place::Node {
                feature: self.split_indices[at],
                test,
                missing: self.default_left[at] == 0,
                no: child(&self.left_children)?,
                yes: child(&self.right_children)?,
            })
        })
    }

    /// The categories that each categorical split sends to the right.
    fn sets(&self) -> Result<BTreeMap<usize, Vec<u32>>, String> {
        let segments = self.categories_nodes.iter().zip(&self.categories_segments).zip(&self.categories_sizes);
        let mut sets = BTreeMap::new();
        for ((&node, &first), &size) in segments {
            let codes = first.checked_add(size).and_then(|end| self.categories.get(first..end));
            let mut codes = codes.ok_or("a categorical split lists no categories")?.to_vec();
            codes.sort_unstable();
            codes.dedup();
            sets.insert(node, codes);
        }
        Ok(sets)
    }
}
