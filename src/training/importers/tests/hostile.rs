//! Damaged, hostile and huge files.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rstest::rstest;

use super::{
    super::{Library, Options, bundle::Failure, read},
    content, imported, library_of, schema,
};
use crate::model::Model;

/// How many damaged files are tried, and from where chance starts: a few each time, and as many as are asked for by
/// `UNDERWRIGHT_FUZZ_ROUNDS=100000 UNDERWRIGHT_FUZZ_SEED=7 cargo test --release damaged`.
fn fuzzing() -> (u32, ChaCha8Rng) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u32>().expect("a number"));
    let seed = number("UNDERWRIGHT_FUZZ_SEED").unwrap_or(1);
    (number("UNDERWRIGHT_FUZZ_ROUNDS").unwrap_or(30), ChaCha8Rng::seed_from_u64(seed.into()))
}

/// Small changes, one after another: bytes flipped, cut and doubled, numbers blown up.
fn mutated(original: &[u8], random: &mut impl Rng) -> Vec<u8> {
    const SIGNS: &[u8] = b"0123456789-[]{}\",$#LldSNe";
    let mut bytes = original.to_vec();
    let mut below = |limit: usize| random.next_u32() as usize % limit.max(1);
    for _ in 0..=below(4) {
        let place = below(bytes.len());
        let end = bytes.len().min(place + below(64));
        match below(7) {
            0 => bytes.truncate(place),
            1 => drop(bytes.splice(place..place, *b"999999999999")),
            2 => drop(bytes.splice(place..place, *b"-1")),
            3 => drop(bytes.drain(place..end)),
            4 => {
                let copied = bytes[place..end].to_vec();
                drop(bytes.splice(place..place, copied));
            }
            5 => {
                if let Some(byte) = bytes.get_mut(place) {
                    *byte ^= 1 << below(8);
                }
            }
            _ => {
                // What stands there, or the next number of the text, becomes another one.
                let digit = bytes[place..].iter().take(64).position(u8::is_ascii_digit);
                if let Some(byte) = bytes.get_mut(place + digit.unwrap_or(0)) {
                    *byte = SIGNS[below(if digit.is_some() { 10 } else { SIGNS.len() })];
                }
            }
        }
    }
    bytes
}

#[rstest]
#[case("xgboost-categorical.json")]
#[case("xgboost-dart.ubj")]
#[case("xgboost-categorical.ubj")]
#[case("lightgbm-zero.txt")]
#[case("lightgbm-categorical.txt")]
#[case("catboost-onehot.json")]
#[case("catboost-depthwise.json")]
fn a_damaged_file_never_panics_and_is_refused_in_one_line(#[case] name: &str) {
    let (original, schema) = (content(name), schema());
    let (rounds, mut random) = fuzzing();
    let mut refused = 0;
    for _ in 0..rounds {
        let bytes = mutated(&original, &mut random);
        if let Err(error) = imported(library_of(name), &bytes, &schema) {
            refused += 1;
            assert!(!error.to_string().contains('\n') || matches!(error, Failure::Schema(_)), "{error}");
            assert!(error.to_string().len() < 2_000, "{error}");
        }
    }
    assert!(refused > 0, "no change was noticed");
}

#[test]
fn a_truncated_file_is_refused_wherever_it_ends() {
    for name in ["xgboost-dart.ubj", "xgboost-numeric.json", "lightgbm-none.txt", "catboost-numeric.json"] {
        let bytes = content(name);
        for part in 0..20 {
            let end = bytes.len() * part / 20;
            assert!(read(library_of(name), &bytes[..end], Options::default()).is_err(), "{name} to {end}");
        }
    }
}

/// The message with which a changed XGBoost model is refused.
fn refused_tree(key: &str, value: serde_json::Value) -> String {
    let mut file: serde_json::Value = serde_json::from_slice(&content("xgboost-numeric.json")).expect("JSON");
    let tree = file.pointer_mut("/learner/gradient_booster/model/trees/0").expect("a tree");
    tree[key] = value;
    let error = read(Library::XGBoost, file.to_string().as_bytes(), Options::default()).expect_err(key);
    error.to_string()
}

#[test]
fn hostile_trees_are_refused_by_what_is_wrong_with_them() {
    let file: serde_json::Value = serde_json::from_slice(&content("xgboost-numeric.json")).expect("JSON");
    let tree = file.pointer("/learner/gradient_booster/model/trees/0").expect("a tree");
    let with = |key: &str, place: usize, value: serde_json::Value| {
        let mut list = tree[key].clone();
        list[place] = value;
        refused_tree(key, list)
    };
    assert!(with("left_children", 1, 0.into()).contains("tree 0: its nodes go in circles"));
    assert!(with("left_children", 0, 1_000_000.into()).contains("tree 0: a child is no node"));
    assert!(with("right_children", 0, (-7).into()).contains("tree 0: a child is no node"));
    assert!(with("split_indices", 0, 4.into()).contains("tree 0: it asks about a feature that does not exist"));
    let children = tree["left_children"].as_array().expect("a list");
    let leaf = children.iter().position(|child| *child == -1).expect("a leaf");
    assert!(with("sum_hessian", leaf, (-1).into()).contains("tree 0: a leaf cover is not a count of rows"));
    let message = with("split_conditions", 0, 1e39.into());
    assert!(message.contains("finite") || message.contains("out of range"), "{message}");
    assert!(refused_tree("default_left", serde_json::json!([])).contains("its lists differ in length"));
}

#[test]
fn deep_nesting_and_announced_sizes_are_refused_at_once() {
    let nested = format!("{{\"learner\":{}", "[".repeat(100_000));
    for library in [Library::XGBoost, Library::CatBoost] {
        assert!(read(library, nested.as_bytes(), Options::default()).is_err());
    }
    let text = String::from_utf8(content("lightgbm-none.txt")).expect("text");
    for (from, to) in [
        ("max_feature_idx=3", "max_feature_idx=18446744073709551615"),
        ("num_leaves=15", "num_leaves=1000000000"),
        ("end of trees", ""),
        ("version=v4", "version=v9"),
        ("left_child=1", "left_child=0"),
    ] {
        assert!(text.contains(from), "{from}");
        let changed = text.replacen(from, to, 1);
        assert!(read(Library::LightGbm, changed.as_bytes(), Options::default()).is_err(), "{to}");
    }
}

#[rstest]
#[case("xgboost-categorical.ubj")]
#[case("catboost-numeric.json")]
fn a_damaged_bundle_never_panics_and_never_passes_for_the_original(#[case] name: &str) {
    let bundle = imported(library_of(name), &content(name), &schema()).expect("imported");
    let original = Model::parse(&bundle.model_json, &bundle.parity_jsonl).expect("sound");
    let (rounds, mut random) = fuzzing();
    for _ in 0..rounds {
        let model_json = mutated(&bundle.model_json, &mut random);
        if let Ok(model) = Model::parse(&model_json, &bundle.parity_jsonl) {
            assert!(model_json == bundle.model_json || model.identity().sha256 != original.identity().sha256);
        }
        let parity_jsonl = mutated(&bundle.parity_jsonl, &mut random);
        // Vectors may be doubled or left out; one that is there must hold.
        let _ = Model::parse(&bundle.model_json, &parity_jsonl);
    }
}
