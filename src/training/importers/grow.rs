//! Trees from whatever form a source keeps them in.

use crate::forest::general::{Child, GeneralTree, Node, Test};

/// What a source has at one place of a tree.
pub(super) enum Place<T> {
    Leaf { value: f64, cover: f64 },
    Node { feature: u32, test: Test, missing: bool, no: T, yes: T },
}

/// Walks a source's tree from its root. `places` is how many places it has: a walk that meets more goes in circles.
pub(super) fn grow<T>(
    root: T,
    places: usize,
    mut look: impl FnMut(T) -> Result<Place<T>, String>,
) -> Result<GeneralTree, String> {
    let mut tree = GeneralTree { nodes: Vec::new(), leaf_values: Vec::new(), leaf_covers: Vec::new() };
    // What is yet to be looked at, and the node and answer that lead there.
    let mut waiting = vec![(root, None)];
    let mut looked_at = 0;
    while let Some((place, parent)) = waiting.pop() {
        looked_at += 1;
        if looked_at > places {
            return Err("its nodes go in circles".to_owned());
        }
        let child = match look(place)? {
            Place::Leaf { value, cover } => {
                tree.leaf_values.push(value);
                tree.leaf_covers.push(cover);
                Child::Leaf(index(tree.leaf_values.len() - 1)?)
            }
            Place::Node { feature, test, missing, no, yes } => {
                let node = tree.nodes.len();
                tree.nodes.push(Node { feature, test, missing, no: Child::Leaf(0), yes: Child::Leaf(0) });
                waiting.push((yes, Some((node, true))));
                waiting.push((no, Some((node, false))));
                Child::Node(index(node)?)
            }
        };
        match parent {
            Some((node, true)) => tree.nodes[node].yes = child,
            Some((node, false)) => tree.nodes[node].no = child,
            None => {}
        }
    }
    Ok(tree)
}

fn index(place: usize) -> Result<u32, String> {
    u32::try_from(place).map_err(|_| "it is too large".to_owned())
}
