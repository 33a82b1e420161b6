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

/// The files of a model, by name and content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptModel {
    /// As the row names it.
    pub identity: Versioned,
    /// `model.json`.
    pub model_json: Vec<u8>,
    /// `parity.jsonl`.
    pub parity_jsonl: Vec<u8>,
    /// `card.md`. Nothing is decided by it.
    pub card_md: String,
    /// `report.html`, when there is one. Nothing is decided by it.
    pub report_html: Option<String>,
}

/// A policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPolicy {
    /// As the row names it.
    pub identity: Versioned,
    /// TOML.
    pub text: Vec<u8>,
}

/// Something that is kept, without its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRow {
    pub identity: Versioned,
    /// Since when.
    pub kept_at: Timestamp,
}

const KEEP_MODEL: &str = "INSERT INTO kept_models \
                          (sha256, name, version, kept_at, model_json, parity_jsonl, card_md, report_html) \
                          VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (sha256) DO NOTHING";
const KEEP_POLICY: &str = "INSERT INTO kept_policies (sha256, name, version, kept_at, policy_toml) \
                           VALUES ($1, $2, $3, $4, $5) ON CONFLICT (sha256) DO NOTHING";
const MODEL: &str = "SELECT sha256, name, version, model_json, parity_jsonl, card_md, report_html \
                     FROM kept_models WHERE sha256 = $1";
const POLICY: &str = "SELECT sha256, name, version, policy_toml FROM kept_policies WHERE sha256 = $1";
const LIST_MODELS: &str = "SELECT sha256, name, version, kept_at FROM kept_models ORDER BY name, version, kept_at";
const LIST_POLICIES: &str = "SELECT sha256, name, version, kept_at FROM kept_policies ORDER BY name, version, kept_at";
const MODEL_OF_VERSION: &str =
    "SELECT sha256 FROM kept_models WHERE name = $1 AND version = $2 ORDER BY kept_at DESC LIMIT 1";
const POLICY_OF_VERSION: &str =
    "SELECT sha256 FROM kept_policies WHERE name = $1 AND version = $2 ORDER BY kept_at DESC LIMIT 1";

pub(super) fn queries() -> impl Iterator<Item = &'static str> {
    let lists = [LIST_MODELS, LIST_POLICIES, MODEL_OF_VERSION, POLICY_OF_VERSION];
    [KEEP_MODEL, KEEP_POLICY, MODEL, POLICY].into_iter().chain(lists)
}

/// Every model that is kept, by name, version and time.
pub async fn list_models(tx: &mut Tx) -> Result<Vec<KeptRow>, Error> {
    list(tx, LIST_MODELS, "kept_models").await
}

/// Every policy that is kept, by name, version and time.
pub async fn list_policies(tx: &mut Tx) -> Result<Vec<KeptRow>, Error> {
    list(tx, LIST_POLICIES, "kept_policies").await
}

/// The hash of the model that is kept under a name and version; `None` when none is.
pub async fn model_of_version(tx: &mut Tx, name: &str, version: &str) -> Result<Option<String>, Error> {
    of_version(tx, MODEL_OF_VERSION, name, version).await
}

/// The hash of the policy that is kept under a name and version; `None` when none is.
pub async fn policy_of_version(tx: &mut Tx, name: &str, version: &str) -> Result<Option<String>, Error> {
    of_version(tx, POLICY_OF_VERSION, name, version).await
}

async fn list(tx: &mut Tx, text: &'static str, table: &'static str) -> Result<Vec<KeptRow>, Error> {
    let rows: Vec<(String, String, String, String)> =
        on_backend!(tx, |connection| sqlx::query_as(text).fetch_all(connection).await?);
    let read = |(sha256, name, version, kept_at): (String, String, String, String)| {
        let kept_at = Timestamp::parse(&kept_at).ok_or_else(|| Error::corrupt(table, "kept_at", &sha256))?;
        Ok(KeptRow { identity: Versioned { name, version, sha256 }, kept_at })
    };
    rows.into_iter().map(read).collect()
}

async fn of_version(tx: &mut Tx, text: &'static str, name: &str, version: &str) -> Result<Option<String>, Error> {
    Ok(on_backend!(tx, |connection| {
        sqlx::query_scalar(text).bind(name).bind(version).fetch_optional(connection).await?
    }))
}

/// Keeps a model, unless it is kept already.
pub async fn keep_model(tx: &mut Tx, model: &KeptModel, now: Timestamp) -> Result<(), Error> {
    let Versioned { name, version, sha256 } = &model.identity;
    let (json, parity) = (compress(&model.model_json)?, compress(&model.parity_jsonl)?);
    let card = compress(model.card_md.as_bytes())?;
    let report = model.report_html.as_ref().map(|report| compress(report.as_bytes())).transpose()?;
    on_backend!(tx, |connection| {
        let insert = sqlx::query(KEEP_MODEL).bind(sha256).bind(name).bind(version).bind(now.to_string());
        insert.bind(json).bind(parity).bind(card).bind(report).execute(connection).await?;
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
    let Some(ModelColumns { sha256, name, version, model_json, parity_jsonl, card_md, report_html }) = row else {
        return Ok(None);
    };
    let corrupt = |column| Error::corrupt("kept_models", column, &sha256);
    let text = |bytes: &[u8], column| {
        let bytes = decompress(bytes).map_err(|_| corrupt(column))?;
        String::from_utf8(bytes).map_err(|_| corrupt(column))
    };
    let model_json = decompress(&model_json).map_err(|_| corrupt("model_json"))?;
    let parity_jsonl = decompress(&parity_jsonl).map_err(|_| corrupt("parity_jsonl"))?;
    let card_md = text(&card_md, "card_md")?;
    let report_html = report_html.map(|report| text(&report, "report_html")).transpose()?;
    let identity = Versioned { name, version, sha256 };
    Ok(Some(KeptModel { identity, model_json, parity_jsonl, card_md, report_html }))
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
    card_md: Vec<u8>,
    report_html: Option<Vec<u8>>,
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
        let kept = KeptModel {
            identity: identity("aa"),
            model_json: json,
            parity_jsonl: b"{}\n".to_vec(),
            card_md: "# Card".to_owned(),
            report_html: Some("<p>".to_owned()),
        };
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
        let row = KeptRow { identity: identity("aa"), kept_at: now };
        assert_eq!(list_models(&mut tx).await.unwrap(), [row]);
        assert_eq!(list_policies(&mut tx).await.unwrap()[0].identity.sha256, "bb");
        assert_eq!(model_of_version(&mut tx, "example", "1").await.unwrap().as_deref(), Some("aa"));
        assert_eq!(policy_of_version(&mut tx, "example", "2").await.unwrap(), None);
    }

    #[test]
    fn what_is_not_gzip_or_cut_off_is_refused() {
        let whole = compress(&[7; 10_000]).unwrap();
        assert_eq!(decompress(&whole).unwrap(), [7; 10_000]);
        assert!(decompress(&whole[..whole.len() - 1]).is_err());
        assert!(decompress(b"model").is_err());
    }
}
