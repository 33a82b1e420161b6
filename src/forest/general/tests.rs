use proptest::prelude::*;

use super::*;
use crate::forest::random as values;

const FEATURES: usize = 5;

/// Values as trees meet them: numbers, codes and missing ones.
fn row(features: usize) -> impl Strategy<Value = Vec<f64>> {
    let code = (0_u32..6).prop_map(f64::from);
    let tiny = prop::sample::select(vec![ZERO, -ZERO, 2.0 * ZERO, 1e-40]);
    prop::collection::vec(prop_oneof![3 => values::value(), 2 => code, 1 => tiny, 1 => Just(f64::NAN)], features)
}

/// The value of a set of features, straight from the definition: walk down the tree, follow the row
/// where the feature is in the set, and otherwise average over both children by their covers.
fn expectation(tree: &GeneralTree, row: &[f64], set: usize, at: Child) -> f64 {
    let node = match at {
        Child::Leaf(leaf) => return tree.leaf_values[leaf as usize],
        Child::Node(node) => &tree.nodes[node as usize],
    };
    if set >> node.feature & 1 == 1 {
        let child = if node.is_yes(row[node.feature as usize]) { node.yes } else { node.no };
        return expectation(tree, row, set, child);
    }
    let [no, yes] = node.children().map(|child| cover(tree, child));
    let share = if no + yes > 0.0 { yes / (no + yes) } else { 0.5 };
    expectation(tree, row, set, node.no) * (1.0 - share) + expectation(tree, row, set, node.yes) * share
}

fn cover(tree: &GeneralTree, at: Child) -> f64 {
    match at {
        Child::Leaf(leaf) => tree.leaf_covers[leaf as usize],
        Child::Node(node) => tree.nodes[node as usize].children().map(|child| cover(tree, child)).iter().sum(),
    }
}

fn root(tree: &GeneralTree) -> Child {
    if tree.nodes.is_empty() { Child::Leaf(0) } else { Child::Node(0) }
}

fn forest_value(forest: &GeneralForest, row: &[f64], set: usize) -> f64 {
    forest.bias + forest.trees.iter().map(|tree| expectation(tree, row, set, root(tree))).sum::<f64>()
}

/// The average gain of each feature over all orders in which the features can become known.
fn brute_force(forest: &GeneralForest, row: &[f64]) -> Vec<f64> {
    let factorial = |n: usize| (1..=n).map(|i| f64::from(u32::try_from(i).expect("small"))).product::<f64>();
    let features = forest.features;
    let values: Vec<f64> = (0..1_usize << features).map(|set| forest_value(forest, row, set)).collect();
    let gain = |feature: usize, set: usize| {
        let size = set.count_ones() as usize;
        let weight = factorial(size) * factorial(features - size - 1) / factorial(features);
        weight * (values[set | 1 << feature] - values[set])
    };
    let without = |feature: usize| (0..values.len()).filter(move |set| set >> feature & 1 == 0);
    (0..features).map(|feature| without(feature).map(|set| gain(feature, set)).sum()).collect()
}

fn explain(forest: &GeneralForest, row: &[f64]) -> (f64, f64, Vec<f64>) {
    explain_by(&Explainer::build(forest), forest, row)
}

fn explain_by(explainer: &Explainer, forest: &GeneralForest, row: &[f64]) -> (f64, f64, Vec<f64>) {
    assert_eq!(forest.faults(), Vec::<String>::new());
    let mut places = Places::default();
    let margin = Scorer::compile(forest).score(row, &mut places);
    let mut contributions = vec![0.0; forest.features];
    explainer.explain(&places, &mut Scratch::default(), &mut contributions);
    (margin, explainer.baseline(), contributions)
}

/// With as many trees in tables as fit, and with none.
fn assert_exact(forest: &GeneralForest, row: &[f64]) -> Result<(), TestCaseError> {
    let expected = brute_force(forest, row);
    for explainer in [Explainer::build(forest), Explainer::by_quadrature(forest)] {
        let (margin, baseline, contributions) = explain_by(&explainer, forest, row);
        prop_assert!((baseline - forest_value(forest, row, 0)).abs() < 1e-12);
        for (feature, (contribution, expected)) in contributions.iter().zip(&expected).enumerate() {
            prop_assert!((contribution - expected).abs() < 1e-12, "feature {feature}: {contribution}, not {expected}");
        }
        prop_assert!((baseline + contributions.iter().sum::<f64>() - margin).abs() < 1e-9);
    }
    Ok(())
}

proptest! {
    #[test]
    fn the_margin_is_that_of_the_plain_definition(
        forest in random::forest(FEATURES, 30), rows in prop::collection::vec(row(FEATURES), 1..20),
    ) {
        let scorer = Scorer::compile(&forest);
        let mut places = Places::default();
        for row in rows {
            prop_assert_eq!(scorer.score(&row, &mut places).to_bits(), forest.margin(&row).to_bits());
        }
    }

    #[test]
    fn contributions_are_the_shapley_values_over_all_subsets(
        forest in random::forest(FEATURES, 20), row in row(FEATURES),
    ) {
        assert_exact(&forest, &row)?;
    }

    #[test]
    fn a_scratch_that_was_used_before_changes_nothing(
        forests in prop::collection::vec(random::forest(FEATURES, 20), 2), row in row(FEATURES),
    ) {
        let mut scratch = Scratch::default();
        for forest in [&forests[0], &forests[1], &forests[0]] {
            let mut places = Places::default();
            Scorer::compile(forest).score(&row, &mut places);
            let mut contributions = vec![0.0; FEATURES];
            Explainer::build(forest).explain(&places, &mut scratch, &mut contributions);
            prop_assert_eq!(contributions, explain(forest, &row).2);
        }
    }

    #[test]
    fn a_forest_reads_back_as_it_was_written(forest in values::any_forest(FEATURES)) {
        let json = serde_json::to_string(&forest).expect("serialises");
        prop_assert_eq!(serde_json::from_str::<crate::forest::Forest>(&json).expect("reads back"), forest);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn contributions_are_exact_on_long_paths_too(forest in random::forest(9, 40), row in row(9)) {
        assert_exact(&forest, &row)?;
    }
}

/// A chain: each node asks about the next feature and has a leaf for "yes".
fn chain(features: u32) -> GeneralForest {
    let node = |feature| Node {
        feature,
        test: Test::Above { threshold: 0.0, zero_is_missing: false },
        missing: false,
        no: if feature + 1 < features { Child::Node(feature + 1) } else { Child::Leaf(feature + 1) },
        yes: Child::Leaf(feature),
    };
    let leaves = || (0..=features).map(f64::from);
    let tree = GeneralTree {
        nodes: (0..features).map(node).collect(),
        leaf_values: leaves().map(|leaf| (leaf * 1.7).sin()).collect(),
        leaf_covers: leaves().map(|leaf| 1.0 + leaf * leaf % 7.0).collect(),
    };
    GeneralForest { features: features as usize, bias: 0.25, trees: vec![tree] }
}

#[test]
fn the_longest_path_sums_to_the_margin_and_a_longer_one_is_refused() {
    let forest = chain(66);
    for row in [vec![-1.0; 66], (0..66).map(|place| f64::from(place % 3) - 1.0).collect()] {
        let (margin, baseline, contributions) = explain(&forest, &row);
        assert_eq!(margin, forest.margin(&row));
        assert!((baseline + contributions.iter().sum::<f64>() - margin).abs() < 1e-12);
    }
    assert_eq!(chain(67).faults(), ["tree 0: a path asks about more than 66 features, which cannot be explained"]);
}

/// Perfect trees in which any node asks about any feature, so that most paths repeat some.
fn perfect(trees: u32, depth: u32, features: u32) -> GeneralForest {
    let (nodes, leaves) = ((1 << depth) - 1, 1 << depth);
    let child = |index: u32| if index < nodes { Child::Node(index) } else { Child::Leaf(index - nodes) };
    let scrambled = |tree: u32, index: u32| (tree * 8_191 + index).wrapping_mul(0x9E37_79B9).rotate_left(15);
    let node = |tree: u32, index: u32| Node {
        feature: scrambled(tree, index) % features,
        test: Test::Above {
            threshold: f64::from(scrambled(tree, index) >> 9 & 15) - 7.5,
            zero_is_missing: index.is_multiple_of(3),
        },
        missing: index.is_multiple_of(2),
        no: child(2 * index + 1),
        yes: child(2 * index + 2),
    };
    let tree = |tree: u32| GeneralTree {
        nodes: (0..nodes).map(|index| node(tree, index)).collect(),
        leaf_values: (0..leaves).map(|leaf| f64::from(scrambled(tree, leaf) % 1_000) / 1e4).collect(),
        leaf_covers: (0..leaves).map(|leaf| f64::from(scrambled(leaf, tree) % 50)).collect(),
    };
    GeneralForest { features: features as usize, bias: 0.1, trees: (0..trees).map(tree).collect() }
}

#[test]
fn tables_of_any_depth_say_what_quadrature_says() {
    for (depth, features) in [(1, 3), (2, 3), (3, 2), (5, 9), (6, 5), (6, 40), (8, 9), (9, 30), (12, 60)] {
        let forest = perfect(3, depth, features);
        let (tables, quadrature) = (Explainer::build(&forest), Explainer::by_quadrature(&forest));
        for row in 0..20 {
            let value = |feature: u32| match (row * 31 + feature * 17) % 23 {
                0 => f64::NAN,
                place => f64::from(place % 17) - 8.0,
            };
            let row: Vec<f64> = (0..features).map(value).collect();
            let (margin, baseline, contributions) = explain_by(&tables, &forest, &row);
            let (_, other_baseline, others) = explain_by(&quadrature, &forest, &row);
            assert_eq!(baseline.to_bits(), other_baseline.to_bits());
            for (contribution, other) in contributions.iter().zip(&others) {
                assert!((contribution - other).abs() < 1e-12, "depth {depth}: {contribution}, not {other}");
            }
            assert!((baseline + contributions.iter().sum::<f64>() - margin).abs() < 1e-12);
        }
    }
}

#[test]
fn tables_grow_to_their_limit_and_the_rest_goes_by_quadrature() {
    let forest = perfect(200, 8, 20);
    let explainer = Explainer::build(&forest);
    let (in_tables, by_quadrature) = explainer.shares();
    assert_eq!(in_tables + by_quadrature, 200);
    assert!(in_tables > 100, "{in_tables}");
    let few = Explainer::within_bytes(&forest, 1 << 20).shares();
    assert!(few.0 > 0 && few.1 > 150, "{few:?}");
}

#[test]
fn a_node_is_written_in_one_short_line() {
    let mut forest = chain(1);
    forest.trees[0].nodes[0].test = Test::OneOf(vec![0, 2]);
    let json = serde_json::to_string(&forest).expect("serialises");
    let node = r#"{"feature":0,"one_of":[0,2],"missing":false,"no":-2,"yes":-1}"#;
    assert!(json.starts_with(&format!(r#"{{"features":1,"bias":0.25,"general_trees":[{{"nodes":[{node}],"#)), "{json}");
}

type Change = fn(&mut GeneralForest);

#[test]
fn a_forest_that_is_no_forest_says_why() {
    let cases: [(&str, Change); 12] = [
        ("n + 1 leaf values", |f| f.trees[0].leaf_values.truncate(3)),
        ("n + 1 leaf values", |f| f.trees[0].leaf_covers.push(1.0)),
        ("a feature that does not exist", |f| f.trees[0].nodes[1].feature = 3),
        ("a threshold is not finite", |f| {
            f.trees[0].nodes[1].test = Test::Above { threshold: f64::INFINITY, zero_is_missing: false };
        }),
        ("ascending order", |f| f.trees[0].nodes[1].test = Test::OneOf(vec![2, 1])),
        ("a leaf value is not finite", |f| f.trees[0].leaf_values[0] = f64::NAN),
        ("a leaf cover is not", |f| f.trees[0].leaf_covers[0] = -1.0),
        ("do not form a tree", |f| f.trees[0].nodes[1].no = Child::Node(0)),
        ("do not form a tree", |f| f.trees[0].nodes[1].no = Child::Node(1)),
        ("do not form a tree", |f| f.trees[0].nodes[2].no = Child::Leaf(0)),
        ("do not form a tree", |f| f.trees[0].nodes[2].no = Child::Leaf(u32::MAX)),
        ("could exceed 1000 log-odds", |f| f.trees[0].leaf_values[0] = 1e5),
    ];
    for (expected, change) in cases {
        let mut forest = chain(3);
        change(&mut forest);
        let faults = forest.faults().join("; ");
        assert!(faults.contains(expected), "no \"{expected}\" in {faults}");
    }
}

#[test]
fn what_would_take_all_memory_is_refused() {
    let mut forest = chain(3);
    forest.trees[0].nodes[0].test = Test::OneOf(vec![1 << 30]);
    assert!(forest.faults()[0].contains("too many categories"));
    assert!(
        GeneralForest { trees: vec![chain(1).trees.remove(0); 100_001], ..chain(1) }.faults()[0]
            .contains("100001 trees")
    );
}

#[test]
fn zero_takes_the_missing_side_only_where_it_stands_for_missing() {
    let mut forest = chain(1);
    let margin = |forest: &GeneralForest, value| forest.margin(&[value]);
    let (below, above) = (margin(&forest, -1.0), margin(&forest, 1.0));
    assert_ne!(below, above);
    assert_eq!(margin(&forest, 1e-35), above);
    let node = &mut forest.trees[0].nodes[0];
    node.test = Test::Above { threshold: -1.0, zero_is_missing: true };
    for zero in [0.0, -0.0, 1e-35, -1e-36, f64::NAN] {
        assert_eq!(margin(&forest, zero), below, "{zero}");
    }
    assert_eq!(margin(&forest, 1e-34), above);
}
