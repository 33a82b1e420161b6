//! The answers that are kept under an `Idempotency-Key`.

use rayon::prelude::*;

use crate::{
    audit::verify::{Finding, examine_answer},
    domain::timestamp::Timestamp,
    service::blocking::off_the_runtime,
    storage::{Error, Tx, audit},
};

/// How many answers are read and looked at together.
const AT_ONCE: u32 = 256;

/// What was found of them.
#[derive(Debug)]
pub(super) struct Answers {
    /// The first that is not as its entry names it.
    pub(super) finding: Option<Finding>,
    /// How many must be there still, as far as they were looked at.
    pub(super) count: u64,
    /// From here on entries are recorded whose answers must be there still.
    pub(super) first_entry: u64,
}

impl Answers {
    /// Reads all of them. Those of entries that were recorded from `kept_from` on must be there still.
    pub(super) async fn read(tx: &mut Tx, kept_from: Option<Timestamp>) -> Result<Self, Error> {
        let first_entry = match kept_from {
            Some(from) => audit::first_since(tx, from).await?.unwrap_or_default(),
            None => 0,
        };
        let mut answers = Self { finding: None, count: 0, first_entry };
        let mut last = None;
        loop {
            let fetched = audit::answers_to_verify(tx, last.as_ref(), AT_ONCE).await?;
            let Some(at_end) = fetched.count().checked_sub(1) else { return Ok(answers) };
            last = Some(fetched.read(at_end));
            let examined: Vec<Result<Timestamp, Finding>> = off_the_runtime(move || {
                (0..=at_end).into_par_iter().map(|index| examine_answer(&fetched.read(index))).collect()
            })
            .await;
            for examined in examined {
                match examined {
                    Ok(time) => answers.count += u64::from(kept_from <= Some(time)),
                    // The rows behind one whose key was changed cannot be told apart from those before.
                    Err(finding) => return Ok(Self { finding: Some(finding), ..answers }),
                }
            }
        }
    }
}
