//! What reads the files, and what they are damaged from.

use std::{fs, io::Read, path::Path};

use clap::ValueEnum;
use flate2::read::GzDecoder;
use underwright::{
    features::extract::FeatureVector,
    model::Model,
    training::{
        importers::{
            Library, Options,
            bundle::{self, Request},
        },
        schema_file::SchemaFile,
    },
};

/// A refusal has no more lines: one for each fault of a schema.
pub(super) const MOST_LINES: usize = 40;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Target {
    XgboostJson,
    XgboostUbjson,
    Lightgbm,
    Catboost,
    Bundle,
}

/// What became of an input.
pub(super) enum Tried {
    Refused(String),
    /// With what tells its kind.
    Accepted(String),
    /// It was accepted and ought not to have been.
    Wrong(String),
}

/// A target, ready to be tried.
pub(super) struct Subject {
    target: Target,
    schema: SchemaFile,
    seeds: Vec<Vec<u8>>,
}

impl Target {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::XgboostJson => "xgboost-json",
            Self::XgboostUbjson => "xgboost-ubjson",
            Self::Lightgbm => "lightgbm",
            Self::Catboost => "catboost",
            Self::Bundle => "bundle",
        }
    }

    /// Which files of `fixtures/imported` are of its kind.
    fn is_seed(self, name: &str) -> bool {
        let (library, ending) = match self {
            Self::XgboostJson => ("xgboost", ".json.gz"),
            Self::XgboostUbjson => ("xgboost", ".ubj.gz"),
            Self::Lightgbm => ("lightgbm", ".txt.gz"),
            Self::Catboost => ("catboost", ".json.gz"),
            Self::Bundle => return false,
        };
        name.contains(library) && name.ends_with(ending)
    }

    const fn library(self) -> Library {
        match self {
            Self::Lightgbm => Library::LightGbm,
            Self::Catboost => Library::CatBoost,
            _ => Library::XGBoost,
        }
    }

    /// Reads the schema and the files to be damaged.
    pub(super) fn subject(self) -> anyhow::Result<Subject> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = root.join("fixtures/imported");
        let schema = SchemaFile::parse(&fs::read_to_string(folder.join("german.toml"))?)?;
        let mut names: Vec<String> = fs::read_dir(&folder)?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| self.is_seed(name))
            .collect();
        names.sort();
        let mut seeds = Vec::new();
        for name in names {
            let mut bytes = Vec::new();
            GzDecoder::new(fs::File::open(folder.join(&name))?).read_to_end(&mut bytes)?;
            seeds.push(bytes);
        }
        let mut subject = Subject { target: self, schema, seeds };
        if self == Self::Bundle {
            subject.seeds = bundles(root)?;
        }
        anyhow::ensure!(!subject.seeds.is_empty(), "no file to damage in {}", folder.display());
        Ok(subject)
    }
}

/// Bundles to damage: of symmetric trees, and of trees of any shape with and without categories.
fn bundles(root: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let shipped = root.join("models/personal-loan/1");
    let mut seeds = vec![joined(&fs::read(shipped.join("model.json"))?, &fs::read(shipped.join("parity.jsonl"))?)];
    for target in [Target::XgboostUbjson, Target::Lightgbm, Target::Catboost] {
        let subject = target.subject()?;
        for seed in &subject.seeds {
            if let Ok(imported) = subject.import(seed) {
                seeds.push(joined(&imported.model_json, &imported.parity_jsonl));
            }
        }
    }
    Ok(seeds)
}

/// What parts the two files of a bundle in one input.
const BORDER: &[u8] = b"\n--- parity ---\n";

fn joined(model_json: &[u8], parity_jsonl: &[u8]) -> Vec<u8> {
    [model_json, BORDER, parity_jsonl].concat()
}

impl Subject {
    pub(super) fn seeds(&self) -> &[Vec<u8>] {
        &self.seeds
    }

    fn import(&self, bytes: &[u8]) -> anyhow::Result<bundle::Imported> {
        let (options, data) = (Options { all_trees: bytes.len().is_multiple_of(2) }, Vec::new());
        let library = self.target.library();
        Ok(bundle::import(Request { library, options, file_name: "input", bytes, schema: &self.schema, data: &data })?)
    }

    pub(super) fn attempt(&self, input: &[u8]) -> Tried {
        if self.target == Target::Bundle {
            return attempt_bundle(input);
        }
        match self.import(input) {
            Err(error) => Tried::Refused(error.to_string()),
            Ok(imported) => match Model::parse(&imported.model_json, &imported.parity_jsonl) {
                Err(error) => Tried::Wrong(format!("the bundle of an accepted file is refused: {error}")),
                Ok(model) => sums_hold(&model).unwrap_or_else(|error| Tried::Wrong(error.to_string())),
            },
        }
    }
}

/// With its parity vectors, and, as they refuse nearly everything that is damaged, without.
fn attempt_bundle(input: &[u8]) -> Tried {
    let border = input.windows(BORDER.len()).position(|window| window == BORDER);
    let (model_json, parity) = border.map_or((input, &[][..]), |at| (&input[..at], &input[at + BORDER.len()..]));
    let whole = Model::parse(model_json, parity);
    match (Model::without_parity(model_json), whole) {
        (Err(error), Ok(_)) => Tried::Wrong(format!("parity vectors do not make a model sound: {error}")),
        (Err(error), Err(_)) => Tried::Refused(error.to_string()),
        (Ok(model), whole) => match sums_hold(&model) {
            Ok(Tried::Accepted(kind)) => {
                let parity = whole.err().map_or_else(String::new, |error| error.to_string());
                let digits = |letter: char| letter.is_ascii_digit() || letter == '-' || letter == '.';
                Tried::Accepted(format!("{kind}; {}", parity.replace(digits, "").chars().take(80).collect::<String>()))
            }
            Ok(tried) => tried,
            Err(error) => Tried::Wrong(error.to_string()),
        },
    }
}

/// A model that was accepted must explain whoever comes: contributions and baseline are the margin.
fn sums_hold(model: &Model) -> anyhow::Result<Tried> {
    let features = model.schema().features.len();
    for value in [f64::NAN, 0.0, 1.0, -1e9, 3.5] {
        let assessment = model.assess(&FeatureVector::new(vec![value; features]));
        let sum = assessment.baseline + assessment.contributions.iter().sum::<f64>();
        anyhow::ensure!(
            (sum - assessment.margin).abs() < 1e-9,
            "contributions and baseline are {sum}, the margin {}",
            assessment.margin
        );
    }
    let size = model.assess(&FeatureVector::new(vec![0.5; features])).margin.to_bits() >> 60;
    Ok(Tried::Accepted(format!("accepted {size}")))
}
