//! Lists.

use std::cmp::Ordering;

use super::super::failure::EvalError;
use super::super::function::{Call, Row};
use super::super::value::{HEAVIEST, List, Value};
use super::arithmetic::add;
use super::comparison::order;
use super::strings;

pub(in super::super) const TABLE: &[Row] = &[
    Row { name: "isSorted", signatures: ASKS, run: is_sorted },
    Row { name: "sum", signatures: SUMS, run: sum },
    Row { name: "min", signatures: ONE, run: |call| extreme(call, Ordering::Less) },
    Row { name: "max", signatures: ONE, run: |call| extreme(call, Ordering::Greater) },
    Row {
        name: "indexOf",
        signatures: &["string.(string) int", "string.(string, int) int", "list(A).(A) int"],
        run: index_of,
    },
    Row {
        name: "lastIndexOf",
        signatures: &["string.(string) int", "string.(string, int) int", "list(A).(A) int"],
        run: last_index_of,
    },
    Row { name: "slice", signatures: &["list(A).(int, int) list(A)"], run: slice },
    Row {
        name: "flatten",
        signatures: &["list(list(A)).() list(A)", "list(dyn).(int) list(dyn)"],
        run: flatten,
    },
    Row { name: "sort", signatures: SORTS, run: sort },
    Row { name: "lists.range", signatures: &["(int) list(int)"], run: range },
    Row { name: "reverse", signatures: &["list(A).() list(A)"], run: reverse },
    Row { name: "distinct", signatures: &["list(A).() list(A)"], run: distinct },
];

const ASKS: &[&str] = &[
    "list(int).() bool",
    "list(uint).() bool",
    "list(double).() bool",
    "list(bool).() bool",
    "list(duration).() bool",
    "list(timestamp).() bool",
    "list(string).() bool",
    "list(bytes).() bool",
];

const SUMS: &[&str] =
    &["list(int).() int", "list(uint).() uint", "list(double).() double", "list(duration).() duration"];

const ONE: &[&str] = &[
    "list(int).() int",
    "list(uint).() uint",
    "list(double).() double",
    "list(bool).() bool",
    "list(duration).() duration",
    "list(timestamp).() timestamp",
    "list(string).() string",
    "list(bytes).() bytes",
];

const SORTS: &[&str] = &[
    "list(int).() list(int)",
    "list(uint).() list(uint)",
    "list(double).() list(double)",
    "list(bool).() list(bool)",
    "list(duration).() list(duration)",
    "list(timestamp).() list(timestamp)",
    "list(string).() list(string)",
    "list(bytes).() list(bytes)",
];

fn only(call: Call<'_>) -> Result<&List, EvalError> {
    match call.arguments {
        [Value::List(list)] => Ok(list),
        _ => Err(EvalError::no_overload()),
    }
}

fn compare(a: &Value, b: &Value) -> Result<Ordering, EvalError> {
    order(a, b).flatten().ok_or_else(EvalError::no_overload)
}

fn is_sorted(call: Call<'_>) -> Result<Value, EvalError> {
    for pair in only(call)?.items().windows(2) {
        if let [a, b] = pair
            && compare(a, b)? == Ordering::Greater
        {
            return Ok(Value::Bool(false));
        }
    }
    Ok(Value::Bool(true))
}

fn sum(call: Call<'_>) -> Result<Value, EvalError> {
    let mut items = only(call)?.items().iter();
    let Some(first) = items.next() else { return Ok(Value::Int(0)) };
    items.try_fold(first.clone(), |sum, item| add(&sum, item))
}

fn extreme(call: Call<'_>, wanted: Ordering) -> Result<Value, EvalError> {
    let mut items = only(call)?.items().iter();
    let Some(first) = items.next() else {
        return Err(EvalError::failed(format!("{} called on empty list", call.name)));
    };
    let mut best = first;
    for item in items {
        if compare(item, best)? == wanted {
            best = item;
        }
    }
    Ok(best.clone())
}

fn place(found: Option<usize>) -> Value {
    Value::Int(found.and_then(|at| i64::try_from(at).ok()).unwrap_or(-1))
}

fn index_of(call: Call<'_>) -> Result<Value, EvalError> {
    match call.arguments {
        [Value::List(list), item] => Ok(place(list.items().iter().position(|have| have == item))),
        [Value::String(text), Value::String(part)] => strings::index_of(text, part, 0),
        [Value::String(text), Value::String(part), Value::Int(from)] => strings::index_of(text, part, *from),
        _ => Err(EvalError::no_overload()),
    }
}

fn last_index_of(call: Call<'_>) -> Result<Value, EvalError> {
    match call.arguments {
        [Value::List(list), item] => Ok(place(list.items().iter().rposition(|have| have == item))),
        [Value::String(text), Value::String(part)] => strings::last_index_of(text, part, None),
        [Value::String(text), Value::String(part), Value::Int(until)] => {
            strings::last_index_of(text, part, Some(*until))
        }
        _ => Err(EvalError::no_overload()),
    }
}

fn slice(call: Call<'_>) -> Result<Value, EvalError> {
    let [Value::List(list), Value::Int(start), Value::Int(end)] = call.arguments else {
        return Err(EvalError::no_overload());
    };
    let failed = |why: String| EvalError::failed(format!("cannot slice({start}, {end}), {why}"));
    let (Ok(from), Ok(to)) = (usize::try_from(*start), usize::try_from(*end)) else {
        return Err(failed("negative indexes not supported".into()));
    };
    if from > to {
        return Err(failed("start index must be less than or equal to end index".into()));
    }
    let items = list.items();
    let part = items.get(from..to).ok_or_else(|| failed(format!("list is length {}", items.len())))?;
    Ok(Value::list(part.iter().cloned()))
}

fn flatten(call: Call<'_>) -> Result<Value, EvalError> {
    let (list, depth) = match call.arguments {
        [Value::List(list)] => (list, 1),
        [Value::List(list), Value::Int(depth)] => (list, *depth),
        _ => return Err(EvalError::no_overload()),
    };
    if depth < 0 {
        return Err(EvalError::failed("level must be non-negative"));
    }
    let mut flat = Vec::new();
    flatten_into(list, depth, &mut flat);
    Ok(Value::list(flat))
}

/// What a list holds is bounded with everything in it, and so is this.
fn flatten_into(list: &List, depth: i64, flat: &mut Vec<Value>) {
    for item in list.items() {
        match item {
            Value::List(inner) if depth > 0 => flatten_into(inner, depth - 1, flat),
            other => flat.push(other.clone()),
        }
    }
}

fn sort(call: Call<'_>) -> Result<Value, EvalError> {
    let items = only(call)?.items();
    let keys = items.to_vec();
    sorted_by(items, &keys)
}

/// The items in the order of their keys, which must be of one type.
pub(in super::super) fn sorted_by(items: &[Value], keys: &[Value]) -> Result<Value, EvalError> {
    let kind = keys.first().map(std::mem::discriminant);
    if !keys.iter().all(|key| Some(std::mem::discriminant(key)) == kind) {
        return Err(EvalError::failed("list elements must have the same type"));
    }
    if keys.first().is_some_and(|key| order(key, key).is_none()) {
        return Err(EvalError::failed("list elements must be comparable"));
    }
    let mut pairs: Vec<(&Value, &Value)> = keys.iter().zip(items).collect();
    pairs.sort_by(|a, b| order(a.0, b.0).flatten().unwrap_or(Ordering::Equal));
    Ok(Value::list(pairs.into_iter().map(|(_, item)| item.clone())))
}

fn range(call: Call<'_>) -> Result<Value, EvalError> {
    let [Value::Int(end)] = call.arguments else { return Err(EvalError::no_overload()) };
    if u64::try_from(*end).is_ok_and(|end| end > HEAVIEST) {
        return Err(EvalError::CostLimit);
    }
    Ok(Value::list((0..*end).map(Value::Int)))
}

fn reverse(call: Call<'_>) -> Result<Value, EvalError> {
    Ok(Value::list(only(call)?.items().iter().rev().cloned()))
}

fn distinct(call: Call<'_>) -> Result<Value, EvalError> {
    let mut kept: Vec<Value> = Vec::new();
    for item in only(call)?.items() {
        if !kept.contains(item) {
            kept.push(item.clone());
        }
    }
    Ok(Value::list(kept))
}
