//! Scoring: the same margin as the plain definition, to the bit.

use super::{
    Child, GeneralForest, GeneralTree,
    questions::{Places, Question, Questions},
};

/// A forest laid out for speed.
///
/// Invariant: gives the margin of the [`GeneralForest`] it was compiled from.
#[derive(Debug, Clone)]
pub struct Scorer {
    bias: f64,
    questions: Questions,
    trees: Vec<Tree>,
    steps: Vec<Step>,
    leaf_values: Vec<f64>,
}

/// A tree's steps: first its nodes, then its leaves, in which a walk stays.
#[derive(Debug, Clone, Copy)]
struct Tree {
    first_step: usize,
    nodes: usize,
    first_leaf: usize,
    /// So many steps lead to a leaf from the root, whatever the answers.
    depth: usize,
}

#[derive(Debug, Clone, Copy)]
struct Step {
    question: Question,
    /// The next step after "no" and after "yes".
    next: [u32; 2],
}

impl Scorer {
    /// Lays a forest out. The forest's invariants must hold.
    #[must_use]
    pub fn compile(forest: &GeneralForest) -> Self {
        let mut asked = Vec::new();
        let questions = Questions::collect(forest, |question| asked.push(question));
        let mut scorer =
            Self { bias: forest.bias, questions, trees: Vec::new(), steps: Vec::new(), leaf_values: Vec::new() };
        let mut asked = asked.into_iter();
        for tree in &forest.trees {
            scorer.trees.push(Tree {
                first_step: scorer.steps.len(),
                nodes: tree.nodes.len(),
                first_leaf: scorer.leaf_values.len(),
                depth: tree.depth(),
            });
            scorer.push_steps(tree, &mut asked);
            scorer.leaf_values.extend_from_slice(&tree.leaf_values);
        }
        scorer
    }

    fn push_steps(&mut self, tree: &GeneralTree, asked: &mut impl Iterator<Item = Question>) {
        let count = u32::try_from(tree.nodes.len()).expect("a tree has fewer than 2^32 nodes");
        let step = |child: Child| match child {
            Child::Node(node) => node,
            Child::Leaf(leaf) => count + leaf,
        };
        let nodes = tree.nodes.iter().zip(asked);
        self.steps.extend(nodes.map(|(node, question)| Step { question, next: node.children().map(step) }));
        let leaves = (count..).take(tree.leaf_values.len());
        self.steps.extend(leaves.map(|place| Step { question: Question::ANY, next: [place; 2] }));
    }

    /// How rows are quantised for this forest.
    #[must_use]
    pub const fn questions(&self) -> &Questions {
        &self.questions
    }

    /// The margin of a row, to the bit that of [`GeneralForest::margin`], and the quantised row in
    /// `places`.
    ///
    /// `values` has as many elements as the forest has features, NaN where missing, none infinite.
    pub fn score(&self, values: &[f64], places: &mut Places) -> f64 {
        self.questions.place(values, places);
        let mut margin = self.bias;
        for tree in &self.trees {
            let steps = &self.steps[tree.first_step..][..=2 * tree.nodes];
            let mut at = 0;
            for _ in 0..tree.depth {
                let step = &steps[at];
                at = step.next[usize::from(step.question.is_yes(places))] as usize;
            }
            margin += self.leaf_values[tree.first_leaf + at - tree.nodes];
        }
        margin
    }
}
