//! A policy file: TOML, checked whole.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::{
    Policy, PolicyError,
    cut_offs::CutOffs,
    grades::{Grade, Grades},
    guards,
    rules::{RuleText, Rules},
};
use crate::{
    domain::{decision::Outcome, decision::Versioned, reason::ReasonCode},
    model::{reasons, scorecard::ScoreScaling},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyFile {
    name: String,
    version: String,
    cut_offs: CutOffsText,
    #[serde(default)]
    score: ScoreScaling,
    grade: Vec<Grade>,
    #[serde(default)]
    rule: Vec<RuleText>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CutOffsText {
    approve_below: f64,
    decline_from: f64,
}

/// Reads and checks a policy file; gives everything that is wrong with it.
pub(super) fn parse(text: &str) -> Result<Policy, PolicyError> {
    let file: PolicyFile = toml::from_str(text).map_err(|error| PolicyError { problems: vec![error.to_string()] })?;
    let mut problems = Vec::new();
    if !is_word(&file.name) || !is_word(&file.version) {
        let problem = "name and version: 1 to 64 letters, digits, hyphens and points each, such as \"personal-loan\"";
        problems.push(problem.to_owned());
    }
    let cut_offs = CutOffs::new(file.cut_offs.approve_below, file.cut_offs.decline_from)
        .map_err(|error| problems.push(error.to_string()));
    let grades = Grades::new(file.grade).map_err(|error| problems.push(error.to_string()));
    let texts = settle_texts(file.rule, &mut problems);
    let rules = Rules::compile(texts).map_err(|found| problems.extend(found));
    let (Ok(cut_offs), Ok(grades), Ok(rules), true) = (cut_offs, grades, rules, problems.is_empty()) else {
        return Err(PolicyError { problems });
    };
    let identity =
        Versioned { name: file.name, version: file.version, sha256: hex::encode(Sha256::digest(text.as_bytes())) };
    Ok(Policy { identity, cut_offs, scaling: file.score, grades, rules })
}

/// Checks everything about rules but their conditions, and gives each the text of its reason.
fn settle_texts(rules: Vec<RuleText>, problems: &mut Vec<String>) -> Vec<(RuleText, String)> {
    let mut ids = BTreeSet::new();
    let mut given: BTreeMap<ReasonCode, String> = BTreeMap::new();
    let mut settled = Vec::new();
    for rule in rules {
        let mut about = |problem: &str| problems.push(format!("rule {}: {problem}", rule.id));
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
