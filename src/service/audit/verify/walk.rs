//! Every row of the log in order, up to the first that is not what it was.
//!
//! Rows are fetched in chunks. While the database puts the next together, those before it are looked at, each chunk by one
//! thread, and taken in their order.

use std::{collections::VecDeque, ops::Range};

use futures_util::future::join;
use rayon::prelude::*;
use tokio::task::JoinHandle;

use crate::{
    audit::{
        entry::Entry,
        tree::{Node, tiles::stored_level},
        verify::{DecisionForms, Examined, Finding, Misplacement, Row, Texts, Verifier, What, examine, glance},
    },
    service::blocking::{Spares, chunks_at_once, finished, off_the_runtime},
    storage::{
        self, Tx,
        audit::{self, Fetched},
    },
};

/// How many rows are read and looked at together: few enough that they stay in a processor's cache.
const CHUNK: u32 = 256;
/// How many nodes of the tree are held against the stored ones at a time.
const NODES_AT_ONCE: usize = 64;

/// How rows are fetched and looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Many together; one by one only where something is unusual. Fast.
    Together,
    /// One by one throughout: finds where an application does not stand at its latest decision.
    OneByOne,
}

/// Takes every row, up to the first that is not what it was.
pub(super) async fn walk(
    tx: &mut Tx,
    verifier: &mut Verifier,
    way: Way,
    mut progress: impl FnMut(u64),
) -> Result<Option<Finding>, storage::Error> {
    let mut running = VecDeque::new();
    let mut fetching = Fetching { next: Some(i64::MIN), way, spares: Spare::default(), failed: None };
    let at_once = chunks_at_once();
    loop {
        let is_full = fetching.next.is_none() || running.len() >= at_once;
        let oldest = if is_full { running.pop_front() } else { None };
        if fetching.next.is_none() && oldest.is_none() {
            break;
        }
        let (ahead, taken) = join(fetching.fetch(tx), take(verifier, oldest)).await;
        running.extend(ahead);
        let taken = match taken {
            // Fetched again, and looked at closely.
            Taken::Unusual(rows) => accept(verifier, examine_one_by_one(tx, rows).await?),
            Taken::Examined(taken) => taken,
        };
        if taken.is_err() || verifier.completed() >= NODES_AT_ONCE {
            // An earlier part of the tree that does not hold is named first.
            if let Some(earlier) = check_nodes(tx, verifier).await? {
                return Ok(Some(earlier));
            }
        }
        if let Err((sequence, finding)) = taken {
            return Ok(Some(tell_misplacement(tx, sequence, finding).await?));
        }
        progress(verifier.size());
    }
    match (check_nodes(tx, verifier).await?, fetching.failed) {
        (Some(finding), _) => Ok(Some(finding)),
        (None, Some(error)) => Err(error),
        (None, None) => Ok(None),
    }
}

/// Where the fetching is.
#[derive(Debug)]
struct Fetching {
    /// Rows behind this sequence come next; `None` when there are no more.
    next: Option<i64>,
    way: Way,
    spares: Spare,
    /// Why no more can be fetched. What is before is still looked at.
    failed: Option<storage::Error>,
}

/// What was used of earlier rows, for later ones.
#[derive(Debug, Clone, Default)]
struct Spare {
    /// A text is a megabyte: made anew each time, the memory would be asked for and given back each time.
    texts: Spares<Texts<'static>>,
    /// What threads have learnt.
    forms: Spares<DecisionForms>,
}

/// Fetched rows that are looked at: their sequences are behind the first and up to the last.
#[derive(Debug)]
struct Running {
    rows: Range<i64>,
    examined: JoinHandle<Option<Vec<Looked>>>,
}

impl Fetching {
    /// Fetches the next rows and begins to look at them; `None` when there are no more.
    async fn fetch(&mut self, tx: &mut Tx) -> Option<Running> {
        let after = self.next?;
        match fetch(tx, after, self.way, &self.spares).await {
            Ok(Some((last, ahead))) => {
                self.next = Some(last);
                let spares = self.spares.clone();
                let examined = tokio::task::spawn_blocking(move || ahead.examine(&spares));
                Some(Running { rows: after..last, examined })
            }
            ended => {
                self.next = None;
                self.failed = ended.err();
                None
            }
        }
    }
}

/// Rows that are yet to be looked at.
enum Ahead {
    Texts(Texts<'static>),
    Rows(Fetched<Row>),
}

/// Fetches rows, and says which sequence the last of them has; `None` when there are none.
async fn fetch(tx: &mut Tx, after: i64, way: Way, spares: &Spare) -> Result<Option<(i64, Ahead)>, storage::Error> {
    if way == Way::Together {
        let mut texts = spares.texts.take();
        match audit::texts_to_verify(tx, (after, CHUNK), &mut texts).await {
            Ok(last) => return Ok(last.map(|last| (last, Ahead::Texts(texts)))),
            // Row by row, what is before the damage is still looked at.
            Err(error) => tracing::debug!(%error, "rows are read one by one"),
        }
    }
    let rows = audit::rows_to_verify(tx, after, CHUNK).await?;
    Ok(rows.last_sequence().map(|last| (last, Ahead::Rows(rows))))
}

/// A row's sequence, and what was found of it.
type Looked = (i64, Result<Examined, What>);

impl Ahead {
    /// Looks at the rows; `None` when something about one of them is unusual.
    fn examine(self, spares: &Spare) -> Option<Vec<Looked>> {
        match self {
            Self::Rows(rows) => Some(examine_each(&rows)),
            Self::Texts(texts) => {
                let mut forms = spares.forms.take();
                let glanced = glance(&texts, &mut forms);
                spares.forms.give_back(forms);
                spares.texts.give_back(texts);
                Some(glanced?.into_iter().map(|(sequence, examined)| (sequence, Ok(examined))).collect())
            }
        }
    }
}

/// Looks at each row alone, on all threads.
fn examine_each(fetched: &Fetched<Row>) -> Vec<Looked> {
    let examine_one = |index| {
        let row = fetched.read(index);
        (row.sequence, examine(&row))
    };
    (0..fetched.count()).into_par_iter().map(examine_one).collect()
}

/// Fetches rows again and looks at them closely.
async fn examine_one_by_one(tx: &mut Tx, rows: Range<i64>) -> Result<Vec<Looked>, storage::Error> {
    let fetched = audit::rows_to_verify(tx, rows.start, CHUNK).await?;
    let mut examined = off_the_runtime(move || examine_each(&fetched)).await;
    examined.retain(|(sequence, _)| *sequence <= rows.end);
    Ok(examined)
}

/// What became of rows.
enum Taken {
    /// They must be looked at one by one.
    Unusual(Range<i64>),
    Examined(Result<(), (i64, Finding)>),
}

/// Waits until rows are looked at, and takes them.
async fn take(verifier: &mut Verifier, running: Option<Running>) -> Taken {
    let Some(Running { rows, examined }) = running else { return Taken::Examined(Ok(())) };
    match finished(examined).await {
        Some(examined) => Taken::Examined(accept(verifier, examined)),
        None => Taken::Unusual(rows),
    }
}

fn accept(verifier: &mut Verifier, examined: Vec<Looked>) -> Result<(), (i64, Finding)> {
    for (sequence, examined) in examined {
        verifier.accept(sequence, examined).map_err(|finding| (sequence, finding))?;
    }
    Ok(())
}

/// Holds the nodes that were completed since the last call against the stored ones.
async fn check_nodes(tx: &mut Tx, verifier: &mut Verifier) -> Result<Option<Finding>, storage::Error> {
    let nodes = verifier.take_completed();
    let mut stored = Vec::new();
    for (level, positions) in positions(&nodes) {
        let found = audit::nodes(tx, level, positions).await?;
        stored.extend(found.into_iter().map(|(position, hash)| ((level, position), hash)));
    }
    stored.sort_unstable_by_key(|(place, _)| *place);
    for node in nodes {
        let Some(level) = stored_level(node.id) else { continue };
        let found = stored.binary_search_by_key(&(level, node.id.position), |(place, _)| *place);
        let found = found.ok().map(|index| stored[index].1);
        if let Err(finding) = Verifier::hold_against_node(node, found) {
            return Ok(Some(finding));
        }
    }
    Ok(None)
}

/// The levels of nodes that are stored, and the positions that they have there.
fn positions(nodes: &[Node]) -> Vec<(u32, Range<u64>)> {
    let mut levels: Vec<(u32, Range<u64>)> = Vec::new();
    for node in nodes {
        let Some(level) = stored_level(node.id) else { continue };
        let end = node.id.position + 1;
        match levels.iter_mut().find(|(other, _)| *other == level) {
            Some((_, positions)) => positions.end = end,
            None => levels.push((level, node.id.position..end)),
        }
    }
    levels
}

/// Looks at the place that a misplaced entry says is its own: if the entry there says this place is its own,
/// the two were swapped.
async fn tell_misplacement(tx: &mut Tx, sequence: i64, finding: Finding) -> Result<Finding, storage::Error> {
    let What::Misplaced { says, .. } = finding.what else { return Ok(finding) };
    let there = audit::entry_at(tx, says).await?;
    let partner = there.and_then(|entry| serde_json::from_str::<Entry>(&entry).ok());
    let swapped = partner.is_some_and(|partner| i64::try_from(partner.sequence) == Ok(sequence));
    if !swapped {
        return Ok(finding);
    }
    Ok(Finding { what: What::Misplaced { says, how: Misplacement::Swapped }, ..finding })
}
