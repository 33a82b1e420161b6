//! How an applicant answers, node by node, found with a handful of additions for each feature.
//!
//! A node's answer depends on one feature alone, and so does whether the question matters at all: it does not where the
//! same feature was asked about above and answered so that the path leads elsewhere. So for each value of a feature
//! it is known at load what every node that asks about it does. From one place among the thresholds to the next only few
//! nodes change: they are kept as a list of flips, of which those between the place in the middle and that of
//! the applicant are applied.

use super::{super::Node, plan::Plan, table::Sums, units::Cut};
use crate::forest::general::{
    GeneralForest,
    questions::{Asked, Places, Question, Questions, Standing},
};

/// What a node does for a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum State {
    No,
    Yes,
    /// The answer does not matter: the mean of both children is taken.
    Averaged,
}

impl State {
    const fn of(answer: bool) -> Self {
        if answer { Self::Yes } else { Self::No }
    }
}

/// A change of one node's state.
#[derive(Debug, Clone, Copy)]
struct Flip {
    node: u32,
    /// The state on the side of the lower places, or of the middle.
    from: State,
    to: State,
}

/// The answers of a forest's trees to every value.
#[derive(Debug, Clone, Default)]
pub(super) struct Answers {
    /// The state of each node when every number is at its feature's middle place, and no code is known.
    middle: Vec<State>,
    features: Vec<OfFeature>,
}

/// How the states depend on one feature.
#[derive(Debug, Clone)]
struct OfFeature {
    /// From the lowest place to the highest.
    flips: Vec<Flip>,
    /// For each place, how many of the flips lead to it from the lowest.
    ends: Vec<usize>,
    /// How many of them lead to the middle place.
    middle: usize,
    /// For every standing that is not a place: what leads to it from the middle.
    others: Vec<Vec<Flip>>,
    /// What all nodes add to the feature at t = 0, by standing.
    at_zero: Vec<f64>,
}

impl Answers {
    /// Finds the state of every node, and adds what features are worth at t = 0.
    pub(super) fn find(&self, places: &Places, states: &mut Vec<State>, sums: &mut Sums) {
        states.clear();
        states.extend_from_slice(&self.middle);
        for ((feature, &standing), sum) in self.features.iter().zip(places.standings()).zip(sums) {
            let standing = standing as usize;
            match feature.ends.get(standing) {
                Some(&end) if end >= feature.middle => {
                    for flip in &feature.flips[feature.middle..end] {
                        states[flip.node as usize] = flip.to;
                    }
                }
                Some(&end) => {
                    for flip in feature.flips[end..feature.middle].iter().rev() {
                        states[flip.node as usize] = flip.from;
                    }
                }
                None => {
                    for flip in feature.others.get(standing - feature.ends.len()).into_iter().flatten() {
                        states[flip.node as usize] = flip.to;
                    }
                }
            }
            if let Some(at_zero) = feature.at_zero.get(standing) {
                *sum += at_zero;
            }
        }
    }
}

/// Gathers the answers, tree by tree.
pub(super) struct Collector<'a> {
    asked: &'a [Asked],
    /// For each feature of the forest, its number among `asked`.
    numbers: Vec<usize>,
    /// For each of `asked`, all that a value can be, and the middle place.
    standings: Vec<(Vec<Standing>, Standing)>,
    middle: Vec<State>,
    features: Vec<Unsorted>,
}

/// An [`OfFeature`] on its way.
#[derive(Default)]
struct Unsorted {
    /// Each with the border that it happens at.
    flips: Vec<(u32, Flip)>,
    others: Vec<Vec<Flip>>,
    at_lowest: f64,
    /// By border: by how much crossing it raises what is added at t = 0.
    rises: Vec<f64>,
    at_others: Vec<f64>,
}

/// The nodes of one tree that ask about one feature, from the root down.
type Nodes = Vec<usize>;

impl<'a> Collector<'a> {
    /// `questions` are those of the forest, and `each` those of its nodes in order.
    pub(super) fn new(questions: &'a Questions, each: &[Question], forest: &GeneralForest) -> Self {
        let asked = questions.asked();
        let mut numbers = vec![0; forest.features];
        for (number, asked) in asked.iter().enumerate() {
            numbers[asked.feature] = number;
        }
        let mut borders: Vec<Vec<u32>> = vec![Vec::new(); asked.len()];
        for (node, question) in forest.trees.iter().flat_map(|tree| &tree.nodes).zip(each) {
            borders[numbers[node.feature as usize]].push(question.border());
        }
        let standings = asked.iter().zip(borders).map(|(asked, mut borders)| {
            let standings = asked.standings();
            let half = borders.len() / 2;
            let middle = match standings.first() {
                Some(Standing::Place(_)) => Standing::Place(*borders.select_nth_unstable(half).1),
                _ => Standing::NoCode,
            };
            (standings, middle)
        });
        let features = asked.iter().map(|_| Unsorted::default()).collect();
        Self { asked, numbers, standings: standings.collect(), middle: Vec::new(), features }
    }

    /// The number of a node's feature among those that are asked about.
    pub(super) fn number(&self, plan: &Plan<'_>, node: usize) -> u8 {
        let number = self.numbers[plan.tree.nodes[node].feature as usize];
        u8::try_from(number).expect("a table is of at most 256 features")
    }

    /// How many features are asked about.
    pub(super) const fn features(&self) -> usize {
        self.asked.len()
    }

    /// How many steps [`Collector::add`] takes for a tree; none where a feature is asked about in two ways.
    pub(super) fn steps(&self, plan: &Plan<'_>) -> Option<usize> {
        let nodes = self.nodes_by_feature(plan);
        let is_mixed = nodes.iter().any(|(number, _)| self.asked[*number].is_mixed());
        let steps = nodes.iter().map(|(number, nodes)| {
            let (standings, _) = &self.standings[*number];
            let others = standings.iter().filter(|standing| !matches!(standing, Standing::Place(_))).count();
            nodes.len() * (nodes.len() + others)
        });
        (!is_mixed).then(|| steps.sum())
    }

    fn nodes_by_feature(&self, plan: &Plan<'_>) -> Vec<(usize, Nodes)> {
        let number = |index: &usize| self.numbers[plan.tree.nodes[*index].feature as usize];
        let mut order: Nodes = (0..plan.tree.nodes.len()).collect();
        order.sort_by_key(number);
        order.chunk_by(|a, b| number(a) == number(b)).map(|nodes| (number(&nodes[0]), nodes.to_vec())).collect()
    }

    /// Adds a tree, whose nodes take the next places in the order of the cut; the first of them.
    pub(super) fn add(&mut self, plan: &Plan<'_>, cut: &Cut, end_weight: f64) -> usize {
        let first = self.middle.len();
        let mut places = vec![0; plan.tree.nodes.len()];
        for (place, node) in (first..).zip(cut.order()) {
            if let Some(node) = node {
                places[node] = u32::try_from(place).expect("a forest has fewer than 2^32 nodes");
            }
            self.middle.push(State::No);
        }
        for (number, nodes) in self.nodes_by_feature(plan) {
            let tree = OfTree { plan, nodes: &nodes, places: &places, end_weight };
            let (standings, middle) = &self.standings[number];
            let feature = &mut self.features[number];
            let at_middle = tree.answers(*middle);
            for (&node, &answer) in nodes.iter().zip(&at_middle) {
                self.middle[places[node] as usize] = answer;
            }
            let others = standings.iter().filter(|standing| !matches!(standing, Standing::Place(_)));
            for (number, &standing) in others.enumerate() {
                let answers = tree.answers(standing);
                if feature.others.len() == number {
                    feature.others.push(Vec::new());
                    feature.at_others.push(0.0);
                }
                feature.others[number].extend(tree.flips(&at_middle, &answers));
                feature.at_others[number] += tree.at_zero(&answers);
            }
            if matches!(middle, Standing::Place(_)) {
                feature.add_places(&tree);
            }
        }
        first
    }

    pub(super) fn finish(self) -> Answers {
        let features = self.features.into_iter().zip(&self.standings);
        let features = features.map(|(unsorted, (standings, middle))| {
            let places = standings.iter().take_while(|standing| matches!(standing, Standing::Place(_))).count();
            unsorted.sort(places, *middle)
        });
        Answers { middle: self.middle, features: features.collect() }
    }
}

impl Unsorted {
    /// Adds what one tree does from the lowest place to the highest.
    fn add_places(&mut self, tree: &OfTree<'_, '_>) {
        let mut borders: Vec<u32> = tree.nodes.iter().map(|&node| tree.plan.questions[node].border()).collect();
        borders.sort_unstable();
        borders.dedup();
        let mut below = tree.answers(Standing::Place(0));
        let mut at_below = tree.at_zero(&below);
        self.at_lowest += at_below;
        for border in borders {
            let above = tree.answers(Standing::Place(border + 1));
            let at_above = tree.at_zero(&above);
            self.flips.extend(tree.flips(&below, &above).map(|flip| (border, flip)));
            if self.rises.len() <= border as usize {
                self.rises.resize(border as usize + 1, 0.0);
            }
            self.rises[border as usize] += at_above - at_below;
            (below, at_below) = (above, at_above);
        }
    }

    fn sort(mut self, places: usize, middle: Standing) -> OfFeature {
        self.flips.sort_by_key(|(border, _)| *border);
        let end = |place: usize| self.flips.partition_point(|(border, _)| (*border as usize) < place);
        let middle = if let Standing::Place(place) = middle { end(place as usize) } else { 0 };
        let ends = (0..places).map(end).collect();
        let mut at_zero = Vec::with_capacity(places + self.at_others.len());
        let mut at_place = self.at_lowest;
        for place in 0..places {
            at_zero.push(at_place);
            at_place += self.rises.get(place).copied().unwrap_or(0.0);
        }
        at_zero.append(&mut self.at_others);
        let flips = self.flips.into_iter().map(|(_, flip)| flip).collect();
        OfFeature { flips, ends, middle, others: self.others, at_zero }
    }
}

/// The nodes of one tree that ask about one feature.
struct OfTree<'a, 'p> {
    plan: &'a Plan<'p>,
    nodes: &'a [usize],
    /// For each node of the tree, where its state stands.
    places: &'a [u32],
    end_weight: f64,
}

impl OfTree<'_, '_> {
    /// What each of the nodes does for a value that stands so.
    fn answers(&self, standing: Standing) -> Vec<State> {
        let Plan { tree, questions, ancestry, .. } = self.plan;
        let is_yes = |node: usize| Node::is_yes_at(&tree.nodes[node], standing, questions[node]);
        let mut answers: Vec<State> = Vec::with_capacity(self.nodes.len());
        for &node in self.nodes {
            let is_elsewhere = ancestry.earlier[node].is_some_and(|earlier| {
                let above = self.nodes.binary_search(&(earlier.node as usize)).map(|place| answers[place]);
                above != Ok(State::of(earlier.answer))
            });
            answers.push(if is_elsewhere { State::Averaged } else { State::of(is_yes(node)) });
        }
        answers
    }

    /// What leads from some answers to others.
    fn flips<'f>(&'f self, from: &'f [State], to: &'f [State]) -> impl Iterator<Item = Flip> + 'f {
        let changed = self.nodes.iter().zip(from.iter().zip(to)).filter(|(_, (from, to))| from != to);
        changed.map(|(&node, (from, to))| Flip { node: self.places[node], from: *from, to: *to })
    }

    /// What the nodes add at t = 0.
    fn at_zero(&self, answers: &[State]) -> f64 {
        let counted = self.nodes.iter().zip(answers).filter(|(_, answer)| **answer != State::Averaged);
        counted.map(|(&node, &answer)| self.plan.at_zero(node, self.end_weight)[answer as usize]).sum()
    }
}
