//! LightGBM 4: `save_model("model.txt")`.
//!
//! Source: the behaviour of version 4.7.0, which `fixtures/imported` holds. A numerical split sends a value to the left when it
//! is not above the threshold, in 64 bits; a categorical one sends the codes of its bit set to the left and anything else,
//! a missing value too, to the right. Covers are counts of rows.

use std::{collections::BTreeMap, str::FromStr};

use super::{
    Fault, MOST_FEATURES, SourceFeature, SourceModel,
    grow::{Place, grow},
    shown,
};
use crate::forest::{
    Forest,
    general::{GeneralForest, GeneralTree, Test},
};

/// The lines of one part of the file: keys and values.
type Block<'a> = BTreeMap<&'a str, &'a str>;

pub(super) fn read(bytes: &[u8]) -> Result<SourceModel, Fault> {
    let text = str::from_utf8(bytes).map_err(|_| "it is not text")?;
    let (blocks, has_end) = blocks(text);
    let mut blocks = blocks.into_iter();
    let header = blocks.next().filter(|header| header.contains_key("tree")).ok_or("it does not begin with `tree`")?;
    if !has_end {
        return Err("it ends before `end of trees`".into());
    }
    check_kind(&header)?;
    let names: Vec<&str> = value(&header, "feature_names")?.split_whitespace().collect();
    let count = number::<usize>(&header, "max_feature_idx")?.saturating_add(1);
    if count != names.len() || count > MOST_FEATURES {
        return Err(Fault::Unreadable(format!("{count} features are announced, and {} named", names.len())));
    }
    let mut trees = Vec::new();
    for (number, block) in blocks.enumerate() {
        trees.push(Tree::parse(&block).and_then(Tree::grow).map_err(|fault| match fault {
            Fault::Unreadable(what) => Fault::Unreadable(format!("tree {number}: {what}")),
            refused @ Fault::Refused(_) => refused,
        })?);
    }
    if trees.len() != value(&header, "tree_sizes")?.split_whitespace().count() {
        return Err("the number of trees is not that of tree_sizes".into());
    }
    let factor = factor(&header, trees.len())?;
    for leaf in trees.iter_mut().flat_map(|tree| &mut tree.leaf_values) {
        *leaf *= factor;
    }
    // Without names of their own, features are called by their places.
    let is_named = names.iter().enumerate().any(|(place, name)| *name != format!("Column_{place}"));
    let mut features: Vec<SourceFeature> = names
        .iter()
        .map(|name| SourceFeature { name: is_named.then(|| (*name).to_owned()), categories: Vec::new() })
        .collect();
    name_categories(text, &mut features);
    Ok(SourceModel {
        trained_by: "LightGBM 4".to_owned(),
        forest: Forest::General(GeneralForest { features: count, bias: 0.0, trees }),
        features,
        notes: Vec::new(),
    })
}

/// The header and the trees, and whether the end of the trees is there.
fn blocks(text: &str) -> (Vec<Block<'_>>, bool) {
    let mut blocks = vec![Block::new()];
    for line in text.lines().map(str::trim_end) {
        if line == "end of trees" {
            return (blocks, true);
        }
        if line.starts_with("Tree=") {
            blocks.push(Block::new());
        }
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        if let Some(block) = blocks.last_mut() {
            block.insert(key, value);
        }
    }
    (blocks, false)
}

fn check_kind(header: &Block<'_>) -> Result<(), Fault> {
    let refused = |what: String| Err(Fault::Refused(what));
    let version = value(header, "version")?;
    if version != "v4" {
        return refused(format!(
            "the model has LightGBM's format {}; load it with LightGBM 4 and save it again",
            shown(version)
        ));
    }
    let objective = header.get("objective").copied().unwrap_or_default();
    let name = objective.split_whitespace().next().unwrap_or("none");
    if !["binary", "cross_entropy"].contains(&name) {
        return refused(format!(
            "the objective `{}` gives no probability of default; train with objective=binary",
            shown(name)
        ));
    }
    if value(header, "num_class")? != "1" || value(header, "num_tree_per_iteration")? != "1" {
        return refused("the model has more than one output; train one with objective=binary".to_owned());
    }
    Ok(())
}

/// From the sum of the trees to log-odds.
fn factor(header: &Block<'_>, trees: usize) -> Result<f64, Fault> {
    let objective = header.get("objective").copied().unwrap_or_default();
    let given = objective.split_whitespace().find_map(|word| word.strip_prefix("sigmoid:"));
    let sigmoid: f64 = given.map_or(Ok(1.0), str::parse).map_err(|_| "sigmoid is no number")?;
    if !sigmoid.is_finite() || sigmoid <= 0.0 {
        return Err("sigmoid is not above 0".into());
    }
    // A random forest averages its trees.
    #[expect(clippy::cast_precision_loss, reason = "a number of trees")]
    Ok(if header.contains_key("average_output") { sigmoid / trees.max(1) as f64 } else { sigmoid })
}

/// The texts of the categories, where the model was trained on a pandas table: the last line lists them for each
/// categorical column in turn.
fn name_categories(text: &str, features: &mut [SourceFeature]) {
    let line = |prefix: &str| text.lines().rev().find_map(|line| line.strip_prefix(prefix));
    let listed: Option<Vec<Vec<serde_json::Value>>> =
        line("pandas_categorical:").and_then(|json| serde_json::from_str(json).ok());
    let columns = line("[categorical_feature: ").and_then(|list| list.strip_suffix(']')).unwrap_or_default();
    let columns: Vec<usize> = columns.split(',').filter_map(|column| column.trim().parse().ok()).collect();
    let listed = listed.unwrap_or_default();
    if columns.len() != listed.len() {
        return;
    }
    for (column, categories) in columns.into_iter().zip(listed) {
        if let Some(feature) = features.get_mut(column) {
            let text = |value: serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            feature.categories = categories.into_iter().map(text).collect();
        }
    }
}

/// The lists of one tree.
struct Tree {
    features: Vec<u32>,
    thresholds: Vec<f64>,
    kinds: Vec<u8>,
    left: Vec<i64>,
    right: Vec<i64>,
    leaf_values: Vec<f64>,
    leaf_counts: Vec<f64>,
    category_ends: Vec<usize>,
    category_words: Vec<u32>,
}

impl Tree {
    fn parse(block: &Block<'_>) -> Result<Self, Fault> {
        if block.get("is_linear").is_some_and(|flag| *flag != "0") {
            return Err(Fault::Refused(
                "the trees have linear leaves, which have no exact Shapley values; train with linear_tree=false"
                    .to_owned(),
            ));
        }
        let leaves: usize = number(block, "num_leaves")?;
        let tree = Self {
            features: list(block, "split_feature")?,
            thresholds: list(block, "threshold")?,
            kinds: list(block, "decision_type")?,
            left: list(block, "left_child")?,
            right: list(block, "right_child")?,
            leaf_values: list(block, "leaf_value")?,
            leaf_counts: list(block, "leaf_count")?,
            category_ends: list(block, "cat_boundaries")?,
            category_words: list(block, "cat_threshold")?,
        };
        let nodes = [
            tree.features.len(),
            tree.thresholds.len(),
            tree.kinds.len(),
            tree.left.len(),
            tree.right.len(),
            tree.leaf_values.len().wrapping_sub(1),
        ];
        if leaves == 0 || nodes.iter().any(|&length| length != leaves - 1) {
            return Err("its lists differ in length from num_leaves".into());
        }
        Ok(tree)
    }

    fn grow(self) -> Result<GeneralTree, Fault> {
        let leaves = self.leaf_values.len();
        let root = if leaves == 1 { -1 } else { 0 };
        let tree = grow(root, 2 * leaves - 1, |place: i64| {
            if place < 0 {
                let leaf = usize::try_from(-1 - place).unwrap_or(usize::MAX);
                let value = *self.leaf_values.get(leaf).ok_or("a child is no leaf")?;
                // A stump that was never grown counts no rows.
                let cover = self.leaf_counts.get(leaf).copied().unwrap_or(0.0);
                return Ok(Place::Leaf { value, cover });
            }
            let node = usize::try_from(place).unwrap_or(usize::MAX);
            let feature = *self.features.get(node).ok_or("a child is no node")?;
            self.place(node, feature)
        })?;
        Ok(tree)
    }

    fn place(&self, node: usize, feature: u32) -> Result<Place<i64>, String> {
        const CATEGORICAL: u8 = 1;
        const DEFAULT_LEFT: u8 = 2;
        let (kind, threshold) = (self.kinds[node], self.thresholds[node]);
        let (left, right) = (self.left[node], self.right[node]);
        if kind & CATEGORICAL != 0 {
            let codes = self.codes(threshold).ok_or("a categorical split lists no categories")?;
            return Ok(Place::Node { feature, test: Test::OneOf(codes), missing: false, no: right, yes: left });
        }
        // A split of missing values from all others has an infinite threshold; no value is above the greatest float either.
        let threshold = if threshold == f64::INFINITY { f64::MAX } else { threshold };
        let by_default = kind & DEFAULT_LEFT == 0;
        let (missing, zero_is_missing) = match kind >> 2 & 3 {
            // A missing value is taken as 0.
            0 => (0.0 > threshold, false),
            1 => (by_default, true),
            2 => (by_default, false),
            _ => return Err("a decision type is not known".to_owned()),
        };
        Ok(Place::Node { feature, test: Test::Above { threshold, zero_is_missing }, missing, no: left, yes: right })
    }

    /// The codes of a bit set, given by its number in place of a threshold.
    fn codes(&self, number: f64) -> Option<Vec<u32>> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
        let set = (number >= 0.0 && number.fract() == 0.0).then_some(number as usize)?;
        let (first, end) = (*self.category_ends.get(set)?, *self.category_ends.get(set.checked_add(1)?)?);
        let words = self.category_words.get(first..end)?;
        let bits = (0..u32::MAX).step_by(32).zip(words);
        Some(
            bits.flat_map(|(base, word)| (0..32).filter(move |bit| word >> bit & 1 == 1).map(move |bit| base + bit))
                .collect(),
        )
    }
}

fn value<'a>(block: &Block<'a>, key: &str) -> Result<&'a str, Fault> {
    block.get(key).copied().ok_or_else(|| Fault::Unreadable(format!("there is no `{key}`")))
}

fn number<T: FromStr>(block: &Block<'_>, key: &str) -> Result<T, Fault> {
    value(block, key)?.trim().parse().map_err(|_| Fault::Unreadable(format!("`{key}` is no number of its kind")))
}

/// The numbers of a line; none where there is no such line.
fn list<T: FromStr>(block: &Block<'_>, key: &str) -> Result<Vec<T>, Fault> {
    let words = block.get(key).copied().unwrap_or_default().split_whitespace();
    words.map(|word| word.parse().map_err(|_| Fault::Unreadable(format!("`{key}` is no list of numbers")))).collect()
}
