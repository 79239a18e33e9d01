//! Lists as sets.

use super::super::failure::EvalError;
use super::super::function::{Call, Row};
use super::super::value::Value;

pub(in super::super) const TABLE: &[Row] = &[
    Row { name: "sets.contains", signatures: ASKS, run: |call| asks(call, holds_all) },
    Row {
        name: "sets.equivalent",
        signatures: ASKS,
        run: |call| asks(call, |a, b| holds_all(a, b) && holds_all(b, a)),
    },
    Row {
        name: "sets.intersects",
        signatures: ASKS,
        run: |call| asks(call, |a, b| b.iter().any(|item| a.contains(item))),
    },
];

const ASKS: &[&str] = &["(list(A), list(A)) bool"];

fn holds_all(a: &[Value], b: &[Value]) -> bool {
    b.iter().all(|item| a.contains(item))
}

fn asks(call: Call<'_>, ask: fn(&[Value], &[Value]) -> bool) -> Result<Value, EvalError> {
    match call.arguments {
        [Value::List(a), Value::List(b)] => Ok(Value::Bool(ask(a.items(), b.items()))),
        _ => Err(EvalError::no_overload()),
    }
}
