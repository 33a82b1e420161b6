//! `underwright models`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::{
    Answer,
    custody::CustodyArgs,
    print_line, print_text,
    registry::{period, put_into_force, read, said},
    settings::SettingsArgs,
};
use crate::service::{
    models::{LoadedModel, ModelView, list_in, show_in},
    promotion::{Promotion, PromotionError},
    registry::LoadedPolicy,
};

/// List, show, promote and roll back models.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    List(ListArgs),
    Show(ShowArgs),
    Promote(PromoteArgs),
    Rollback(RollbackArgs),
}

/// List the models that the database keeps, and which is in force since when.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  underwright models list --data-dir /var/lib/underwright --json")]
pub(super) struct ListArgs {
    #[command(flatten)]
    settings: SettingsArgs,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Show a model: when it was in force, what it reads, its card.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  underwright models show personal-loan@1 --data-dir /var/lib/underwright")]
pub(super) struct ShowArgs {
    /// The model, as NAME@VERSION
    #[arg(value_name = "NAME@VERSION")]
    model: String,
    #[command(flatten)]
    settings: SettingsArgs,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Put a model into force, for every server that shares the database.
///
/// The bundle is checked whole (sums, parity vectors, schema, reasons), kept in the database, and held against the policy in
/// force or the one that is given with it; then the audit log says that it is in force. Servers need no restart: each takes
/// it for its next decision, and none mixes two. Exit code 0: it is in force; 1: it was refused, and nothing changed.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  underwright models promote models/personal-loan/2 --policy policy-2.toml --data-dir /var/lib/underwright"
)]
pub(super) struct PromoteArgs {
    /// A bundle's folder, or NAME@VERSION of a model that is kept
    #[arg(value_name = "BUNDLE")]
    model: PathBuf,
    /// A policy to publish in the same step, where the one in force does not fit the model
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    #[command(flatten)]
    custody: CustodyArgs,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Go back to the model that was in force before.
///
/// It is checked as when it was promoted. Rolling back twice comes back to where it began; `models promote NAME@VERSION` puts
/// any model that is kept into force. A policy is put back by publishing its file again. Exit code 0: it is in force; 1: there is
/// nothing to go back to, or it was refused.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  underwright models rollback --subject \"R. Sk\" --data-dir /var/lib/underwright")]
pub(super) struct RollbackArgs {
    #[command(flatten)]
    custody: CustodyArgs,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &Command) -> anyhow::Result<Answer> {
    match command {
        Command::List(args) => list(args),
        Command::Show(args) => show(args),
        Command::Promote(args) => promote(args),
        Command::Rollback(args) => put(&args.custody, Promotion::Back, args.json),
    }
}

fn list(args: &ListArgs) -> anyhow::Result<Answer> {
    let models = read(&args.settings, async |db| Ok(list_in(db).await?))?;
    if args.json {
        print_line(&serde_json::to_string(&models)?)?;
        return Ok(Answer::Done);
    }
    for model in &models {
        let last = model.activations.first();
        let state =
            last.map_or_else(|| "never in force".to_owned(), |last| format!("in force {}", period(last.from, last.to)));
        print_line(&format!("{}@{}  {state}  sha256 {}", model.name, model.version, model.sha256))?;
    }
    if models.is_empty() {
        eprintln!("no model is kept yet: start a server, or promote a bundle");
    }
    Ok(Answer::Done)
}

fn show(args: &ShowArgs) -> anyhow::Result<Answer> {
    let Some((name, version)) = args.model.split_once('@') else {
        bail!("a model is named as NAME@VERSION, such as personal-loan@1");
    };
    let view = read(&args.settings, async |db| Ok(show_in(db, name, version).await?))?;
    if args.json {
        print_line(&serde_json::to_string(&view)?)?;
    } else {
        print_text(&describe(&view))?;
    }
    Ok(Answer::Done)
}

fn describe(view: &ModelView) -> String {
    let ModelView { summary, features, card, .. } = view;
    let named = format!("{}@{}  sha256 {}", summary.name, summary.version, summary.sha256);
    let periods = summary.activations.iter().map(|activation| {
        let when = period(activation.from, activation.to);
        format!("in force {when}, by {}; entry {}", activation.by.subject, activation.sequence)
    });
    let names: Vec<&str> = features.iter().map(|feature| feature.name.as_str()).collect();
    let lines: Vec<String> = [named].into_iter().chain(periods).collect();
    format!("{}\nreads {}\n\n{}\n", lines.join("\n"), names.join(", "), card.trim_end())
}

fn promote(args: &PromoteArgs) -> anyhow::Result<Answer> {
    let policy = args.policy.as_deref().map(load_policy).transpose()?;
    if let Some((name, version)) = kept(&args.model) {
        if policy.is_some() {
            bail!("--policy goes with a bundle's folder; publish it by itself: `underwright policy publish`");
        }
        return put(&args.custody, Promotion::Kept { name, version }, args.json);
    }
    let model = LoadedModel::from_directory(&args.model)
        .with_context(|| format!("the model in {} cannot be promoted", args.model.display()))?;
    put(&args.custody, Promotion::Bundle(&model, policy.as_ref()), args.json)
}

/// NAME@VERSION, where that is no folder.
fn kept(model: &Path) -> Option<(&str, &str)> {
    if model.exists() { None } else { model.to_str()?.split_once('@') }
}

/// Reads and checks a policy file.
pub(super) fn load_policy(file: &Path) -> anyhow::Result<LoadedPolicy> {
    let named = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read the policy {named}"))?;
    LoadedPolicy::parse(&text).with_context(|| format!("the policy {named} cannot be used"))
}

/// Puts something into force; what is refused is a "no".
pub(super) fn put(custody: &CustodyArgs, promotion: Promotion<'_>, json: bool) -> anyhow::Result<Answer> {
    match put_into_force(custody, promotion)? {
        Ok(promoted) if json => print_line(&serde_json::to_string(&promoted)?)?,
        Ok(promoted) => print_line(&said(&promoted))?,
        Err(PromotionError::Storage(error)) => return Err(error.into()),
        Err(refused) => {
            eprintln!("not in force: {}", super::joined_lines(&refused.to_string()));
            return Ok(Answer::No);
        }
    }
    Ok(Answer::Done)
}
