//! What was asked for and what was answered, and the rows that it is held against.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, bail, ensure};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use sha2::{Digest, Sha256};
use underwright::storage::{DatabaseUrl, Db, Tx};

/// What every client keeps of what it asked for, by its key.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    answered: BTreeMap<String, Noted>,
    /// Asked for, and not answered yet.
    open: BTreeSet<String>,
    keys: u64,
}

/// What was answered.
#[derive(Debug, PartialEq, Eq)]
struct Noted {
    application: String,
    sequence: u64,
    leaf_hash: String,
    answer_sha256: [u8; 32],
}

/// A first decision as it is stored.
#[derive(Debug)]
pub(crate) struct Row {
    key: String,
    application: String,
    sequence: u64,
    leaf_hash: String,
}

impl Journal {
    /// The key of an application that nobody has asked for.
    pub(crate) fn next_key(&mut self) -> String {
        self.keys += 1;
        let key = format!("crash-{}", self.keys);
        self.open.insert(key.clone());
        key
    }

    /// Notes an answer. An earlier one under its key must have been the same.
    pub(crate) fn note(&mut self, key: &str, answer: &[u8]) -> anyhow::Result<()> {
        let parsed: Value = serde_json::from_slice(answer)?;
        let text = |pointer: &str| parsed.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let noted = Noted {
            application: text("/id").context("no id")?,
            sequence: parsed.pointer("/decision/audit/sequence").and_then(Value::as_u64).context("no sequence")?,
            leaf_hash: text("/decision/audit/leaf_hash").context("no leaf hash")?,
            answer_sha256: Sha256::digest(answer).into(),
        };
        self.open.remove(key);
        match self.answered.get(key) {
            Some(before) => ensure!(*before == noted, "{key} is answered otherwise than before: {noted:?}, {before:?}"),
            None => drop(self.answered.insert(key.to_owned(), noted)),
        }
        Ok(())
    }

    pub(crate) fn open(&self) -> impl Iterator<Item = &String> {
        self.open.iter()
    }

    pub(crate) fn acknowledged(&self) -> usize {
        self.answered.len()
    }

    /// Some keys to ask for again: what is open, and as many that were answered.
    pub(crate) fn sample(&self, random: &mut ChaCha8Rng, count: usize) -> Vec<String> {
        let answered: Vec<&String> = self.answered.keys().collect();
        let mut sample: Vec<String> = self.open.iter().take(count).cloned().collect();
        if !answered.is_empty() {
            sample.extend((0..count).map(|_| answered[random.random_range(0..answered.len())].clone()));
        }
        sample
    }

    /// Holds the rows against what was answered: each is there, once, in its place, and nothing that nobody asked for.
    pub(crate) fn hold(&self, rows: &[Row]) -> anyhow::Result<()> {
        let mut found = BTreeSet::new();
        for row in rows {
            ensure!(found.insert(&row.key), "{} was decided twice", row.key);
            match self.answered.get(&row.key) {
                Some(noted) => ensure!(
                    (&noted.application, noted.sequence, &noted.leaf_hash)
                        == (&row.application, row.sequence, &row.leaf_hash),
                    "{} was answered {noted:?}, and {row:?} is stored",
                    row.key
                ),
                None if self.open.contains(&row.key) => {}
                None => bail!("nobody asked for {row:?}"),
            }
        }
        let lost: Vec<&String> = self.answered.keys().filter(|key| !found.contains(key)).collect();
        ensure!(lost.is_empty(), "acknowledged, and not there: {lost:?}");
        Ok(())
    }
}

pub(crate) async fn open(url: &str) -> anyhow::Result<Db> {
    Ok(Db::open_read_only(&DatabaseUrl::parse(url)?).await?)
}

/// Every first decision in the store.
pub(crate) async fn rows(url: &str) -> anyhow::Result<Vec<Row>> {
    const ALL: &str = "SELECT a.external_reference, a.id, d.audit_sequence, d.leaf_hash FROM applications a \
                       JOIN decisions d ON d.application_id = a.id WHERE d.number = 1";
    let db = open(url).await?;
    let mut tx = db.read().await?;
    let rows: Vec<(String, String, i64, Vec<u8>)> = match &mut tx {
        Tx::Sqlite(tx) => sqlx::query_as(ALL).fetch_all(&mut **tx).await?,
        Tx::Postgres(tx) => sqlx::query_as(ALL).fetch_all(&mut **tx).await?,
    };
    drop(tx);
    db.close().await;
    let row = |(key, application, sequence, leaf_hash): (String, String, i64, Vec<u8>)| {
        Ok(Row { key, application, sequence: u64::try_from(sequence)?, leaf_hash: hex::encode(leaf_hash) })
    };
    rows.into_iter().map(row).collect()
}
