//! Recomputing a log, and naming the first entry that is not what it was.
//!
//! Two steps, so that the first can run on many threads: [`examine()`] looks at one row alone (its hash, its
//! form, and the copies of it that other tables hold); a [`Verifier`] then takes the rows in order, grows
//! the tree and holds it against what is stored of it. Nothing stored is believed: every hash is computed
//! from the entries' bytes.
//!
//! A log that was rewritten or cut off together with all of its hashes and copies agrees with itself. Only a
//! checkpoint that was kept elsewhere shows that: it is a [`Claim`] that the tree must meet.

mod answers;
mod claims;
mod examine;
mod finding;
mod forms;
mod glance;
mod marks;
mod texts;

pub use answers::{AnswerRow, examine_answer};
use claims::Claims;
pub use claims::{CheckpointRow, Claim, Source, examine_checkpoint, examine_order};
pub use examine::{Examined, erased_by, examine};
pub use finding::{Finding, Misplacement, What};
pub use glance::{DecisionForms, glance};
pub use marks::Marks;
pub use texts::Texts;

use super::{
    kept_answer::KEPT_FOR,
    tree::{Frontier, Hash, Node, tiles::stored_level},
};
use crate::domain::timestamp::Timestamp;

/// A stored entry, as it stands, with what other tables repeat of it. Nothing of it is believed.
#[derive(Debug, Clone, Default)]
pub struct Row {
    pub sequence: i64,
    pub leaf_hash: Vec<u8>,
    pub recorded_at: String,
    pub action: String,
    pub actor: String,
    pub request_id: String,
    pub subject: String,
    pub entry: String,
    pub decision: Option<DecisionCopy>,
    pub application: Option<ApplicationCopy>,
}

/// What the table of decisions repeats of an entry.
#[derive(Debug, Clone, Default)]
pub struct DecisionCopy {
    pub leaf_hash: Vec<u8>,
    pub application_id: String,
    pub number: i64,
    pub id: String,
    pub decided_at: String,
    pub outcome: String,
    pub automatic: bool,
    pub score: i64,
}

/// What the table of applications repeats of an entry.
#[derive(Debug, Clone, Default)]
pub struct ApplicationCopy {
    pub external_reference: Option<String>,
    pub submitted_by: String,
    pub received_at: String,
    pub status: String,
    pub outcome: String,
    pub version: i64,
    /// How many decisions it has, counted by their greatest number and by their entries: the larger of the two,
    /// so that the removal of either is found where it was done.
    pub latest: i64,
    pub amount_minor: i64,
    pub currency: String,
    pub segment: i64,
}

/// The stored head, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredHead {
    pub size: u64,
    pub root: Hash,
    /// The roots of the complete subtrees, the widest first.
    pub peaks: Vec<Hash>,
    /// When the last entry was recorded.
    pub updated_at: Option<Timestamp>,
}

impl StoredHead {
    /// Answers to requests that were recorded at this time or later must be there still. `None`: however early.
    #[must_use]
    pub fn answers_from(&self) -> Option<Timestamp> {
        self.updated_at?.checked_add(-KEPT_FOR)
    }
}

/// How many rows other tables have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub decisions: u64,
    pub applications: u64,
    pub nodes: u64,
    /// One, as the database holds it to.
    pub heads: u64,
    /// Of the applications, those whose applicant is erased, and since when.
    pub erased: Marks,
    /// Answers under an `Idempotency-Key` of decisions that were recorded within [`KEPT_FOR`] of the last entry: later
    /// ones than these are kept no longer, or not.
    pub answers: u64,
}

/// Data keys that are not where they should be: how many, and the id of the first of their applications.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keys {
    /// Of applicants who are not erased, and whose key is gone.
    pub missing: Option<(u64, String)>,
    /// Of applicants who are erased, or of no application.
    pub left: Option<(u64, String)>,
}

impl Keys {
    /// Holds them against what must be: one key for each application that is not erased.
    pub fn examine(self) -> Result<(), Finding> {
        if let Some((count, application)) = self.missing {
            return Err(Finding::of_log(What::DataKeysMissing { count, application }));
        }
        match self.left {
            Some((count, application)) => Err(Finding::of_log(What::DataKeysLeft { count, application })),
            None => Ok(()),
        }
    }
}

/// Takes a log's rows in order and stops at the first that is not what it was.
#[derive(Debug)]
pub struct Verifier {
    head: StoredHead,
    frontier: Frontier,
    last_time: Option<Timestamp>,
    seen: Counts,
    completed: Vec<Node>,
    claims: Claims,
}

impl Verifier {
    /// Begins with what the database says of the whole log, and what was signed of it.
    #[must_use]
    pub fn new(head: StoredHead, claims: Vec<Claim>) -> Self {
        Self {
            head,
            frontier: Frontier::default(),
            last_time: None,
            seen: Counts::default(),
            completed: Vec::new(),
            claims: Claims::new(claims),
        }
    }

    /// How many entries are verified.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// The root over the entries that are verified.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// Takes the next row that is there, in the order of the rows' sequences.
    pub fn accept(&mut self, sequence: i64, examined: Result<Examined, What>) -> Result<(), Finding> {
        let expected = self.frontier.size();
        let Ok(row) = u64::try_from(sequence) else {
            return Err(Finding::at(sequence, What::Inserted));
        };
        if expected == self.head.size {
            // The tree ends here. Either a row stands behind its end, or the end was moved.
            self.hold_against_head()?;
            return Err(Finding::at(sequence, What::Inserted));
        }
        if row > expected {
            return Err(Finding::removed(expected, row - 1));
        }
        let examined = examined.map_err(|what| Finding::at(sequence, what))?;
        if self.last_time.is_some_and(|last| examined.time < last) {
            return Err(Finding::at(sequence, What::TimeWentBack));
        }
        self.last_time = Some(examined.time);
        self.seen.decisions += u64::from(examined.is_decision);
        self.seen.applications += u64::from(examined.is_latest);
        self.seen.erased.join(examined.erased);
        self.seen.answers += u64::from(examined.names_answer && self.head.answers_from() <= Some(examined.time));
        let (completed, nodes) = (&mut self.completed, &mut self.seen.nodes);
        self.frontier.append(examined.leaf, |node| {
            if stored_level(node.id).is_some() {
                completed.push(node);
                *nodes += 1;
            }
        });
        self.claims.hold(&self.frontier)
    }

    /// The stored head.
    #[must_use]
    pub const fn head(&self) -> &StoredHead {
        &self.head
    }

    /// How many nodes [`Self::take_completed`] would give.
    #[must_use]
    pub const fn completed(&self) -> usize {
        self.completed.len()
    }

    /// The stored nodes that the rows since the last call complete, as they must be.
    pub fn take_completed(&mut self) -> Vec<Node> {
        std::mem::take(&mut self.completed)
    }

    /// Holds one computed node against the stored one.
    pub fn hold_against_node(expected: Node, stored: Option<Hash>) -> Result<(), Finding> {
        if stored == Some(expected.hash) {
            return Ok(());
        }
        let first = expected.id.position << expected.id.height;
        Err(Finding::within(first, first + (1 << expected.id.height) - 1))
    }

    /// Ends the log: there are no more rows. `cut_off` is the least sequence at or behind the end that a
    /// decision still names.
    pub fn finish(&mut self, counts: Counts, cut_off: Option<u64>) -> Result<(), Finding> {
        let size = self.frontier.size();
        if size < self.head.size {
            return Err(Finding::removed(size, self.head.size - 1));
        }
        self.hold_against_head()?;
        self.claims.finish(&self.frontier)?;
        if let Some(sequence) = cut_off {
            return Err(Finding::cut_off(sequence));
        }
        for (table, stored, seen) in [
            ("decisions", counts.decisions, self.seen.decisions),
            ("applications", counts.applications, self.seen.applications),
            ("audit_nodes", counts.nodes, self.seen.nodes),
            ("audit_head", counts.heads, 1),
        ] {
            if stored != seen {
                return Err(Finding::of_log(What::RowsDiffer { table, stored, expected: seen }));
            }
        }
        if counts.answers != self.seen.answers {
            let (stored, logged) = (counts.answers, self.seen.answers);
            return Err(Finding::of_log(What::AnswersRemoved { stored, logged }));
        }
        if counts.erased != self.seen.erased {
            let (stored, logged) = (counts.erased.count, self.seen.erased.count);
            return Err(Finding::of_log(What::ErasuresDiffer { stored, logged }));
        }
        Ok(())
    }

    /// Holds the tree as it was computed against the stored head. All of the head's entries are in it.
    fn hold_against_head(&self) -> Result<(), Finding> {
        let Some(stored) = Frontier::new(self.head.size, self.head.peaks.clone()) else {
            return Err(Finding::of_log(What::HeadChanged));
        };
        if stored.root() != self.head.root {
            return Err(Finding::of_log(What::HeadChanged));
        }
        let mut first = 0;
        for (height, (stored, computed)) in
            heights(self.head.size).zip(stored.peaks().iter().zip(self.frontier.peaks()))
        {
            let last = first + (1_u64 << height) - 1;
            if stored != computed {
                return Err(Finding::within(first, last));
            }
            first = last + 1;
        }
        if self.head.updated_at == self.last_time { Ok(()) } else { Err(Finding::of_log(What::HeadChanged)) }
    }
}

/// The heights of the complete subtrees of a tree, the widest first.
fn heights(size: u64) -> impl Iterator<Item = u32> {
    (0..u64::BITS).rev().filter(move |height| size >> height & 1 == 1)
}
