//! Amounts of a resource.

use std::cmp::Ordering;

use longshore_framework::quantity::Quantity;

use super::super::failure::EvalError;
use super::super::function::{Call, Row};
use super::super::value::Value;

pub(in super::super) const TABLE: &[Row] = &[
    Row { name: "quantity", signatures: &["(string) quantity"], run: quantity },
    Row { name: "isQuantity", signatures: &["(string) bool"], run: is_quantity },
    Row { name: "sign", signatures: &["(quantity) int"], run: sign },
    Row { name: "isInteger", signatures: &["quantity.() bool"], run: is_integer },
    Row { name: "asInteger", signatures: &["quantity.() int"], run: as_integer },
    Row { name: "asApproximateFloat", signatures: &["quantity.() double"], run: as_float },
    Row { name: "add", signatures: CHANGES, run: add },
    Row { name: "sub", signatures: CHANGES, run: sub },
    Row { name: "isGreaterThan", signatures: ASKS, run: |call| asks(call, Ordering::is_gt) },
    Row { name: "isLessThan", signatures: ASKS, run: |call| asks(call, Ordering::is_lt) },
    Row {
        name: "compareTo",
        signatures: &["quantity.(quantity) int", "semver.(semver) int"],
        run: |call| compare(call).map(|ordering| Value::Int(ordering as i64)),
    },
];

const CHANGES: &[&str] = &["quantity.(quantity) quantity", "quantity.(int) quantity"];
const ASKS: &[&str] = &["quantity.(quantity) bool", "semver.(semver) bool"];

const MALFORMED: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

fn quantity(call: Call<'_>) -> Result<Value, EvalError> {
    let [Value::String(text)] = call.arguments else { return Err(call.no_overload()) };
    text.parse().map(Value::Quantity).map_err(|_| EvalError::failed(MALFORMED))
}

fn is_quantity(call: Call<'_>) -> Result<Value, EvalError> {
    let [Value::String(text)] = call.arguments else { return Err(call.no_overload()) };
    Ok(Value::Bool(text.parse::<Quantity>().is_ok()))
}

fn only(call: Call<'_>) -> Result<Quantity, EvalError> {
    match call.arguments {
        [Value::Quantity(quantity)] => Ok(*quantity),
        _ => Err(call.no_overload()),
    }
}

fn sign(call: Call<'_>) -> Result<Value, EvalError> {
    only(call).map(|quantity| Value::Int(quantity.cmp(&Quantity::ZERO) as i64))
}

fn is_integer(call: Call<'_>) -> Result<Value, EvalError> {
    only(call).map(|quantity| Value::Bool(quantity.whole().is_some()))
}

fn as_integer(call: Call<'_>) -> Result<Value, EvalError> {
    let whole = only(call)?.whole().ok_or_else(|| EvalError::failed("cannot convert value to integer"))?;
    Ok(Value::Int(whole))
}

fn as_float(call: Call<'_>) -> Result<Value, EvalError> {
    only(call).map(|quantity| Value::Double(quantity.approximate()))
}

fn two(call: Call<'_>) -> Result<(Quantity, Quantity), EvalError> {
    match call.arguments {
        [Value::Quantity(a), Value::Quantity(b)] => Ok((*a, *b)),
        [Value::Quantity(a), Value::Int(b)] => Ok((*a, Quantity::units(*b))),
        _ => Err(call.no_overload()),
    }
}

fn add(call: Call<'_>) -> Result<Value, EvalError> {
    let (mut a, b) = two(call)?;
    a += b;
    Ok(Value::Quantity(a))
}

fn sub(call: Call<'_>) -> Result<Value, EvalError> {
    let (mut a, b) = two(call)?;
    a -= b;
    Ok(Value::Quantity(a))
}

/// Amounts and versions are compared by the same names.
fn compare(call: Call<'_>) -> Result<Ordering, EvalError> {
    match call.arguments {
        [Value::Quantity(a), Value::Quantity(b)] => Ok(a.cmp(b)),
        [Value::Semver(a), Value::Semver(b)] => Ok(a.compare(b)),
        _ => Err(call.no_overload()),
    }
}

fn asks(call: Call<'_>, holds: fn(Ordering) -> bool) -> Result<Value, EvalError> {
    compare(call).map(|ordering| Value::Bool(holds(ordering)))
}
