//! Rules in CEL, the Common Expression Language (<https://cel.dev>).
//!
//! A rule is parsed and checked when its policy loads, never later. What the parser is given is
//! bounded in length and parsed on a thread with a big stack, so that no rule can exhaust a
//! server's; what it makes of it is bounded in depth by [`lowering`](super::lowering).

use std::{
    cell::LazyCell,
    sync::{Arc, LazyLock},
};

use cel::{Context, Env, IdedExpr, Value};
use serde::Deserialize;

use super::{
    Case,
    direct::Direct,
    lowering::Lowering,
    variables::{Values, Variable},
};
use crate::{
    domain::{decision::Outcome, reason::ReasonCode},
    features::schema::Schema,
};

/// The longest expression that is parsed.
const LONGEST_BYTES: usize = 2_000;
/// The parser recurses several frames for each level of nesting, of which it allows 96.
const PARSER_STACK_BYTES: usize = 64 << 20;

/// A rule as a policy file gives it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleText {
    pub(super) id: String,
    /// CEL.
    pub(super) when: String,
    pub(super) then: Outcome,
    pub(super) reason: ReasonCode,
    /// Left out when the reason's text is built in or given by an earlier rule.
    pub(super) text: Option<String>,
    /// In which the rule begins, from 1.
    #[serde(skip)]
    pub(super) line: usize,
}

/// A checked rule.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) then: Outcome,
    pub(super) reason: ReasonCode,
    pub(super) text: String,
    /// CEL, as it stands in the file.
    pub(super) when: String,
    line: usize,
    parsed: IdedExpr,
    lowered: IdedExpr,
    /// The same, where it can be answered without the interpreter.
    direct: Option<Direct>,
}

/// The checked rules of a policy, in its order, and what they name.
#[derive(Debug)]
pub(super) struct Rules {
    rules: Vec<Rule>,
    variables: Vec<Variable>,
}

/// What a rule says of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Silent,
    Fired,
    /// A missing value was compared, a division made no number, or something else went wrong.
    NotEvaluated,
}

static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

impl Rules {
    /// Parses and checks rules, whose texts are settled already; or gives all that is wrong.
    pub(super) fn compile(texts: Vec<(RuleText, String)>) -> Result<Self, Vec<String>> {
        let sources = texts.iter().map(|(rule, _)| rule.when.clone()).collect();
        let mut lowering = Lowering::new(None);
        let mut problems = Vec::new();
        let mut rules = Vec::new();
        for ((text, reason_text), parsed) in texts.into_iter().zip(parse(sources)?) {
            match parsed {
                Ok(parsed) => {
                    let lowered = lowering.condition(&parsed);
                    problems.extend(lowering.problems.drain(..).map(|problem| about((text.line, &text.id), &problem)));
                    let RuleText { id, when, then, reason, line, .. } = text;
                    let direct = Direct::of(&lowered);
                    rules.push(Rule { id, then, reason, text: reason_text, when, line, parsed, lowered, direct });
                }
                Err(problem) => problems.push(about((text.line, &text.id), &problem)),
            }
        }
        if problems.is_empty() { Ok(Self { rules, variables: lowering.variables }) } else { Err(problems) }
    }

    /// Everything that a rule asks of features and this schema does not give.
    pub(super) fn misfits(&self, schema: &Schema) -> Vec<String> {
        let mut lowering = Lowering::new(Some(schema));
        let mut problems = Vec::new();
        for rule in &self.rules {
            lowering.condition(&rule.parsed);
            problems.extend(lowering.problems.drain(..).map(|problem| about((rule.line, &rule.id), &problem)));
        }
        problems
    }

    /// Every rule, in the policy's order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    /// The reason of each rule with its text, in the policy's order.
    pub(super) fn reasons(&self) -> impl Iterator<Item = (&ReasonCode, &str)> {
        self.rules.iter().map(|rule| (&rule.reason, rule.text.as_str()))
    }

    /// What each rule says of a case, in the policy's order.
    pub(super) fn answers(&self, case: &Case<'_>, score: i32) -> Vec<(&Rule, Answer)> {
        let values = Values { variables: &self.variables, case, score };
        let context = LazyCell::new(|| interpreter(&values));
        self.rules
            .iter()
            .map(|rule| {
                let direct = rule.direct.as_ref().and_then(|direct| direct.answer(&values));
                let answer = direct.map_or_else(|| rule.interpreted(&context), Answer::of);
                (rule, answer)
            })
            .collect()
    }
}

impl Rule {
    /// What the interpreter makes of it: what it means.
    fn interpreted(&self, context: &Context<'_, '_>) -> Answer {
        match Value::resolve(&self.lowered, context) {
            Ok(Value::Bool(answer)) => Answer::of(answer),
            _ => Answer::NotEvaluated,
        }
    }
}

impl Answer {
    const fn of(answer: bool) -> Self {
        if answer { Self::Fired } else { Self::Silent }
    }
}

/// The interpreter, with the values that rules name.
fn interpreter<'v>(values: &'v Values<'_>) -> Context<'v, 'v> {
    let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
    context.set_variable_resolver(values);
    context
}

/// What is wrong with the rule of this line and id.
pub(super) fn about((line, id): (usize, &str), problem: &str) -> String {
    format!("line {line}: rule {id}: {problem}")
}

/// Parses each source, on a thread of its own with a big stack.
fn parse(sources: Vec<String>) -> Result<Vec<Result<IdedExpr, String>>, Vec<String>> {
    let parser = std::thread::Builder::new().name("policy-parser".to_owned()).stack_size(PARSER_STACK_BYTES);
    let parsed = parser.spawn(move || sources.iter().map(|source| parse_one(source)).collect());
    let failed = || vec!["the rules could not be parsed: the parser failed; simplify them".to_owned()];
    parsed.map_err(|_| failed())?.join().map_err(|_| failed())
}

fn parse_one(source: &str) -> Result<IdedExpr, String> {
    if source.len() > LONGEST_BYTES {
        return Err(format!("`when` is longer than {LONGEST_BYTES} bytes; part it into several rules"));
    }
    ENVIRONMENT.parser().parse(source).map_err(|errors| {
        let first = errors.errors.first();
        let (line, column) = first.map_or((1, 1), |error| error.pos);
        let said = first.map_or("it cannot be parsed", |error| error.msg.as_str());
        format!("`when` is not CEL, in its line {line}, column {column}: {said}")
    })
}

#[cfg(test)]
impl Rules {
    /// The first rule's answer without the interpreter, and the interpreter's.
    pub(super) fn both_answers(&self, case: &Case<'_>, score: i32) -> (Option<Answer>, Answer) {
        let values = Values { variables: &self.variables, case, score };
        let rule = &self.rules[0];
        let direct = rule.direct.as_ref().and_then(|direct| direct.answer(&values));
        (direct.map(Answer::of), rule.interpreted(&interpreter(&values)))
    }

    pub(super) fn all_direct(&self) -> bool {
        self.rules.iter().all(|rule| rule.direct.is_some())
    }
}
