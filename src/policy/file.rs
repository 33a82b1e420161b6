//! A policy file: TOML, checked whole.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use toml::Spanned;

use super::{
    Policy, PolicyError,
    cut_offs::CutOffs,
    grades::{Grade, Grades},
    guards,
    rules::{self, RuleText, Rules},
};
use crate::{
    domain::{decision::Outcome, decision::Versioned, reason::ReasonCode},
    model::{reasons, scorecard::ScoreScaling},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyFile {
    name: Spanned<String>,
    version: Spanned<String>,
    cut_offs: Spanned<CutOffsText>,
    #[serde(default)]
    score: ScoreScaling,
    grade: Vec<Spanned<Grade>>,
    #[serde(default)]
    rule: Vec<Spanned<RuleText>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CutOffsText {
    approve_below: f64,
    decline_from: f64,
}

/// The lines of a policy file.
#[derive(Clone, Copy)]
struct Lines<'a>(&'a str);

impl Lines<'_> {
    /// The line, from 1, in which something begins.
    fn of<T>(self, what: &Spanned<T>) -> usize {
        let before = self.0.as_bytes().get(..what.span().start).unwrap_or_default();
        before.split(|byte| *byte == b'\n').count()
    }

    fn say<T>(self, what: &Spanned<T>, problem: &str) -> String {
        format!("line {}: {problem}", self.of(what))
    }
}

/// Reads and checks a policy file; gives everything that is wrong with it, each with its line.
pub(super) fn parse(text: &str) -> Result<Policy, PolicyError> {
    let file: PolicyFile = toml::from_str(text).map_err(|error| PolicyError { problems: vec![error.to_string()] })?;
    let mut problems = Vec::new();
    let lines = Lines(text);
    for named in [&file.name, &file.version] {
        if !is_word(named.get_ref()) {
            let problem =
                "name and version: 1 to 64 letters, digits, hyphens and points each, such as \"personal-loan\"";
            problems.push(lines.say(named, problem));
        }
    }
    let given = file.cut_offs.get_ref();
    let cut_offs = CutOffs::new(given.approve_below, given.decline_from)
        .map_err(|error| problems.push(lines.say(&file.cut_offs, &error.to_string())));
    let first_grade = file.grade.first().map_or_else(|| Spanned::new(0..0, ()), |grade| Spanned::new(grade.span(), ()));
    let grades = Grades::new(file.grade.into_iter().map(Spanned::into_inner).collect())
        .map_err(|error| problems.push(lines.say(&first_grade, &error.to_string())));
    let texts = settle_texts(file.rule, lines, &mut problems);
    let rules = Rules::compile(texts).map_err(|found| problems.extend(found));
    let (Ok(cut_offs), Ok(grades), Ok(rules), true) = (cut_offs, grades, rules, problems.is_empty()) else {
        return Err(PolicyError { problems });
    };
    let identity = Versioned {
        name: file.name.into_inner(),
        version: file.version.into_inner(),
        sha256: hex::encode(Sha256::digest(text.as_bytes())),
    };
    Ok(Policy { identity, cut_offs, scaling: file.score, grades, rules })
}

/// Checks everything about rules but their conditions, and gives each the text of its reason.
fn settle_texts(
    rules: Vec<Spanned<RuleText>>,
    lines: Lines<'_>,
    problems: &mut Vec<String>,
) -> Vec<(RuleText, String)> {
    let mut ids = BTreeSet::new();
    let mut given: BTreeMap<ReasonCode, String> = BTreeMap::new();
    let mut settled = Vec::new();
    for rule in rules {
        let line = lines.of(&rule);
        let rule = RuleText { line, ..rule.into_inner() };
        let mut about = |problem: &str| problems.push(rules::about((rule.line, &rule.id), problem));
        if !is_word(&rule.id) || guards::owns(&rule.id) {
            about("id: 1 to 64 letters, digits, hyphens and points, and not the name of a built-in guard");
        }
        if !ids.insert(rule.id.clone()) {
            about("id: another rule has the same; give each its own");
        }
        if rule.then == Outcome::Approve {
            about("then: a rule makes an outcome stricter, review or decline; only the cut-offs approve");
        }
        if let Some(text) = &rule.text {
            let earlier = given.entry(rule.reason.clone()).or_insert_with(|| text.clone());
            if earlier != text || text.trim().is_empty() {
                about("text: one text for each reason, and not an empty one");
            }
        }
        let built_in = || reasons::text_of(rule.reason.as_str()).map(str::to_owned);
        let Some(text) = given.get(&rule.reason).cloned().or_else(built_in) else {
            about("text: the reason has none built in; say in a sentence what the applicant is told");
            continue;
        };
        settled.push((rule, text));
    }
    settled
}

fn is_word(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}
