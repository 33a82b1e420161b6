//! Held against the definition of RFC 6962, section 2.1, and against the vectors of the
//! certificate-transparency project (its `merkletree` test data, eight leaves).

use std::collections::HashMap;

use proptest::prelude::*;

use super::{
    proof::{Head, consistency, inclusion, is_consistent, is_included},
    *,
};

/// The eight leaves of the certificate-transparency project's vectors.
const LEAVES: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

/// MTH of RFC 6962, section 2.1, as it stands there.
fn defined_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(1 << (leaves.len() - 1).ilog2());
            node_hash(defined_root(left), defined_root(right))
        }
    }
}

/// A tree and all of its complete subtrees.
fn grow(leaves: &[Hash]) -> (Frontier, HashMap<NodeId, Hash>) {
    let mut frontier = Frontier::default();
    let mut nodes = HashMap::new();
    for leaf in leaves {
        frontier.append(*leaf, |node| assert_eq!(nodes.insert(node.id, node.hash), None, "completed once"));
    }
    (frontier, nodes)
}

fn numbered(count: usize) -> Vec<Hash> {
    (0..count).map(|i| leaf_hash(&i.to_be_bytes())).collect()
}

fn vector_leaves() -> Vec<Hash> {
    LEAVES.iter().map(|leaf| leaf_hash(&hex::decode(leaf).unwrap())).collect()
}

fn hashes(texts: &[&str]) -> Vec<Hash> {
    texts.iter().map(|text| Hash::from_slice(&hex::decode(text).unwrap()).unwrap()).collect()
}

fn proof_of(plan: &proof::Plan, nodes: &HashMap<NodeId, Hash>) -> Vec<Hash> {
    plan.assemble(&plan.nodes().map(|id| nodes[&id]).collect::<Vec<_>>()).unwrap()
}

#[test]
fn the_published_roots_of_nought_to_eight_leaves_come_out() {
    for (count, root) in ROOTS.iter().enumerate() {
        assert_eq!(grow(&vector_leaves()[..count]).0.root().to_string(), *root, "{count} leaves");
    }
}

#[test]
fn the_published_inclusion_proofs_come_out() {
    let vectors: [(u64, u64, &[&str]); 5] = [
        (0, 1, &[]),
        (
            0,
            8,
            &[
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            5,
            8,
            &[
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (2, 3, &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
        (
            1,
            5,
            &[
                "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ];
    let (_, nodes) = grow(&vector_leaves());
    for (index, size, expected) in vectors {
        assert_eq!(proof_of(&inclusion(index, size).unwrap(), &nodes), hashes(expected), "{index} in {size}");
    }
}

#[test]
fn the_published_consistency_proofs_come_out() {
    let vectors: [(u64, u64, &[&str]); 4] = [
        (1, 1, &[]),
        (
            1,
            8,
            &[
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            6,
            8,
            &[
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (
            2,
            5,
            &[
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ];
    let (_, nodes) = grow(&vector_leaves());
    for (old, new, expected) in vectors {
        assert_eq!(proof_of(&consistency(old, new).unwrap(), &nodes), hashes(expected), "{old} in {new}");
    }
}

#[test]
fn every_proof_of_every_small_tree_holds_and_holds_for_nothing_else() {
    let leaves = numbered(40);
    let (_, nodes) = grow(&leaves);
    let root = |size: u64| defined_root(&leaves[..usize::try_from(size).unwrap()]);
    for size in 1..=40 {
        for index in 0..size {
            let proof = proof_of(&inclusion(index, size).unwrap(), &nodes);
            let leaf = nodes[&NodeId { height: 0, position: index }];
            assert!(is_included(leaf, index, size, &proof, root(size)), "{index} in {size}");
            assert!(!is_included(leaf, index, size, &proof, leaf_hash(b"other")), "another root");
            assert!(!is_included(leaf, (index + 1) % size, size, &proof, root(size)) || size == 1, "another place");
            assert!(!is_included(leaf_hash(b"other"), index, size, &proof, root(size)), "another leaf");
        }
        for old_size in 1..=size {
            let (old, new) = (Head { size: old_size, root: root(old_size) }, Head { size, root: root(size) });
            let proof = proof_of(&consistency(old_size, size).unwrap(), &nodes);
            assert!(is_consistent(old, new, &proof), "{old_size} in {size}");
            let forged = Head { root: leaf_hash(b"other"), ..old };
            assert!(!is_consistent(forged, new, &proof), "another old root: {old_size} in {size}");
        }
    }
}

#[test]
fn nothing_is_proved_of_what_is_not_there() {
    assert_eq!(inclusion(0, 0), None);
    assert_eq!(inclusion(3, 3), None);
    assert_eq!(consistency(0, 3), None);
    assert_eq!(consistency(4, 3), None);
}

proptest! {
    #[test]
    fn growing_leaf_by_leaf_gives_the_defined_root(count in 0_usize..600) {
        let leaves = numbered(count);
        prop_assert_eq!(grow(&leaves).0.root(), defined_root(&leaves));
    }

    #[test]
    fn a_tree_taken_up_from_its_peaks_grows_as_if_it_had_never_been_left(count in 0_usize..300, more in 0_usize..300) {
        let leaves = numbered(count + more);
        let (left_off, _) = grow(&leaves[..count]);
        let mut resumed = Frontier::new(left_off.size(), left_off.peaks().to_vec()).unwrap();
        for leaf in &leaves[count..] {
            resumed.append(*leaf, |_| ());
        }
        prop_assert_eq!(resumed.root(), defined_root(&leaves));
    }

    #[test]
    fn the_inclusion_proof_of_a_large_tree_is_short(index in 0_u64..1_000_000) {
        let plan = inclusion(index, 1_000_000).unwrap();
        prop_assert!(plan.nodes().count() <= 40);
    }
}
