//! Equality, order and what is in what.

use std::cmp::Ordering;

use super::super::failure::EvalError;
use super::super::function::{Call, Row};
use super::super::value::{Value, compare_numbers};

pub(in super::super) const TABLE: &[Row] = &[
    Row { name: "_==_", signatures: &["(A, A) bool"], run: |call| equality(call, true) },
    Row { name: "_!=_", signatures: &["(A, A) bool"], run: |call| equality(call, false) },
    Row { name: "_<_", signatures: ORDERED, run: |call| ordered(call, Ordering::is_lt) },
    Row { name: "_<=_", signatures: ORDERED, run: |call| ordered(call, Ordering::is_le) },
    Row { name: "_>_", signatures: ORDERED, run: |call| ordered(call, Ordering::is_gt) },
    Row { name: "_>=_", signatures: ORDERED, run: |call| ordered(call, Ordering::is_ge) },
    Row { name: "@in", signatures: &["(A, list(A)) bool", "(A, map(A, B)) bool"], run: is_in },
    Row { name: "size", signatures: SIZED, run: size },
];

const ORDERED: &[&str] = &[
    "(bool, bool) bool",
    "(int, int) bool",
    "(int, uint) bool",
    "(int, double) bool",
    "(uint, uint) bool",
    "(uint, int) bool",
    "(uint, double) bool",
    "(double, double) bool",
    "(double, int) bool",
    "(double, uint) bool",
    "(string, string) bool",
    "(bytes, bytes) bool",
    "(timestamp, timestamp) bool",
    "(duration, duration) bool",
];

const SIZED: &[&str] = &[
    "(string) int",
    "(bytes) int",
    "(list(A)) int",
    "(map(A, B)) int",
    "string.() int",
    "bytes.() int",
    "list(A).() int",
    "map(A, B).() int",
];

fn equality(call: Call<'_>, wanted: bool) -> Result<Value, EvalError> {
    let [a, b] = call.arguments else { return Err(EvalError::no_overload()) };
    // A version is never compared with something else, while other values of different types are just not equal.
    if let (Value::Semver(_), other) = (a, b)
        && !matches!(other, Value::Semver(_))
    {
        return Err(EvalError::no_overload());
    }
    Ok(Value::Bool((a == b) == wanted))
}

/// Which of two values comes first, if they have an order.
pub(in super::super) fn order(a: &Value, b: &Value) -> Option<Option<Ordering>> {
    if let Some(numbers) = compare_numbers(a, b) {
        return Some(numbers);
    }
    Some(Some(match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bytes(a), Value::Bytes(b)) => a.cmp(b),
        (Value::Timestamp(a), Value::Timestamp(b)) => a.cmp(b),
        (Value::Duration(a), Value::Duration(b)) => a.cmp(b),
        _ => return None,
    }))
}

fn ordered(call: Call<'_>, holds: fn(Ordering) -> bool) -> Result<Value, EvalError> {
    let [a, b] = call.arguments else { return Err(EvalError::no_overload()) };
    match order(a, b) {
        None => Err(EvalError::no_overload()),
        Some(None) => Err(EvalError::failed("NaN values cannot be ordered")),
        Some(Some(ordering)) => Ok(Value::Bool(holds(ordering))),
    }
}

fn is_in(call: Call<'_>) -> Result<Value, EvalError> {
    match call.arguments {
        [value, Value::List(list)] => Ok(Value::Bool(list.items().contains(value))),
        [key, Value::Map(map)] => Ok(Value::Bool(map.held(key).is_some())),
        _ => Err(EvalError::no_overload()),
    }
}

fn size(call: Call<'_>) -> Result<Value, EvalError> {
    match call.arguments {
        [value @ (Value::String(_) | Value::Bytes(_) | Value::List(_) | Value::Map(_))] => {
            Ok(Value::Int(i64::try_from(value.size()).unwrap_or(i64::MAX)))
        }
        _ => Err(EvalError::no_overload()),
    }
}
