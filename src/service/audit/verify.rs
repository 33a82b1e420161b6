//! Verifying the log in a database: reading it in order, believing nothing of it.

use std::collections::VecDeque;

use rayon::prelude::*;
use serde::Serialize;

use super::signed::{Outside, Signed};
use crate::{
    audit::{
        entry::Entry,
        tree::tiles::stored_level,
        verify::{Examined, Finding, Misplacement, Texts, Verifier, What, examine, glance},
    },
    service::blocking::off_the_runtime,
    storage::{
        self, Db, Tx,
        audit::{self, Fetched},
    },
};

/// How many rows are read and hashed at a time.
const CHUNK: u32 = 256;
/// How many such chunks are looked at, or wait for it, while the next is fetched.
const AT_ONCE: usize = 2;

/// What a verification came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether everything that could be checked holds.
    pub intact: bool,
    /// How many entries were verified: all of them, or those before the first bad one.
    pub entries: u64,
    /// The log's size and root, when it is intact.
    #[serde(flatten)]
    pub log: Option<Intact>,
    /// The first thing that is not what it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding: Option<Finding>,
    /// The finding as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How many signed checkpoints the log was held against.
    pub checkpoints: Checkpoints,
    pub unchecked: Vec<Unchecked>,
}

/// An intact log: what to keep elsewhere, to hold a later log against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Intact {
    pub size: u64,
    /// RFC 6962, in lower-case hexadecimal.
    pub root_hash: String,
}

/// How many signed checkpoints there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Checkpoints {
    /// In the database.
    pub stored: usize,
    /// Kept elsewhere.
    pub outside: usize,
}

/// Something that a verification could not check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unchecked {
    /// Whether the whole log was rewritten, or cut off, with all of its hashes: that takes a checkpoint that
    /// was kept elsewhere, and none was given.
    NoOutsideCheckpoint,
    /// By whom the checkpoints that were kept elsewhere are signed: no key was given that is trusted.
    CheckpointSignatures,
    /// Whether the keys that personal data is sealed under (`data_keys`, `wrapped_keys`) are what they were: a log that
    /// held them could never forget anybody. One that was changed opens nothing. That each is there, and none of an
    /// applicant who was erased, is checked.
    DataKeys,
    /// Whether each applicant who is not erased has a data key: the database is an archive without them.
    DataKeysLeftOut,
    /// The answers kept under an `Idempotency-Key` (`idempotency_keys`): the log holds none of them, and they open only
    /// as they were sealed.
    IdempotentAnswers,
    /// The indexes of entries, decisions and applications, which lead to rows and hold nothing of their own.
    Indexes,
}

impl Unchecked {
    /// What cannot be checked against what is there.
    fn given(outside: &Outside) -> Vec<Self> {
        let unsigned = match outside {
            Outside { checkpoints, .. } if checkpoints.is_empty() => Some(Self::NoOutsideCheckpoint),
            Outside { keys, .. } if keys.is_empty() => Some(Self::CheckpointSignatures),
            Outside { .. } => None,
        };
        let indexes = (!outside.whole_file).then_some(Self::Indexes);
        let keys = if outside.without_keys { Self::DataKeysLeftOut } else { Self::DataKeys };
        unsigned.into_iter().chain([keys, Self::IdempotentAnswers]).chain(indexes).collect()
    }

    /// What it is, for a person.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NoOutsideCheckpoint => {
                "whether the whole log was rewritten, or cut off, together with all of its hashes: that shows only \
                 against a checkpoint that was kept outside this database (--checkpoint), and none was given"
            }
            Self::CheckpointSignatures => {
                "by whom the given checkpoints are signed: no key that you trust was given (--key), so they count \
                 because you kept them"
            }
            Self::DataKeys => {
                "whether the keys that personal data is sealed under (data_keys) are what they were: that each is there is checked, \
             its bytes open only with the key-encryption key"
            }
            Self::DataKeysLeftOut => {
                "the keys that personal data is sealed under (data_keys): you say that they were left out (--archive)"
            }
            Self::IdempotentAnswers => {
                "the answers kept for repeated requests (idempotency_keys), of which the log holds nothing"
            }
            Self::Indexes => {
                "the indexes of entries, decisions and applications, which hold nothing of their own (--deep reads every \
                 page of a database file)"
            }
        }
    }
}

/// Verifies the whole log by itself. `progress` is told how many entries are verified, and of how many.
///
/// # Errors
/// The database cannot be read; a log that is not what it was is no error but a [`Report`].
pub async fn verify(db: &Db, progress: impl FnMut(u64, u64)) -> Result<Report, storage::Error> {
    verify_against(db, &Outside::default(), progress).await
}

/// As [`verify`], and holds the log against checkpoints that were kept elsewhere.
pub async fn verify_against(
    db: &Db,
    outside: &Outside,
    mut progress: impl FnMut(u64, u64),
) -> Result<Report, storage::Error> {
    let mut tx = db.read().await?;
    let mut report = Report {
        intact: false,
        entries: 0,
        log: None,
        finding: None,
        message: None,
        checkpoints: Checkpoints { stored: 0, outside: outside.checkpoints.len() },
        unchecked: Unchecked::given(outside),
    };
    let head = match audit::head(&mut tx).await {
        Ok(Some(head)) => head,
        Ok(None) => return Ok(report.with(Finding::of_log(What::HeadMissing))),
        Err(storage::Error::Corrupt { .. }) => return Ok(report.with(Finding::of_log(What::HeadChanged))),
        Err(storage::Error::Damaged) => return Ok(report.with(unreadable())),
        Err(error) => return Err(error),
    };
    let signed = match Signed::read(&mut tx, outside).await {
        Err(storage::Error::Damaged) => return Ok(report.with(unreadable())),
        signed => signed?,
    };
    report.checkpoints.stored = signed.stored;
    let total = head.size;
    let mut verifier = Verifier::new(head.clone(), signed.claims.clone());
    let mut way = Way::Together;
    let finding = loop {
        let checked = check(&mut tx, &mut verifier, way, outside, |done| progress(done, total)).await;
        let finding = match checked {
            Err(storage::Error::Damaged) => Some(unreadable()),
            checked => checked?,
        };
        if way == Way::OneByOne || !finding.as_ref().is_some_and(Finding::is_of_an_application) {
            break finding;
        }
        // An application does not stand at its latest decision: looked at closely, its entry is found.
        way = Way::OneByOne;
        verifier = Verifier::new(head.clone(), signed.claims.clone());
    };
    report.entries = verifier.size();
    Ok(match finding.or(signed.finding) {
        Some(finding) => report.with(finding),
        None => Report {
            intact: true,
            log: Some(Intact { size: verifier.size(), root_hash: verifier.root().to_string() }),
            ..report
        },
    })
}

impl Report {
    /// The log is not what it was.
    fn with(self, finding: Finding) -> Self {
        Self { message: Some(finding.to_string()), finding: Some(finding), ..self }
    }
}

/// A page of the file that the database cannot read.
fn unreadable() -> Finding {
    Finding::of_log(What::FileDamaged { detail: "a part of it cannot be read".to_owned() })
}

/// Checks the entries, then what stands beside them, then the file: the first finding says most.
async fn check(
    tx: &mut Tx,
    verifier: &mut Verifier,
    way: Way,
    outside: &Outside,
    progress: impl FnMut(u64),
) -> Result<Option<Finding>, storage::Error> {
    if let Some(finding) = walk(tx, verifier, way, progress).await? {
        return Ok(Some(finding));
    }
    let (counts, cut_off) = (audit::counts(tx).await?, audit::cut_off_at(tx, verifier.size()).await?);
    if let Err(finding) = verifier.finish(counts, cut_off) {
        return Ok(Some(finding));
    }
    if !outside.without_keys
        && let Err(finding) = audit::misplaced_keys(tx).await?.examine()
    {
        return Ok(Some(finding));
    }
    let damage = tx.damage(outside.whole_file).await?;
    Ok(damage.map(|detail| Finding::of_log(What::FileDamaged { detail })))
}

/// Takes every row in order, up to the first that is not what it was. While rows are looked at, the next are fetched.
async fn walk(
    tx: &mut Tx,
    verifier: &mut Verifier,
    way: Way,
    mut progress: impl FnMut(u64),
) -> Result<Option<Finding>, storage::Error> {
    let mut running = VecDeque::new();
    let (mut next, mut is_read) = (i64::MIN, false);
    loop {
        if !is_read && running.len() < AT_ONCE {
            let ahead = fetch(tx, next, way).await?;
            match ahead.last() {
                Some(last) => {
                    running.push_back((next, last, tokio::spawn(examine_all(ahead))));
                    next = last;
                }
                None => is_read = true,
            }
            continue;
        }
        let Some((after, last, examined)) = running.pop_front() else { return Ok(None) };
        let examined = match examined.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())) {
            Some(examined) => examined,
            None => examine_one_by_one(tx, after, last).await?,
        };
        for (sequence, examined) in examined {
            if let Err(finding) = verifier.accept(sequence, examined) {
                // An earlier part of the tree that does not hold is named first.
                if let Some(earlier) = check_nodes(tx, verifier).await? {
                    return Ok(Some(earlier));
                }
                return Ok(Some(tell_misplacement(tx, sequence, finding).await?));
            }
        }
        if let Some(finding) = check_nodes(tx, verifier).await? {
            return Ok(Some(finding));
        }
        progress(verifier.size());
    }
}

/// How rows are fetched and looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Many together; one by one only where something is unusual. Fast.
    Together,
    /// One by one throughout: finds where an application does not stand at its latest decision.
    OneByOne,
}

/// Rows that are yet to be looked at.
enum Ahead {
    Texts(Texts, Option<i64>),
    Rows(Fetched),
}

impl Ahead {
    /// The sequence of the last row; `None` when there are no rows.
    fn last(&self) -> Option<i64> {
        match self {
            Self::Texts(_, last) => *last,
            Self::Rows(rows) => rows.last_sequence(),
        }
    }
}

async fn fetch(tx: &mut Tx, after: i64, way: Way) -> Result<Ahead, storage::Error> {
    if way == Way::Together {
        match audit::texts_to_verify(tx, after, CHUNK).await {
            Ok((texts, last)) => return Ok(Ahead::Texts(texts, last)),
            // Row by row, what is before the damage is still looked at.
            Err(error) => tracing::debug!(%error, "rows are read one by one"),
        }
    }
    Ok(Ahead::Rows(audit::rows_to_verify(tx, after, CHUNK).await?))
}

async fn examine_all(ahead: Ahead) -> Option<Vec<Looked>> {
    match ahead {
        Ahead::Rows(rows) => Some(examine_each(rows).await),
        Ahead::Texts(texts, _) => {
            let glanced = off_the_runtime(move || glance(&texts)).await?;
            Some(glanced.into_iter().map(|(sequence, examined)| (sequence, Ok(examined))).collect())
        }
    }
}

/// Looks again, closely, at the rows behind `after` up to `last`.
async fn examine_one_by_one(tx: &mut Tx, after: i64, last: i64) -> Result<Vec<Looked>, storage::Error> {
    let mut examined = examine_each(audit::rows_to_verify(tx, after, CHUNK).await?).await;
    examined.retain(|(sequence, _)| *sequence <= last);
    Ok(examined)
}

/// A row's sequence, and what was found of it.
type Looked = (i64, Result<Examined, What>);

/// Looks at each row alone, on all threads.
async fn examine_each(fetched: Fetched) -> Vec<Looked> {
    off_the_runtime(move || {
        let examine_one = |index| {
            let row = fetched.read(index);
            (row.sequence, examine(&row))
        };
        (0..fetched.count()).into_par_iter().map(examine_one).collect()
    })
    .await
}

/// Holds the nodes that were completed since the last call against the stored ones.
async fn check_nodes(tx: &mut Tx, verifier: &mut Verifier) -> Result<Option<Finding>, storage::Error> {
    for node in verifier.take_completed() {
        let Some(level) = stored_level(node.id) else { continue };
        let stored = audit::node(tx, level, node.id.position).await?;
        if let Err(finding) = Verifier::hold_against_node(node, stored) {
            return Ok(Some(finding));
        }
    }
    Ok(None)
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
