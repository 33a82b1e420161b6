//! `underwright policy`.

use std::{path::PathBuf, sync::Arc};

use anyhow::Context;
use serde::Serialize;

use super::{
    Answer,
    custody::CustodyArgs,
    models::{load_policy, put},
    print_line,
    registry::read,
    settings::SettingsArgs,
};
use crate::{
    decide::pipeline::Decider,
    domain::decision::{Outcome, Versioned},
    policy::Policy,
    service::{
        models::LoadedModel,
        promotion::Promotion,
        registry::LoadedPolicy,
        what_if::{Comparison, Outcomes, WhatIfError, compare},
    },
};

/// Check and publish policies.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    Check(CheckArgs),
    Publish(PublishArgs),
}

/// Check a policy file: every fault with its line, the rules compiled, the cut-offs in words.
///
/// With `--model` its rules are held against what a model reads. With `--stored` it decides the last applications of a store again,
/// by the model in force, and says what would change. Exit code 0: it can be used; 1: it cannot.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  underwright policy check policy-2.toml --stored --data-dir /var/lib/underwright")]
pub(super) struct CheckArgs {
    /// The policy, in TOML
    file: PathBuf,
    /// A model's bundle, to hold the rules against
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Decide the last stored applications again, at most so many
    #[arg(long, value_name = "COUNT", num_args = 0..=1, default_missing_value = "10000")]
    stored: Option<u64>,
    #[command(flatten)]
    settings: SettingsArgs,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Put a policy into force, for every server that shares the database.
///
/// It is checked as `policy check` does, held against the model in force and kept in the database; then the audit log says
/// that it is in force. A version that is kept with other bytes is refused: a version never changes. An earlier policy is put
/// back by publishing its file again. Exit code 0: it is in force; 1: it was refused, and nothing changed.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  underwright policy publish policy-2.toml --subject \"R. Sk\" --data-dir /var/lib/underwright"
)]
pub(super) struct PublishArgs {
    /// The policy, in TOML
    file: PathBuf,
    #[command(flatten)]
    custody: CustodyArgs,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// What a check came to.
#[derive(Debug, Serialize)]
struct Checked {
    sound: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<Versioned>,
    /// Everything that is wrong, each with its line.
    problems: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cut_offs: Option<CutOffsInWords>,
    rules: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    stored: Option<Comparison>,
}

/// The cut-offs, with the scores that they stand for.
#[derive(Debug, Clone, Copy, Serialize)]
struct CutOffsInWords {
    approve_below: f64,
    /// Of an applicant whose probability is exactly there.
    approve_below_score: i32,
    decline_from: f64,
    decline_from_score: i32,
}

impl CutOffsInWords {
    fn of(policy: &Policy) -> Self {
        let (approve_below, decline_from) = (policy.cut_offs().approve_below(), policy.cut_offs().decline_from());
        let score = |probability: f64| policy.scaling().score(libm::log(probability / (1.0 - probability)));
        Self {
            approve_below: approve_below.value(),
            approve_below_score: score(approve_below.value()),
            decline_from: decline_from.value(),
            decline_from_score: score(decline_from.value()),
        }
    }
}

pub(super) fn run(command: &Command) -> anyhow::Result<Answer> {
    match command {
        Command::Check(args) => check(args),
        Command::Publish(args) => {
            let policy = load_policy(&args.file)?;
            put(&args.custody, Promotion::Policy(&policy), args.json)
        }
    }
}

fn check(args: &CheckArgs) -> anyhow::Result<Answer> {
    let text = std::fs::read_to_string(&args.file)
        .with_context(|| format!("cannot read the policy {}", args.file.display()))?;
    let checked = examine(args, &text)?;
    if args.json {
        print_line(&serde_json::to_string(&checked)?)?;
    } else {
        for line in checked.lines(args) {
            print_line(&line)?;
        }
    }
    Ok(if checked.sound { Answer::Done } else { Answer::No })
}

fn examine(args: &CheckArgs, text: &str) -> anyhow::Result<Checked> {
    let faulty = |problems: Vec<String>| Checked {
        sound: false,
        policy: None,
        problems: problems.iter().map(|problem| super::joined_lines(problem)).collect(),
        cut_offs: None,
        rules: 0,
        stored: None,
    };
    let policy = match LoadedPolicy::parse(text) {
        Ok(policy) => policy,
        Err(error) => return Ok(faulty(error.problems)),
    };
    if let Some(directory) = &args.model {
        let model = LoadedModel::from_directory(directory)
            .with_context(|| format!("the model in {} cannot be used", directory.display()))?;
        if let Err(error) = Decider::new(model.model, Arc::clone(&policy.policy)) {
            return Ok(faulty(error.problems));
        }
    }
    let stored = match args.stored.map(|most| stored(&args.settings, &policy, most)).transpose()? {
        Some(Err(problems)) => return Ok(faulty(problems)),
        Some(Ok(comparison)) => Some(comparison),
        None => None,
    };
    Ok(Checked {
        sound: true,
        problems: Vec::new(),
        cut_offs: Some(CutOffsInWords::of(&policy.policy)),
        rules: policy.policy.rules().count(),
        policy: Some(policy.kept.identity.clone()),
        stored,
    })
}

/// What would change, or what does not fit the model in force.
fn stored(
    settings: &SettingsArgs,
    policy: &LoadedPolicy,
    most: u64,
) -> anyhow::Result<Result<Comparison, Vec<String>>> {
    read(settings, async |db| match compare(db, policy, most).await {
        Ok(comparison) => Ok(Ok(comparison)),
        Err(WhatIfError::Misfit(error)) => Ok(Err(error.problems)),
        Err(error) => Err(error.into()),
    })
}

impl Checked {
    fn lines(&self, args: &CheckArgs) -> Vec<String> {
        let (Some(policy), Some(cut_offs)) = (&self.policy, &self.cut_offs) else {
            let faults = self.problems.iter().map(|problem| format!("{}: {problem}", args.file.display()));
            return faults.chain([format!("{} faults: it cannot be used", self.problems.len())]).collect();
        };
        let CutOffsInWords { approve_below, approve_below_score, decline_from, decline_from_score } = *cut_offs;
        let mut lines = vec![
            format!("{}@{} can be used; sha256 {}", policy.name, policy.version, policy.sha256),
            format!(
                "below a probability of default of {approve_below} (score {approve_below_score}) it approves, from \
                 {decline_from} (score {decline_from_score}) on it declines, and between them a person decides; {} rules \
                 make that stricter",
                self.rules
            ),
        ];
        match self.stored {
            Some(comparison) => lines.push(changes(&comparison)),
            None if args.model.is_none() => {
                lines.push("its rules were held against no model: give --model, or --stored".to_owned());
            }
            None => {}
        }
        lines
    }
}

/// What would change, in a sentence.
#[expect(clippy::cast_precision_loss, reason = "a share for a person")]
fn changes(comparison: &Comparison) -> String {
    let Comparison { applications, in_force, other, changed, unreadable } = *comparison;
    if applications == 0 {
        return "no stored application was decided again: there is none that the model in force reads".to_owned();
    }
    let share = |outcomes: Outcomes, outcome| {
        let count = match outcome {
            Outcome::Approve => outcomes.approve,
            Outcome::Review => outcomes.review,
            Outcome::Decline => outcomes.decline,
        };
        100.0 * count as f64 / applications as f64
    };
    let shares = [Outcome::Approve, Outcome::Review, Outcome::Decline]
        .map(|outcome| format!("{outcome} {:.1} % becomes {:.1} %", share(in_force, outcome), share(other, outcome)));
    let unread = if unreadable > 0 { format!("; {unreadable} cannot be read by it") } else { String::new() };
    format!(
        "of the last {applications} applications, by the model in force, {changed} come out otherwise: {}{unread}",
        shares.join(", ")
    )
}
