//! Sums and the like. What does not fit into its type is an error.

use std::sync::Arc;

use super::super::failure::EvalError;
use super::super::function::{Call, Row};
use super::super::value::{HEAVIEST, Value};

pub(in super::super) const TABLE: &[Row] = &[
    Row {
        name: "_+_",
        signatures: &[
            "(int, int) int",
            "(uint, uint) uint",
            "(double, double) double",
            "(string, string) string",
            "(bytes, bytes) bytes",
            "(list(A), list(A)) list(A)",
            "(duration, duration) duration",
            "(timestamp, duration) timestamp",
            "(duration, timestamp) timestamp",
        ],
        run: |call| match call.arguments {
            [a, b] => add(a, b),
            _ => Err(EvalError::no_overload()),
        },
    },
    Row {
        name: "_-_",
        signatures: &[
            "(int, int) int",
            "(uint, uint) uint",
            "(double, double) double",
            "(duration, duration) duration",
            "(timestamp, duration) timestamp",
            "(timestamp, timestamp) duration",
        ],
        run: subtract,
    },
    Row { name: "_*_", signatures: NUMBERS, run: multiply },
    Row { name: "_/_", signatures: NUMBERS, run: divide },
    Row { name: "_%_", signatures: &["(int, int) int", "(uint, uint) uint"], run: modulo },
    Row { name: "-_", signatures: &["(int) int", "(double) double"], run: negate },
    Row { name: "!_", signatures: &["(bool) bool"], run: not },
];

const NUMBERS: &[&str] = &["(int, int) int", "(uint, uint) uint", "(double, double) double"];

fn int(result: Option<i64>) -> Result<Value, EvalError> {
    result.map(Value::Int).ok_or_else(|| EvalError::failed("integer overflow"))
}

fn uint(result: Option<u64>) -> Result<Value, EvalError> {
    result.map(Value::Uint).ok_or_else(|| EvalError::failed("unsigned integer overflow"))
}

fn duration(result: Option<i64>) -> Result<Value, EvalError> {
    result.map(Value::Duration).ok_or_else(|| EvalError::failed("integer overflow"))
}

/// The sum of two values, or both behind each other.
pub(in super::super) fn add(a: &Value, b: &Value) -> Result<Value, EvalError> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => int(a.checked_add(*b)),
        (Value::Uint(a), Value::Uint(b)) => uint(a.checked_add(*b)),
        (Value::Double(a), Value::Double(b)) => Ok(Value::Double(a + b)),
        (Value::String(a), Value::String(b)) => Ok(Value::text([&**a, b].concat())),
        (Value::Bytes(a), Value::Bytes(b)) => Ok(Value::Bytes([&**a, b].concat().into())),
        (Value::List(one), Value::List(other)) => {
            if a.weight().saturating_add(b.weight()) > HEAVIEST {
                return Err(EvalError::CostLimit);
            }
            let mut list = Arc::clone(one);
            let all = Arc::make_mut(&mut list);
            other.items().iter().for_each(|item| all.push(item.clone()));
            Ok(Value::List(list))
        }
        (Value::Duration(a), Value::Duration(b)) => duration(a.checked_add(*b)),
        (Value::Timestamp(at), Value::Duration(by)) | (Value::Duration(by), Value::Timestamp(at)) => {
            let later = at.plus(*by).ok_or_else(|| EvalError::failed("timestamp overflow"));
            later.map(Value::Timestamp)
        }
        _ => Err(EvalError::no_overload()),
    }
}

fn subtract(call: Call<'_>) -> Result<Value, EvalError> {
    match call.arguments {
        [Value::Int(a), Value::Int(b)] => int(a.checked_sub(*b)),
        [Value::Uint(a), Value::Uint(b)] => uint(a.checked_sub(*b)),
        [Value::Double(a), Value::Double(b)] => Ok(Value::Double(a - b)),
        [Value::Duration(a), Value::Duration(b)] => duration(a.checked_sub(*b)),
        [Value::Timestamp(a), Value::Timestamp(b)] => duration(a.since(*b)),
        [Value::Timestamp(at), Value::Duration(by)] => {
            let earlier = by.checked_neg().and_then(|by| at.plus(by));
            earlier.map(Value::Timestamp).ok_or_else(|| EvalError::failed("timestamp overflow"))
        }
        _ => Err(EvalError::no_overload()),
    }
}

fn multiply(call: Call<'_>) -> Result<Value, EvalError> {
    match call.arguments {
        [Value::Int(a), Value::Int(b)] => int(a.checked_mul(*b)),
        [Value::Uint(a), Value::Uint(b)] => uint(a.checked_mul(*b)),
        [Value::Double(a), Value::Double(b)] => Ok(Value::Double(a * b)),
        _ => Err(EvalError::no_overload()),
    }
}

fn divide(call: Call<'_>) -> Result<Value, EvalError> {
    match call.arguments {
        [Value::Int(_), Value::Int(0)] | [Value::Uint(_), Value::Uint(0)] => {
            Err(EvalError::failed("division by zero"))
        }
        [Value::Int(a), Value::Int(b)] => int(a.checked_div(*b)),
        [Value::Uint(a), Value::Uint(b)] => uint(a.checked_div(*b)),
        [Value::Double(a), Value::Double(b)] => Ok(Value::Double(a / b)),
        _ => Err(EvalError::no_overload()),
    }
}

fn modulo(call: Call<'_>) -> Result<Value, EvalError> {
    match call.arguments {
        [Value::Int(_), Value::Int(0)] | [Value::Uint(_), Value::Uint(0)] => {
            Err(EvalError::failed("modulus by zero"))
        }
        [Value::Int(a), Value::Int(b)] => int(a.checked_rem(*b)),
        [Value::Uint(a), Value::Uint(b)] => uint(a.checked_rem(*b)),
        _ => Err(EvalError::no_overload()),
    }
}

fn negate(call: Call<'_>) -> Result<Value, EvalError> {
    match call.arguments {
        [Value::Int(a)] => int(a.checked_neg()),
        [Value::Double(a)] => Ok(Value::Double(-a)),
        _ => Err(EvalError::no_overload()),
    }
}

fn not(call: Call<'_>) -> Result<Value, EvalError> {
    match call.arguments {
        [Value::Bool(a)] => Ok(Value::Bool(!a)),
        _ => Err(EvalError::no_overload()),
    }
}
