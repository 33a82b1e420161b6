//! Matching a model's features to a schema's.

use std::collections::{BTreeMap, BTreeSet};

use super::{ImportError, SourceFeature, SourceModel, shown};
use crate::{
    features::schema::{Feature, Kind, Schema},
    forest::{
        Forest,
        general::{GeneralForest, Test},
    },
    model::file::Encoding,
};

/// A model over a schema's features.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// The schema, with the categories that it left to the model.
    pub schema: Schema,
    pub forest: Forest,
    pub encodings: Vec<Encoding>,
    /// What a person should know, a sentence each.
    pub notes: Vec<String>,
}

/// Texts that stand for a missing value where a library takes it as one more category.
const MISSING_TEXTS: [&str; 5] = ["", "nan", "NaN", "None", "<NA>"];

/// Matches features by their `column` (by `name` where they are derived), or by their places where the model has no names;
/// and the codes of categories by their texts where the model keeps them, else by the order of `categories`.
pub fn fit(model: SourceModel, schema: &Schema) -> Result<Fitted, ImportError> {
    let SourceModel { features, mut forest, mut notes, .. } = model;
    let mut schema = schema.clone();
    let used = used_features(&forest);
    let places = match_features(&features, &used, &schema, &mut notes)?;
    let mut codes = vec![Codes::Same; features.len()];
    for (index, feature) in features.iter().enumerate().filter(|(index, _)| used.contains(index)) {
        if let Some(place) = places[index] {
            codes[index] = match_codes(feature, &mut schema.features[place], &mut notes)?;
        }
    }
    note_unread(&places, &used, &schema, &mut notes);
    rewrite(&mut forest, &places, &codes, &schema)?;
    let encodings = encodings(&forest, &schema);
    Ok(Fitted { schema, forest, encodings, notes })
}

/// The features that any question asks about.
fn used_features(forest: &Forest) -> BTreeSet<usize> {
    match forest {
        Forest::Symmetric(forest) => {
            forest.trees.iter().flat_map(|tree| &tree.splits).map(|split| split.feature as usize).collect()
        }
        Forest::General(forest) => {
            forest.trees.iter().flat_map(|tree| &tree.nodes).map(|node| node.feature as usize).collect()
        }
    }
}

/// The place in the schema of each of the model's features; none for those that are not in it.
fn match_features(
    features: &[SourceFeature],
    used: &BTreeSet<usize>,
    schema: &Schema,
    notes: &mut Vec<String>,
) -> Result<Vec<Option<usize>>, ImportError> {
    if features.iter().all(|feature| feature.name.is_none()) {
        if features.len() != schema.features.len() {
            return Err(ImportError::Mismatch(format!(
                "the model has {} features without names and the schema {}; matched by their places, they must be as many",
                features.len(),
                schema.features.len()
            )));
        }
        notes.push("The model has no names of features; they were matched by their places.".to_owned());
        return Ok((0..features.len()).map(Some).collect());
    }
    let mut by_column: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, feature) in schema.features.iter().enumerate() {
        by_column.entry(feature.column.as_ref().unwrap_or(&feature.name)).or_default().push(place);
    }
    let mut seen = BTreeSet::new();
    let (mut places, mut unknown, mut unread) = (Vec::new(), Vec::new(), Vec::new());
    for (index, feature) in features.iter().enumerate() {
        let name = feature.name.as_deref().unwrap_or_default();
        if !seen.insert(name) {
            return Err(ImportError::Mismatch(format!("the model has two features of the name `{}`", shown(name))));
        }
        let found = by_column.get(name).map(Vec::as_slice).unwrap_or_default();
        if found.len() > 1 {
            return Err(ImportError::Mismatch(format!("two features of the schema read the column `{}`", shown(name))));
        }
        if found.is_empty() {
            if used.contains(&index) { &mut unknown } else { &mut unread }.push(format!("`{}`", shown(name)));
        }
        places.push(found.first().copied());
    }
    if !unknown.is_empty() {
        return Err(ImportError::Mismatch(format!(
            "the model reads {}, which is the `column` of no feature of the schema",
            unknown.join(", ")
        )));
    }
    if !unread.is_empty() {
        notes.push(format!("The model was given {} and asks nothing about it.", unread.join(", ")));
    }
    Ok(places)
}

/// How the codes of a category become the schema's.
#[derive(Debug, Clone, PartialEq)]
enum Codes {
    /// As they are.
    Same,
    /// By the code: the schema's code, or none for a text that stands for "missing" there.
    Mapped(Vec<Option<u32>>),
}

fn match_codes(source: &SourceFeature, feature: &mut Feature, notes: &mut Vec<String>) -> Result<Codes, ImportError> {
    let texts = &source.categories;
    if feature.kind != Kind::Category || texts.is_empty() {
        if feature.kind == Kind::Category && feature.categories.is_empty() {
            return Err(ImportError::Mismatch(format!(
                "list the `categories` of `{}` in the order of the model's codes; the model does not name them",
                feature.name
            )));
        }
        return Ok(Codes::Same);
    }
    let spelling = |text: &String| feature.column_values.get(text).cloned().unwrap_or_else(|| text.clone());
    let spelt: Vec<String> = texts.iter().map(spelling).collect();
    if feature.categories.is_empty() {
        let known: BTreeSet<String> =
            spelt.iter().filter(|text| !MISSING_TEXTS.contains(&text.as_str())).cloned().collect();
        feature.categories = known.into_iter().collect();
    }
    let code_of = |text: &String| feature.categories.iter().position(|category| category == text);
    let codes: Vec<Option<usize>> = spelt.iter().map(code_of).collect();
    let is_missing = |text: &String| MISSING_TEXTS.contains(&text.as_str());
    let unmatched: Vec<&String> = texts
        .iter()
        .zip(&codes)
        .filter(|(text, code)| code.is_none() && !is_missing(text))
        .map(|(text, _)| text)
        .collect();
    if !unmatched.is_empty() && codes.iter().all(Option::is_none) && texts.len() == feature.categories.len() {
        notes.push(format!(
            "The model's categories of `{}` have other texts than the schema's; they were matched in their order.",
            feature.name
        ));
        return Ok(Codes::Same);
    }
    if let Some(text) = unmatched.first() {
        return Err(ImportError::Mismatch(format!(
            "the model knows the category `{}` of `{}`, and the schema lists {}: add it to `categories` or to `column_values`",
            shown(text),
            feature.name,
            feature.categories.join(", ")
        )));
    }
    let mut seen = BTreeSet::new();
    if codes.iter().flatten().any(|code| !seen.insert(*code)) {
        return Err(ImportError::Mismatch(format!(
            "`column_values` of `{}` joins categories that the model tells apart",
            feature.name
        )));
    }
    let narrow = |code: Option<usize>| code.and_then(|code| u32::try_from(code).ok());
    Ok(Codes::Mapped(codes.into_iter().map(narrow).collect()))
}

/// Says which features of the schema never count.
fn note_unread(places: &[Option<usize>], used: &BTreeSet<usize>, schema: &Schema, notes: &mut Vec<String>) {
    let read: BTreeSet<usize> = used.iter().filter_map(|&index| places[index]).collect();
    let unread = schema.features.iter().enumerate().filter(|(place, _)| !read.contains(place));
    let names: Vec<String> = unread.map(|(_, feature)| format!("`{}`", feature.name)).collect();
    if !names.is_empty() {
        notes.push(format!("The model asks nothing about {}; it contributes 0.", names.join(", ")));
    }
}

/// Puts the schema's features and codes in the place of the model's.
fn rewrite(forest: &mut Forest, places: &[Option<usize>], codes: &[Codes], schema: &Schema) -> Result<(), ImportError> {
    let place_of = |feature: u32| {
        let place = places[feature as usize].and_then(|place| u32::try_from(place).ok());
        place.ok_or_else(|| ImportError::Mismatch("a question is about a feature that the schema lacks".to_owned()))
    };
    match forest {
        Forest::Symmetric(forest) => {
            for split in forest.trees.iter_mut().flat_map(|tree| &mut tree.splits) {
                split.feature = place_of(split.feature)?;
            }
            forest.features = schema.features.len();
            Ok(())
        }
        Forest::General(GeneralForest { features, trees, .. }) => {
            for node in trees.iter_mut().flat_map(|tree| &mut tree.nodes) {
                let source = node.feature as usize;
                node.feature = place_of(node.feature)?;
                let feature = &schema.features[node.feature as usize];
                if let Test::OneOf(asked) = &mut node.test {
                    if let Codes::Mapped(codes) = &codes[source] {
                        node.missing |= map_codes(asked, codes, feature)?;
                    }
                    check_codes(asked, feature)?;
                }
            }
            *features = schema.features.len();
            Ok(())
        }
    }
}

/// Maps the codes of a question; says whether a text that stands for "missing" is among them.
fn map_codes(asked: &mut Vec<u32>, codes: &[Option<u32>], feature: &Feature) -> Result<bool, ImportError> {
    let mut mapped = Vec::with_capacity(asked.len());
    let mut asks_for_missing = false;
    for &code in asked.iter() {
        match codes.get(code as usize) {
            Some(Some(code)) => mapped.push(*code),
            Some(None) => asks_for_missing = true,
            None => {
                return Err(ImportError::Mismatch(format!(
                    "the model asks about code {code} of `{}` and names {} categories",
                    feature.name,
                    codes.len()
                )));
            }
        }
    }
    mapped.sort_unstable();
    *asked = mapped;
    Ok(asks_for_missing)
}

fn check_codes(asked: &[u32], feature: &Feature) -> Result<(), ImportError> {
    let known = feature.categories.len();
    if let Some(&code) = asked.last()
        && feature.kind == Kind::Category
        && code as usize >= known
    {
        return Err(ImportError::Mismatch(format!(
            "the model knows code {code} of `{}`, and the schema lists {known} categories: list them in the order of the model's codes",
            feature.name
        )));
    }
    Ok(())
}

/// Trees of any shape read codes. Symmetric ones read a number for each: the code itself.
fn encodings(forest: &Forest, schema: &Schema) -> Vec<Encoding> {
    let codes = |categories: usize| (0..=u32::try_from(categories).unwrap_or(u32::MAX)).map(f64::from);
    let encoding = |feature: &Feature| {
        let mut statistics: Vec<f64> = codes(feature.categories.len()).collect();
        let prior = statistics.pop().unwrap_or_default();
        Encoding { feature: feature.name.clone(), prior, statistics }
    };
    let categories = schema.features.iter().filter(|feature| feature.kind == Kind::Category);
    if matches!(forest, Forest::Symmetric(_)) { categories.map(encoding).collect() } else { Vec::new() }
}
