//! Models and policies, kept whole under the SHA-256 by which decisions name them.
//!
//! The files are stored compressed. Whoever reads one hashes it again: the hash says which file it is, the
//! row only where it lies.

use std::io::{self, Read, Write};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};

use super::{Error, Tx, db::on_backend};
use crate::domain::{decision::Versioned, timestamp::Timestamp};

/// No file that is kept may be larger, as none of a bundle is: 256 MiB.
const MAX_FILE_BYTES: u64 = 256 << 20;

/// The files of a model that decide, by name and content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptModel {
    /// As the row names it.
    pub identity: Versioned,
    /// `model.json`.
    pub model_json: Vec<u8>,
    /// `parity.jsonl`.
    pub parity_jsonl: Vec<u8>,
}

/// A policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPolicy {
    /// As the row names it.
    pub identity: Versioned,
    /// TOML.
    pub text: Vec<u8>,
}

const KEEP_MODEL: &str = "INSERT INTO kept_models (sha256, name, version, kept_at, model_json, parity_jsonl) \
                          VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (sha256) DO NOTHING";
const KEEP_POLICY: &str = "INSERT INTO kept_policies (sha256, name, version, kept_at, policy_toml) \
                           VALUES ($1, $2, $3, $4, $5) ON CONFLICT (sha256) DO NOTHING";
const MODEL: &str = "SELECT sha256, name, version, model_json, parity_jsonl FROM kept_models WHERE sha256 = $1";
const POLICY: &str = "SELECT sha256, name, version, policy_toml FROM kept_policies WHERE sha256 = $1";

pub(super) fn queries() -> impl Iterator<Item = &'static str> {
    [KEEP_MODEL, KEEP_POLICY, MODEL, POLICY].into_iter()
}

/// Keeps a model, unless it is kept already.
pub async fn keep_model(tx: &mut Tx, model: &KeptModel, now: Timestamp) -> Result<(), Error> {
    let Versioned { name, version, sha256 } = &model.identity;
    let (json, parity) = (compress(&model.model_json)?, compress(&model.parity_jsonl)?);
    on_backend!(tx, |connection| {
        let insert = sqlx::query(KEEP_MODEL).bind(sha256).bind(name).bind(version).bind(now.to_string());
        insert.bind(json).bind(parity).execute(connection).await?;
    });
    Ok(())
}

/// Keeps a policy, unless it is kept already.
pub async fn keep_policy(tx: &mut Tx, policy: &KeptPolicy, now: Timestamp) -> Result<(), Error> {
    let Versioned { name, version, sha256 } = &policy.identity;
    let text = compress(&policy.text)?;
    on_backend!(tx, |connection| {
        let insert = sqlx::query(KEEP_POLICY).bind(sha256).bind(name).bind(version).bind(now.to_string());
        insert.bind(text).execute(connection).await?;
    });
    Ok(())
}

/// The model that is kept under a hash; `None` when none is.
pub async fn model(tx: &mut Tx, sha256: &str) -> Result<Option<KeptModel>, Error> {
    let row: Option<ModelColumns> =
        on_backend!(tx, |connection| sqlx::query_as(MODEL).bind(sha256).fetch_optional(connection).await?);
    let Some(ModelColumns { sha256, name, version, model_json, parity_jsonl }) = row else { return Ok(None) };
    let corrupt = |column| Error::corrupt("kept_models", column, &sha256);
    let model_json = decompress(&model_json).map_err(|_| corrupt("model_json"))?;
    let parity_jsonl = decompress(&parity_jsonl).map_err(|_| corrupt("parity_jsonl"))?;
    Ok(Some(KeptModel { identity: Versioned { name, version, sha256 }, model_json, parity_jsonl }))
}

/// The policy that is kept under a hash; `None` when none is.
pub async fn policy(tx: &mut Tx, sha256: &str) -> Result<Option<KeptPolicy>, Error> {
    let row: Option<(String, String, String, Vec<u8>)> =
        on_backend!(tx, |connection| sqlx::query_as(POLICY).bind(sha256).fetch_optional(connection).await?);
    let Some((sha256, name, version, toml)) = row else { return Ok(None) };
    let text = decompress(&toml).map_err(|_| Error::corrupt("kept_policies", "policy_toml", &sha256))?;
    Ok(Some(KeptPolicy { identity: Versioned { name, version, sha256 }, text }))
}

#[derive(sqlx::FromRow)]
struct ModelColumns {
    sha256: String,
    name: String,
    version: String,
    model_json: Vec<u8>,
    parity_jsonl: Vec<u8>,
}

fn compress(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.map_err(|error| Error::Conflict(format!("a file cannot be compressed: {error}")))
}

/// Never gives more than a file may have, whatever the row holds.
fn decompress(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut file = Vec::new();
    GzDecoder::new(bytes).take(MAX_FILE_BYTES + 1).read_to_end(&mut file)?;
    if file.len() as u64 > MAX_FILE_BYTES { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(file) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::{DatabaseUrl, Db};

    fn identity(sha256: &str) -> Versioned {
        Versioned { name: "example".to_owned(), version: "1".to_owned(), sha256: sha256.to_owned() }
    }

    #[tokio::test]
    async fn what_is_kept_reads_back_byte_for_byte_and_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&DatabaseUrl::Sqlite(folder.path().join("underwright.db"))).await.unwrap();
        let now = Timestamp::parse("2026-11-22T13:00:00Z").unwrap();
        let json: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        let kept = KeptModel { identity: identity("aa"), model_json: json, parity_jsonl: b"{}\n".to_vec() };
        let rules = KeptPolicy { identity: identity("bb"), text: b"name = \"example\"\r\n".to_vec() };
        let mut tx = db.write().await.unwrap();
        keep_model(&mut tx, &kept, now).await.unwrap();
        keep_policy(&mut tx, &rules, now).await.unwrap();
        let other = KeptModel { model_json: b"other".to_vec(), ..kept.clone() };
        keep_model(&mut tx, &other, now).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = db.read().await.unwrap();
        assert_eq!(model(&mut tx, "aa").await.unwrap(), Some(kept));
        assert_eq!(policy(&mut tx, "bb").await.unwrap(), Some(rules));
        assert_eq!(model(&mut tx, "bb").await.unwrap(), None);
        assert_eq!(policy(&mut tx, "aa").await.unwrap(), None);
    }

    #[test]
    fn what_is_not_gzip_or_cut_off_is_refused() {
        let whole = compress(&[7; 10_000]).unwrap();
        assert_eq!(decompress(&whole).unwrap(), [7; 10_000]);
        assert!(decompress(&whole[..whole.len() - 1]).is_err());
        assert!(decompress(b"model").is_err());
    }
}
