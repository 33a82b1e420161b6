//! From a parsed CEL expression to one that is checked and quick to evaluate.
//!
//! The language of rules is the part of CEL that decides in bounded time: comparisons, arithmetic,
//! `&& || !`, `? :`, `in` over a list that is written out, `has(…)`, and the texts' `contains`,
//! `startsWith` and `endsWith`. Comprehensions (`all`, `exists`, `map`, …), maps, conversions, patterns
//! and times are refused at load.
//!
//! Three things are read in another way than plain CEL has them, each so that a rule cannot be
//! silently wrong: a whole number is a double (in CEL `36 / 60` is 0, and `36 * 0.5` an error);
//! `has(x)` asks whether `x` is not null; and operands that can never be of one kind, or a word
//! that a variable can never be, are a fault of the rule.

use cel::common::{
    ast::{CallExpr, Expr, IdedExpr, ListExpr, LiteralValue, SelectExpr, operators as op},
    types::CelDouble,
};

use super::variables::{Kind, Variable};
use crate::features::schema::Schema;

/// Deeper expressions could exhaust the stack of a thread that evaluates them.
const DEEPEST: usize = 64;

/// Lowers the expressions of a policy, and keeps what they name and what is wrong with them.
pub(super) struct Lowering<'k> {
    /// With a schema, the names and kinds of features are checked as well.
    schema: Option<&'k Schema>,
    pub(super) variables: Vec<Variable>,
    pub(super) problems: Vec<String>,
    depth: usize,
}

type Lowered<'k> = (IdedExpr, Kind<'k>);

impl<'k> Lowering<'k> {
    pub(super) const fn new(schema: Option<&'k Schema>) -> Self {
        Self { schema, variables: Vec::new(), problems: Vec::new(), depth: 0 }
    }

    /// Lowers the condition of a rule, which answers true or false.
    pub(super) fn condition(&mut self, expr: &IdedExpr) -> IdedExpr {
        let (expr, kind) = self.lower(expr);
        self.expect(&kind, &Kind::Boolean, "a rule must answer true or false");
        expr
    }

    fn lower(&mut self, expr: &IdedExpr) -> Lowered<'k> {
        if self.depth == DEEPEST {
            return self.refuse(format!("it is nested more than {DEEPEST} levels deep; part it into several rules"));
        }
        self.depth += 1;
        let lowered = match &expr.expr {
            Expr::Literal(literal) => self.literal(expr.id, literal),
            Expr::Ident(name) => match Variable::alone(name) {
                Some(variable) => self.variable(variable),
                None => self.unknown(name),
            },
            Expr::Select(select) => self.select(select),
            Expr::Call(call) => self.call(expr.id, call),
            Expr::List(_) => self.refuse("a list can stand only behind `in`"),
            Expr::Comprehension(_) => {
                self.refuse("all, exists, exists_one, map and filter are not part of rules; write the cases out")
            }
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                self.refuse("maps and messages are not part of rules")
            }
        };
        self.depth -= 1;
        lowered
    }

    fn literal(&mut self, id: u64, literal: &LiteralValue) -> Lowered<'k> {
        #[expect(clippy::cast_precision_loss, reason = "the nearest double is what a number in a rule means")]
        let (literal, kind) = match literal {
            LiteralValue::Int(whole) => (number(*whole.inner() as f64), Kind::Number),
            LiteralValue::UInt(whole) => (number(*whole.inner() as f64), Kind::Number),
            LiteralValue::Double(_) => (literal.clone(), Kind::Number),
            LiteralValue::Boolean(_) => (literal.clone(), Kind::Boolean),
            LiteralValue::String(_) => (literal.clone(), Kind::Text(Vec::new())),
            LiteralValue::Null => (LiteralValue::Null, Kind::Null),
            LiteralValue::Bytes(_) => return self.refuse("bytes are not part of rules"),
        };
        (IdedExpr { id, expr: Expr::Literal(literal) }, kind)
    }

    /// `section.field`, or `has(section.field)`.
    fn select(&mut self, select: &SelectExpr) -> Lowered<'k> {
        let Expr::Ident(section) = &select.operand.expr else {
            return self.refuse(format!("nothing has a field {}", select.field));
        };
        let (variable, kind) = self.within(section, &select.field);
        if !select.test {
            return (variable, kind);
        }
        let null = IdedExpr { id: 0, expr: Expr::Literal(LiteralValue::Null) };
        (call(0, op::NOT_EQUALS, None, vec![variable, null]), Kind::Boolean)
    }

    fn call(&mut self, id: u64, expr: &CallExpr) -> Lowered<'k> {
        if let Some(lowered) = self.index(expr).or_else(|| self.membership(id, expr)) {
            return lowered;
        }
        let (target, target_kind) = expr.target.as_ref().map(|target| self.lower(target)).unzip();
        let (args, kinds): (Vec<_>, Vec<_>) = expr.args.iter().map(|arg| self.lower(arg)).unzip();
        let what = spelled(&expr.func_name);
        let kind = match (expr.func_name.as_str(), target_kind, &kinds[..]) {
            (op::LOGICAL_AND | op::LOGICAL_OR | op::LOGICAL_NOT, None, _) => self.all(&kinds, &Kind::Boolean, what),
            (op::EQUALS | op::NOT_EQUALS, None, [left, right]) => {
                self.comparable(left, right, &args);
                Kind::Boolean
            }
            (op::LESS | op::LESS_EQUALS | op::GREATER | op::GREATER_EQUALS, None, _) => {
                self.all(&kinds, &Kind::Number, what);
                Kind::Boolean
            }
            (op::ADD | op::SUBSTRACT | op::MULTIPLY | op::DIVIDE | op::NEGATE, None, _) => {
                self.all(&kinds, &Kind::Number, what)
            }
            (op::CONDITIONAL, None, [condition, yes, no]) => {
                self.expect(condition, &Kind::Boolean, "what stands before ? must be true or false");
                if yes == no { yes.clone() } else { Kind::Any }
            }
            ("contains" | "startsWith" | "endsWith", Some(target), [part]) => {
                self.all(&[target, part.clone()], &Kind::Text(Vec::new()), what);
                Kind::Boolean
            }
            _ => return self.refuse(format!("{what} is not part of rules")),
        };
        (call(id, &expr.func_name, target, args), kind)
    }

    /// `section["field"]`: a field whose name is no identifier.
    fn index(&mut self, expr: &CallExpr) -> Option<Lowered<'k>> {
        match (expr.func_name.as_str(), &expr.args[..]) {
            (op::INDEX, [section, field]) => Some(match (&section.expr, &field.expr) {
                (Expr::Ident(section), Expr::Literal(LiteralValue::String(field))) => {
                    self.within(section, field.inner())
                }
                _ => self.refuse("only a section is indexed, and by a text: attributes[\"name\"]"),
            }),
            _ => None,
        }
    }

    /// `x in [a, b]`.
    fn membership(&mut self, id: u64, expr: &CallExpr) -> Option<Lowered<'k>> {
        let (op::IN, [member, list]) = (expr.func_name.as_str(), &expr.args[..]) else { return None };
        let Expr::List(list) = &list.expr else {
            return Some(self.refuse("behind `in` stands a list that is written out: x in [\"a\", \"b\"]"));
        };
        let (member, member_kind) = self.lower(member);
        let mut elements = Vec::new();
        for element in &list.elements {
            let (element, kind) = self.lower(element);
            self.comparable(&member_kind, &kind, std::slice::from_ref(&element));
            elements.push(element);
        }
        let list = IdedExpr { id: 0, expr: Expr::List(ListExpr::new(elements)) };
        Some((call(id, op::IN, None, vec![member, list]), Kind::Boolean))
    }

    fn within(&mut self, section: &str, field: &str) -> Lowered<'k> {
        match Variable::within(section, field) {
            Some(variable) => self.variable(variable),
            None => self.unknown(&format!("{section}.{field}")),
        }
    }

    fn variable(&mut self, variable: Variable) -> Lowered<'k> {
        let Some(kind) = variable.kind(self.schema) else {
            let features = self.schema.into_iter().flat_map(|schema| &schema.features);
            let names: Vec<_> = features.map(|feature| feature.name.as_str()).collect();
            return self.refuse(format!("{} is not in the model, which reads {}", variable.name(), names.join(", ")));
        };
        // The name that the evaluation looks up is the variable's place.
        let place = self.variables.len().to_string();
        self.variables.push(variable);
        (IdedExpr { id: 0, expr: Expr::Ident(place) }, kind)
    }

    fn unknown(&mut self, name: &str) -> Lowered<'k> {
        self.refuse(format!(
            "{name} is nothing that a rule can name; there are probability_of_default, score, applicant.age_years, \
             features.<name>, attributes.<name> and the numbers and words of loan, employment, finances and bureau"
        ))
    }

    /// Notes a problem. The expression in its place is never evaluated: the policy is refused.
    fn refuse(&mut self, problem: impl Into<String>) -> Lowered<'k> {
        self.problems.push(problem.into());
        (IdedExpr { id: 0, expr: Expr::Literal(LiteralValue::Null) }, Kind::Any)
    }

    fn expect(&mut self, kind: &Kind<'k>, wanted: &Kind<'k>, problem: &str) {
        if !fits(kind, wanted) {
            self.problems.push(problem.to_owned());
        }
    }

    fn all(&mut self, kinds: &[Kind<'k>], wanted: &Kind<'k>, what: &str) -> Kind<'k> {
        for kind in kinds {
            let wants = match wanted {
                Kind::Number => "numbers; guard what may be null: x != null && x > 1",
                Kind::Boolean => "true or false",
                _ => "texts",
            };
            self.expect(kind, wanted, &format!("{what} takes {wants}"));
        }
        wanted.clone()
    }

    /// Checks that two values can be equal at all. `args` are where a word may be misspelt.
    fn comparable(&mut self, left: &Kind<'k>, right: &Kind<'k>, args: &[IdedExpr]) {
        match (left, right) {
            (Kind::Null, _) | (_, Kind::Null) => {}
            (Kind::Text(words), Kind::Text(other)) if words.is_empty() != other.is_empty() => {
                let words = if words.is_empty() { other } else { words };
                for arg in args {
                    if let Expr::Literal(LiteralValue::String(word)) = &arg.expr
                        && !words.contains(&word.inner())
                    {
                        let problem =
                            format!("\"{}\" is never the value; it is one of {}", word.inner(), words.join(", "));
                        self.problems.push(problem);
                    }
                }
            }
            _ if fits(left, right) => {}
            _ => self.problems.push("a number, a text and a true or false are never equal to each other".to_owned()),
        }
    }
}

fn fits(kind: &Kind<'_>, wanted: &Kind<'_>) -> bool {
    matches!(
        (kind, wanted),
        (Kind::Any, _)
            | (_, Kind::Any)
            | (Kind::Number, Kind::Number)
            | (Kind::Boolean, Kind::Boolean)
            | (Kind::Text(_), Kind::Text(_))
    )
}

fn number(value: f64) -> LiteralValue {
    LiteralValue::Double(CelDouble::from(value))
}

fn call(id: u64, name: &str, target: Option<IdedExpr>, args: Vec<IdedExpr>) -> IdedExpr {
    let target = target.map(Box::new);
    IdedExpr { id, expr: Expr::Call(CallExpr { func_name: name.to_owned(), target, args }) }
}

/// An operator as a person writes it: `_&&_` is `&&`.
fn spelled(function: &str) -> &str {
    function.trim_matches(|c| c == '_' || c == '@')
}
