//! `underwright import`.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

use super::{Answer, print_line};
use crate::{
    storage::bundle_files::{self, BundleFiles},
    training::{
        importers::{
            Library, Options,
            bundle::{self, Imported, Request, Summary},
        },
        schema_file::SchemaFile,
    },
};

/// Turn a model trained elsewhere into a bundle that is served, explained and audited like one trained here.
///
/// The model's features are matched to the schema's by `column`, or by their places where the model has no names; categories by
/// their texts where the model keeps them, else in the order of `categories`. The model's positive class must be the
/// bad loans. With `--data`, the values that it was trained on and its figures on the test part are learnt from the data.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: underwright import --from xgboost --file model.ubj --schema schema.toml --out models/personal-loan/2"
)]
pub(super) struct Args {
    /// The library that trained it: XGBoost 3 (JSON or UBJSON), LightGBM 4 (text) or CatBoost 1.2 (JSON)
    #[arg(long, value_name = "LIBRARY")]
    from: From,
    /// The model as the library saved it
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    /// The schema: what the model reads from an application, and the reason of each feature
    #[arg(long, value_name = "FILE")]
    schema: PathBuf,
    /// The folder of the bundle; it appears when it is complete
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The data that it was trained on and is to be tested on: CSV, plain or gzip
    #[arg(long, value_name = "FILE", num_args = 1..)]
    data: Vec<PathBuf>,
    /// Use the trees after the best iteration too, where training was stopped early (XGBoost)
    #[arg(long)]
    all_trees: bool,
    /// Print what was imported as JSON on standard output
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum From {
    #[value(name = "xgboost")]
    XGBoost,
    #[value(name = "lightgbm")]
    LightGbm,
    #[value(name = "catboost")]
    CatBoost,
}

/// No larger file is read: 512 MiB.
const MAX_FILE_BYTES: u64 = 512 << 20;

pub(super) fn run(args: &Args) -> anyhow::Result<Answer> {
    let text = fs::read_to_string(&args.schema)
        .with_context(|| format!("cannot read the schema {}", args.schema.display()))?;
    let schema = SchemaFile::parse(&text).with_context(|| format!("{} cannot be used", args.schema.display()))?;
    if args.out.is_file() {
        bail!("{} is a file; --out names the folder that the bundle is written to", args.out.display());
    }
    let bytes = read(&args.file)?;
    let file_name = args.file.file_name().unwrap_or_default().to_string_lossy();
    let imported = bundle::import(Request {
        library: match args.from {
            From::XGBoost => Library::XGBoost,
            From::LightGbm => Library::LightGbm,
            From::CatBoost => Library::CatBoost,
        },
        options: Options { all_trees: args.all_trees },
        file_name: &file_name,
        bytes: &bytes,
        schema: &schema,
        data: &args.data,
    });
    let Imported { model_json, parity_jsonl, card_md, report_html, summary } =
        imported.with_context(|| format!("{} cannot be imported", args.file.display()))?;
    let files = BundleFiles { model_json, parity_jsonl, card_md, report_html: Some(report_html) };
    bundle_files::write_bundle(&args.out, &files)?;
    say(&summary, &args.out);
    if args.json {
        print_line(&serde_json::to_string(&summary)?)?;
    }
    Ok(Answer::Done)
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more than is allowed, to tell a file that is as large as allowed from a larger one.
    let read = File::open(path).and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes));
    read.with_context(|| format!("cannot read {}", path.display()))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        bail!("{} is larger than {} MiB", path.display(), MAX_FILE_BYTES >> 20);
    }
    Ok(bytes)
}

fn say(summary: &Summary, out: &Path) {
    for note in &summary.notes {
        eprintln!("{note}");
    }
    eprintln!("{} trees of depth {} or less, trained by {}", summary.trees, summary.depth, summary.source);
    if let Some(metrics) = &summary.metrics {
        eprint!("{}", super::evaluate::figures(metrics, None));
    }
    eprintln!("{} {} is in {}; see card.md there", summary.model.name, summary.model.version, out.display());
}
