//! Random forests for property tests: features repeat on a path, sets of codes overlap, covers may be 0.

use proptest::prelude::*;

use super::{Child, GeneralForest, GeneralTree, Node, Test};
use crate::forest::random;

/// Trees of up to `nodes` nodes each. In one forest of four, features are asked about as numbers and as codes; in
/// the others every third is of codes, as libraries have it.
pub(crate) fn forest(features: usize, nodes: usize) -> impl Strategy<Value = GeneralForest> {
    let is_mixed = prop::sample::select(vec![true, false, false, false]);
    (-1.0..1.0, is_mixed).prop_flat_map(move |(bias, is_mixed)| {
        let tree = (0..=nodes).prop_flat_map(move |nodes| tree(features, nodes, is_mixed));
        prop::collection::vec(tree, 0..6).prop_map(move |trees| GeneralForest { features, bias, trees })
    })
}

fn tree(features: usize, nodes: usize, is_mixed: bool) -> impl Strategy<Value = GeneralTree> {
    let features = u32::try_from(features).expect("few features");
    let codes = prop::collection::btree_set(0_u32..4, 0..4).prop_map(|codes| Test::OneOf(codes.into_iter().collect()));
    let above = (random::value(), any::<bool>())
        .prop_map(|(threshold, zero_is_missing)| Test::Above { threshold, zero_is_missing });
    let test = (above, codes, prop::bool::weighted(0.25));
    let node = (0..features, test, any::<bool>(), any::<prop::sample::Index>());
    let choose = move |feature: u32, (above, codes, is_of_codes): (Test, Test, bool)| {
        if if is_mixed { is_of_codes } else { feature % 3 == 2 } { codes } else { above }
    };
    let cover = prop_oneof![1 => Just(0.0), 3 => (1_u32..500).prop_map(f64::from)];
    let leaf_values = prop::collection::vec(-1.0..1.0, nodes + 1);
    let leaf_covers = prop::collection::vec(cover, nodes + 1);
    (prop::collection::vec(node, nodes), leaf_values, leaf_covers).prop_map(move |(asked, leaf_values, leaf_covers)| {
        let mut tree = GeneralTree { nodes: Vec::new(), leaf_values, leaf_covers };
        for (feature, tests, missing, place) in asked {
            let test = choose(feature, tests);
            grow(&mut tree.nodes, Node { feature, test, missing, no: Child::Leaf(0), yes: Child::Leaf(0) }, place);
        }
        name_leaves(&mut tree.nodes);
        tree
    })
}

/// Puts a node in the place of any leaf.
fn grow(nodes: &mut Vec<Node>, node: Node, place: prop::sample::Index) {
    let new = Child::Node(u32::try_from(nodes.len()).expect("few nodes"));
    let mut leaves: Vec<&mut Child> = nodes
        .iter_mut()
        .flat_map(|node| [&mut node.no, &mut node.yes])
        .filter(|child| matches!(child, Child::Leaf(_)))
        .collect();
    if !leaves.is_empty() {
        let place = place.index(leaves.len());
        *leaves[place] = new;
    }
    nodes.push(node);
}

fn name_leaves(nodes: &mut [Node]) {
    let children = nodes.iter_mut().flat_map(|node| [&mut node.no, &mut node.yes]);
    for (leaf, child) in (0..).zip(children.filter(|child| matches!(child, Child::Leaf(_)))) {
        *child = Child::Leaf(leaf);
    }
}
