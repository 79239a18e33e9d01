//! Expressions that select devices, in Kubernetes' environment of CEL.
//!
//! The crate `cel` parses them. They are checked and evaluated here, because what kube-scheduler decides depends on the
//! types that are refused beforehand, on each error while a device is looked at, and on what an evaluation may cost.

mod check;
mod cost;
mod data;
mod environment;
mod eval;
mod facts;
mod failure;
mod function;
mod functions;
mod nesting;
mod node;
mod parse;
mod signature;
#[cfg(test)]
mod tests;
mod types;
mod value;

pub use facts::Facts;
pub use failure::{CompileError, EvalError};

use check::{Checker, Typed};
use eval::Evaluation;
use node::Node;
use types::Type;
use value::Value;

/// What an evaluation may cost, in the API's units.
pub const COST_LIMIT: u64 = 1_000_000;

/// An expression that was compiled.
#[derive(Clone, Debug)]
pub struct Selector {
    node: Node,
    /// How many variables it needs room for.
    locals: usize,
}

impl Selector {
    /// Compiles an expression.
    ///
    /// # Errors
    /// When the API server would refuse it for what it says. What it may cost at most is not looked at beforehand:
    /// [`matches`](Self::matches) ends in time.
    pub fn compile(expression: &str) -> Result<Self, CompileError> {
        let parsed = parse::parse(expression)?;
        let mut checker = Checker::default();
        let Typed { node, kind } = checker.check(&parsed)?;
        match kind {
            Type::Bool | Type::Any => Ok(Self { node, locals: checker.locals() }),
            other => Err(CompileError::NotBool(other.to_string())),
        }
    }

    /// Whether it selects the device.
    ///
    /// # Errors
    /// When the expression fails, costs more than [`COST_LIMIT`] or results in something that is no bool.
    pub fn matches(&self, facts: &Facts) -> Result<bool, EvalError> {
        self.evaluate(facts, COST_LIMIT).0
    }

    /// The same with another limit, and with what it has cost.
    fn evaluate(&self, facts: &Facts, limit: u64) -> (Result<bool, EvalError>, u64) {
        let device = match &facts.device {
            Ok(device) => device,
            Err(error) => return (Err(error.clone()), 0),
        };
        let mut evaluation = Evaluation::new(device, self.locals, limit);
        let result = evaluation.value(&self.node).and_then(|value| match value {
            Value::Bool(bool) => Ok(bool),
            other => Err(no_bool(&other)),
        });
        (result, evaluation.spent())
    }
}

/// A result that is no bool, in the words of the three places upstream that convert one.
fn no_bool(value: &Value) -> EvalError {
    let name = value.type_name();
    let why = match (value, name.rsplit_once('.')) {
        (Value::Int(_) | Value::Uint(_), _) => format!("unsupported type conversion from '{name}' to bool"),
        (_, Some((_, short))) => format!("type conversion error from '{short}' to 'bool'"),
        (_, None) => format!("unsupported native conversion from {name} to 'bool'"),
    };
    EvalError::failed(format!("CEL result of type {name} could not be converted to bool: {why}"))
}
