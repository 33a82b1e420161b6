//! The applications that are marked as erased.

use std::collections::HashMap;

use crate::{
    audit::{
        entry::{Action, Entry},
        verify::{Finding, Marks, What, erased_by},
    },
    domain::timestamp::Timestamp,
    storage::{Error, Tx, audit},
};

/// How many applications are read at a time.
const AT_ONCE: u32 = 4_096;

/// The marks as they stand.
#[derive(Debug, Default)]
pub(super) struct Erasures {
    pub(super) marks: Marks,
}

impl Erasures {
    pub(super) async fn read(tx: &mut Tx) -> Result<Self, Error> {
        let (mut marks, mut last) = (Marks::default(), String::new());
        loop {
            let erased = audit::erased(tx, &last, AT_ONCE).await?;
            for (application, erased_at) in &erased {
                marks.add(application, erased_at);
            }
            match erased.into_iter().next_back() {
                Some((application, _)) => last = application,
                None => return Ok(Self { marks }),
            }
        }
    }
}

/// The first application that is marked otherwise than an entry says. All marks are held in memory: this is asked only
/// once something is known to be wrong.
pub(super) async fn first_other(tx: &mut Tx) -> Result<Option<Finding>, Error> {
    let mut said: HashMap<String, (u64, Timestamp)> = HashMap::new();
    for action in Action::ALL.into_iter().filter(|action| action.is_erasure()) {
        let entries = audit::entries_of(tx, action).await?;
        for entry in entries.iter().filter_map(|entry| serde_json::from_str::<Entry>(entry).ok()) {
            let place = (entry.sequence, entry.time);
            said.extend(erased_by(&entry).into_iter().map(|application| (application, place)));
        }
    }
    let mut last = String::new();
    loop {
        let erased = audit::erased(tx, &last, AT_ONCE).await?;
        for (application, erased_at) in &erased {
            let what = What::CopyChanged { table: "applications", column: "erased_at" };
            match said.get(application) {
                None => return Ok(Some(Finding::of_log(What::ErasureInserted { application: application.clone() }))),
                Some((sequence, time)) if *erased_at != time.to_string() => {
                    return Ok(Some(Finding { sequence: i64::try_from(*sequence).ok(), what }));
                }
                Some(_) => {}
            }
        }
        match erased.into_iter().next_back() {
            Some((application, _)) => last = application,
            None => return Ok(None),
        }
    }
}
