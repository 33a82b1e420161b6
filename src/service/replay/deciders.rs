//! The deciders that a replay has loaded.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use crate::decide::{pipeline::Decider, replay::Repeater};

/// How many are held at once. More than a lender ever has; a log that was made up cannot fill the memory.
const MOST: usize = 256;

/// A model and a policy, by their hashes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Pair {
    pub(super) model_sha256: String,
    pub(super) policy_sha256: String,
}

impl Pair {
    pub(super) fn new(model_sha256: &str, policy_sha256: &str) -> Self {
        Self { model_sha256: model_sha256.to_owned(), policy_sha256: policy_sha256.to_owned() }
    }
}

/// What a pair was found to be: ready to decide, or why it is not.
type Found = Arc<Result<Repeater, String>>;

/// Every pair that was looked for, shared by all threads.
#[derive(Debug, Default)]
pub(super) struct Deciders(RwLock<HashMap<Pair, Found>>);

impl Deciders {
    pub(super) fn have(&self, pair: &Pair) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains_key(pair)
    }

    pub(super) fn insert(&self, pair: Pair, found: Result<Decider, String>) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.clear();
        }
        all.insert(pair, Arc::new(found.map(Repeater::new)));
    }

    /// A view for one thread.
    pub(super) const fn near(&self) -> Near<'_> {
        Near { all: self, last: None }
    }
}

/// One thread's view: neighbouring decisions were made by the same model and policy, so the last pair is
/// looked at first.
#[derive(Debug)]
pub(super) struct Near<'a> {
    all: &'a Deciders,
    last: Option<(Pair, Found)>,
}

impl Near<'_> {
    /// What a pair was found to be; `None` when it has yet to be looked for.
    pub(super) fn find(&mut self, model_sha256: &str, policy_sha256: &str) -> Option<Result<&Repeater, &String>> {
        let is_last =
            |(pair, _): &(Pair, Found)| pair.model_sha256 == model_sha256 && pair.policy_sha256 == policy_sha256;
        if !self.last.as_ref().is_some_and(is_last) {
            let pair = Pair::new(model_sha256, policy_sha256);
            let all = self.all.0.read().unwrap_or_else(PoisonError::into_inner);
            let found = Arc::clone(all.get(&pair)?);
            self.last = Some((pair, found));
        }
        self.last.as_ref().map(|(_, found)| found.as_ref().as_ref())
    }
}
