//! `underwright audit export`.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::replay::PeriodArgs;
use crate::{
    audit::exported::{Filters, Manifest},
    cli::{
        Answer,
        migrate::{Store, runtime},
        partial_file::PartialFile,
        print_line,
    },
    clock::Clock,
    export::Format,
    service::export::{Request, plan, write},
    storage::Db,
};

/// Take the audit log away as a file.
///
/// JSON Lines hold every entry byte for byte with its proof, and are checked offline by `underwright audit verify
/// --file`; CSV and Parquet are for reading. Beside the file F stands F.manifest.json: what was asked for, how many
/// entries, the signed checkpoint and the file's SHA-256. The file appears when it is complete. Reads the database
/// and changes nothing in it; a server may be running on it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  underwright audit export --format jsonl --from 2026-01-01 --to 2027-01-01 --output 2026.jsonl"
)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    store: Store,
    /// jsonl, csv or parquet
    #[arg(long, value_parser = format)]
    format: Format,
    #[command(flatten)]
    period: PeriodArgs,
    /// The file to write; its manifest is written beside it
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// Print the manifest as JSON
    #[arg(long)]
    json: bool,
}

fn format(word: &str) -> anyhow::Result<Format> {
    Format::parse(word).ok_or_else(|| anyhow!("one of jsonl, csv, parquet"))
}

/// A manifest with the file that it is of.
#[derive(Serialize)]
struct SideManifest<'a> {
    file: FileFacts,
    #[serde(flatten)]
    manifest: &'a Manifest,
}

/// A whole file, as `sha256sum` sees it.
#[derive(Serialize)]
struct FileFacts {
    name: String,
    bytes: u64,
    sha256: String,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Answer> {
    let url = args.store.url()?;
    let partial = PartialFile::create(&args.output)?;
    let mut out = Hashed { writer: partial.writer(), hasher: Sha256::new(), bytes: 0 };
    let PeriodArgs { from, to } = args.period;
    let request = Request { format: args.format, filters: Filters { from, to }, tree_size: None };
    // Draws on standard error, and only when that is a terminal.
    let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template("{bar:40} {pos}/{len} entries {eta}")?);
    let manifest = runtime()?.block_on(async {
        let db = Db::open_read_only(&url).await?;
        let written = async {
            let plan = plan(&db, request, Clock::system().now()).await?;
            bar.set_length(plan.end - plan.first);
            let sink = async |bytes: Vec<u8>| out.write_all(&bytes).map_err(|error| error.to_string());
            write(&db, &plan, sink, |done| bar.set_position(done)).await
        };
        let written = written.await;
        db.close().await;
        anyhow::Ok(written)
    })?;
    bar.finish_and_clear();
    let named = || format!("cannot write {}", args.output.display());
    let manifest = manifest.with_context(named)?;
    let file = out.finish(&args.output).with_context(named)?;
    partial.keep()?;
    let side = serde_json::to_string_pretty(&SideManifest { file, manifest: &manifest })? + "\n";
    write_beside(&args.output, &side)?;
    if args.json {
        print_line(&serde_json::to_string(&manifest)?)?;
    }
    eprintln!("{}", said(&args.output, &manifest));
    Ok(Answer::Done)
}

/// What was written, in a sentence.
fn said(output: &Path, manifest: &Manifest) -> String {
    let name = output.display();
    let entries = match (manifest.first_sequence, manifest.last_sequence) {
        (Some(first), Some(last)) => format!("{} entries, {first} to {last}", manifest.count),
        _ => "no entries".to_owned(),
    };
    let signed = if manifest.head.checkpoint.is_some() { "" } else { "; no checkpoint of the log was ever signed" };
    format!("{name} holds {entries}, of a log of {}{signed}; its manifest stands beside it", manifest.head.tree_size)
}

fn write_beside(output: &Path, manifest: &str) -> anyhow::Result<()> {
    let mut path = output.as_os_str().to_owned();
    path.push(".manifest.json");
    let path = PathBuf::from(path);
    let partial = PartialFile::create(&path)?;
    let mut writer = partial.writer();
    writer
        .write_all(manifest.as_bytes())
        .and_then(|()| writer.flush())
        .with_context(|| format!("cannot write {}", path.display()))?;
    drop(writer);
    partial.keep()
}

/// Hashes what is written.
struct Hashed<'a> {
    writer: BufWriter<&'a File>,
    hasher: Sha256,
    bytes: u64,
}

impl Hashed<'_> {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        self.writer.write_all(bytes)
    }

    fn finish(mut self, output: &Path) -> io::Result<FileFacts> {
        self.writer.flush()?;
        let name = output.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(FileFacts { name, bytes: self.bytes, sha256: hex::encode(self.hasher.finalize()) })
    }
}
