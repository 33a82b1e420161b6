//! CatBoost 1.2: `save_model("model.json", format="json", pool=pool)`.
//!
//! Source: the behaviour of version 1.2.10, which `fixtures/imported` holds. A float split is "yes" for a value above its
//! border, as 32-bit floats; a one-hot split for one category, which the file gives by a hash. The questions of a symmetric tree are listed
//! from the leaves to the root; bit i of a leaf's index is the answer to question i.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    Fault, MOST_FEATURES, SourceFeature, SourceModel,
    grow::{Place, grow},
    shown, single,
};
use crate::forest::{
    Forest,
    general::{GeneralForest, GeneralTree, Test},
    tree::{Split, SymmetricForest, SymmetricTree},
};

#[derive(Deserialize)]
struct File {
    features_info: FeaturesInfo,
    model_info: ModelInfo,
    oblivious_trees: Option<Vec<Oblivious>>,
    trees: Option<Vec<Branch>>,
    scale_and_bias: (f64, Vec<f64>),
}

#[derive(Deserialize)]
struct ModelInfo {
    #[serde(default)]
    catboost_version_info: String,
    params: Option<Parameters>,
}

#[derive(Deserialize)]
struct Parameters {
    loss_function: LossFunction,
}

#[derive(Deserialize)]
struct LossFunction {
    r#type: String,
}

#[derive(Deserialize)]
struct FeaturesInfo {
    float_features: Option<Vec<FloatFeature>>,
    categorical_features: Option<Vec<CategoricalFeature>>,
    cat_features_hash: Option<Vec<Hashed>>,
}

#[derive(Deserialize)]
struct FloatFeature {
    flat_feature_index: usize,
    #[serde(default)]
    feature_id: String,
    nan_value_treatment: String,
}

#[derive(Deserialize)]
struct CategoricalFeature {
    flat_feature_index: usize,
    #[serde(default)]
    feature_id: String,
}

#[derive(Deserialize)]
struct Hashed {
    hash: i64,
    value: String,
}

#[derive(Deserialize)]
struct Oblivious {
    leaf_values: Vec<f64>,
    leaf_weights: Option<Vec<f64>>,
    #[serde(default)]
    splits: Vec<Question>,
}

/// A node of a tree that is not symmetric, or a leaf.
#[derive(Deserialize)]
struct Branch {
    split: Option<Question>,
    left: Option<Box<Branch>>,
    right: Option<Box<Branch>>,
    value: Option<f64>,
    weight: Option<f64>,
}

#[derive(Deserialize)]
struct Question {
    split_type: String,
    float_feature_index: Option<usize>,
    cat_feature_index: Option<usize>,
    border: Option<f32>,
    value: Option<i64>,
}

/// The deepest symmetric tree that CatBoost grows.
const MOST_QUESTIONS: usize = 16;

pub(super) fn read(bytes: &[u8]) -> Result<SourceModel, Fault> {
    let file: File = serde_json::from_slice(bytes)?;
    let loss = file.model_info.params.as_ref().map_or("none", |parameters| &parameters.loss_function.r#type);
    if !["Logloss", "CrossEntropy"].contains(&loss) {
        let loss = shown(loss);
        return Err(Fault::Refused(format!(
            "the loss `{loss}` gives no probability of default; train a CatBoostClassifier with Logloss on two classes"
        )));
    }
    let (scale, biases) = &file.scale_and_bias;
    let &[bias] = biases.as_slice() else { return Err("scale_and_bias has not one bias".into()) };
    let mut reader = Reader::new(&file.features_info)?;
    let forest = match (&file.oblivious_trees, &file.trees) {
        (Some(trees), None) if trees.iter().flat_map(|tree| &tree.splits).all(Question::is_float) && is_flat(trees) => {
            let trees = trees.iter().map(|tree| reader.symmetric(tree)).collect::<Result<_, Fault>>()?;
            Forest::Symmetric(SymmetricForest { features: reader.features.len(), bias, trees })
        }
        (Some(trees), None) => {
            let trees = trees.iter().map(|tree| reader.oblivious(tree)).collect::<Result<_, Fault>>()?;
            Forest::General(GeneralForest { features: reader.features.len(), bias, trees })
        }
        (None, Some(trees)) => {
            let trees = trees.iter().map(|tree| reader.branch(tree)).collect::<Result<_, Fault>>()?;
            Forest::General(GeneralForest { features: reader.features.len(), bias, trees })
        }
        _ => return Err("it has neither oblivious_trees nor trees".into()),
    };
    let mut forest = forest;
    for leaf in forest.leaf_values_mut() {
        *leaf *= scale;
    }
    let version = file.model_info.catboost_version_info.split_once("release ").map_or("1.2", |(_, rest)| rest);
    let version = version.split(|letter: char| !letter.is_ascii_digit() && letter != '.').next().unwrap_or_default();
    let version = version.trim_end_matches('.');
    Ok(SourceModel { trained_by: format!("CatBoost {version}"), features: reader.features, forest, notes: Vec::new() })
}

/// Whether all trees are flat enough for the tables of symmetric ones.
fn is_flat(trees: &[Oblivious]) -> bool {
    trees.iter().all(|tree| tree.splits.len() <= crate::forest::tree::MAX_DEPTH)
}

impl Question {
    fn is_float(&self) -> bool {
        self.split_type == "FloatFeature"
    }
}

/// What the questions of a file mean.
struct Reader {
    features: Vec<SourceFeature>,
    /// By the index among float features: the feature, and the answer for a missing value.
    floats: Vec<(u32, bool)>,
    categorical: Vec<u32>,
    texts: BTreeMap<u32, String>,
}

/// A hash, which a file writes with or without a sign.
fn hash(number: i64) -> Option<u32> {
    u32::try_from(number).ok().or_else(|| i32::try_from(number).ok().map(i32::cast_unsigned))
}

impl Reader {
    fn new(info: &FeaturesInfo) -> Result<Self, Fault> {
        let floats_of = info.float_features.as_deref().unwrap_or_default();
        let categorical_of = info.categorical_features.as_deref().unwrap_or_default();
        let count = floats_of.len() + categorical_of.len();
        if count > MOST_FEATURES {
            return Err(Fault::Unreadable(format!("there are {count} features; at most {MOST_FEATURES} are read")));
        }
        let mut features = vec![SourceFeature::default(); count];
        let mut taken = vec![false; count];
        let mut place = |index: usize, name: &str| {
            if index >= count || std::mem::replace(&mut taken[index], true) {
                return Err(Fault::from("features of other kinds than float and categorical are not imported"));
            }
            features[index].name = Some(name.to_owned()).filter(|name| !name.is_empty());
            u32::try_from(index).map_err(|_| Fault::from("there are too many features"))
        };
        let mut floats = Vec::new();
        for feature in floats_of {
            let missing = match feature.nan_value_treatment.as_str() {
                "AsIs" | "AsFalse" => false,
                "AsTrue" => true,
                _ => return Err("a nan_value_treatment is not known".into()),
            };
            floats.push((place(feature.flat_feature_index, &feature.feature_id)?, missing));
        }
        let categorical = categorical_of
            .iter()
            .map(|feature| place(feature.flat_feature_index, &feature.feature_id))
            .collect::<Result<_, _>>()?;
        // Features without names of their own are called by their places, or not at all.
        let is_place = |(place, feature): (usize, &SourceFeature)| {
            feature.name.as_ref().is_none_or(|name| *name == place.to_string())
        };
        if features.iter().enumerate().all(is_place) {
            for feature in &mut features {
                feature.name = None;
            }
        }
        let texts =
            info.cat_features_hash.iter().flatten().filter_map(|known| Some((hash(known.hash)?, known.value.clone())));
        Ok(Self { texts: texts.collect(), features, floats, categorical })
    }

    fn float(&self, question: &Question) -> Result<(u32, f32, bool), Fault> {
        let known = question.float_feature_index.and_then(|index| self.floats.get(index));
        let (&(feature, missing), border) =
            known.zip(question.border).ok_or("a float split names no feature or border")?;
        if border.is_finite() {
            return Ok((feature, border, missing));
        }
        Err("a border is not finite".into())
    }

    /// A question as a feature, a test and the answer for a missing value.
    fn question(&mut self, question: &Question) -> Result<(u32, Test, bool), Fault> {
        match question.split_type.as_str() {
            "FloatFeature" => {
                let (feature, border, missing) = self.float(question)?;
                let test = Test::Above { threshold: single::above(border), zero_is_missing: false };
                Ok((feature, test, missing))
            }
            "OneHotFeature" => {
                let known = question.cat_feature_index.and_then(|index| self.categorical.get(index)).copied();
                let (feature, value) =
                    known.zip(question.value.and_then(hash)).ok_or("a one-hot split names no feature or category")?;
                let Some(text) = self.texts.get(&value) else {
                    return Err(Fault::Refused(
                        "the file does not say which category a hash stands for; save it with \
                         save_model(…, format=\"json\", pool=train_pool)"
                            .to_owned(),
                    ));
                };
                let categories = &mut self.features[feature as usize].categories;
                let code = categories.iter().position(|known| known == text).unwrap_or_else(|| {
                    categories.push(text.clone());
                    categories.len() - 1
                });
                let code = u32::try_from(code).map_err(|_| "there are too many categories")?;
                Ok((feature, Test::OneOf(vec![code]), false))
            }
            "OnlineCtr" => Err(Fault::Refused(
                "the model reads statistics of categories (CTRs), which depend on CatBoost's own hashing; train with \
                 one_hot_max_size above the number of categories, or encode them before training"
                    .to_owned(),
            )),
            other => Err(Fault::Refused(format!("splits of the kind `{}` are not imported", shown(other)))),
        }
    }

    fn check_leaves(tree: &Oblivious) -> Result<&[f64], Fault> {
        let depth = tree.splits.len();
        let weights = tree.leaf_weights.as_deref().ok_or("a tree has no leaf_weights")?;
        if depth > MOST_QUESTIONS || tree.leaf_values.len() != 1 << depth || weights.len() != 1 << depth {
            return Err("a tree of d splits needs 2^d leaf_values and leaf_weights".into());
        }
        Ok(weights)
    }

    fn symmetric(&self, tree: &Oblivious) -> Result<SymmetricTree, Fault> {
        let weights = Self::check_leaves(tree)?;
        let split = |question: &Question| {
            let (feature, border, missing_above) = self.float(question)?;
            Ok(Split { feature, threshold: single::above(border), missing_above })
        };
        let splits = tree.splits.iter().rev().map(split).collect::<Result<Vec<Split>, Fault>>()?;
        // Bit i of an index becomes bit d − 1 − i, as the questions are turned round.
        let depth = splits.len();
        let turned = |leaf: usize| (0..depth).fold(0, |index, bit| index | (leaf >> bit & 1) << (depth - 1 - bit));
        let leaves = || (0..1_usize << depth).map(turned);
        Ok(SymmetricTree {
            leaf_values: leaves().map(|leaf| tree.leaf_values[leaf]).collect(),
            leaf_covers: leaves().map(|leaf| weights[leaf]).collect(),
            splits,
        })
    }

    fn oblivious(&mut self, tree: &Oblivious) -> Result<GeneralTree, Fault> {
        let weights = Self::check_leaves(tree)?;
        let questions: Vec<(u32, Test, bool)> =
            tree.splits.iter().map(|question| self.question(question)).collect::<Result<_, _>>()?;
        let grown = grow((questions.len(), 0), 2 << questions.len(), |(left, index): (usize, usize)| {
            Ok(match left.checked_sub(1) {
                None => Place::Leaf { value: tree.leaf_values[index], cover: weights[index] },
                Some(bit) => {
                    let (feature, test, missing) = questions[bit].clone();
                    Place::Node { feature, test, missing, no: (bit, index), yes: (bit, index | 1 << bit) }
                }
            })
        })?;
        Ok(grown)
    }

    fn branch(&mut self, root: &Branch) -> Result<GeneralTree, Fault> {
        let mut refused = None;
        let grown = grow(root, usize::MAX, |branch: &Branch| match (&branch.split, &branch.left, &branch.right) {
            (None, None, None) => {
                let value = branch.value.ok_or("a leaf has no value")?;
                Ok(Place::Leaf { value, cover: branch.weight.ok_or("a leaf has no weight")? })
            }
            (Some(split), Some(left), Some(right)) => {
                let (feature, test, missing) = self.question(split).map_err(|fault| match fault {
                    Fault::Unreadable(what) => what,
                    Fault::Refused(what) => refused.insert(what).clone(),
                })?;
                Ok(Place::Node { feature, test, missing, no: &**left, yes: &**right })
            }
            _ => Err("a node needs a split, a left and a right child".to_owned()),
        });
        grown.map_err(|what| refused.map_or(Fault::Unreadable(what), Fault::Refused))
    }
}
