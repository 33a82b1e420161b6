//! Which stored hashes a proof is made of.
//!
//! Hashes are stored every eight levels of the tree, as in the tiles of the C2SP `tlog-tiles` specification: those of
//! the leaves, of the complete subtrees over 256 leaves, over 65,536, and so on. A tile is 256 of them side by side,
//! and every node between two stored levels is made of hashes of one tile. So a proof takes one read of at most 256
//! hashes from each tile that it touches: two tiles a level at most, one on the way of the leaf and one at the
//! tree's right edge.

use super::{Hash, NodeId, node_hash, proof::Plan};

/// Every how many levels of the tree a node is stored.
pub const STORED_LEVELS: u32 = 8;

/// The level under which a node that is not a leaf is stored; `None` for the many that are not.
#[must_use]
pub const fn stored_level(id: NodeId) -> Option<u32> {
    if id.height > 0 && id.height.is_multiple_of(STORED_LEVELS) { Some(id.height / STORED_LEVELS) } else { None }
}

/// How many hashes are in a tile.
const TILE_WIDTH: u64 = 1 << STORED_LEVELS;

/// Neighbouring stored hashes of one level, all in one tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// 0 for the hashes of leaves, 1 for those of subtrees over 256 leaves, and so on.
    pub level: u32,
    /// The place of the first among those of its level.
    pub first: u64,
    /// From 1 to 256.
    pub count: u64,
}

impl Run {
    const fn end(&self) -> u64 {
        self.first + self.count
    }

    /// The run of stored hashes under a node.
    const fn under(node: NodeId) -> Self {
        let inside = node.height % STORED_LEVELS;
        Self { level: node.height / STORED_LEVELS, first: node.position << inside, count: 1 << inside }
    }

    const fn is_in_tile_of(&self, other: &Self) -> bool {
        self.level == other.level && self.first / TILE_WIDTH == other.first / TILE_WIDTH
    }

    const fn holds(&self, other: &Self) -> bool {
        self.level == other.level && self.first <= other.first && other.end() <= self.end()
    }

    fn widen(&mut self, other: &Self) {
        let (first, end) = (self.first.min(other.first), self.end().max(other.end()));
        (self.first, self.count) = (first, end - first);
    }
}

impl Plan {
    /// The stored hashes that the proof is made of: one run for each tile that it touches.
    #[must_use]
    pub fn runs(&self) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for run in self.nodes().map(Run::under) {
            match runs.iter_mut().find(|known| known.is_in_tile_of(&run)) {
                Some(known) => known.widen(&run),
                None => runs.push(run),
            }
        }
        runs
    }

    /// Makes the proof from the hashes of [`Plan::runs`]; `None` when a run lacks some.
    #[must_use]
    pub fn assemble_from_runs(&self, runs: &[(Run, Vec<Hash>)]) -> Option<Vec<Hash>> {
        let hashes: Option<Vec<Hash>> = self.nodes().map(|node| root_under(node, runs)).collect();
        self.assemble(&hashes?)
    }
}

/// The hash of a node from the stored ones under it.
fn root_under(node: NodeId, runs: &[(Run, Vec<Hash>)]) -> Option<Hash> {
    let under = Run::under(node);
    let (run, hashes) = runs.iter().find(|(run, _)| run.holds(&under))?;
    let start = usize::try_from(under.first - run.first).ok()?;
    let mut level = hashes.get(start..start + usize::try_from(under.count).ok()?)?.to_vec();
    while level.len() > 1 {
        level = level.chunks_exact(2).map(|pair| node_hash(pair[0], pair[1])).collect();
    }
    level.first().copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audit::tree::{
        Frontier, leaf_hash,
        proof::{Head, consistency, inclusion, is_consistent, is_included},
    };

    /// The stored hashes of a tree, by level, and its root.
    fn stored(size: u64) -> (Vec<Vec<Hash>>, Hash) {
        let mut frontier = Frontier::default();
        let mut levels = vec![Vec::new(); 3];
        for leaf in 0..size {
            frontier.append(leaf_hash(&leaf.to_be_bytes()), |node| {
                if node.id.height.is_multiple_of(STORED_LEVELS) {
                    levels[(node.id.height / STORED_LEVELS) as usize].push(node.hash);
                }
            });
        }
        (levels, frontier.root())
    }

    fn read(plan: &Plan, levels: &[Vec<Hash>]) -> Vec<Hash> {
        let runs = plan.runs();
        assert!(runs.len() <= 2 * levels.len(), "{} reads", runs.len());
        let read = runs.into_iter().map(|run| {
            assert!((1..=256).contains(&run.count));
            let place = usize::try_from(run.first).unwrap();
            (run, levels[run.level as usize][place..place + usize::try_from(run.count).unwrap()].to_vec())
        });
        plan.assemble_from_runs(&read.collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn proofs_about_a_tree_of_three_levels_take_six_reads_at_most_and_hold() {
        let size = 65_536 + 3 * 256 + 5;
        let (levels, root) = stored(size);
        for index in [0, 1, 255, 256, 32_767, 65_535, 65_536, 65_537, 66_000, size - 2, size - 1] {
            let proof = read(&inclusion(index, size).unwrap(), &levels);
            assert!(is_included(leaf_hash(&index.to_be_bytes()), index, size, &proof, root), "{index}");
        }
        for old_size in [1, 255, 256, 257, 65_535, 65_536, 65_537, size - 1, size] {
            let (_, old_root) = stored(old_size);
            let proof = read(&consistency(old_size, size).unwrap(), &levels);
            let (old, new) = (Head { size: old_size, root: old_root }, Head { size, root });
            assert!(is_consistent(old, new, &proof), "{old_size}");
        }
    }

    proptest! {
        #[test]
        fn every_proof_is_made_of_stored_hashes(size in 1_u64..1_500, index in 0_u64..1_500, old in 1_u64..1_500) {
            let (levels, root) = stored(size);
            let index = index % size;
            let proof = read(&inclusion(index, size).unwrap(), &levels);
            prop_assert!(is_included(leaf_hash(&index.to_be_bytes()), index, size, &proof, root));
            let old_size = old % size + 1;
            let proof = read(&consistency(old_size, size).unwrap(), &levels);
            let (old, new) = (Head { size: old_size, root: stored(old_size).1 }, Head { size, root });
            prop_assert!(is_consistent(old, new, &proof));
        }

        #[test]
        fn a_proof_about_any_tree_touches_two_tiles_a_level_at_most(size in 1_u64..1 << 50, index in any::<u64>()) {
            let levels = (size.ilog2() / STORED_LEVELS + 1) as usize;
            prop_assert!(inclusion(index % size, size).unwrap().runs().len() <= 2 * levels);
            prop_assert!(consistency(index % size + 1, size).unwrap().runs().len() <= 2 * levels);
        }
    }
}
