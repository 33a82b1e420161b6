//! Rules answered directly, without the interpreter.
//!
//! Nearly every rule compares numbers, asks whether something is missing, and joins that by `&&`, `||`
//! and `!`. Such a rule is kept as a small tree of its own, which is answered many times faster than
//! CEL interprets it. It answers only where nothing can go wrong and no value is of an unexpected kind;
//! in every other case it says nothing, and the interpreter decides. So what a rule means is what
//! the interpreter makes of it, as a property test holds.

use std::cmp::Ordering;

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators as op};

use super::variables::Values;

/// A value as a rule sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Plain<'v> {
    Null,
    Boolean(bool),
    /// May be NaN or infinite where a rule divides.
    Number(f64),
    Text(&'v str),
}

/// An expression that can be answered directly.
#[derive(Debug)]
pub(super) enum Direct {
    Null,
    Boolean(bool),
    Number(f64),
    Text(String),
    /// By its place in the policy's list.
    Variable(usize),
    Not(Box<Self>),
    And(Box<[Self; 2]>),
    Or(Box<[Self; 2]>),
    Equal(Box<[Self; 2]>),
    Differ(Box<[Self; 2]>),
    /// Of two numbers: which orders make it true.
    Ordered(Box<[Self; 2]>, fn(Ordering) -> bool),
    /// Of two numbers.
    Computed(Box<[Self; 2]>, fn(f64, f64) -> f64),
    Negated(Box<Self>),
    /// Condition, then and else.
    Choice(Box<[Self; 3]>),
    Among(Box<Self>, Vec<Self>),
}

impl Direct {
    /// Takes a lowered expression; `None` when something in it is left to the interpreter.
    pub(super) fn of(expr: &IdedExpr) -> Option<Self> {
        match &expr.expr {
            Expr::Literal(literal) => Self::literal(literal),
            Expr::Ident(place) => place.parse().ok().map(Self::Variable),
            Expr::Call(call) if call.target.is_none() => Self::call(call),
            _ => None,
        }
    }

    fn literal(literal: &LiteralValue) -> Option<Self> {
        Some(match literal {
            LiteralValue::Null => Self::Null,
            LiteralValue::Boolean(answer) => Self::Boolean(*answer.inner()),
            LiteralValue::Double(number) => Self::Number(*number.inner()),
            LiteralValue::String(text) => Self::Text(text.inner().to_owned()),
            _ => return None,
        })
    }

    fn call(call: &CallExpr) -> Option<Self> {
        let name = call.func_name.as_str();
        if let (op::IN, [member, list]) = (name, &call.args[..]) {
            let Expr::List(list) = &list.expr else { return None };
            let elements = list.elements.iter().map(Self::of).collect::<Option<_>>()?;
            return Some(Self::Among(Box::new(Self::of(member)?), elements));
        }
        let operands: Vec<Self> = call.args.iter().map(Self::of).collect::<Option<_>>()?;
        let operands = match <[Self; 1]>::try_from(operands) {
            Ok([operand]) => {
                return match name {
                    op::LOGICAL_NOT => Some(Self::Not(Box::new(operand))),
                    op::NEGATE => Some(Self::Negated(Box::new(operand))),
                    _ => None,
                };
            }
            Err(operands) => operands,
        };
        let pair = match <[Self; 2]>::try_from(operands) {
            Ok(pair) => Box::new(pair),
            Err(operands) => {
                let three = <[Self; 3]>::try_from(operands).ok().filter(|_| name == op::CONDITIONAL);
                return three.map(|three| Self::Choice(Box::new(three)));
            }
        };
        Some(match name {
            op::LOGICAL_AND => Self::And(pair),
            op::LOGICAL_OR => Self::Or(pair),
            op::EQUALS => Self::Equal(pair),
            op::NOT_EQUALS => Self::Differ(pair),
            op::LESS => Self::Ordered(pair, Ordering::is_lt),
            op::LESS_EQUALS => Self::Ordered(pair, Ordering::is_le),
            op::GREATER => Self::Ordered(pair, Ordering::is_gt),
            op::GREATER_EQUALS => Self::Ordered(pair, Ordering::is_ge),
            op::ADD => Self::Computed(pair, |a, b| a + b),
            op::SUBSTRACT => Self::Computed(pair, |a, b| a - b),
            op::MULTIPLY => Self::Computed(pair, |a, b| a * b),
            op::DIVIDE => Self::Computed(pair, |a, b| a / b),
            _ => return None,
        })
    }

    /// Whether a rule fires; `None` when the interpreter must say.
    pub(super) fn answer(&self, values: &Values<'_>) -> Option<bool> {
        match self.value(values)? {
            Plain::Boolean(answer) => Some(answer),
            _ => None,
        }
    }

    /// The value; `None` when an operand is not of the kind that its operator takes.
    fn value<'v>(&'v self, values: &'v Values<'_>) -> Option<Plain<'v>> {
        Some(match self {
            Self::Null => Plain::Null,
            Self::Boolean(answer) => Plain::Boolean(*answer),
            Self::Number(number) => Plain::Number(*number),
            Self::Text(text) => Plain::Text(text),
            Self::Variable(place) => values.plain(*place)?,
            Self::Not(operand) => Plain::Boolean(!operand.answer(values)?),
            Self::And(pair) => Plain::Boolean(pair[0].answer(values)? && pair[1].answer(values)?),
            Self::Or(pair) => Plain::Boolean(pair[0].answer(values)? || pair[1].answer(values)?),
            // Values of different kinds differ, and NaN from itself, as in CEL.
            Self::Equal(pair) => Plain::Boolean(pair[0].value(values)? == pair[1].value(values)?),
            Self::Differ(pair) => Plain::Boolean(pair[0].value(values)? != pair[1].value(values)?),
            Self::Ordered(pair, accepts) => {
                let order = pair[0].number(values)?.partial_cmp(&pair[1].number(values)?)?;
                Plain::Boolean(accepts(order))
            }
            Self::Computed(pair, compute) => Plain::Number(compute(pair[0].number(values)?, pair[1].number(values)?)),
            Self::Negated(operand) => Plain::Number(-operand.number(values)?),
            Self::Choice(parts) => {
                let [condition, yes, no] = &**parts;
                if condition.answer(values)? { yes.value(values)? } else { no.value(values)? }
            }
            Self::Among(member, elements) => {
                let member = member.value(values)?;
                // Every element has a value, or the whole has none.
                let found = elements.iter().map(|element| Some(element.value(values)? == member));
                Plain::Boolean(found.collect::<Option<Vec<bool>>>()?.contains(&true))
            }
        })
    }

    fn number(&self, values: &Values<'_>) -> Option<f64> {
        match self.value(values)? {
            Plain::Number(number) => Some(number),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
