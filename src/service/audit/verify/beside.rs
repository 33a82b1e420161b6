//! What stands beside the entries: how many rows there are, which data keys, the answers that are kept, and whether the
//! file can be read.

mod answers;
mod erasures;

use self::{answers::Answers, erasures::Erasures};
use crate::{
    audit::verify::{Counts, Finding, Keys, StoredHead, Verifier, What},
    service::audit::Outside,
    storage::{Db, Error, Tx, audit},
};

/// How often a second reader is begun anew because the log grew between the two.
const ATTEMPTS: usize = 16;

/// A second transaction that reads the same state of the log, when there is a connection for it and the log stands still
/// for as long as it takes to begin one.
pub(super) async fn reader(db: &Db, head: &StoredHead) -> Option<Tx> {
    for _ in 0..ATTEMPTS {
        let mut tx = db.read_beside().await?.ok()?;
        // Whatever is looked at here changes together with the head.
        if audit::head(&mut tx).await.ok()?.as_ref() == Some(head) {
            return Some(tx);
        }
    }
    None
}

/// What was read, each by itself: what comes first says most.
#[derive(Debug)]
pub(super) struct Beside {
    counts: Result<Counts, Error>,
    /// The least sequence at or behind the log's end that a decision names.
    cut_off: Result<Option<u64>, Error>,
    erasures: Result<Erasures, Error>,
    answers: Result<Answers, Error>,
    keys: Result<Keys, Error>,
    damage: Result<Option<String>, Error>,
}

impl Beside {
    /// Reads it of the log with this head.
    pub(super) async fn read(tx: &mut Tx, head: &StoredHead, outside: &Outside) -> Self {
        Self {
            counts: audit::counts(tx).await,
            cut_off: audit::cut_off_at(tx, head.size).await,
            erasures: Erasures::read(tx).await,
            answers: Answers::read(tx, head.answers_from()).await,
            keys: if outside.without_keys { Ok(Keys::default()) } else { audit::misplaced_keys(tx).await },
            damage: tx.damage(outside.whole_file).await,
        }
    }

    /// Holds it against the entries, all of which are verified.
    pub(super) async fn examine(self, tx: &mut Tx, verifier: &mut Verifier) -> Result<Option<Finding>, Error> {
        let (counts, cut_off, erasures, answers) = (self.counts?, self.cut_off?, self.erasures?, self.answers?);
        let counts = Counts { erased: erasures.marks, answers: answers.count, ..counts };
        if let Err(finding) = verifier.finish(counts, cut_off) {
            // Which row it is says more than how many there are.
            return Ok(Some(closer(tx, finding, &answers).await?));
        }
        if let Some(finding) = answers.finding {
            return Ok(Some(finding));
        }
        if let Err(finding) = self.keys?.examine() {
            return Ok(Some(finding));
        }
        Ok(self.damage?.map(|detail| Finding::of_log(What::FileDamaged { detail })))
    }
}

/// Looks for the row that a difference in numbers comes from.
async fn closer(tx: &mut Tx, finding: Finding, answers: &Answers) -> Result<Finding, Error> {
    match finding.what {
        What::AnswersRemoved { .. } => match &answers.finding {
            Some(changed) => Ok(changed.clone()),
            None => Ok(Finding { sequence: audit::missing_answer(tx, answers.first_entry).await?, ..finding }),
        },
        What::ErasuresDiffer { stored, logged } if stored == logged => {
            Ok(erasures::first_other(tx).await?.unwrap_or(finding))
        }
        _ => Ok(finding),
    }
}
