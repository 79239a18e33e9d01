//! Values that may be absent.

use super::super::failure::EvalError;
use super::super::function::{Call, Row};
use super::super::value::Value;

pub(in super::super) const TABLE: &[Row] = &[
    Row {
        name: "optional.of",
        signatures: &["(A) optional(A)"],
        run: |call| one(call).map(|value| Value::optional(Some(value.clone()))),
    },
    Row {
        name: "optional.ofNonZeroValue",
        signatures: &["(A) optional(A)"],
        run: |call| one(call).map(|value| Value::optional((!is_zero(value)).then(|| value.clone()))),
    },
    Row { name: "optional.none", signatures: &["() optional(A)"], run: |_| Ok(Value::Optional(None)) },
    Row { name: "hasValue", signatures: &["optional(A).() bool"], run: has_value },
    Row { name: "value", signatures: &["optional(A).() A"], run: value },
    // Both are evaluated without a call, because the alternative is not looked at before it is needed.
    Row { name: "or", signatures: &["optional(A).(optional(A)) optional(A)"], run: never },
    Row { name: "orValue", signatures: &["optional(A).(A) A"], run: never },
    Row { name: "optional.unwrap", signatures: &["(list(optional(A))) list(A)"], run: unwrap },
    Row { name: "unwrapOpt", signatures: &["list(optional(A)).() list(A)"], run: unwrap },
    Row { name: "first", signatures: &["list(A).() optional(A)"], run: |call| end(call, <[Value]>::first) },
    Row { name: "last", signatures: &["list(A).() optional(A)"], run: |call| end(call, <[Value]>::last) },
];

fn one(call: Call<'_>) -> Result<&Value, EvalError> {
    call.arguments.first().ok_or_else(EvalError::no_overload)
}

fn never(call: Call<'_>) -> Result<Value, EvalError> {
    Err(call.no_overload())
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) | Value::Int(0) | Value::Uint(0) | Value::Duration(0) => true,
        Value::Double(double) => *double == 0.0,
        Value::String(_) | Value::Bytes(_) | Value::List(_) | Value::Map(_) => value.size() == 0,
        Value::Optional(inner) => inner.as_ref().is_none_or(|inner| is_zero(inner)),
        _ => false,
    }
}

fn has_value(call: Call<'_>) -> Result<Value, EvalError> {
    match call.arguments {
        [Value::Optional(value)] => Ok(Value::Bool(value.is_some())),
        _ => Err(call.no_overload()),
    }
}

fn value(call: Call<'_>) -> Result<Value, EvalError> {
    match call.arguments {
        [Value::Optional(Some(value))] => Ok((**value).clone()),
        [Value::Optional(None)] => Err(EvalError::failed("optional.none() dereference")),
        _ => Err(call.no_overload()),
    }
}

fn unwrap(call: Call<'_>) -> Result<Value, EvalError> {
    let [Value::List(list)] = call.arguments else { return Err(call.no_overload()) };
    let mut values = Vec::new();
    for item in list.items() {
        let Value::Optional(item) = item else { return Err(call.no_overload()) };
        values.extend(item.as_deref().cloned());
    }
    Ok(Value::list(values))
}

fn end(call: Call<'_>, find: fn(&[Value]) -> Option<&Value>) -> Result<Value, EvalError> {
    match call.arguments {
        [Value::List(list)] => Ok(Value::optional(find(list.items()).cloned())),
        _ => Err(call.no_overload()),
    }
}
