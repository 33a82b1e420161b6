//! Verifying the log in a database: reading it in order, believing nothing of it.

mod beside;
mod walk;

use futures_util::future::join;
use serde::Serialize;

use self::{
    beside::Beside,
    walk::{Way, walk},
};
use super::signed::{Outside, Signed};
use crate::{
    audit::verify::{Finding, Verifier, What},
    service::blocking::keep_freed_memory,
    storage::{self, Db, Tx, audit},
};

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
        unsigned.into_iter().chain([keys]).chain(indexes).collect()
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
    keep_freed_memory();
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
    let mut second = beside::reader(db, &head).await;
    let mut verifier = Verifier::new(head.clone(), signed.claims.clone());
    let mut way = Way::Together;
    let finding = loop {
        // It is needed once, and a server ends a transaction that it hears nothing of.
        let readers = (&mut tx, second.take());
        let checked = check(readers, &mut verifier, way, outside, |done| progress(done, total)).await;
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
    let finding = finding.or(signed.finding);
    let first_bad = finding.as_ref().and_then(|finding| finding.sequence);
    report.entries = first_bad.map_or(total, |first| u64::try_from(first).unwrap_or(0)).min(verifier.size());
    Ok(match finding {
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

/// Checks the entries, then what stands beside them, then the file: the first finding says most. Where there is a second
/// reader, it reads what stands beside the entries meanwhile.
async fn check(
    (tx, second): (&mut Tx, Option<Tx>),
    verifier: &mut Verifier,
    way: Way,
    outside: &Outside,
    progress: impl FnMut(u64),
) -> Result<Option<Finding>, storage::Error> {
    let head = verifier.head().clone();
    let (walked, beside) = if let Some(mut second) = second {
        join(walk(tx, verifier, way, progress), Beside::read(&mut second, &head, outside)).await
    } else {
        let walked = walk(tx, verifier, way, progress).await;
        (walked, Beside::read(tx, &head, outside).await)
    };
    match walked? {
        Some(finding) => Ok(Some(finding)),
        None => beside.examine(tx, verifier).await,
    }
}
